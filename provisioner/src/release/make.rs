//! Making a release: the steps, taken.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::Utc;
use serde::Serialize;
use spoke_contract::functions::Function;
use spoke_contract::release::{CodeObject, Release};

use super::attempt::{self, Attempt};
use super::positions::{self, Positions, aliased};
use super::shift::{self, Route};
use super::stack::{self, Applied};
use super::steps::{self, Live, Step};
use super::verdict::{Answered, Verdict};
use super::{alarm, lock, proof, record, secrets, settle, upload, watch};
use crate::build::{self, Artifacts};
use crate::cloud::sts::Caller;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind as Ending, codes};
use crate::plan::consequence::Consequence;
use crate::scale::ledger;
use crate::template::Kind;
use crate::ui::{bold, clock, dim};

/// Where the artifacts come from.
#[derive(Debug)]
pub enum Source {
    /// They are built once the stage is ours.
    Build,
    /// They were built already.
    Built(Box<Artifacts>),
}

/// What came of a deploy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// The release; none where the stage makes none.
    pub release: Option<Release>,
    /// The stacks.
    pub stacks: Vec<Applied>,
    /// The instance's address.
    pub url: String,
    /// How long it took.
    pub seconds: u64,
    /// What the shift has proved, where there was one.
    pub verdict: Option<Verdict>,
    /// What the new version answered meanwhile.
    pub answered: Answered,
}

/// Why a release is made, and how sure one wants to be of it.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// For the record.
    pub reason: &'a str,
    /// Requests of our own to the new version while traffic shifts.
    pub probes: u32,
    /// What the stacks go through by the plan that was agreed to, where there was one.
    pub planned: Option<&'a [Consequence]>,
}

impl Wish<'_> {
    /// The reason, where somebody gave one.
    fn said(&self) -> Option<&str> {
        (self.reason != "deploy").then_some(self.reason)
    }
}

/// Makes a release, under the stage's lock.
pub async fn release(ctx: &Context, source: Source, wish: Wish<'_>) -> Result<Made, Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    let lock = lock::take(ctx, "deploy", wish.said(), &caller.arn).await?;
    let made = locked(ctx, source, wish, &caller).await;
    lock::ended(ctx, &lock, made).await
}

async fn locked(
    ctx: &Context,
    source: Source,
    wish: Wish<'_>,
    caller: &Caller,
) -> Result<Made, Failure> {
    banner(ctx, caller);
    ledger::none_under_way(ctx).await?;
    settle::settle(ctx).await?;
    let artifacts = match source {
        Source::Built(artifacts) => *artifacts,
        Source::Build => build::all_shown(&ctx.repository, &ctx.stage, &ctx.ui).await?,
    };
    let mut making = Making::new(ctx, artifacts, wish, caller).await?;
    match making.all().await {
        Ok(()) => making.made(),
        Err(failure) => {
            making.remember(&failure).await;
            Err(failure)
        }
    }
}

fn banner(ctx: &Context, caller: &Caller) {
    ctx.ui.say(dim(&format!(
        "account {} · {} · stage {} · {} · {}",
        caller.account,
        ctx.stage.region,
        ctx.stage.name,
        caller.arn,
        Utc::now().format("%Y-%m-%d %H:%M:%S UTC")
    )));
}

/// Between two steps nothing is half done: whoever wants to leave may.
fn leave_if_asked(ctx: &Context) -> Result<(), Failure> {
    if !ctx.interrupted.seen() {
        return Ok(());
    }
    Err(Failure::new(codes::INTERRUPTED, "the release was not made")
        .why("you asked to leave")
        .state(
            "traffic and bundle are where they were; what was prepared is taken up by the next run",
        )
        .next(format!("spokectl deploy{}", ctx.flag())))
}

struct Making<'a> {
    ctx: &'a Context,
    live: Live,
    started: Instant,
    artifacts: Artifacts,
    known: BTreeMap<String, String>,
    stacks: Vec<Applied>,
    code: CodeObject,
    number: u64,
    wish: Wish<'a>,
    answered: Answered,
    by: &'a str,
    before: Option<Positions>,
    release: Option<Release>,
    has_evidence: bool,
}

