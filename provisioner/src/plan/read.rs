//! Looking at what is live, and what of it a deploy would change. Nothing is written.

use std::collections::BTreeMap;

use chrono::Utc;
use futures::future::try_join_all;
use serde_json::Value;
use spoke_contract::names;
use spoke_contract::release::Release;
use spoke_contract::tables::TableSizes;

use super::connections::Budget;
use super::migrations::estimate;
use super::report::{ByHand, Identity, Infrastructure, Plan, Refusal};
use super::signals::Signal;
use super::{connections, consequence, cost, difference, enlarged, pending, report, signals};
use crate::build::{revision, sha256};
use crate::cloud::cloudformation::{Drift, Stack};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::release::{record, secrets, stack};
use crate::scale::Settings;
use crate::template::{self, Kind};

/// One stack, live and wanted.
#[derive(Debug)]
pub struct Looked {
    /// Which.
    pub kind: Kind,
    /// The stack as it is, if it is.
    pub stack: Option<Stack>,
    /// Its template as it is, if it ever came to life.
    pub live: Option<String>,
    /// The template it shall have.
    pub wanted: String,
}

impl Looked {
    /// What a saved plan is held to: another live state is another plan.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = self.live.clone().unwrap_or_default();
        if let Some(stack) = &self.stack {
            text.push_str(&stack.status);
            for (name, value) in &stack.parameters {
                text.push_str(name);
                text.push_str(value);
            }
        }
        sha256(text.as_bytes())
    }
}

/// Every stack of the stage.
pub async fn stacks(ctx: &Context) -> Result<Vec<Looked>, Failure> {
    let mut looked = Vec::new();
    for kind in ctx.stage.stacks() {
        let name = kind.stack(&ctx.stage.name);
        let unreadable = format!("stack {name} cannot be read");
        let stacks = ctx.cloud.stacks_of(kind);
        let stack = stacks
            .find(&name)
            .await
            .blame(codes::STACK_UNREADABLE, &unreadable)?
            .filter(|stack| {
                !["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"].contains(&stack.status.as_str())
            });
        let live = match &stack {
            Some(stack) if stack.is_alive() => Some(
                stacks
                    .template(&name)
                    .await
                    .blame(codes::STACK_UNREADABLE, unreadable)?,
            ),
            _ => None,
        };
        let wanted = template::render(&ctx.repository, &ctx.stage, kind)?;
        looked.push(Looked {
            kind,
            stack,
            live,
            wanted,
        });
    }
    Ok(looked)
}

/// The whole plan.
pub async fn plan(ctx: &Context) -> Result<(Plan, Vec<Looked>), Failure> {
    let caller = ctx.cloud.check_identity(&ctx.stage).await?;
    let looked = stacks(ctx).await?;
    let is_live = looked.iter().any(|one| one.live.is_some());
    let live = if is_live {
        record::current(ctx).await?
    } else {
        None
    };
    let running = enlarged::running(ctx, &looked).await?;
    let (infrastructure, before, after) = compared(&looked, &running)?;
    // Migrations are run by a release, and nothing else.
    let mut migrations = if ctx.stage.release.codedeploy {
        pending::of(&ctx.repository, live.as_ref()).await?
    } else {
        Vec::new()
    };
    if !migrations.is_empty() {
        estimate::fill(&mut migrations, &table_sizes(ctx).await?);
    }
    let quota = unreserved(ctx, &before, &after).await;
    let connections = Budget::of(&ctx.stage, quota);
    let mut refusals = pending::refused(&ctx.repository, live.as_ref(), &migrations).await;
    if connections.cannot_fit() {
        refusals.push(Refusal {
            what: "the connections cannot fit".to_owned(),
            why: connections.sentence(),
            next: "lower app.concurrency, or choose a larger database.class".to_owned(),
        });
    }
    refusals.extend(half_deleted(ctx, &looked));
    if looked
        .iter()
        .any(|one| one.kind == Kind::Data && one.live.is_some())
    {
        refusals.extend(secrets::empty(ctx).await?);
    }
    let shift = &ctx.stage.release;
    let minutes = report::minutes(
        &infrastructure,
        &migrations,
        shift.codedeploy.then_some(shift.shift.as_str()),
    );
    let plan = Plan {
        identity: Identity {
            account: caller.account,
            region: ctx.stage.region.clone(),
            stage: ctx.stage.name.clone(),
            by: caller.arn,
            revision: revision::of(&ctx.repository).await,
            at: Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        },
        release: live.as_ref().map(|release| release.number),
        infrastructure,
        by_hand: None,
        code: signal(ctx, live.as_ref(), &signals::CODE).await,
        scaler: scaler(ctx, live.as_ref()).await,
        bundle: signal(ctx, live.as_ref(), &signals::BUNDLE).await,
        migrations,
        refusals,
        warnings: report::warnings(&ctx.stage)
            .into_iter()
            .chain(pending::blind(&ctx.repository, live.as_ref()).await)
            .chain(connections.warning())
            .collect(),
        connections,
        enlarged: ctx.stage.enlarged.clone(),
        minutes,
        cost_before: cost::of(&before),
        cost_after: cost::of(&after),
        weekly_budget: ctx.stage.alerts.weekly_budget,
        price_date: super::prices::DATE,
    };
    Ok((plan, looked))
}

