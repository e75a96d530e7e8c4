//! What a hook left behind for us: one JSON line that says what failed and why.

use chrono::{DateTime, Utc};
use spoke_contract::functions::Function;
use spoke_contract::hooks::{HookFailure, HookFailureLine};

use crate::cloud::logs::Line;
use crate::context::Context;

/// What is known about a hook that failed.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its own account.
    pub failure: Option<HookFailure>,
    /// Its last lines.
    pub last_lines: Vec<String>,
}

/// Reads a hook's log of this deployment. Logs that cannot be read are no reason to hide the
/// failure they would explain, so that is said among the lines.
pub async fn read(ctx: &Context, hook: Function, deployment: &str, since: DateTime<Utc>) -> Found {
    let group = format!("/aws/lambda/{}", hook.lambda_name(&ctx.stage.name));
    let lines = match ctx.cloud.logs.since(&group, since, None).await {
        Ok(lines) => lines,
        Err(error) => {
            return Found {
                failure: None,
                last_lines: vec![format!("{error:#}")],
            };
        }
    };
    Found {
        failure: account(&lines, deployment),
        last_lines: last_words(&lines),
    }
}

/// The last lines that say something: not what Lambda says of every call, and not the account that is told anyway.
fn last_words(lines: &[Line]) -> Vec<String> {
    let says = |line: &&Line| !line.is_platform() && !line.text.contains("{\"hookFailure\":");
    let words: Vec<_> = lines.iter().filter(says).map(Line::plain).collect();
    words[words.len().saturating_sub(10)..].to_vec()
}

/// The hook's own account of this deployment among its lines.
fn account(lines: &[Line], deployment: &str) -> Option<HookFailure> {
    lines
        .iter()
        .rev()
        .filter_map(|line| {
            // Whatever a log format puts in front of it.
            let start = line.text.find('{')?;
            serde_json::from_str::<HookFailureLine>(&line.text[start..]).ok()
        })
        .map(|line| line.hook_failure)
        .find(|failure| failure.deployment_id == deployment)
}

/// A hook's account as sentences.
#[must_use]
pub fn sentences(failure: &HookFailure) -> Vec<String> {
    let mut sentences = vec![format!("{}: {}", failure.subject, failure.cause)];
    if let Some(statement) = &failure.statement {
        sentences.push(format!("statement: {}", statement.trim()));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::account;
    use crate::cloud::logs::Line;

    #[test]
    fn the_account_of_this_deployment_is_found_among_others() {
        let line = |text: &str| Line {
            id: String::new(),
            at: DateTime::UNIX_EPOCH,
            text: text.to_owned(),
        };
        let lines = [
            line("START RequestId: 1"),
            line(r#"{"hookFailure":{"deploymentId":"d-1","subject":"a.sql","cause":"old"}}"#),
            line(
                r#"2026-01-01 ERROR {"hookFailure":{"deploymentId":"d-2","subject":"b.sql","statement":"ALTER","cause":"no"}}"#,
            ),
            line(r#"{"level":"INFO"}"#),
        ];
        assert_eq!(account(&lines, "d-1").unwrap().cause, "old");
        assert_eq!(
            account(&lines, "d-2").unwrap().statement.as_deref(),
            Some("ALTER")
        );
        assert!(account(&lines, "d-3").is_none());
    }
}
