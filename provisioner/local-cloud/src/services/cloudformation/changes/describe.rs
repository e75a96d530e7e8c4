//! A change as `DescribeChangeSet` tells it.

use serde_json::{Map, Value, json};

use super::super::template::parameters::text;
use super::{Action, Change, Detail, Recreation, Replacement};

/// One item of `Changes`; with the values before and after when they are asked for.
pub(in super::super) fn describe(change: &Change, with_values: bool) -> Value {
    let mut resource = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            resource.insert(name.to_owned(), value);
        }
    };
    put("PolicyAction", json!(change.policy_action));
    let action = match change.action {
        Action::Add => "Add",
        Action::Modify => "Modify",
        Action::Remove => "Remove",
    };
    put("Action", json!(action));
    put("LogicalResourceId", json!(change.logical));
    put("PhysicalResourceId", json!(change.physical));
    put("ResourceType", json!(change.kind));
    put("Replacement", json!(change.replacement.map(replacement)));
    put("Scope", json!(change.scope));
    let details = change.details.iter().flat_map(|d| detail(d, with_values));
    put("Details", details.collect());
    if with_values {
        let context = |properties: &Value| json!({ "Properties": properties }).to_string();
        put("BeforeContext", json!(change.before.as_ref().map(context)));
        put("AfterContext", json!(change.after.as_ref().map(context)));
    }
    json!({ "Type": "Resource", "ResourceChange": resource })
}

fn replacement(replacement: Replacement) -> &'static str {
    match replacement {
        Replacement::True => "True",
        Replacement::False => "False",
        Replacement::Conditional => "Conditional",
    }
}

fn recreation(recreation: Recreation) -> &'static str {
    match recreation {
        Recreation::Never => "Never",
        Recreation::Conditionally => "Conditionally",
        Recreation::Always => "Always",
    }
}

/// AWS tells a change caused by a parameter or a resource twice: that the property differs,
/// which it cannot know before execution, and what made it differ.
fn detail(detail: &Detail, with_values: bool) -> Vec<Value> {
    let mut target = json!({
        "Attribute": detail.attribute,
        "RequiresRecreation": recreation(detail.recreation),
    });
    if let Some(name) = &detail.name {
        target["Name"] = json!(name);
        target["Path"] = json!(format!("/Properties/{name}"));
    }
    if with_values {
        let kind = match (&detail.before, &detail.after) {
            (None, _) => "Add",
            (_, None) => "Remove",
            _ => "Modify",
        };
        target["AttributeChangeType"] = json!(kind);
        if let Some(before) = &detail.before {
            target["BeforeValue"] = json!(text(before));
        }
        if let Some(after) = &detail.after {
            target["AfterValue"] = json!(text(after));
        }
    }
    let cause = &detail.cause;
    let certain = if cause.certain { "Static" } else { "Dynamic" };
    let mut told = json!({
        "Target": target.clone(),
        "Evaluation": certain,
        "ChangeSource": cause.source,
    });
    let Some(entity) = &cause.entity else {
        return vec![told];
    };
    told["CausingEntity"] = json!(entity);
    let direct = json!({
        "Target": target,
        "Evaluation": "Dynamic",
        "ChangeSource": "DirectModification",
    });
    vec![direct, told]
}
