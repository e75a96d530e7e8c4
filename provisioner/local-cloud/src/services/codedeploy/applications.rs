//! Applications: names that hold deployment groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::Application;
use crate::services::tags::Tag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    application_name: Option<String>,
    compute_platform: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = check_name(input.application_name)?;
    if input.compute_platform.as_deref() != Some("Lambda") {
        return Err(AwsError::new(
            "InvalidComputePlatformException",
            "The compute platform must be Lambda: the local cloud deploys nothing else.",
        ));
    }
    let application = Application {
        id: Uuid::new_v4().to_string(),
        name: name.clone(),
        created: cloud.time.now(),
        groups: BTreeMap::new(),
        tags: input.tags.into_iter().map(Tag::pair).collect(),
    };
    let id = application.id.clone();
    cloud.services.codedeploy.store.write(|model| {
        if model.applications.contains_key(&name) {
            return Err(AwsError::new(
                "ApplicationAlreadyExistsException",
                format!("Application already exists: {name}"),
            ));
        }
        model.applications.insert(name, application);
        Ok(json!({ "applicationId": id }))
    })
}

/// A name as applications and groups may have it.
fn check_name(name: Option<String>) -> Answer<String> {
    let name = name.unwrap_or_default();
    if name.is_empty() {
        return Err(AwsError::new(
            "ApplicationNameRequiredException",
            "The application has no name.",
        ));
    }
    if name.len() > 100 {
        return Err(AwsError::new(
            "InvalidApplicationNameException",
            format!("A name has at most 100 characters: {name}"),
        ));
    }
    Ok(name)
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.codedeploy.store.read();
    let application = model.application(&check_name(input.application_name)?)?;
    Ok(json!({
        "application": {
            "applicationId": application.id,
            "applicationName": application.name,
            "computePlatform": "Lambda",
            "createTime": values::timestamp(application.created),
            "linkedToGitHub": false,
        }
    }))
}

pub(super) fn list(cloud: &Cloud) -> Value {
    let model = cloud.services.codedeploy.store.read();
    let names: Vec<&String> = model.applications.keys().collect();
    json!({ "applications": names })
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let name = check_name(input.application_name)?;
    cloud.services.codedeploy.store.write(|model| {
        // Deleting what is not there succeeds, as on AWS.
        model.applications.remove(&name);
        Ok(json!({}))
    })
}
