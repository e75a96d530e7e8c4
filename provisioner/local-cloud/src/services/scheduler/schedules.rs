//! Schedules: create, look at, change, list, delete.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::deliver::service_of;
use super::model::{DEFAULT_GROUP, Model, Schedule, Target, key};
use super::{expression, run};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    name: String,
    group_name: Option<String>,
    description: Option<String>,
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    #[serde(default, deserialize_with = "values::optional_time")]
    start_date: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "values::optional_time")]
    end_date: Option<DateTime<Utc>>,
    state: Option<String>,
    flexible_time_window: Window,
    target: Target,
    action_after_completion: Option<String>,
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Window {
    mode: String,
    #[serde(default, deserialize_with = "values::optional_integer")]
    maximum_window_in_minutes: Option<i64>,
}

pub(super) fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let schedule = read(cloud, input)?;
    put(cloud, schedule, |model, schedule| {
        if model.schedules.contains_key(&schedule.key()) {
            return Err(AwsError::new(
                "ConflictException",
                format!("Schedule {} already exists.", schedule.name),
            )
            .status(409));
        }
        Ok(())
    })
}

/// What is not given goes back to its default.
pub(super) fn update(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let schedule = read(cloud, input)?;
    put(cloud, schedule, |model, schedule| {
        let known = model.schedule(&schedule.group, &schedule.name)?;
        schedule.created = known.created;
        Ok(())
    })
}

fn put(
    cloud: &Cloud,
    mut schedule: Schedule,
    check: impl FnOnce(&Model, &mut Schedule) -> Answer<()>,
) -> Answer {
    let scheduler = &cloud.services.scheduler;
    let arn = schedule.arn(cloud);
    scheduler.store.write(|model| {
        model.has_group(&schedule.group)?;
        check(model, &mut schedule)?;
        schedule.next = run::first(cloud, &schedule);
        model.schedules.insert(schedule.key(), schedule);
        Ok::<_, AwsError>(())
    })?;
    scheduler.changed.notify_one();
    Ok(json!({ "ScheduleArn": arn }))
}

fn read(cloud: &Cloud, input: Value) -> Answer<Schedule> {
    let input: Input = values::parse(input)?;
    check_name(&input.name)?;
    let timezone = input
        .schedule_expression_timezone
        .unwrap_or_else(|| "UTC".to_owned());
    expression::read(&input.schedule_expression, &timezone)
        .map_err(|error| AwsError::validation(format!("Invalid Schedule Expression: {error}.")))?;
    check_target(&input.target)?;
    let now = cloud.time.now();
    Ok(Schedule {
        name: input.name,
        group: input.group_name.unwrap_or_else(|| DEFAULT_GROUP.to_owned()),
        description: input.description,
        expression: input.schedule_expression,
        timezone,
        start: input.start_date,
        end: input.end_date,
        enabled: match input.state.as_deref() {
            None | Some("ENABLED") => true,
            Some("DISABLED") => false,
            Some(other) => {
                return Err(AwsError::validation(format!(
                    "State is ENABLED or DISABLED, not {other}."
                )));
            }
        },
        window: read_window(&input.flexible_time_window)?,
        target: input.target,
        deletes_itself: match input.action_after_completion.as_deref() {
            None | Some("NONE") => false,
            Some("DELETE") => true,
            Some(other) => {
                return Err(AwsError::validation(format!(
                    "ActionAfterCompletion is NONE or DELETE, not {other}."
                )));
            }
        },
        created: now,
        modified: now,
        next: None,
    })
}

pub(super) fn check_name(name: &str) -> Answer<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"
    )))
}

