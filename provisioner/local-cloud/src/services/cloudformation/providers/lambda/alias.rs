//! `AWS::Lambda::Alias`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, differ, property, text};
use super::split_qualifier;
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["Description", "FunctionVersion", "RoutingConfig"],
    fixed: &["FunctionName", "Name"],
    required: &["FunctionName", "FunctionVersion", "Name"],
    attributes: &["AliasArn"],
    numbers: &["RoutingConfig.AdditionalVersionWeights.FunctionWeight"],
    ..PLAIN
};

/// The properties as the operations take them: weights by version.
fn input(properties: &Properties) -> Value {
    let mut input = json!({
        "FunctionName": property(properties, "FunctionName"),
        "Name": property(properties, "Name"),
        "FunctionVersion": property(properties, "FunctionVersion"),
        "Description": property(properties, "Description"),
    });
    let weights = properties
        .get("RoutingConfig")
        .and_then(|routing| routing.get("AdditionalVersionWeights"))
        .and_then(Value::as_array);
    let mut by_version = json!({});
    for weight in weights.into_iter().flatten() {
        let version = weight
            .get("FunctionVersion")
            .and_then(Value::as_str)
            .unwrap_or_default();
        by_version[version] = weight.get("FunctionWeight").cloned().unwrap_or_default();
    }
    if by_version != json!({}) {
        input["RoutingConfig"] = json!({ "AdditionalVersionWeights": by_version });
    }
    input
}

fn made(answer: &Value) -> Answer<Made> {
    let arn = text(answer, "/AliasArn")?;
    Ok(Made::new(&arn).with("AliasArn", arn))
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    made(
        &context
            .call("lambda", "CreateAlias", input(properties))
            .await?,
    )
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = input(new);
    // Only what the template changed: whoever moved the alias since then keeps it moved.
    for member in ["FunctionVersion", "Description"] {
        if !differ(old, new, &[member])
            && let Value::Object(members) = &mut input
        {
            members.remove(member);
        }
    }
    made(&context.call("lambda", "UpdateAlias", input).await?)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let (function, alias) = split_qualifier(physical);
    let input = json!({ "FunctionName": function, "Name": alias });
    context.gone("lambda", "DeleteAlias", input).await
}