impl<'a> Making<'a> {
    async fn new(
        ctx: &'a Context,
        artifacts: Artifacts,
        wish: Wish<'a>,
        caller: &'a Caller,
    ) -> Result<Self, Failure> {
        let mut live = Live {
            wants_edge: ctx.stage.has_edge(),
            makes_no_release: !ctx.stage.release.codedeploy,
            ..Live::default()
        };
        for (kind, has) in [
            (Kind::Data, &mut live.has_buckets),
            (Kind::App, &mut live.has_functions),
        ] {
            let name = kind.stack(&ctx.stage.name);
            let stack = ctx.cloud.stacks.find(&name).await.blame(
                codes::STACK_UNREADABLE,
                format!("stack {name} cannot be read"),
            )?;
            *has = stack.is_some_and(|stack| stack.is_alive());
        }
        let number = if live.has_buckets {
            next_number(ctx).await?
        } else {
            1
        };
        Ok(Self {
            ctx,
            live,
            started: Instant::now(),
            known: BTreeMap::new(),
            stacks: Vec::new(),
            code: CodeObject {
                bucket: String::new(),
                key: artifacts.archive.key(),
                sha256: artifacts.archive.sha256.clone(),
            },
            artifacts,
            number,
            wish,
            answered: Answered::default(),
            by: &caller.arn,
            before: None,
            release: None,
            has_evidence: false,
        })
    }

    async fn all(&mut self) -> Result<(), Failure> {
        let plan = steps::plan(self.live);
        for (index, step) in plan.iter().enumerate() {
            leave_if_asked(self.ctx)?;
            self.ctx.ui.say(format!(
                "{} {}",
                dim(&format!("[{}/{}]", index + 1, plan.len())),
                bold(step.sentence())
            ));
            self.take(*step).await?;
        }
        Ok(())
    }

    /// Keeps what is known of a failure for `explain`; a shift that failed has kept more already.
    async fn remember(&self, failure: &Failure) {
        let is_told = [codes::DETACHED, codes::INTERRUPTED].contains(&failure.code);
        let Some(bucket) = self.known.get("ArtifactBucket") else {
            return;
        };
        if self.has_evidence || is_told {
            return;
        }
        Attempt::new(self.number, &self.artifacts.revision, failure)
            .keep(self.ctx, bucket)
            .await;
    }

    async fn take(&mut self, step: Step) -> Result<(), Failure> {
        match step {
            // Release 0 answers 503 until the first release has gone through its gates.
            Step::FirstApp => self.app(0, "none").await,
            Step::Stack(Kind::App) if self.live.makes_no_release => self.app(0, "none").await,
            Step::Stack(Kind::App) => {
                let (number, bundle) = (self.number, self.artifacts.bundle.manifest.bundle.clone());
                self.app(number, &bundle).await
            }
            Step::Stack(Kind::Data) => {
                self.stack(Kind::Data).await?;
                secrets::all_set(self.ctx).await
            }
            Step::Stack(kind) => self.stack(kind).await,
            Step::Upload => {
                self.code = upload::all(self.ctx, &self.artifacts).await?;
                let bucket = self.code.bucket.clone();
                self.known.insert("ArtifactBucket".to_owned(), bucket);
                Ok(())
            }
            Step::Publish => self.publish().await,
            Step::Shift => self.shift().await,
            Step::Record => self.record().await,
        }
    }

    async fn app(&mut self, number: u64, bundle: &str) -> Result<(), Failure> {
        self.known.insert("Release".to_owned(), number.to_string());
        self.known.insert("Bundle".to_owned(), bundle.to_owned());
        self.known
            .insert("CodeKey".to_owned(), self.code.key.clone());
        // The scaler belongs to the tool and not to the release: it has no versions, and changes with its stack.
        if let Some(scaler) = &self.artifacts.scaler {
            self.known.insert("ScalerKey".to_owned(), scaler.key());
        }
        self.stack(Kind::App).await
    }

    async fn stack(&mut self, kind: Kind) -> Result<(), Failure> {
        // What is made first and prepared then has gone through its plan the first time.
        let name = kind.stack(&self.ctx.stage.name);
        let is_again = self.stacks.iter().any(|applied| applied.stack == name);
        let planned = self
            .wish
            .planned
            .map(|all| if is_again { &[] } else { all });
        let applied = stack::apply_planned(self.ctx, kind, &self.known, planned).await?;
        self.known.extend(applied.outputs.clone());
        self.stacks.push(applied);
        Ok(())
    }

    /// Versions of everything, before anything moves: the hook moves the others without us.
    async fn publish(&mut self) -> Result<(), Failure> {
        let before = positions::read(self.ctx).await?;
        if let Some((function, (version, share))) = before.split.iter().next() {
            return Err(split(self.ctx, function, version, *share));
        }
        let mut versions = BTreeMap::new();
        let description = format!("release {}, {}", self.number, self.artifacts.revision);
        for function in aliased() {
            let name = function.lambda_name(&self.ctx.stage.name);
            let functions = &self.ctx.cloud.functions;
            let published = async {
                let version = functions.publish(&name, &description).await?;
                functions.wait_until_active(&name, &version).await?;
                anyhow::Ok(version)
            }
            .await
            .blame(
                codes::PUBLISH,
                format!("no version of {name} could be published"),
            )
            .map_err(|failure| failure.state("traffic and bundle are where they were"))?;
            versions.insert(function.name().to_owned(), published);
        }
        let told: Vec<_> = versions
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        self.ctx.ui.done(told.join(", "));
        self.before = Some(before);
        self.release = Some(Release {
            number: self.number,
            revision: self.artifacts.revision.clone(),
            versions,
            assets: self.artifacts.bundle.manifest.clone(),
            schema: self.artifacts.schema.clone(),
            code: self.code.clone(),
            deployment_id: String::new(),
            by: self.by.to_owned(),
            at: Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            reason: self.wish.reason.to_owned(),
        });
        Ok(())
    }

