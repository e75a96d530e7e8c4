//! One release at a time: an SSM parameter that only one can create.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cloud::ssm::Parameters;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::local::process;
use crate::ui::ago;

/// Who holds the lock, since when, and for what.
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
}

impl Holder {
    /// A sentence about it.
    #[must_use]
    pub fn sentence(&self, now: DateTime<Utc>) -> String {
        format!(
            "{} by {} (process {} on {}), taken {}",
            self.verb,
            self.owner,
            self.pid,
            self.host,
            ago(self.at, now)
        )
    }

    /// Whether the process that took it was on this machine and is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.host == process::host() && !process::is_running(self.pid, "spokectl")
    }
}

/// The parameter only one can create.
pub(crate) fn parameter(stage: &str) -> String {
    format!("/spoke/{stage}/lock")
}

/// Who holds the stage's lock.
pub async fn holder(ctx: &Context) -> Result<Option<Holder>, Failure> {
    let name = parameter(&ctx.stage.name);
    let unreadable = || format!("the lock of stage {} cannot be read", ctx.stage.name);
    let text = ctx
        .cloud
        .parameters
        .find(&name)
        .await
        .blame(codes::LOCK_UNREADABLE, unreadable())?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .blame(codes::LOCK_UNREADABLE, unreadable())
}

/// Takes the lock. One that is held is never waited for; one whose process is gone from this
/// very machine is taken over, and said so.
pub async fn take(ctx: &Context, verb: &str, owner: &str) -> Result<(), Failure> {
    let name = parameter(&ctx.stage.name);
    let mine = Holder {
        owner: owner.to_owned(),
        host: process::host(),
        pid: std::process::id(),
        at: Utc::now(),
        verb: verb.to_owned(),
    };
    let text = serde_json::to_string(&mine).map_err(anyhow::Error::from)?;
    let written = format!("the lock of stage {} cannot be written", ctx.stage.name);
    if ctx
        .cloud
        .parameters
        .create(&name, &text)
        .await
        .blame(codes::LOCK_UNREADABLE, &written)?
    {
        return Ok(());
    }
    let Some(other) = holder(ctx).await? else {
        // Given back in this very moment: whoever asks again gets it.
        return Err(locked(ctx).why("it was given back just now"));
    };
    // Written by an attempt of ours whose answer got lost.
    if other == mine {
        return Ok(());
    }
    if !other.is_gone() {
        return Err(locked(ctx).why(other.sentence(Utc::now())));
    }
    ctx.ui.notice(format!(
        "the lock of {} is taken over: its process is gone",
        other.sentence(Utc::now())
    ));
    ctx.cloud
        .parameters
        .put(&name, &text)
        .await
        .blame(codes::LOCK_UNREADABLE, written)
}

/// Takes the lock for somebody who is no command; says who holds it, if somebody does.
pub async fn try_take(
    parameters: &Parameters,
    stage: &str,
    mine: &Holder,
) -> Result<Option<Holder>, Failure> {
    let (name, unreadable) = (
        parameter(stage),
        format!("the lock of stage {stage} cannot be taken"),
    );
    let text = serde_json::to_string(mine).map_err(anyhow::Error::from)?;
    if parameters
        .create(&name, &text)
        .await
        .blame(codes::LOCK_UNREADABLE, &unreadable)?
    {
        return Ok(None);
    }
    let other = parameters
        .find(&name)
        .await
        .blame(codes::LOCK_UNREADABLE, &unreadable)?;
    let other = other
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .blame(codes::LOCK_UNREADABLE, unreadable)?;
    // Given back in this very moment: whoever looks again gets it.
    Ok(Some(other.unwrap_or_else(|| mine.clone())))
}

/// Takes a lock over whose holder is gone.
pub async fn take_over(parameters: &Parameters, stage: &str, mine: &Holder) -> Result<(), Failure> {
    let text = serde_json::to_string(mine).map_err(anyhow::Error::from)?;
    parameters.put(&parameter(stage), &text).await.blame(
        codes::LOCK_UNREADABLE,
        format!("the lock of stage {stage} cannot be taken over"),
    )
}

/// Gives back what [`try_take`] took.
pub async fn drop_it(parameters: &Parameters, stage: &str) -> Result<(), Failure> {
    parameters.delete(&parameter(stage)).await.blame(
        codes::LOCK_UNREADABLE,
        format!("the lock of stage {stage} cannot be given back"),
    )
}

fn locked(ctx: &Context) -> Failure {
    Failure::new(
        codes::LOCKED,
        format!("somebody else is at work on stage {}", ctx.stage.name),
    )
    .state("nothing was touched")
    .next(format!("spokectl lock status{}", ctx.flag()))
}

/// Gives the lock back after work that ended so; where that fails as well, the work's failure says that too.
pub async fn ended<T>(ctx: &Context, work: Result<T, Failure>) -> Result<T, Failure> {
    match (work, give_back(ctx).await) {
        (work, Ok(())) => work,
        (Ok(_), Err(failure)) => Err(failure),
        (Err(failure), Err(_)) => Err(failure
            .state("the lock could not be given back: the stage stays locked for other machines")
            .next(format!("spokectl lock release{} --yes", ctx.flag()))),
    }
}

/// Gives the lock back.
pub async fn give_back(ctx: &Context) -> Result<(), Failure> {
    ctx.cloud
        .parameters
        .delete(&parameter(&ctx.stage.name))
        .await
        .blame(
            codes::LOCK_UNREADABLE,
            format!("the lock of stage {} cannot be given back", ctx.stage.name),
        )
        .map_err(|failure| failure.next(format!("spokectl lock release{}", ctx.flag())))
}
