//! `AWS::IAM::Role`.

use serde_json::json;

use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, differ, document, dropped_tags, pick, property,
    text, texts,
};
use crate::error::Answer;

use super::super::names::{Name, Style};
use super::inline_policies;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "AssumeRolePolicyDocument",
        "Description",
        "ManagedPolicyArns",
        "MaxSessionDuration",
        "PermissionsBoundary",
        "Policies",
        "Tags",
    ],
    fixed: &["Path", "RoleName"],
    required: &["AssumeRolePolicyDocument"],
    attributes: &["Arn", "RoleId"],
    numbers: &["MaxSessionDuration"],
    documents: &["AssumeRolePolicyDocument", "Policies.PolicyDocument"],
    name: Some(Name {
        property: "RoleName",
        longest: 64,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "RoleName");
    let mut input = pick(
        properties,
        &[
            "Description",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "RoleName",
            "Tags",
        ],
    );
    input["AssumeRolePolicyDocument"] = json!(document(properties, "AssumeRolePolicyDocument"));
    context.call("iam", "CreateRole", input).await?;
    let filled = fill(context, &name, &Properties::new(), properties).await;
    if let Err(error) = filled {
        delete(context, &name, properties, false).await?;
        return Err(error);
    }
    made(context, &name).await
}

async fn made(context: &Context, name: &str) -> Answer<Made> {
    let answer = context
        .call("iam", "GetRole", json!({ "RoleName": name }))
        .await?;
    Ok(Made::new(name)
        .with("Arn", text(&answer, "/Role/Arn")?)
        .with("RoleId", text(&answer, "/Role/RoleId")?))
}

/// Brings inline and managed policies to what the template wants.
async fn fill(context: &Context, name: &str, old: &Properties, new: &Properties) -> Answer<()> {
    let (before, after) = (inline_policies(old), inline_policies(new));
    for (policy, body) in &after {
        if before.get(policy) != Some(body) {
            let input = json!({ "RoleName": name, "PolicyName": policy, "PolicyDocument": body });
            context.call("iam", "PutRolePolicy", input).await?;
        }
    }
    for policy in before.keys().filter(|policy| !after.contains_key(*policy)) {
        let input = json!({ "RoleName": name, "PolicyName": policy });
        context.gone("iam", "DeleteRolePolicy", input).await?;
    }
    let (before, after) = (
        texts(old, "ManagedPolicyArns"),
        texts(new, "ManagedPolicyArns"),
    );
    for arn in after.iter().filter(|arn| !before.contains(arn)) {
        let input = json!({ "RoleName": name, "PolicyArn": arn });
        context.call("iam", "AttachRolePolicy", input).await?;
    }
    for arn in before.iter().filter(|arn| !after.contains(arn)) {
        let input = json!({ "RoleName": name, "PolicyArn": arn });
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
    if differ(old, new, &["AssumeRolePolicyDocument"]) {
        let policy = document(new, "AssumeRolePolicyDocument");
        let input = json!({ "RoleName": physical, "PolicyDocument": policy });
        context.call("iam", "UpdateAssumeRolePolicy", input).await?;
    }
    if differ(old, new, &["Description", "MaxSessionDuration"]) {
        let mut input =
            json!({ "RoleName": physical, "Description": property(new, "Description") });
        input["MaxSessionDuration"] = new
            .get("MaxSessionDuration")
            .cloned()
            .unwrap_or(json!(3600));
        context.call("iam", "UpdateRole", input).await?;
    }
    if differ(old, new, &["PermissionsBoundary"]) {
        let boundary = property(new, "PermissionsBoundary");
        if boundary.is_empty() {
            let input = json!({ "RoleName": physical });
            context
                .call("iam", "DeleteRolePermissionsBoundary", input)
                .await?;
        } else {
            let input = json!({ "RoleName": physical, "PermissionsBoundary": boundary });
            context
                .call("iam", "PutRolePermissionsBoundary", input)
                .await?;
        }
    }
    fill(context, physical, old, new).await?;
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "RoleName": physical, "TagKeys": dropped });
        context.call("iam", "UntagRole", input).await?;
    }
    if let Some(tags) = new
        .get("Tags")
        .filter(|tags| old.get("Tags") != Some(*tags))
    {
        let input = json!({ "RoleName": physical, "Tags": tags });
        context.call("iam", "TagRole", input).await?;
    }
    made(context, physical).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    for policy in inline_policies(properties).keys() {
        let input = json!({ "RoleName": physical, "PolicyName": policy });
        context.gone("iam", "DeleteRolePolicy", input).await?;
    }
    for arn in texts(properties, "ManagedPolicyArns") {
        let input = json!({ "RoleName": physical, "PolicyArn": arn });
        context.gone("iam", "DetachRolePolicy", input).await?;
    }
    context
        .gone("iam", "DeleteRole", json!({ "RoleName": physical }))
        .await
}