    async fn shift(&mut self) -> Result<(), Failure> {
        let (Some(release), Some(before)) = (&mut self.release, &self.before) else {
            return Err(out_of_order());
        };
        let web = Function::Web.name();
        let route = Route {
            from: before.versions.get(web).cloned().unwrap_or_default(),
            to: release.versions.get(web).cloned().unwrap_or_default(),
        };
        proof::before_shift(self.ctx).await?;
        alarm::watch(self.ctx, &route).await?;
        shift::wait_until_quiet(self.ctx).await?;
        record::announce(self.ctx, release).await?;
        let description = format!("spoke release {}, {}", release.number, release.revision);
        release.deployment_id = match shift::start(self.ctx, &route, &description).await {
            Ok(id) => id,
            Err(failure) => {
                record::withdraw(self.ctx).await?;
                return Err(failure);
            }
        };
        record::announce(self.ctx, release).await?;
        self.ctx.ui.say(format!(
            "  deployment {}: version {} → {}, {}",
            release.deployment_id, route.from, route.to, self.ctx.stage.release.shift
        ));
        let probes = self.wish.probes;
        let ended = watch::watch(self.ctx, &release.deployment_id, &route, probes).await?;
        self.answered = ended.answered;
        if ended.deployment.has_succeeded() {
            self.ctx.ui.done(format!(
                "version {} has all the traffic, pages name bundle {}",
                route.to, release.assets.bundle
            ));
            return Ok(());
        }
        self.has_evidence = true;
        Err(attempt::failed(self.ctx, release, before, &ended).await?)
    }

    async fn record(&mut self) -> Result<(), Failure> {
        let Some(release) = &self.release else {
            return Err(out_of_order());
        };
        self.verify(release).await?;
        record::write(self.ctx, release).await?;
        self.ctx.ui.done(format!(
            "release {} is live after {}",
            release.number,
            clock(self.started.elapsed().as_secs())
        ));
        Ok(())
    }

    /// `CodeDeploy` says it succeeded; whether everything really stands where the record will say is looked at.
    async fn verify(&self, release: &Release) -> Result<(), Failure> {
        let wanted = Positions {
            versions: release.versions.clone(),
            split: BTreeMap::new(),
            bundle: Some(release.assets.clone()),
        };
        let moved = positions::moved(&wanted, &positions::read(self.ctx).await?);
        if moved.is_empty() {
            return Ok(());
        }
        let mut failure = Failure::new(
            codes::SHIFT_LEFT_MOVED,
            format!(
                "deployment {} succeeded, but not everything moved",
                release.deployment_id
            ),
        )
        .state("the release is not recorded")
        .next(format!("spokectl status{}", self.ctx.flag()))
        .next(format!("spokectl rollback{}", self.ctx.flag()));
        failure.why = moved;
        Err(failure.kind(Ending::NeedsRepair))
    }

    fn made(self) -> Result<Made, Failure> {
        if self.release.is_none() && !self.live.makes_no_release {
            return Err(out_of_order());
        }
        let verdict = |_: &Release| Verdict::of(self.answered, self.ctx.stage.release.min_requests);
        Ok(Made {
            verdict: self.release.as_ref().map(verdict),
            release: self.release,
            stacks: self.stacks,
            url: self.known.get("Url").cloned().unwrap_or_default(),
            seconds: self.started.elapsed().as_secs(),
            answered: self.answered,
        })
    }
}

/// One more than any release that was recorded or that failed: a number is never used twice.
async fn next_number(ctx: &Context) -> Result<u64, Failure> {
    let bucket = record::artifact_bucket(ctx).await?;
    let failed = attempt::numbers(ctx, &bucket).await?;
    let recorded = record::current(ctx).await?.map(|release| release.number);
    let highest = failed.into_iter().chain(recorded).max().unwrap_or_default();
    Ok(highest + 1)
}

fn split(ctx: &Context, function: &str, version: &str, share: f64) -> Failure {
    Failure::new(
        codes::ALIAS_SPLIT,
        format!("the alias of {function} is split and no deployment is at work"),
    )
    .why(format!("{:.0} % go to version {version}", share * 100.0))
    .state("nothing was shifted")
    .next(format!("spokectl rollback{}", ctx.flag()))
}

fn out_of_order() -> Failure {
    Failure::new(
        codes::UNKNOWN,
        "a step of the release was taken out of order",
    )
}
