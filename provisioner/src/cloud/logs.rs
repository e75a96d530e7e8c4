//! CloudWatch Logs: what a function said.

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use chrono::{DateTime, Utc};

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