/// No change can begin in a stack whose deletion failed.
fn half_deleted<'a>(
    ctx: &'a Context,
    looked: &'a [Looked],
) -> impl Iterator<Item = Refusal> + use<'a> {
    looked.iter().filter_map(|one| {
        let stack = one.stack.as_ref()?;
        let is_half = stack.status == "DELETE_FAILED";
        let failure = is_half.then(|| stack::half_deleted(ctx, one.kind, stack))?;
        Some(Refusal {
            what: failure.what.clone(),
            why: failure.why.join("; "),
            next: failure.next.join("; "),
        })
    })
}

async fn signal(ctx: &Context, live: Option<&Release>, paths: &[&str]) -> Signal {
    if ctx.stage.release.codedeploy {
        signals::of(&ctx.repository, live, paths).await
    } else {
        Signal::Unreleased
    }
}

/// The scaler goes along with a stack, and so only where the database is ours.
async fn scaler(ctx: &Context, live: Option<&Release>) -> Option<Signal> {
    if !ctx.stage.release.codedeploy {
        return None;
    }
    Settings::of(&ctx.stage)?;
    Some(signals::of(&ctx.repository, live, &signals::SCALER).await)
}

/// What somebody changed by hand, in every stack there is; AWS looks at all of them at once.
pub async fn by_hand(ctx: &Context, looked: &[Looked]) -> Result<Vec<ByHand>, Failure> {
    let there = looked.iter().filter(|one| {
        let Some(stack) = &one.stack else {
            return false;
        };
        if one.live.is_some() && !stack.tells_drift() {
            ctx.ui.notice(format!(
                "what was changed by hand in {} cannot be told while it stands in {}",
                one.kind.stack(&ctx.stage.name),
                stack.status
            ));
        }
        stack.tells_drift()
    });
    try_join_all(there.map(|one| async {
        let name = one.kind.stack(&ctx.stage.name);
        let drift = ctx.cloud.stacks_of(one.kind).drift(&name).await.blame(
            codes::STACK_UNREADABLE,
            format!("what was changed by hand in {name} cannot be told"),
        )?;
        Ok(ByHand {
            stack: one.kind.name().to_owned(),
            drift: drift
                .into_iter()
                .filter_map(|one| not_ours(one, ctx.stage.enlarged.is_some()))
                .collect(),
        })
    }))
    .await
}

/// What the tool itself moves beside the template: a release the aliases, scaling the database.
const OURS: [(&str, &[&str]); 3] = [
    (
        "AWS::Lambda::Alias",
        &["/FunctionVersion", "/RoutingConfig"],
    ),
    ("AWS::RDS::DBInstance", &["/DBInstanceClass"]),
    (
        "AWS::RDS::DBCluster",
        &["/ServerlessV2ScalingConfiguration"],
    ),
];

/// What is left of a drift without what is ours. Of a database nothing is, unless the ledger says that it was enlarged.
fn not_ours(mut drift: Drift, is_enlarged: bool) -> Option<Drift> {
    let ours = OURS
        .iter()
        .find(|(kind, _)| *kind == drift.kind)
        .filter(|(kind, _)| is_enlarged || !kind.starts_with("AWS::RDS::"));
    if let Some((_, ours)) = ours
        && drift.status == "MODIFIED"
    {
        drift
            .properties
            .retain(|(path, _, _)| !ours.iter().any(|prefix| path.starts_with(prefix)));
        if drift.properties.is_empty() {
            return None;
        }
    }
    Some(drift)
}

