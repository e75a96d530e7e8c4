//! Looking at stacks, their events, resources and exports.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::engine;
use super::super::exports as exporting;
use super::super::model::{Desired, OnFailure, Resource, Stack};
use super::super::stacks as stack;
use super::super::template::{Template, error};
use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values::timestamp;

/// Names a stack, and a page.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct Named {
    stack_name: Option<String>,
    next_token: Option<String>,
    logical_resource_id: Option<String>,
    physical_resource_id: Option<String>,
    stack_status_filter: Vec<String>,
    export_name: Option<String>,
    #[serde(deserialize_with = "crate::protocol::values::optional_integer")]
    max_items: Option<i64>,
}

impl Named {
    pub(super) fn stack_name(&self) -> Answer<String> {
        self.stack_name.clone().ok_or_else(|| {
            error(
                "1 validation error detected: Value null at 'stackName' failed to satisfy \
                 constraint: Member must not be null",
            )
        })
    }
}

/// Where a page starts.
pub(super) fn page_start(token: Option<&str>) -> Answer<usize> {
    token.map_or(Ok(0), |token| {
        token.parse().map_err(|_| error("NextToken is not valid."))
    })
}

/// A page of `items` under `name`.
fn page(name: &str, items: Vec<Value>, token: Option<&str>, size: usize) -> Answer {
    let from = page_start(token)?;
    let more = items.len() > from + size;
    let items: Value = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({ name: items });
    if more {
        answer["NextToken"] = json!((from + size).to_string());
    }
    Ok(answer)
}

/// A parameter list, secrets starred out.
pub(super) fn parameters(template: &Template, desired: &Desired) -> Value {
    desired
        .parameters
        .iter()
        .map(|(name, given)| {
            let declared = template.parameters.get(name);
            let secret = declared.is_some_and(|parameter| parameter.no_echo == Some(true));
            let value = if secret { "****" } else { &given.value };
            let mut parameter = json!({ "ParameterKey": name, "ParameterValue": value });
            if let Some(resolved) = &given.resolved {
                let shown = if secret { "****" } else { resolved };
                parameter["ResolvedValue"] = json!(shown);
            }
            parameter
        })
        .collect()
}

pub(super) fn tags(desired: &Desired) -> Value {
    let tags = desired.tags.iter();
    tags.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn describe(stack: &Stack) -> Answer {
    let template = Template::parse(&stack.desired.template).unwrap_or_default();
    let outputs: Value = stack
        .outputs
        .iter()
        .map(|output| {
            json!({
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description,
                "ExportName": output.export,
            })
        })
        .collect();
    Ok(json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set,
        "Description": template.description,
        "Parameters": parameters(&template, &stack.desired),
        "CreationTime": timestamp(stack.created),
        "DeletionTime": stack.deleted.map(timestamp),
        "LastUpdatedTime": stack.updated.map(timestamp),
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.on_failure == OnFailure::DoNothing,
        "NotificationARNs": stack.desired.notification_arns,
        "Capabilities": stack.desired.capabilities,
        "Outputs": outputs,
        "RoleARN": stack.desired.role,
        "Tags": tags(&stack.desired),
        "EnableTerminationProtection": stack.termination_protection,
        "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
    }))
}

pub(super) fn stacks(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let described = if let Some(name) = &input.stack_name {
        vec![describe(stack::get(&model, name)?)?]
    } else {
        let live = model.stacks.values().filter(|stack| !stack.is_deleted());
        live.map(describe).collect::<Answer<_>>()?
    };
    page("Stacks", described, input.next_token.as_deref(), 100)
}

pub(super) fn list(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let wanted = |stack: &&Stack| {
        let filter = &input.stack_status_filter;
        filter.is_empty() || filter.contains(&stack.status)
    };
    let summaries = model.stacks.values().filter(wanted).map(|stack| {
        let template = Template::parse(&stack.desired.template).unwrap_or_default();
        json!({
            "StackId": stack.id,
            "StackName": stack.name,
            "TemplateDescription": template.description,
            "CreationTime": timestamp(stack.created),
            "LastUpdatedTime": stack.updated.map(timestamp),
            "DeletionTime": stack.deleted.map(timestamp),
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason,
            "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
        })
    });
    page(
        "StackSummaries",
        summaries.collect(),
        input.next_token.as_deref(),
        100,
    )
}

