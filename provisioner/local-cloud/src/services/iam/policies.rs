//! A role's policies: inline, and attached by ARN.

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Purpose, check, encoded};
use super::no_such_entity;
use crate::Cloud;
use crate::error::{Answer, AwsError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Put {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

pub(super) fn put(cloud: &Cloud, input: Put) -> Answer {
    check(&input.policy_document, Purpose::Identity)?;
    cloud.services.iam.store.write(|model| {
        let role = model.role_mut(&input.role_name)?;
        // 10,240 characters for all inline policies of a role, white space not counted.
        let size = |document: &str| document.chars().filter(|c| !c.is_whitespace()).count();
        let others = role
            .inline
            .iter()
            .filter(|(name, _)| **name != input.policy_name)
            .map(|(_, document)| size(document));
        if others.sum::<usize>() + size(&input.policy_document) > 10_240 {
            return Err(AwsError::new(
                "LimitExceeded",
                format!(
                    "Maximum policy size of 10240 bytes exceeded for role {}",
                    role.name
                ),
            )
            .status(409));
        }
        role.inline.insert(input.policy_name, input.policy_document);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    role_name: String,
    policy_name: String,
}

fn no_policy(name: &str) -> AwsError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

pub(super) fn get(cloud: &Cloud, input: Named) -> Answer {
    let model = cloud.services.iam.store.read();
    let role = model.role(&input.role_name)?;
    let document = role.inline.get(&input.policy_name);
    let document = document.ok_or_else(|| no_policy(&input.policy_name))?;
    Ok(json!({
        "RoleName": role.name,
        "PolicyName": input.policy_name,
        "PolicyDocument": encoded(document),
    }))
}

pub(super) fn delete(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.iam.store.write(|model| {
        let role = model.role_mut(&input.role_name)?;
        let removed = role.inline.remove(&input.policy_name);
        removed
            .map(|_| json!({}))
            .ok_or_else(|| no_policy(&input.policy_name))
    })
}

/// Markers are not needed: a role has few policies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    role_name: String,
    #[serde(rename = "MaxItems")]
    _max_items: Option<Value>,
    #[serde(rename = "PathPrefix")]
    _path_prefix: Option<String>,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    let model = cloud.services.iam.store.read();
    let names: Vec<&String> = model.role(&input.role_name)?.inline.keys().collect();
    Ok(json!({ "PolicyNames": names, "IsTruncated": false }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Attachment {
    role_name: String,
    policy_arn: String,
}

/// AWS's own policies may be attached; nobody's else exist here.
pub(super) fn attach(cloud: &Cloud, input: Attachment) -> Answer {
    if !input.policy_arn.starts_with("arn:aws:iam::aws:policy/") {
        return Err(no_such_entity(format!(
            "Policy {} does not exist or is not attachable.",
            input.policy_arn
        )));
    }
    cloud.services.iam.store.write(|model| {
        let role = model.role_mut(&input.role_name)?;
        role.attached.insert(input.policy_arn);
        Ok(json!({}))
    })
}

pub(super) fn detach(cloud: &Cloud, input: Attachment) -> Answer {
    cloud.services.iam.store.write(|model| {
        let role = model.role_mut(&input.role_name)?;
        if role.attached.remove(&input.policy_arn) {
            Ok(json!({}))
        } else {
            Err(no_such_entity(format!(
                "Policy {} was not found.",
                input.policy_arn
            )))
        }
    })
}

pub(super) fn list_attached(cloud: &Cloud, input: List) -> Answer {
    let model = cloud.services.iam.store.read();
    let attached: Vec<Value> = model
        .role(&input.role_name)?
        .attached
        .iter()
        .map(|arn| json!({ "PolicyName": arn.rsplit('/').next(), "PolicyArn": arn }))
        .collect();
    Ok(json!({ "AttachedPolicies": attached, "IsTruncated": false }))
}
