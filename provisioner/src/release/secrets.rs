//! Secrets somebody has to put in: the data stack makes them empty, and no function starts without them.

use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::plan::report::Refusal;

/// The secrets this stage needs of a person, and is without. What does not exist yet is made by the data stack.
pub async fn empty(ctx: &Context) -> Result<Vec<Refusal>, Failure> {
    let stage = &ctx.stage;
    let needed = [
        (stage.twilio_secret, "twilio", "no text could go out"),
        (stage.sign_in_secret, "sign-in", "nobody could sign in"),
    ];
    let mut refusals = Vec::new();
    for (is_needed, word, harm) in needed {
        // Without a release no function ever starts.
        if !is_needed || !stage.release.codedeploy {
            continue;
        }
        let name = format!("spoke-{}-{word}", stage.name);
        let found = ctx.cloud.secrets.find(&name).await.blame(
            codes::UNREADABLE,
            format!("whether secret {name} is set cannot be told"),
        )?;
        if found.is_some_and(|secret| !secret.is_set) {
            refusals.push(Refusal {
                what: format!("the secret {name} is empty"),
                why: format!("no function starts without it, and {harm}"),
                next: format!("spokectl secrets set {word}{}", ctx.flag()),
            });
        }
    }
    Ok(refusals)
}

/// The same once the data stack has made them, in the middle of a first release.
pub async fn all_set(ctx: &Context) -> Result<(), Failure> {
    let refusals = empty(ctx).await?;
    if refusals.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(codes::SECRET_EMPTY, "a secret has to be set first")
        .state("the stacks before the functions are as they shall be; no function and no traffic was touched");
    for refusal in refusals {
        failure = failure
            .why(format!("{}: {}", refusal.what, refusal.why))
            .next(refusal.next);
    }
    Err(failure.next(format!("spokectl deploy{}", ctx.flag())))
}
