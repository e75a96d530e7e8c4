//! Delivery: at least once, again after errors, to a dead-letter queue in the end.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::Cloud;
use crate::error::Answer;
use crate::services::{self, lambda};

use super::model::Schedule;

const RETRIES: u32 = 185;
const OLDEST: Duration = Duration::from_hours(24);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// Delivers one occurrence.
pub(super) async fn deliver(cloud: &Arc<Cloud>, schedule: &Schedule, at: DateTime<Utc>) {
    let policy = schedule.target.retry_policy.as_ref();
    let retries = policy.and_then(|policy| policy.maximum_retry_attempts);
    let retries = retries.unwrap_or(RETRIES);
    let oldest = policy.and_then(|policy| policy.maximum_event_age_in_seconds);
    let oldest = oldest.map_or(OLDEST, Duration::from_secs);
    let id = Uuid::new_v4().to_string();
    let (mut waited, mut wait) = (Duration::ZERO, FIRST_WAIT);
    for attempt in 1..=retries.saturating_add(1) {
        let input = input(cloud, schedule, at, &id, attempt);
        let Err(error) = send(cloud, schedule, &input).await else {
            return;
        };
        tracing::warn!(%error, schedule = schedule.name, attempt, "a schedule's target refused");
        waited += wait;
        if attempt > retries || waited > oldest {
            give_up(cloud, schedule, &input, &error.to_string()).await;
            return;
        }
        cloud.time.sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// The target's input with the scheduler's own words filled in, or the scheduler's event.
fn input(cloud: &Cloud, schedule: &Schedule, at: DateTime<Utc>, id: &str, attempt: u32) -> String {
    let time = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let arn = schedule.arn(cloud);
    match &schedule.target.input {
        Some(input) => input
            .replace("<aws.scheduler.schedule-arn>", &arn)
            .replace("<aws.scheduler.scheduled-time>", &time)
            .replace("<aws.scheduler.execution-id>", id)
            .replace("<aws.scheduler.attempt-number>", &attempt.to_string()),
        None => json!({
            "version": "0",
            "id": id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": cloud.options.account,
            "time": time,
            "region": cloud.options.region,
            "resources": [arn],
            "detail": "{}",
        })
        .to_string(),
    }
}

async fn send(cloud: &Arc<Cloud>, schedule: &Schedule, text: &str) -> Answer<()> {
    let target = &schedule.target;
    let (service, operation, input) = match service_of(&target.arn) {
        Some("sqs") => {
            let mut input = json!({
                "QueueUrl": lambda::queue_url(cloud, &target.arn).await?,
                "MessageBody": text,
            });
            let parameters = target.sqs_parameters.as_ref();
            if let Some(group) = parameters.and_then(|sqs| sqs.message_group_id.as_ref()) {
                input["MessageGroupId"] = json!(group);
            }
            ("sqs", "SendMessage", input)
        }
        Some("sns") => {
            let input = json!({ "TopicArn": target.arn, "Message": text });
            ("sns", "Publish", input)
        }
        _ => {
            let input = json!({
                "FunctionName": target.arn,
                "InvocationType": "Event",
                "Payload": STANDARD.encode(text),
            });
            ("lambda", "Invoke", input)
        }
    };
    services::call(cloud, service, operation, input)
        .await
        .map(drop)
}

/// The service a target belongs to, if it is one that is offered.
pub(super) fn service_of(arn: &str) -> Option<&str> {
    let service = arn.split(':').nth(2)?;
    ["lambda", "sqs", "sns"]
        .contains(&service)
        .then_some(service)
}

async fn give_up(cloud: &Arc<Cloud>, schedule: &Schedule, text: &str, error: &str) {
    let config = schedule.target.dead_letter_config.as_ref();
    let Some(arn) = config.and_then(|config| config.arn.clone()) else {
        tracing::warn!(
            schedule = schedule.name,
            error,
            "a scheduled event is dropped"
        );
        return;
    };
    let attribute = |value: &str| json!({ "DataType": "String", "StringValue": value });
    let sent = async {
        let input = json!({
            "QueueUrl": lambda::queue_url(cloud, &arn).await?,
            "MessageBody": text,
            "MessageAttributes": {
                "ERROR_MESSAGE": attribute(error),
                "SCHEDULE_ARN": attribute(&schedule.arn(cloud)),
                "TARGET_ARN": attribute(&schedule.target.arn),
            },
        });
        services::call(cloud, "sqs", "SendMessage", input).await
    };
    if let Err(error) = sent.await {
        tracing::warn!(%error, arn, "a scheduled event could not be put into its dead-letter queue");
    }
}
