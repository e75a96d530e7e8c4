//! CloudFormation: stacks, by change set only.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, ExecutionStatus, Parameter, StackDriftDetectionStatus,
    StackResourceDrift, StackResourceDriftStatus, Tag, TemplateStage,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{is, time, words};

/// CloudFormation.
#[derive(Clone, Debug)]
pub struct Stacks(Client);

/// A stack as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// `CREATE_COMPLETE`, `UPDATE_IN_PROGRESS`, ...
    pub status: String,
    /// AWS's sentence about it.
    pub reason: Option<String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// The parameters it was last given.
    pub parameters: BTreeMap<String, String>,
}

impl Stack {
    /// Whether it ever came to life: what failed to be made, or was only proposed, has nothing in it. One whose
    /// deletion failed still has what could not be deleted.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "REVIEW_IN_PROGRESS"
                | "CREATE_IN_PROGRESS"
                | "CREATE_FAILED"
                | "ROLLBACK_IN_PROGRESS"
                | "ROLLBACK_FAILED"
                | "ROLLBACK_COMPLETE"
                | "DELETE_IN_PROGRESS"
                | "DELETE_COMPLETE"
        )
    }

    /// Whether AWS looks for drift in it: only while it rests.
    #[must_use]
    pub fn tells_drift(&self) -> bool {
        matches!(
            self.status.as_str(),
            "CREATE_COMPLETE"
                | "UPDATE_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE"
                | "UPDATE_ROLLBACK_FAILED"
                | "IMPORT_COMPLETE"
                | "IMPORT_ROLLBACK_COMPLETE"
        )
    }
}

/// A template: with the request, or where CloudFormation finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// At most 51,200 bytes.
    Body(String),
    /// The address of an object in S3, at most 1 MB.
    Url(String),
}

/// What a stack shall become.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The template.
    pub template: &'a Template,
    /// The template's parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Tags on everything.
    pub tags: &'a [(&'a str, String)],
    /// Whether the stack does not exist yet.
    pub is_new: bool,
}

/// A change set as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED`.
    pub status: String,
    /// AWS's sentence about it.
    pub reason: String,
    /// What it would do.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// AWS has no status for "nothing to do", only two sentences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.status == "FAILED"
            && (self.reason.contains("didn't contain changes")
                || self.reason.contains("No updates are to be performed"))
    }
}

/// One resource of a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `Add`, `Modify`, `Remove`, ...
    pub action: String,
    /// The logical id.
    pub resource: String,
    /// `AWS::Lambda::Function`.
    pub kind: String,
    /// `True`, `False`, `Conditional`, or empty.
    pub replacement: String,
}

/// A resource that is not as its stack says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The logical id.
    pub resource: String,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `MODIFIED` or `DELETED`.
    pub status: String,
    /// Path, what the template says, what is there.
    pub properties: Vec<(String, String, String)>,
}

/// One event of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Unique.
    pub id: String,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// The logical id; the stack's own name for the stack itself.
    pub resource: String,
    /// `AWS::Lambda::Function`.
    pub kind: String,
    /// `CREATE_IN_PROGRESS`, ...
    pub status: String,
    /// AWS's sentence about it.
    pub reason: Option<String>,
}

impl Stacks {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// A stack, if it exists.
    pub async fn find(&self, name: &str) -> anyhow::Result<Option<Stack>> {
        let answer = match self.0.describe_stacks().stack_name(name).send().await {
            Ok(answer) => answer,
            Err(error)
                if is(&error, "ValidationError") && words_contain(&error, "does not exist") =>
            {
                return Ok(None);
            }
            Err(error) => return Err(words(error).context(format!("reading stack {name}"))),
        };
        let Some(stack) = answer.stacks.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        let outputs = stack.outputs.unwrap_or_default();
        let parameters = stack.parameters.unwrap_or_default();
        Ok(Some(Stack {
            status: stack
                .stack_status
                .as_ref()
                .map_or_else(String::new, |status| status.as_str().to_owned()),
            reason: stack.stack_status_reason,
            outputs: outputs
                .into_iter()
                .filter_map(|output| Some((output.output_key?, output.output_value?)))
                .collect(),
            parameters: parameters
                .into_iter()
                .filter_map(|one| Some((one.parameter_key?, one.parameter_value?)))
                .collect(),
        }))
    }

