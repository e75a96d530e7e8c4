//! CloudWatch Logs: what a function said.

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{is, words};

/// CloudWatch Logs.
#[derive(Clone, Debug)]
pub struct Logs(Client);

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Unique within its group.
    pub id: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What was said.
    pub text: String,
}

impl Logs {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Every line of a group since a time, oldest first, `filter` in CloudWatch's own pattern
    /// language. A group that does not exist has said nothing.
    pub async fn since(
        &self,
        group: &str,
        since: DateTime<Utc>,
        filter: Option<&str>,
    ) -> anyhow::Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .0
                .filter_log_events()
                .log_group_name(group)
                .start_time(since.timestamp_millis())
                .set_filter_pattern(filter.map(ToOwned::to_owned))
                .set_next_token(token)
                .send()
                .await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if is(&error, "ResourceNotFoundException") => return Ok(lines),
                Err(error) => return Err(words(error).context(format!("reading logs of {group}"))),
            };
            lines.extend(
                answer
                    .events
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|event| {
                        Some(Line {
                            id: event.event_id.unwrap_or_default(),
                            at: DateTime::from_timestamp_millis(event.timestamp?)?,
                            text: event.message?.trim_end().to_owned(),
                        })
                    }),
            );
            token = answer.next_token;
            if token.is_none() {
                break;
            }
        }
        lines.sort_by_key(|line| line.at);
        Ok(lines)
    }
}

impl Line {
    /// Whether it is Lambda's or for `CloudWatch`, and not what the function has to say. `REPORT` lines of a failed call
    /// are the function's: they say how it ended.
    #[must_use]
    pub fn is_platform(&self) -> bool {
        let starts = |prefix: &str| self.text.starts_with(prefix);
        ["START RequestId:", "END RequestId:", "INIT_START "]
            .into_iter()
            .any(starts)
            // A metric, in the embedded format: what failed has a line of its own.
            || starts("{\"_aws\":")
            || (starts("REPORT RequestId:") && !self.text.contains("Status: "))
    }

    /// For people: what our functions log as JSON, as a sentence and what goes with it; anything else as it is. When, which
    /// request and which span are left to `--output json`.
    #[must_use]
    pub fn plain(&self) -> String {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(&self.text) else {
            return self.text.clone();
        };
        let (Some(Value::String(level)), Some(Value::String(message))) =
            (fields.remove("level"), fields.remove("message"))
        else {
            return self.text.clone();
        };
        for known in ["timestamp", "span", "spans", "target"] {
            fields.remove(known);
        }
        let rest: String = fields
            .iter()
            .map(|(key, value)| match value.as_str() {
                Some(text) => format!("  {key}={text}"),
                None => format!("  {key}={value}"),
            })
            .collect::<Vec<_>>()
            .concat();
        format!("{level:<5} {message}{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    fn line(text: &str) -> Line {
        Line {
            id: String::new(),
            at: chrono::DateTime::UNIX_EPOCH,
            text: text.to_owned(),
        }
    }

    #[test]
    fn only_what_says_nothing_is_left_out() {
        assert!(line("START RequestId: 1 Version: 2").is_platform());
        assert!(line("REPORT RequestId: 1\tDuration: 7 ms").is_platform());
        assert!(line(r#"{"_aws":{"Timestamp":1},"FailedRequests":0}"#).is_platform());
        assert!(!line("REPORT RequestId: 1\tDuration: 7 ms\tStatus: timeout").is_platform());
        assert!(!line("the START of something").is_platform());
    }

    #[test]
    fn a_line_of_ours_is_a_sentence_for_people() {
        let json = r#"{"timestamp":"1","level":"WARN","message":"no cache","tries":3,"why":"gone","span":{"requestId":"1"}}"#;
        assert_eq!(line(json).plain(), "WARN  no cache  tries=3  why=gone");
        for other in ["panicked at main.rs", "{\"message\": 1}", "[1]"] {
            assert_eq!(line(other).plain(), other);
        }
    }
}
