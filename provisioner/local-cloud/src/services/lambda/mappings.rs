//! Event source mappings: which queue feeds which function, and how.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Cloud;
use crate::error::Answer;
use crate::protocol::values;

use super::functions::page;
use super::model::Mapping;
use super::names::{self, Reference};
use super::poll;
use super::refusals::{conflict, invalid, not_found};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    #[serde(rename = "UUID")]
    id: Option<String>,
    event_source_arn: Option<String>,
    function_name: Option<String>,
    #[serde(default, deserialize_with = "values::optional_boolean")]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    batch_size: Option<i64>,
    #[serde(default, deserialize_with = "values::optional_integer")]
    maximum_batching_window_in_seconds: Option<i64>,
    function_response_types: Option<Vec<String>>,
    scaling_config: Option<Scaling>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Scaling {
    #[serde(default, deserialize_with = "values::optional_integer")]
    maximum_concurrency: Option<i64>,
}

pub(super) async fn create(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let queue_arn = input
        .event_source_arn
        .clone()
        .ok_or_else(|| invalid("EventSourceArn is missing."))?;
    let name = input
        .function_name
        .clone()
        .ok_or_else(|| invalid("FunctionName is missing."))?;
    let reference = Reference::read(&name, None)?;
    check_queue(cloud, &queue_arn, &reference).await?;
    let mut mapping = Mapping {
        id: Uuid::new_v4().to_string(),
        queue_arn,
        function: reference.name.clone(),
        qualifier: reference.qualifier.clone(),
        enabled: true,
        batch_size: 10,
        window_seconds: 0,
        reports_batch_item_failures: false,
        maximum_concurrency: None,
        last_modified: cloud.time.now(),
        last_result: "No records processed".to_owned(),
        tags: input.tags.clone(),
    };
    change(cloud, &mut mapping, input)?;
    cloud.services.lambda.store.write(|model| {
        model
            .function(cloud, &reference.name)?
            .at(cloud, reference.qualifier.as_deref())?;
        if let Some(same) = model.mappings.values().find(|existing| {
            existing.queue_arn == mapping.queue_arn && existing.reference() == reference
        }) {
            return Err(conflict(format!(
                "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. Please \
                 update or delete the existing mapping with UUID {}",
                mapping.queue_arn, reference.name, same.id
            )));
        }
        model.mappings.insert(mapping.id.clone(), mapping.clone());
        Ok(())
    })?;
    poll::start(cloud, &mapping.id);
    Ok(describe(cloud, &mapping, "Creating"))
}

pub(super) fn update(cloud: &Arc<Cloud>, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let id = input.id.clone().unwrap_or_default();
    let mapping = cloud.services.lambda.store.write(|model| {
        let mut mapping = model.mappings.get(&id).cloned().ok_or_else(missing)?;
        if let Some(name) = &input.function_name {
            let reference = Reference::read(name, None)?;
            model
                .function(cloud, &reference.name)?
                .at(cloud, reference.qualifier.as_deref())?;
            mapping.function = reference.name;
            mapping.qualifier = reference.qualifier;
        }
        change(cloud, &mut mapping, input)?;
        model.mappings.insert(id.clone(), mapping.clone());
        Ok::<_, crate::error::AwsError>(mapping)
    })?;
    poll::start(cloud, &id);
    Ok(describe(cloud, &mapping, "Updating"))
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let model = cloud.services.lambda.store.read();
    let mapping = model
        .mappings
        .get(&input.id.unwrap_or_default())
        .ok_or_else(missing)?;
    Ok(describe(cloud, mapping, state(mapping)))
}

pub(super) fn delete(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    let lambda = &cloud.services.lambda;
    let id = input.id.unwrap_or_default();
    let mapping = lambda
        .store
        .write(|model| model.mappings.remove(&id))
        .ok_or_else(missing)?;
    lambda.pollers.forget(&id);
    Ok(describe(cloud, &mapping, "Deleting"))
}

pub(super) fn list(cloud: &Cloud, input: Value) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        event_source_arn: Option<String>,
        function_name: Option<String>,
        marker: Option<String>,
        #[serde(default, deserialize_with = "values::optional_integer")]
        max_items: Option<i64>,
    }
    let input: Input = values::parse(input)?;
    let function = input
        .function_name
        .map(|name| Reference::read(&name, None))
        .transpose()?;
    let model = cloud.services.lambda.store.read();
    let found = model
        .mappings
        .values()
        .filter(|mapping| {
            input
                .event_source_arn
                .as_ref()
                .is_none_or(|arn| *arn == mapping.queue_arn)
                && function
                    .as_ref()
                    .is_none_or(|function| *function == mapping.reference())
        })
        .map(|mapping| describe(cloud, mapping, state(mapping)))
        .collect();
    page(
        "EventSourceMappings",
        found,
        input.marker.as_deref(),
        input.max_items,
    )
}

