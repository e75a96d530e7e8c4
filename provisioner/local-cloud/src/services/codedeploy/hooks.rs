//! Hooks report: `PutLifecycleEventHookExecutionStatus`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    #[serde(default)]
    deployment_id: String,
    #[serde(default)]
    lifecycle_event_hook_execution_id: String,
    #[serde(default)]
    status: String,
}

pub(super) fn report(cloud: &Cloud, input: Value) -> Answer {
    let input: Input = values::parse(input)?;
    // The enumeration has six values; CodeDeploy takes two.
    let verdict = match input.status.as_str() {
        "Succeeded" => true,
        "Failed" => false,
        other => {
            return Err(AwsError::new(
                "InvalidLifecycleEventHookExecutionStatusException",
                format!("The status must be Succeeded or Failed, not '{other}'."),
            ));
        }
    };
    let id = input.lifecycle_event_hook_execution_id;
    let codedeploy = &cloud.services.codedeploy;
    codedeploy.store.write(|model| {
        let deployment = model.deployment_mut(&input.deployment_id)?;
        let over = deployment.status.is_over();
        let event = deployment
            .events
            .iter_mut()
            .find(|event| event.execution.as_ref() == Some(&id))
            .ok_or_else(|| {
                AwsError::new(
                    "InvalidLifecycleEventHookExecutionIdException",
                    "The lifecycle event hook execution ID is not one of this deployment.",
                )
            })?;
        if over || event.verdict.is_some() || event.ended.is_some() {
            return Err(AwsError::new(
                "LifecycleEventAlreadyCompletedException",
                format!("The lifecycle event {} is already completed.", event.name),
            ));
        }
        event.verdict = Some(verdict);
        Ok(())
    })?;
    codedeploy.tell();
    Ok(json!({ "lifecycleEventHookExecutionId": id }))
}