    /// The template a stack was given, as it was written.
    pub async fn template(&self, name: &str) -> anyhow::Result<String> {
        let answer = self
            .0
            .get_template()
            .stack_name(name)
            .template_stage(TemplateStage::Original)
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading the template of {name}")))?;
        answer
            .template_body
            .with_context(|| format!("stack {name} has no template"))
    }

    /// What somebody changed by hand. AWS looks at every resource for it, which takes seconds to minutes, and sees only
    /// properties the template sets.
    pub async fn drift(&self, name: &str) -> anyhow::Result<Vec<Drift>> {
        let started = self.0.detect_stack_drift().stack_name(name).send().await;
        let id = started
            .map_err(|error| words(error).context(format!("looking for drift in {name}")))?
            .stack_drift_detection_id
            .with_context(|| format!("the look for drift in {name} has no id"))?;
        self.drift_is_known(name, &id).await?;
        let mut pages = self
            .0
            .describe_stack_resource_drifts()
            .stack_name(name)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| words(error).context(format!("reading the drift of {name}")))?;
            found.extend(
                page.stack_resource_drifts
                    .unwrap_or_default()
                    .into_iter()
                    .map(drift),
            );
        }
        Ok(found)
    }

    async fn drift_is_known(&self, name: &str, id: &str) -> anyhow::Result<()> {
        for _ in 0..300 {
            let answer = self
                .0
                .describe_stack_drift_detection_status()
                .stack_drift_detection_id(id)
                .send()
                .await
                .map_err(|error| words(error).context(format!("looking for drift in {name}")))?;
            match answer
                .detection_status
                .as_ref()
                .map(StackDriftDetectionStatus::as_str)
            {
                Some("DETECTION_IN_PROGRESS") => tokio::time::sleep(Duration::from_secs(1)).await,
                Some("DETECTION_FAILED") => bail!(
                    "drift of {name} cannot be told: {}",
                    answer.detection_status_reason.unwrap_or_default()
                ),
                _ => return Ok(()),
            }
        }
        bail!("the look for drift in {name} goes on after five minutes")
    }

    /// Asks what would change. The name is nobody else's: a change set that is there already was asked for by an attempt
    /// whose answer got lost.
    pub async fn create_change_set(&self, wish: &Wish<'_>, name: &str) -> anyhow::Result<()> {
        let (body, url) = match wish.template {
            Template::Body(body) => (Some(body.clone()), None),
            Template::Url(url) => (None, Some(url.clone())),
        };
        let parameters = wish
            .parameters
            .iter()
            .map(|(key, value)| {
                Parameter::builder()
                    .parameter_key(key)
                    .parameter_value(value)
                    .build()
            })
            .collect();
        let tags = wish
            .tags
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(value).build())
            .collect();
        let asked = self
            .0
            .create_change_set()
            .stack_name(wish.stack)
            .change_set_name(name)
            .client_token(name)
            .change_set_type(if wish.is_new {
                ChangeSetType::Create
            } else {
                ChangeSetType::Update
            })
            .set_template_body(body)
            .set_template_url(url)
            .set_parameters(Some(parameters).filter(|list: &Vec<_>| !list.is_empty()))
            .set_tags(Some(tags))
            .capabilities(Capability::CapabilityIam)
            .send()
            .await;
        match asked {
            Ok(_) => Ok(()),
            Err(error) if is(&error, "AlreadyExistsException") => Ok(()),
            Err(error) => {
                Err(words(error).context(format!("asking what would change in {}", wish.stack)))
            }
        }
    }

    /// A change set with all its changes.
    pub async fn change_set(&self, stack: &str, name: &str) -> anyhow::Result<ChangeSet> {
        let mut found = ChangeSet {
            status: String::new(),
            reason: String::new(),
            changes: Vec::new(),
        };
        let mut token = None;
        loop {
            let answer = self
                .0
                .describe_change_set()
                .stack_name(stack)
                .change_set_name(name)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| words(error).context(format!("reading change set {name}")))?;
            found.status = answer
                .status
                .as_ref()
                .map_or_else(String::new, |status| status.as_str().to_owned());
            found.reason = answer.status_reason.unwrap_or_default();
            let changes = answer.changes.unwrap_or_default();
            found.changes.extend(
                changes
                    .into_iter()
                    .filter_map(|change| change.resource_change)
                    .map(|change| Change {
                        action: change
                            .action
                            .as_ref()
                            .map_or_else(String::new, |action| action.as_str().to_owned()),
                        resource: change.logical_resource_id.unwrap_or_default(),
                        kind: change.resource_type.unwrap_or_default(),
                        replacement: change
                            .replacement
                            .as_ref()
                            .map_or_else(String::new, |value| value.as_str().to_owned()),
                    }),
            );
            token = answer.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Does what a change set says. One that cannot be executed because it is being executed was begun by an attempt
    /// whose answer got lost.
    pub async fn execute(&self, stack: &str, name: &str) -> anyhow::Result<()> {
        let begun = self
            .0
            .execute_change_set()
            .stack_name(stack)
            .change_set_name(name)
            .client_request_token(name)
            .send()
            .await;
        let Err(error) = begun else {
            return Ok(());
        };
        let refused = words(error).context(format!("executing change set {name}"));
        match self.is_begun(stack, name).await {
            Ok(true) => Ok(()),
            _ => Err(refused),
        }
    }

    async fn is_begun(&self, stack: &str, name: &str) -> anyhow::Result<bool> {
        let answer = self
            .0
            .describe_change_set()
            .stack_name(stack)
            .change_set_name(name)
            .send()
            .await
            .map_err(words)?;
        Ok(matches!(
            answer.execution_status,
            Some(ExecutionStatus::ExecuteInProgress | ExecutionStatus::ExecuteComplete)
        ))
    }

    /// Forgets a change set.
    pub async fn delete_change_set(&self, stack: &str, name: &str) -> anyhow::Result<()> {
        self.0
            .delete_change_set()
            .stack_name(stack)
            .change_set_name(name)
            .send()
            .await
            .map_err(|error| words(error).context(format!("forgetting change set {name}")))?;
        Ok(())
    }

    /// Deletes a stack that never came to life.
    pub async fn delete(&self, stack: &str) -> anyhow::Result<()> {
        self.0
            .delete_stack()
            .stack_name(stack)
            .send()
            .await
            .map_err(|error| words(error).context(format!("deleting stack {stack}")))?;
        Ok(())
    }

    /// The events of a stack after the one with this id, oldest first.
    pub async fn events(&self, stack: &str, after: Option<&str>) -> anyhow::Result<Vec<Event>> {
        let mut pages = self
            .0
            .describe_stack_events()
            .stack_name(stack)
            .into_paginator()
            .send();
        let mut events = Vec::new();
        'pages: while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| words(error).context(format!("reading events of {stack}")))?;
            for event in page.stack_events.unwrap_or_default() {
                let id = event.event_id.context("an event without an id")?;
                if after == Some(id.as_str()) {
                    break 'pages;
                }
                events.push(Event {
                    id,
                    at: event.timestamp.as_ref().and_then(time),
                    resource: event.logical_resource_id.unwrap_or_default(),
                    kind: event.resource_type.unwrap_or_default(),
                    status: event
                        .resource_status
                        .as_ref()
                        .map_or_else(String::new, |status| status.as_str().to_owned()),
                    reason: event.resource_status_reason,
                });
            }
        }
        events.reverse();
        Ok(events)
    }
}

fn drift(found: StackResourceDrift) -> Drift {
    Drift {
        resource: found.logical_resource_id.unwrap_or_default(),
        kind: found.resource_type.unwrap_or_default(),
        status: found
            .stack_resource_drift_status
            .as_ref()
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        properties: found
            .property_differences
            .unwrap_or_default()
            .into_iter()
            .map(|one| {
                (
                    one.property_path.unwrap_or_default(),
                    one.expected_value.unwrap_or_default(),
                    one.actual_value.unwrap_or_default(),
                )
            })
            .collect(),
    }
}

fn words_contain<E, R>(error: &aws_sdk_cloudformation::error::SdkError<E, R>, text: &str) -> bool
where
    E: aws_sdk_cloudformation::error::ProvideErrorMetadata,
{
    use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
    error
        .message()
        .is_some_and(|message| message.contains(text))
}
