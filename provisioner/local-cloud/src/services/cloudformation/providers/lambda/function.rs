//! `AWS::Lambda::Function`.

use serde_json::{Value, json};

use super::super::names::{Name, Style};
use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, and, differ, dropped_tags, pick, property,
    tags_by_key, text,
};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "Architectures",
        "Code",
        "DeadLetterConfig",
        "Description",
        "Environment",
        "EphemeralStorage",
        "Handler",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "ReservedConcurrentExecutions",
        "Role",
        "Runtime",
        "SnapStart",
        "Tags",
        "Timeout",
        "TracingConfig",
        "VpcConfig",
    ],
    fixed: &["FunctionName", "PackageType"],
    required: &["Code", "Role"],
    attributes: &["Arn"],
    numbers: &[
        "EphemeralStorage.Size",
        "MemorySize",
        "ReservedConcurrentExecutions",
        "Timeout",
    ],
    name: Some(Name {
        property: "FunctionName",
        longest: 64,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

const SETTINGS: [&str; 13] = [
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
];

fn named(properties: &Properties, names: &[&str], name: &str) -> Value {
    and(pick(properties, names), &[("FunctionName", json!(name))])
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "FunctionName");
    let mut names = SETTINGS.to_vec();
    names.extend(["Architectures", "Code", "PackageType", "VpcConfig"]);
    let mut input = named(properties, &names, &name);
    let tags = tags_by_key(properties);
    if tags != json!({}) {
        input["Tags"] = tags;
    }
    context.call("lambda", "CreateFunction", input).await?;
    let reserved = reserve(context, &name, &Properties::new(), properties).await;
    if let Err(error) = reserved {
        delete(context, &name, properties, false).await?;
        return Err(error);
    }
    made(context, &name).await
}

async fn made(context: &Context, name: &str) -> Answer<Made> {
    let input = json!({ "FunctionName": name });
    let answer = context
        .call("lambda", "GetFunctionConfiguration", input)
        .await?;
    Ok(Made::new(name).with("Arn", text(&answer, "/FunctionArn")?))
}

async fn reserve(context: &Context, name: &str, old: &Properties, new: &Properties) -> Answer<()> {
    const RESERVED: &str = "ReservedConcurrentExecutions";
    if !differ(old, new, &[RESERVED]) {
        return Ok(());
    }
    if new.contains_key(RESERVED) {
        let input = named(new, &[RESERVED], name);
        return context
            .call("lambda", "PutFunctionConcurrency", input)
            .await
            .map(drop);
    }
    let input = json!({ "FunctionName": name });
    context
        .call("lambda", "DeleteFunctionConcurrency", input)
        .await
        .map(drop)
}

/// What the settings are when a template leaves them out again.
fn defaults() -> Value {
    json!({
        "Description": "",
        "Environment": { "Variables": {} },
        "EphemeralStorage": { "Size": 512 },
        "Layers": [],
        "MemorySize": 128,
        "Timeout": 3,
        "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] },
    })
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if differ(old, new, &["Architectures", "Code"]) {
        let mut input = named(new, &["Architectures"], physical);
        if let Some(Value::Object(code)) = new.get("Code") {
            for (member, value) in code {
                input[member] = value.clone();
            }
        }
        context.call("lambda", "UpdateFunctionCode", input).await?;
    }
    let mut names = SETTINGS.to_vec();
    names.push("VpcConfig");
    if differ(old, new, &names) {
        let mut input = named(new, &names, physical);
        let defaults = defaults();
        for name in names
            .iter()
            .filter(|name| old.contains_key(**name) && !new.contains_key(**name))
        {
            if let Some(default) = defaults.get(*name) {
                input[*name] = default.clone();
            }
        }
        context
            .call("lambda", "UpdateFunctionConfiguration", input)
            .await?;
    }
    reserve(context, physical, old, new).await?;
    let made = made(context, physical).await?;
    let arn = made.attributes.get("Arn").cloned().unwrap_or_default();
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "Resource": arn, "TagKeys": dropped });
        context.call("lambda", "UntagResource", input).await?;
    }
    if differ(old, new, &["Tags"]) && tags_by_key(new) != json!({}) {
        let input = json!({ "Resource": arn, "Tags": tags_by_key(new) });
        context.call("lambda", "TagResource", input).await?;
    }
    Ok(made)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "FunctionName": physical });
    context.gone("lambda", "DeleteFunction", input).await
}