/// What functions without a number of their own may run at once afterwards: what the account has left now, what this
/// stage gives back and what it takes. Where it cannot be read the plan says so, and goes on.
async fn unreserved(ctx: &Context, before: &[Value], after: &[Value]) -> Option<u32> {
    if connections::unbounded(&ctx.stage).is_empty() {
        return None;
    }
    let left = ctx.cloud.functions.unreserved().await.ok()?;
    Some((left + reserved(before)).saturating_sub(reserved(after)))
}

/// What functions have for themselves.
fn reserved(templates: &[Value]) -> u32 {
    let resources = templates
        .iter()
        .filter_map(|template| template["Resources"].as_object());
    let numbers = resources
        .flat_map(serde_json::Map::values)
        .filter_map(|one| one["Properties"]["ReservedConcurrentExecutions"].as_u64());
    numbers
        .filter_map(|number| u32::try_from(number).ok())
        .sum()
}

/// What changes, and all templates before and after.
fn compared(
    looked: &[Looked],
    running: &enlarged::Running,
) -> Result<(Infrastructure, Vec<Value>, Vec<Value>), Failure> {
    let parse = |kind: Kind, text: &str| {
        difference::parse(text).map_err(|error| template::mistake::no_yaml(kind, &error))
    };
    let mut changes = Vec::new();
    let (mut before, mut after): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut stuck = BTreeMap::new();
    for one in looked {
        let live = one.live.as_deref();
        let live = live.map(|text| parse(one.kind, text)).transpose()?;
        let wanted = parse(one.kind, &one.wanted)?;
        let all = difference::of(one.kind, live.as_ref(), &wanted);
        let live = live.map(|live| running.correct(&live));
        let left = difference::of(one.kind, live.as_ref(), &wanted);
        changes.extend(enlarged::already(all, &left));
        changes.extend(left.into_iter().map(consequence::of));
        before.extend(live);
        after.push(wanted);
        if let Some(stack) = &one.stack
            && (stack.status.ends_with("_FAILED") || stack.status.ends_with("_IN_PROGRESS"))
        {
            stuck.insert(one.kind.name().to_owned(), stack.status.clone());
        }
    }
    changes.sort_by_key(|one: &consequence::Consequence| one.group);
    Ok((Infrastructure { changes, stuck }, before, after))
}

/// What the instance recorded of its tables; nothing before its first hour, or if somebody wrote something else there.
async fn table_sizes(ctx: &Context) -> Result<TableSizes, Failure> {
    let name = names::tables_parameter(&ctx.stage.name);
    let text = ctx
        .cloud
        .parameters
        .find(&name)
        .await
        .blame(codes::UNREADABLE, format!("{name} cannot be read"))?;
    let sizes = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(sizes.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::not_ours;
    use crate::cloud::cloudformation::Drift;

    fn drift(kind: &str, status: &str, paths: &[&str]) -> Drift {
        Drift {
            resource: "Some".to_owned(),
            kind: kind.to_owned(),
            status: status.to_owned(),
            properties: paths
                .iter()
                .map(|path| ((*path).to_owned(), "1".to_owned(), "2".to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_release_moves_aliases_and_nobody_did_it_by_hand() {
        let alias = |status, paths| not_ours(drift("AWS::Lambda::Alias", status, paths), false);
        assert_eq!(alias("MODIFIED", &["/FunctionVersion"]), None);
        let left = alias("MODIFIED", &["/FunctionVersion", "/Description"]).unwrap();
        assert_eq!(left.properties[0].0, "/Description");
        assert!(alias("DELETED", &[]).is_some());
    }

    #[test]
    fn a_database_that_was_enlarged_was_not_changed_by_hand() {
        let class = || drift("AWS::RDS::DBInstance", "MODIFIED", &["/DBInstanceClass"]);
        assert_eq!(not_ours(class(), true), None);
        assert!(not_ours(class(), false).is_some());
        let storage = drift("AWS::RDS::DBInstance", "MODIFIED", &["/AllocatedStorage"]);
        assert!(not_ours(storage, true).is_some());
    }
}
