//! One release at a time: an SSM parameter that only one can create.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::cloud::ssm::Parameters;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::local::process;
use crate::scale::wake;
use crate::ui::ago;

/// The host of a holder that is a function.
const LAMBDA: &str = "lambda";

/// Who holds the lock, since when, and for what. No two are the same: host, process and moment tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The principal.
    pub owner: String,
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// Since when.
    pub at: DateTime<Utc>,
    /// What it does: `deploy`, `rollback`.
    pub verb: String,
    /// Why, in the words of whoever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether somebody is still at work behind a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Somebody is.
    Held,
    /// Nobody is.
    Stale,
    /// Only another machine could tell.
    Unknown,
}

impl Holder {
    /// This process, from now on.
    fn here(verb: &str, reason: Option<&str>, owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            host: process::host(),
            pid: std::process::id(),
            at: Utc::now(),
            verb: verb.to_owned(),
            reason: reason.map(ToOwned::to_owned),
        }
    }

    /// This run of the scaler function.
    pub(crate) fn function(name: &str, at: DateTime<Utc>) -> Self {
        Self {
            owner: name.to_owned(),
            host: LAMBDA.to_owned(),
            pid: 0,
            at,
            verb: "scale".to_owned(),
            reason: None,
        }
    }

    /// A sentence about it.
    #[must_use]
    pub fn sentence(&self, now: DateTime<Utc>) -> String {
        let reason = self.reason.as_deref().map(|why| format!(" (\"{why}\")"));
        format!(
            "{}{} by {} (process {} on {}), taken {}",
            self.verb,
            reason.unwrap_or_default(),
            self.owner,
            self.pid,
            self.host,
            ago(self.at, now)
        )
    }

    /// Whether somebody is still at work behind it, as far as this machine can tell.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if self.host == LAMBDA {
            let is_over = now - self.at > TimeDelta::seconds(wake::TIMEOUT_SECONDS);
            return if is_over {
                Standing::Stale
            } else {
                Standing::Held
            };
        }
        if self.host != process::host() {
            Standing::Unknown
        } else if process::is_running(self.pid, "spokectl") {
            Standing::Held
        } else {
            Standing::Stale
        }
    }

    /// Whether it surely is gone.
    #[must_use]
    pub fn is_gone(&self, now: DateTime<Utc>) -> bool {
        self.standing(now) == Standing::Stale
    }

    /// Why it stands as it does.
    #[must_use]
    pub fn why(&self, now: DateTime<Utc>) -> String {
        let (pid, host) = (self.pid, &self.host);
        match self.standing(now) {
            Standing::Held if host == LAMBDA => format!(
                "the scaler is at work; it ends within {} minutes of taking it",
                wake::TIMEOUT_SECONDS / 60
            ),
            Standing::Stale if host == LAMBDA => format!(
                "stale: a run of the scaler ends within {} minutes, so this one was stopped in its middle",
                wake::TIMEOUT_SECONDS / 60
            ),
            Standing::Held => format!("process {pid} is at work on this machine"),
            Standing::Stale => {
                format!("stale: process {pid} of this machine is gone and gave nothing back")
            }
            Standing::Unknown => {
                format!(
                    "it is another machine's: whether process {pid} is at work, only {host} can tell"
                )
            }
        }
    }

    /// What to do about it, with the stage's flag in it.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>, flag: &str) -> String {
        let release = format!("spokectl lock release{flag} --yes");
        match self.standing(now) {
            Standing::Held => format!("wait for it, and look again: spokectl lock status{flag}"),
            Standing::Stale if self.host == LAMBDA => {
                format!("the scaler takes it over as it wakes, within five minutes; or: {release}")
            }
            Standing::Stale => {
                format!("the next deploy or rollback takes it over by itself; or: {release}")
            }
            Standing::Unknown => {
                format!(
                    "ask {}; once you know that nobody works there: {release}",
                    self.owner
                )
            }
        }
    }

    fn words(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string(self).map_err(anyhow::Error::from)?)
    }
}

/// The parameter only one can create.
pub(crate) fn parameter(stage: &str) -> String {
    format!("/spoke/{stage}/lock")
}

fn blamed<T>(stage: &str, how: &str, outcome: anyhow::Result<T>) -> Result<T, Failure> {
    outcome.blame(
        codes::LOCK_UNREADABLE,
        format!("the lock of stage {stage} cannot be {how}"),
    )
}

async fn read(parameters: &Parameters, stage: &str) -> Result<Option<Holder>, Failure> {
    at(parameters, stage, &parameter(stage)).await
}

/// The holder in the parameter of this name, or in one of its versions.
async fn at(parameters: &Parameters, stage: &str, name: &str) -> Result<Option<Holder>, Failure> {
    let holder = parameters.find(name).await.and_then(|text| {
        let holder = text.map(|text| serde_json::from_str(&text));
        Ok(holder.transpose()?)
    });
    blamed(stage, "read", holder)
}

