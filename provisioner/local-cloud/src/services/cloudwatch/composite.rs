//! Composite alarms: alarms over alarms.

use serde::Deserialize;
use serde_json::Value;

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::alarms::{Given, check_name, refused};
use super::model::{Model, Watches};
use super::rule;
use crate::services::tags::Tag;

const MOST_CHILDREN: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    alarm_name: String,
    alarm_rule: String,
    alarm_description: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    actions_enabled: Option<bool>,
    #[serde(default, rename = "OKActions")]
    ok_actions: Vec<String>,
    #[serde(default)]
    alarm_actions: Vec<String>,
    #[serde(default)]
    insufficient_data_actions: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn put(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = check_name(&input.alarm_name)?;
    {
        let model = cloud.services.cloudwatch.store.read();
        check_rule(&model, name, &input.alarm_rule)?;
    }
    let given = Given {
        description: input.alarm_description,
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok: input.ok_actions,
        alarm: input.alarm_actions,
        insufficient: input.insufficient_data_actions,
        tags: input.tags,
    };
    given.put(cloud, name, Watches::Alarms(input.alarm_rule))
}

/// The rule can be read, the alarms exist, and none of them looks back at this one.
fn check_rule(model: &Model, name: &str, text: &str) -> Answer<()> {
    let rule =
        rule::read(text).map_err(|error| refused(format!("AlarmRule cannot be read: {error}")))?;
    let children = rule.names();
    if children.len() > MOST_CHILDREN {
        return Err(refused(format!(
            "A rule names at most {MOST_CHILDREN} alarms."
        )));
    }
    if let Some(missing) = children
        .iter()
        .find(|child| !model.alarms.contains_key(**child))
    {
        return Err(refused(format!(
            "AlarmRule names an alarm that is not there: {missing}."
        )));
    }
    if children.iter().any(|child| looks_at(model, child, name)) {
        return Err(refused("The alarms would look at each other in a circle."));
    }
    Ok(())
}

fn looks_at(model: &Model, from: &str, target: &str) -> bool {
    if from == target {
        return true;
    }
    let Some(Watches::Alarms(text)) = model.alarms.get(from).map(|alarm| &alarm.watches) else {
        return false;
    };
    rule::read(text).is_ok_and(|rule| {
        rule.names()
            .iter()
            .any(|child| looks_at(model, child, target))
    })
}