/// The queue exists, and holds messages back long enough for the function.
async fn check_queue(cloud: &Arc<Cloud>, arn: &str, reference: &Reference) -> Answer<()> {
    if arn.split(':').nth(2) != Some("sqs") {
        return Err(invalid(format!(
            "Unrecognized event source: the local cloud maps SQS queues, not {arn}."
        )));
    }
    let url = poll::queue_url(cloud, arn).await.map_err(|error| {
        invalid(format!(
            "Error occurred while ReceiveMessage. SQS Error Code: {}. SQS Error Message: {}",
            error.code, error.message
        ))
    })?;
    let input = json!({ "QueueUrl": url, "AttributeNames": ["VisibilityTimeout"] });
    let attributes = crate::services::call(cloud, "sqs", "GetQueueAttributes", input).await?;
    let visibility: u64 = attributes["Attributes"]["VisibilityTimeout"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(30);
    let model = cloud.services.lambda.store.read();
    let version = model
        .function(cloud, &reference.name)?
        .at(cloud, reference.qualifier.as_deref())?;
    let timeout = version.settings.timeout_seconds;
    if visibility < timeout {
        return Err(invalid(format!(
            "Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        )));
    }
    Ok(())
}

fn change(cloud: &Cloud, mapping: &mut Mapping, input: Input) -> Answer<()> {
    if let Some(enabled) = input.enabled {
        mapping.enabled = enabled;
    }
    if let Some(seconds) = input.maximum_batching_window_in_seconds {
        mapping.window_seconds = u64::try_from(seconds)
            .ok()
            .filter(|seconds| *seconds <= 300)
            .ok_or_else(|| invalid("MaximumBatchingWindowInSeconds must be between 0 and 300."))?;
    }
    if let Some(size) = input.batch_size {
        mapping.batch_size = usize::try_from(size)
            .ok()
            .filter(|size| (1..=10_000).contains(size))
            .ok_or_else(|| invalid("BatchSize must be between 1 and 10000."))?;
    }
    if mapping.batch_size > 10 && mapping.window_seconds == 0 {
        return Err(invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ));
    }
    if let Some(types) = input.function_response_types {
        if types.iter().any(|kind| kind != "ReportBatchItemFailures") {
            return Err(invalid(format!(
                "FunctionResponseTypes takes ReportBatchItemFailures only, not {types:?}."
            )));
        }
        mapping.reports_batch_item_failures = !types.is_empty();
    }
    if let Some(scaling) = input.scaling_config {
        mapping.maximum_concurrency = scaling
            .maximum_concurrency
            .map(|most| {
                usize::try_from(most)
                    .ok()
                    .filter(|most| (2..=1000).contains(most))
                    .ok_or_else(|| invalid("MaximumConcurrency must be between 2 and 1000."))
            })
            .transpose()?;
    }
    mapping.last_modified = cloud.time.now();
    Ok(())
}

fn missing() -> crate::error::AwsError {
    not_found("The resource you requested does not exist.")
}

fn state(mapping: &Mapping) -> &'static str {
    if mapping.enabled {
        "Enabled"
    } else {
        "Disabled"
    }
}

fn describe(cloud: &Cloud, mapping: &Mapping, state: &str) -> Value {
    let function_arn = mapping.reference().arn(cloud);
    let types: &[&str] = if mapping.reports_batch_item_failures {
        &["ReportBatchItemFailures"]
    } else {
        &[]
    };
    let mut answer = json!({
        "UUID": mapping.id,
        "EventSourceMappingArn": cloud.arn("lambda", &format!("event-source-mapping:{}", mapping.id)),
        "EventSourceArn": mapping.queue_arn,
        "FunctionArn": function_arn,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.window_seconds,
        "FunctionResponseTypes": types,
        "State": state,
        "StateTransitionReason": "USER_INITIATED",
        "LastModified": values::timestamp(mapping.last_modified),
        "LastProcessingResult": mapping.last_result,
    });
    if let Some(most) = mapping.maximum_concurrency {
        answer["ScalingConfig"] = json!({ "MaximumConcurrency": most });
    }
    answer
}

/// Deletes the mappings of a function that is gone. AWS keeps them and lets them fail; kept
/// here would be a queue polled for nothing.
pub(super) fn is_orphan(cloud: &Cloud, mapping: &Mapping) -> bool {
    let model = cloud.services.lambda.store.read();
    model.function(cloud, &mapping.function).is_err()
}

/// The ARN records name as their source.
pub(super) fn queue_name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(names::LATEST)
}
