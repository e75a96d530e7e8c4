//! `spokectl scale plan`: what the scaler would do, or what a size would mean.

use chrono::Utc;
use serde_json::json;

use super::{by_hand, read, sentence};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::scale::decide::{Decision, Move, allowed, decide};
use crate::scale::{Scope, notice, wake};

pub(super) async fn show(ctx: &Context, scope: &Scope, to: Option<&str>) -> Result<Kind, Failure> {
    let (ledger, running, measured) = read(ctx, scope).await?;
    let now = Utc::now();
    let policy = wake::policy(scope)?;
    let decision = decide(&running, &measured, &policy, &ledger.past(), now);
    let waiting = ledger.waiting(now).map(|proposal| proposal.step.clone());
    let step = match to {
        Some(text) => Some(Move {
            to: by_hand::parse(ctx, text, &running.rung)?,
            from: running.rung.clone(),
            why: Vec::new(),
            waits: None,
        }),
        None => match &decision {
            Decision::Propose(step) | Decision::Change(step) => Some(step.clone()),
            // What waits for an answer is shown in a calm minute as well.
            Decision::Nothing(_) | Decision::Refuse(_) => waiting.clone(),
        },
    };
    let waits = step.is_some() && step == waiting;
    let meaning = step
        .as_ref()
        .map(|step| notice::meaning(&scope.settings, step))
        .unwrap_or_default();
    let refusal = step.as_ref().and_then(|step| {
        allowed(
            &scope.settings.scaling,
            running.machine,
            &running.rung,
            &step.to,
        )
        .err()
    });
    let answer = json!({
        "decision": sentence(&decision),
        "move": step,
        "waits": waits,
        "meaning": meaning,
        "aboveCeiling": refusal.as_ref().map(ToString::to_string),
        "pending": running.pending,
    });
    ctx.ui.data(&answer, || {
        let mut lines = vec![format!("the scaler would: {}", sentence(&decision))];
        if waits {
            lines.push("it has proposed, and waits for an answer:".to_owned());
        }
        lines.extend(meaning.iter().map(|line| format!("  {line}")));
        lines.extend(
            refusal
                .as_ref()
                .map(|refusal| format!("  the scaler may not: {refusal}")),
        );
        if !running.pending.is_empty() {
            lines.push(format!(
                "  applied along, and only if you say --with-pending: {}",
                running.pending.join(", ")
            ));
        }
        lines.join("\n")
    });
    Ok(if step.is_some() {
        Kind::Findings
    } else {
        Kind::Ok
    })
}