fn check_target(target: &Target) -> Answer<()> {
    let Some(service) = service_of(&target.arn) else {
        return Err(AwsError::validation(format!(
            "The local cloud schedules Lambda functions, SQS queues and SNS topics, not {}.",
            target.arn
        )));
    };
    let policy = target.retry_policy.as_ref();
    let attempts = policy.and_then(|policy| policy.maximum_retry_attempts);
    let age = policy.and_then(|policy| policy.maximum_event_age_in_seconds);
    if attempts.is_some_and(|count| count > 185)
        || age.is_some_and(|seconds| !(60..=86_400).contains(&seconds))
    {
        return Err(AwsError::validation(
            "MaximumRetryAttempts is at most 185, MaximumEventAgeInSeconds between 60 and 86400.",
        ));
    }
    let input = target.input.as_deref();
    let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
    if service == "lambda" && input.is_some_and(|text| !text.contains("<aws.") && !is_json(text)) {
        return Err(AwsError::validation(
            "The input of a function must be JSON.",
        ));
    }
    Ok(())
}

fn read_window(window: &Window) -> Answer<Option<u32>> {
    match (window.mode.as_str(), window.maximum_window_in_minutes) {
        ("OFF", None) => Ok(None),
        ("FLEXIBLE", Some(minutes)) if (1..=1440).contains(&minutes) => {
            Ok(u32::try_from(minutes).ok())
        }
        _ => Err(AwsError::validation(
            "FlexibleTimeWindow is OFF, or FLEXIBLE with 1 to 1440 minutes.",
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Named {
    name: String,
    group_name: Option<String>,
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

impl Named {
    fn group(&self) -> &str {
        self.group_name.as_deref().unwrap_or(DEFAULT_GROUP)
    }
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    let model = cloud.services.scheduler.store.read();
    let schedule = model.schedule(input.group(), &input.name)?;
    let mut answer = summary(cloud, schedule);
    answer["Target"] = json!(schedule.target);
    answer["ScheduleExpression"] = json!(schedule.expression);
    answer["ScheduleExpressionTimezone"] = json!(schedule.timezone);
    answer["FlexibleTimeWindow"] = match schedule.window {
        None => json!({ "Mode": "OFF" }),
        Some(minutes) => json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes }),
    };
    answer["ActionAfterCompletion"] = json!(if schedule.deletes_itself {
        "DELETE"
    } else {
        "NONE"
    });
    if let Some(description) = &schedule.description {
        answer["Description"] = json!(description);
    }
    if let Some(at) = schedule.start {
        answer["StartDate"] = values::timestamp(at);
    }
    if let Some(at) = schedule.end {
        answer["EndDate"] = values::timestamp(at);
    }
    Ok(answer)
}

fn summary(cloud: &Cloud, schedule: &Schedule) -> Value {
    json!({
        "Arn": schedule.arn(cloud),
        "Name": schedule.name,
        "GroupName": schedule.group,
        "State": if schedule.enabled { "ENABLED" } else { "DISABLED" },
        "CreationDate": values::timestamp(schedule.created),
        "LastModificationDate": values::timestamp(schedule.modified),
        "Target": { "Arn": schedule.target.arn },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ListInput {
    group_name: Option<String>,
    name_prefix: Option<String>,
    state: Option<String>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    let input: ListInput = values::parse(input)?;
    let size = input
        .max_results
        .and_then(|most| usize::try_from(most).ok());
    let size = size.filter(|size| (1..=100).contains(size)).unwrap_or(100);
    let from: usize = match &input.next_token {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| AwsError::validation("The NextToken is not one of ours."))?,
    };
    let model = cloud.services.scheduler.store.read();
    let mut found = model
        .schedules
        .values()
        .filter(|schedule| {
            let state = if schedule.enabled {
                "ENABLED"
            } else {
                "DISABLED"
            };
            input
                .group_name
                .as_ref()
                .is_none_or(|group| *group == schedule.group)
                && input
                    .name_prefix
                    .as_ref()
                    .is_none_or(|prefix| schedule.name.starts_with(prefix))
                && input.state.as_ref().is_none_or(|wanted| wanted == state)
        })
        .skip(from);
    let page: Vec<Value> = found
        .by_ref()
        .take(size)
        .map(|schedule| summary(cloud, schedule))
        .collect();
    let mut answer = json!({ "Schedules": page });
    if found.next().is_some() {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Named = values::parse(input)?;
    cloud.services.scheduler.store.write(|model| {
        model.schedule(input.group(), &input.name)?;
        model.schedules.remove(&key(input.group(), &input.name));
        Ok(json!({}))
    })
}
