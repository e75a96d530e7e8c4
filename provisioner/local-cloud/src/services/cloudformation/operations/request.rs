//! What several operations ask for: a template with its values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::model::{Desired, Given, OnFailure};
use super::super::template::parameters::{self, Argument};
use super::super::template::{Template, capabilities_needed, check, error};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::optional_boolean;
use crate::services::s3;

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// The members that create and update operations share. Those that only AWS's own
/// infrastructure gives a meaning are taken and have none here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Request {
    pub(super) stack_name: String,
    pub(super) template_body: Option<String>,
    #[serde(rename = "TemplateURL")]
    pub(super) template_url: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    pub(super) use_previous_template: Option<bool>,
    pub(super) parameters: Vec<Argument>,
    pub(super) capabilities: Vec<String>,
    pub(super) tags: Option<Vec<Tag>>,
    #[serde(rename = "RoleARN")]
    pub(super) role: Option<String>,
    #[serde(rename = "NotificationARNs")]
    pub(super) notification_arns: Option<Vec<String>>,
    pub(super) client_request_token: Option<String>,
    pub(super) client_token: Option<String>,
    pub(super) change_set_name: Option<String>,
    pub(super) change_set_type: Option<String>,
    pub(super) description: Option<String>,
    pub(super) on_failure: Option<String>,
    pub(super) on_stack_failure: Option<String>,
    #[serde(deserialize_with = "optional_boolean")]
    pub(super) disable_rollback: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    pub(super) enable_termination_protection: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    pub(super) include_nested_stacks: Option<bool>,
    #[serde(deserialize_with = "optional_boolean")]
    pub(super) import_existing_resources: Option<bool>,
    pub(super) stack_policy_body: Option<String>,
    pub(super) stack_policy_during_update_body: Option<String>,
    pub(super) timeout_in_minutes: Option<Value>,
    pub(super) rollback_configuration: Option<Value>,
    pub(super) resource_types: Option<Vec<String>>,
}

impl Request {
    /// Refuses what is asked for and not offered.
    fn check(&self) -> Answer<()> {
        let offered = |what: &str, asked: bool| {
            if asked {
                Err(error(format!("The local cloud does not offer {what}.")))
            } else {
                Ok(())
            }
        };
        let triggers = self.rollback_configuration.as_ref();
        let triggers = triggers.and_then(|configuration| configuration.get("RollbackTriggers"));
        let triggers = triggers.and_then(Value::as_array);
        offered(
            "RollbackTriggers",
            triggers.is_some_and(|all| !all.is_empty()),
        )?;
        offered("nested stacks", self.include_nested_stacks == Some(true))?;
        offered(
            "ImportExistingResources",
            self.import_existing_resources == Some(true),
        )?;
        offered("ResourceTypes", self.resource_types.is_some())?;
        offered("TimeoutInMinutes", self.timeout_in_minutes.is_some())
    }

    /// What the stack is to be, checked; `previous` is what it is.
    pub(super) async fn desired(&self, cloud: &Arc<Cloud>, previous: &Desired) -> Answer<Desired> {
        self.check()?;
        let text = self.template(cloud, previous).await?;
        let template = Template::parse(&text)?;
        check(&template)?;
        self.check_capabilities(&template)?;
        let values = self.values(cloud, &template, &previous.parameters).await?;
        let tags = match &self.tags {
            Some(tags) => tags
                .iter()
                .map(|tag| (tag.key.clone(), tag.value.clone()))
                .collect(),
            None => previous.tags.clone(),
        };
        let arns = self.notification_arns.clone();
        Ok(Desired {
            template: text,
            parameters: values,
            tags,
            capabilities: self.capabilities.clone(),
            notification_arns: arns.unwrap_or_else(|| previous.notification_arns.clone()),
            role: self.role.clone().or_else(|| previous.role.clone()),
        })
    }

