//! `AWS::IAM::ManagedPolicy`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, differ, document, pick, text, texts};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["PolicyDocument", "Roles"],
    fixed: &["Description", "ManagedPolicyName", "Path"],
    required: &["PolicyDocument"],
    attributes: &["PolicyArn"],
    documents: &["PolicyDocument"],
    name: Some(Name {
        property: "ManagedPolicyName",
        longest: 128,
        style: Style::Mixed,
    }),
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &["Description", "Path"]);
    input["PolicyName"] = properties
        .get("ManagedPolicyName")
        .cloned()
        .unwrap_or_default();
    input["PolicyDocument"] = json!(document(properties, "PolicyDocument"));
    let answer = context.call("iam", "CreatePolicy", input).await?;
    let arn = text(&answer, "/Policy/Arn")?;
    let attached = attach(context, &arn, &[], &texts(properties, "Roles")).await;
    if let Err(error) = attached {
        delete(context, &arn, properties, false).await?;
        return Err(error);
    }
    Ok(made(&arn))
}

fn made(arn: &str) -> Made {
    Made::new(arn).with("PolicyArn", arn)
}

async fn attach(context: &Context, arn: &str, old: &[String], new: &[String]) -> Answer<()> {
    for role in new.iter().filter(|role| !old.contains(role)) {
        let input = json!({ "RoleName": role, "PolicyArn": arn });
        context.call("iam", "AttachRolePolicy", input).await?;
    }
    for role in old.iter().filter(|role| !new.contains(role)) {
        let input = json!({ "RoleName": role, "PolicyArn": arn });
        context.gone("iam", "DetachRolePolicy", input).await?;
    }
    Ok(())
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if differ(old, new, &["PolicyDocument"]) {
        let input = json!({
            "PolicyArn": physical,
            "PolicyDocument": document(new, "PolicyDocument"),
            "SetAsDefault": true,
        });
        context.call("iam", "CreatePolicyVersion", input).await?;
        forget_old_versions(context, physical).await?;
    }
    attach(
        context,
        physical,
        &texts(old, "Roles"),
        &texts(new, "Roles"),
    )
    .await?;
    Ok(made(physical))
}

/// IAM keeps five versions at most: only the one in force stays.
async fn forget_old_versions(context: &Context, arn: &str) -> Answer<()> {
    let answer = context
        .call("iam", "ListPolicyVersions", json!({ "PolicyArn": arn }))
        .await?;
    let versions = answer
        .get("Versions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for version in versions.filter(|v| v.get("IsDefaultVersion") == Some(&json!(false))) {
        let input = json!({ "PolicyArn": arn, "VersionId": version.get("VersionId") });
        context.gone("iam", "DeletePolicyVersion", input).await?;
    }
    Ok(())
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    attach(context, physical, &texts(properties, "Roles"), &[]).await?;
    if let Err(error) = forget_old_versions(context, physical).await
        && !super::super::is_gone(&error)
    {
        return Err(error);
    }
    context
        .gone("iam", "DeletePolicy", json!({ "PolicyArn": physical }))
        .await
}
