//! `AWS::IAM::Policy`: an inline policy of some roles.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, document, property, texts};
use crate::error::Answer;

use super::super::names::random;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["PolicyDocument", "PolicyName", "Roles"],
    required: &["PolicyDocument", "PolicyName", "Roles"],
    attributes: &["Id"],
    documents: &["PolicyDocument"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let stack: String = context.stack.chars().take(5).collect();
    let logical: String = context.logical.chars().take(5).collect();
    let id = format!("{stack}-{logical}-{}", random(12));
    update(context, &id, &Properties::new(), properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let name = property(new, "PolicyName");
    let body = document(new, "PolicyDocument");
    let roles = texts(new, "Roles");
    for role in &roles {
        let input = json!({ "RoleName": role, "PolicyName": name, "PolicyDocument": body });
        context.call("iam", "PutRolePolicy", input).await?;
    }
    let before = property(old, "PolicyName");
    for role in texts(old, "Roles") {
        if before != name || !roles.contains(&role) {
            let input = json!({ "RoleName": role, "PolicyName": before });
            context.gone("iam", "DeleteRolePolicy", input).await?;
        }
    }
    Ok(Made::new(physical).with("Id", physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    _physical: &str,
    properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    for role in texts(properties, "Roles") {
        let name = property(properties, "PolicyName");
        let input = json!({ "RoleName": role, "PolicyName": name });
        context.gone("iam", "DeleteRolePolicy", input).await?;
    }
    Ok(())
}