/// Events, the newest first.
pub(super) fn events(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let name = input.stack_name()?;
    let stack = stack::find(&model, &name)
        .ok_or_else(|| error(format!("Stack [{name}] does not exist")))?;
    let template = Template::parse(&stack.desired.template).unwrap_or_default();
    let events = stack.events.iter().rev().map(|event| {
        let properties = event.properties.as_deref();
        json!({
            "StackId": stack.id,
            "EventId": event.id,
            "StackName": stack.name,
            "LogicalResourceId": event.logical,
            "PhysicalResourceId": event.physical,
            "ResourceType": event.kind,
            "Timestamp": timestamp(event.at),
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ResourceProperties":
                properties.map(|text| engine::mask(&template, &stack.desired, text)),
            "ClientRequestToken": event.token,
        })
    });
    page(
        "StackEvents",
        events.collect(),
        input.next_token.as_deref(),
        100,
    )
}

fn described(stack: &Stack, resource: &Resource) -> Value {
    json!({
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical,
        "ResourceType": resource.kind,
        "Timestamp": timestamp(resource.at),
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason,
        "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
    })
}

pub(super) fn resources(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let stack = match (&input.stack_name, &input.physical_resource_id) {
        (Some(name), _) => stack::get(&model, name)?,
        (None, Some(physical)) => {
            let has = |stack: &&Stack| {
                let mut resources = stack.resources.values();
                resources.any(|resource| resource.physical.as_ref() == Some(physical))
            };
            let found = model.stacks.values().find(has);
            found.ok_or_else(|| error(format!("Stack for {physical} does not exist")))?
        }
        (None, None) => return Err(error("Either StackName or PhysicalResourceId is needed.")),
    };
    let wanted = |resource: &&Resource| {
        let logical = input.logical_resource_id.as_ref();
        logical.is_none_or(|logical| resource.logical == *logical)
    };
    let found = stack.resources.values().filter(wanted);
    let found: Value = found.map(|resource| described(stack, resource)).collect();
    Ok(json!({ "StackResources": found }))
}

pub(super) fn resource(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let name = input.stack_name()?;
    let stack = stack::find(&model, &name)
        .ok_or_else(|| error(format!("Stack '{name}' does not exist")))?;
    let logical = input.logical_resource_id.clone().unwrap_or_default();
    let resource = stack.resources.get(&logical).ok_or_else(|| {
        error(format!(
            "Resource {logical} does not exist for stack {name}"
        ))
    })?;
    let mut detail = described(stack, resource);
    detail["LastUpdatedTimestamp"] = timestamp(resource.at);
    detail["Metadata"] = match &resource.metadata {
        Value::Null => Value::Null,
        metadata => json!(metadata.to_string()),
    };
    if let Some(members) = detail.as_object_mut() {
        members.remove("Timestamp");
    }
    Ok(json!({ "StackResourceDetail": detail }))
}

pub(super) fn list_resources(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let stack = stack::get(&model, &input.stack_name()?)?;
    let summaries = stack.resources.values().map(|resource| {
        json!({
            "LogicalResourceId": resource.logical,
            "PhysicalResourceId": resource.physical,
            "ResourceType": resource.kind,
            "LastUpdatedTimestamp": timestamp(resource.at),
            "ResourceStatus": resource.status,
            "ResourceStatusReason": resource.reason,
            "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
        })
    });
    let token = input.next_token.as_deref();
    page("StackResourceSummaries", summaries.collect(), token, 100)
}

pub(super) fn exports(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let live = model.stacks.values().filter(|stack| !stack.is_deleted());
    let exports = live.flat_map(|stack| {
        stack.outputs.iter().filter_map(|output| {
            Some(json!({
                "ExportingStackId": stack.id,
                "Name": output.export.as_ref()?,
                "Value": output.value,
            }))
        })
    });
    page(
        "Exports",
        exports.collect(),
        input.next_token.as_deref(),
        100,
    )
}

pub(super) fn imports(cloud: &Arc<Cloud>, input: &Named) -> Answer {
    let model = cloud.services.cloudformation.store.read();
    let name = input.export_name.clone().unwrap_or_default();
    if exporting::exporter(&model, &name, "").is_none() {
        return Err(error(format!("Export '{name}' does not exist.")));
    }
    let users = exporting::importers(&model, &name);
    if users.is_empty() {
        return Err(error(format!(
            "Export '{name}' is not imported by any stack."
        )));
    }
    let users = users.into_iter().map(Value::from).collect();
    let size = usize::try_from(input.max_items.unwrap_or(100)).unwrap_or(100);
    page("Imports", users, input.next_token.as_deref(), size)
}
