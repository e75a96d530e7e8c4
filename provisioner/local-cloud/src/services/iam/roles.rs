//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Role;
use super::document::{Purpose, check, encoded};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::{self, optional_integer};
use crate::services::tags::{self, Tag, Tags};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Create {
    role_name: String,
    path: Option<String>,
    assume_role_policy_document: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_session_duration: Option<i64>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(cloud: &Cloud, input: Create) -> Answer {
    let name = input.role_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        return Err(AwsError::validation(format!(
            "The specified value for roleName is invalid: '{name}'. It must have 1 to 64 \
             characters of a-z, A-Z, 0-9 and +=,.@_-"
        )));
    }
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') || !path.ends_with('/') {
        return Err(AwsError::validation(
            "The specified value for path is invalid. It must begin and end with /",
        ));
    }
    check(&input.assume_role_policy_document, Purpose::Trust)?;
    let mut kept = Tags::new();
    tags::add(&mut kept, input.tags, "InvalidInput")?;
    let role = Role {
        id: format!("AROA{}", unique_id()),
        arn: format!("arn:aws:iam::{}:role{path}{name}", cloud.options.account),
        created: cloud.time.now(),
        trust: input.assume_role_policy_document,
        description: input.description,
        max_session_seconds: input.max_session_duration.unwrap_or(3600),
        boundary: input.permissions_boundary,
        tags: kept,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        path,
        name,
    };
    cloud.services.iam.store.write(|model| {
        if model.roles.contains_key(&role.name) {
            return Err(AwsError::new(
                "EntityAlreadyExists",
                format!("Role with name {} already exists.", role.name),
            )
            .status(409));
        }
        let answer = json!({ "Role": role_json(&role) });
        model.roles.insert(role.name.clone(), role);
        Ok(answer)
    })
}

/// Seventeen characters of A-Z and 0-9.
fn unique_id() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut chance = rand::rng();
    (0..17)
        .map(|_| char::from(LETTERS[chance.random_range(0..LETTERS.len())]))
        .collect()
}

fn role_json(role: &Role) -> Value {
    let boundary = role
        .boundary
        .as_ref()
        .map(|arn| json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn }));
    json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": values::timestamp(role.created),
        "AssumeRolePolicyDocument": encoded(&role.trust),
        "Description": role.description,
        "MaxSessionDuration": role.max_session_seconds,
        "PermissionsBoundary": boundary,
        "Tags": tags::list(&role.tags),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    role_name: String,
}

pub(super) fn get(cloud: &Cloud, input: Named) -> Answer {
    let model = cloud.services.iam.store.read();
    Ok(json!({ "Role": role_json(model.role(&input.role_name)?) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    path_prefix: String,
    marker: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_items: Option<i64>,
}

pub(super) fn list(cloud: &Cloud, input: List) -> Answer {
    let limit = usize::try_from(input.max_items.unwrap_or(100))
        .unwrap_or(1)
        .clamp(1, 1000);
    let after = input.marker.unwrap_or_default();
    let model = cloud.services.iam.store.read();
    let mut fitting = model
        .roles
        .values()
        .filter(|role| role.path.starts_with(&input.path_prefix) && role.name > after);
    let page: Vec<&Role> = fitting.by_ref().take(limit).collect();
    let more = fitting.next().is_some();
    let marker = page.last().filter(|_| more).map(|role| &role.name);
    let roles: Vec<Value> = page.iter().map(|role| role_json(role)).collect();
    Ok(json!({ "Roles": roles, "IsTruncated": more, "Marker": marker }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Update {
    role_name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    max_session_duration: Option<i64>,
}

pub(super) fn update(cloud: &Cloud, input: Update) -> Answer {
    change(cloud, &input.role_name, |role| {
        role.description = input.description;
        role.max_session_seconds = input
            .max_session_duration
            .unwrap_or(role.max_session_seconds);
        Ok(())
    })
}

fn change(cloud: &Cloud, name: &str, change: impl FnOnce(&mut Role) -> Answer<()>) -> Answer {
    cloud.services.iam.store.write(|model| {
        change(model.role_mut(name)?)?;
        Ok(json!({}))
    })
}

pub(super) fn delete(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.iam.store.write(|model| {
        let role = model.role(&input.role_name)?;
        let conflict = |what: &str| {
            Err(AwsError::new(
                "DeleteConflict",
                format!("Cannot delete entity, must {what} first."),
            )
            .status(409))
        };
        if !role.attached.is_empty() {
            return conflict("detach all policies");
        }
        if !role.inline.is_empty() {
            return conflict("delete policies");
        }
        model.roles.remove(&input.role_name);
        Ok(json!({}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Trust {
    role_name: String,
    policy_document: String,
}

pub(super) fn update_trust(cloud: &Cloud, input: Trust) -> Answer {
    check(&input.policy_document, Purpose::Trust)?;
    change(cloud, &input.role_name, |role| {
        role.trust = input.policy_document;
        Ok(())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagging {
    role_name: String,
    tags: Vec<Tag>,
}

pub(super) fn tag(cloud: &Cloud, input: Tagging) -> Answer {
    change(cloud, &input.role_name, |role| {
        tags::add(&mut role.tags, input.tags, "InvalidInput")
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Untagging {
    role_name: String,
    tag_keys: Vec<String>,
}

pub(super) fn untag(cloud: &Cloud, input: Untagging) -> Answer {
    change(cloud, &input.role_name, |role| {
        role.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(())
    })
}

pub(super) fn list_tags(cloud: &Cloud, input: Named) -> Answer {
    let model = cloud.services.iam.store.read();
    let role = model.role(&input.role_name)?;
    Ok(json!({ "Tags": tags::list(&role.tags), "IsTruncated": false }))
}