/// Who holds the stage's lock.
pub async fn holder(ctx: &Context) -> Result<Option<Holder>, Failure> {
    read(&ctx.cloud.parameters, &ctx.stage.name).await
}

/// Takes the lock. One that is held is never waited for; one whose process is gone from this very machine is taken
/// over, and said so.
pub async fn take(
    ctx: &Context,
    verb: &str,
    reason: Option<&str>,
    owner: &str,
) -> Result<Holder, Failure> {
    let (parameters, stage) = (&ctx.cloud.parameters, &ctx.stage.name);
    let mine = Holder::here(verb, reason, owner);
    let Some(other) = try_take(parameters, stage, &mine).await? else {
        return Ok(mine);
    };
    let now = Utc::now();
    // The scaler's is the scaler's to take over: no clock but Lambda's says how old it is.
    if other.host == LAMBDA || !other.is_gone(now) {
        return Err(locked(ctx, &other));
    }
    if let Some(first) = take_over(parameters, stage, &other, &mine).await? {
        return Err(locked(ctx, &first));
    }
    ctx.ui.notice(format!(
        "the lock of {} is taken over: its process is gone",
        other.sentence(now)
    ));
    Ok(mine)
}

/// Takes the lock if nobody holds it; says who does, if somebody does.
pub async fn try_take(
    parameters: &Parameters,
    stage: &str,
    mine: &Holder,
) -> Result<Option<Holder>, Failure> {
    for _ in 0..3 {
        let created = parameters.create(&parameter(stage), &mine.words()?).await;
        if blamed(stage, "taken", created)? {
            return Ok(None);
        }
        // Ours, where an attempt wrote it whose answer got lost.
        if let Some(other) = read(parameters, stage).await? {
            return Ok((other != *mine).then_some(other));
        }
        // Given back in this very moment: whoever asks again gets it.
    }
    Err(Failure::new(
        codes::LOCKED,
        format!("the lock of stage {stage} comes and goes"),
    )
    .untouched())
}

/// Takes over the lock of one who is gone; says who came first, if somebody did.
///
/// Parameter Store has no conditional put, but it numbers what is written: of those who write over the same stale lock
/// the first one has it, and all others put the first one's words back. Until they have, the lock names somebody who is
/// not at work; who asks in that moment is refused, or takes a process for gone that is just leaving.
pub async fn take_over(
    parameters: &Parameters,
    stage: &str,
    stale: &Holder,
    mine: &Holder,
) -> Result<Option<Holder>, Failure> {
    let name = parameter(stage);
    let written = parameters.put_version(&name, &mine.words()?).await;
    let mut version = blamed(stage, "taken over", written)?;
    let mut first = mine.clone();
    while version > 1 {
        version -= 1;
        match at(parameters, stage, &format!("{name}:{version}")).await? {
            Some(before) if before != *stale => first = before,
            _ => break,
        }
    }
    if first == *mine {
        return Ok(None);
    }
    let put_back = parameters.put(&name, &first.words()?).await;
    blamed(stage, "put back", put_back).map(|()| Some(first))
}

/// Gives back this very lock; says who holds it by now, if somebody else does.
///
/// Parameter Store has no conditional delete: a lock that is taken over between the look and the deletion is lost. Only
/// a lock whose process is gone is ever taken over, so for one's own that moment never comes.
pub async fn give_back(
    parameters: &Parameters,
    stage: &str,
    mine: &Holder,
) -> Result<Option<Holder>, Failure> {
    match read(parameters, stage).await? {
        None => Ok(None),
        Some(other) if other != *mine => Ok(Some(other)),
        Some(_) => {
            let deleted = parameters.delete(&parameter(stage)).await;
            blamed(stage, "given back", deleted).map(|()| None)
        }
    }
}

fn locked(ctx: &Context, other: &Holder) -> Failure {
    Failure::new(
        codes::LOCKED,
        format!("somebody else is at work on stage {}", ctx.stage.name),
    )
    .why(other.sentence(Utc::now()))
    .state("nothing was touched")
    .next(format!("spokectl lock status{}", ctx.flag()))
}

/// Gives the lock back after work that ended so; where that fails as well, the work's failure says that too.
pub async fn ended<T>(
    ctx: &Context,
    mine: &Holder,
    work: Result<T, Failure>,
) -> Result<T, Failure> {
    let release = format!("spokectl lock release{} --yes", ctx.flag());
    match (
        work,
        give_back(&ctx.cloud.parameters, &ctx.stage.name, mine).await,
    ) {
        (work, Ok(None)) => work,
        (work, Ok(Some(other))) => {
            ctx.ui.notice(format!(
                "the lock was taken from us meanwhile, and stays: {}",
                other.sentence(Utc::now())
            ));
            work
        }
        (Ok(_), Err(failure)) => Err(failure.next(release)),
        (Err(failure), Err(_)) => Err(failure
            .state("the lock could not be given back: the stage stays locked for other machines")
            .next(release)),
    }
}