    async fn values(
        &self,
        cloud: &Arc<Cloud>,
        template: &Template,
        previous: &BTreeMap<String, Given>,
    ) -> Answer<BTreeMap<String, Given>> {
        parameters::resolve(cloud, template, &self.parameters, previous).await
    }

    /// The template's text.
    pub(super) async fn template(&self, cloud: &Arc<Cloud>, previous: &Desired) -> Answer<String> {
        let given = (
            &self.template_body,
            &self.template_url,
            self.use_previous_template == Some(true),
        );
        match given {
            (Some(body), None, false) => {
                text_limit(body, "templateBody", 51_200)?;
                Ok(body.clone())
            }
            (None, Some(url), false) => from_url(cloud, url).await,
            (None, None, true) if !previous.template.is_empty() => Ok(previous.template.clone()),
            _ => Err(error(
                "Either Template URL or Template Body must be specified.",
            )),
        }
    }

    fn check_capabilities(&self, template: &Template) -> Answer<()> {
        let Some(needed) = capabilities_needed(template) else {
            return Ok(());
        };
        let has = |name: &str| self.capabilities.iter().any(|given| given == name);
        // The stronger acknowledgement includes the weaker one.
        if has(needed) || has("CAPABILITY_NAMED_IAM") {
            return Ok(());
        }
        Err(AwsError::new(
            "InsufficientCapabilitiesException",
            format!("Requires capabilities : [{needed}]"),
        ))
    }

    /// What happens when the creation fails.
    pub(super) fn on_failure(&self) -> Answer<OnFailure> {
        if self.disable_rollback == Some(true) {
            return Ok(OnFailure::DoNothing);
        }
        let given = self
            .on_failure
            .as_deref()
            .or(self.on_stack_failure.as_deref());
        match given {
            None | Some("ROLLBACK") => Ok(OnFailure::Rollback),
            Some("DELETE") => Ok(OnFailure::Delete),
            Some("DO_NOTHING") => Ok(OnFailure::DoNothing),
            Some(other) => Err(error(format!("Invalid OnFailure: {other}"))),
        }
    }
}

/// The limits of CloudFormation on texts.
pub(super) fn text_limit(text: &str, member: &str, most: usize) -> Answer<()> {
    if text.len() <= most {
        return Ok(());
    }
    Err(error(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
         must have length less than or equal to {most}"
    )))
}

/// A template in a bucket of this cloud, by any of S3's address styles.
async fn from_url(cloud: &Arc<Cloud>, url: &str) -> Answer<String> {
    let malformed =
        || error("S3 error: The specified template URL is not an S3 object of this cloud.");
    let (bucket, key) = bucket_and_key(cloud, url).ok_or_else(malformed)?;
    let bytes = s3::read_object(cloud, &bucket, &key)
        .await
        .map_err(|cause| error(format!("S3 error: {}", cause.message)))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text_limit(&text, "templateURL", 1_048_576)?;
    Ok(text)
}

fn bucket_and_key(cloud: &Cloud, url: &str) -> Option<(String, String)> {
    let uri: http::Uri = url.parse().ok()?;
    let host = uri.host()?;
    let path = uri.path().trim_start_matches('/');
    let path = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .ok()?;
    let own = [
        format!("127.0.0.1:{}", cloud.options.port),
        format!("localhost:{}", cloud.options.port),
    ];
    let authority = uri.authority()?.as_str();
    let region = &cloud.options.region;
    let services = [
        "s3.amazonaws.com".to_owned(),
        format!("s3.{region}.amazonaws.com"),
    ];
    if own.iter().any(|own| own == authority) || services.iter().any(|name| name == host) {
        let (bucket, key) = path.split_once('/')?;
        return Some((bucket.to_owned(), key.to_owned()));
    }
    let endings = services
        .iter()
        .map(|name| format!(".{name}"))
        .chain([".s3.localhost".to_owned(), ".localhost".to_owned()]);
    let bucket = endings
        .into_iter()
        .find_map(|ending| host.strip_suffix(&ending).map(str::to_owned))?;
    Some((bucket, path.into_owned()))
}
