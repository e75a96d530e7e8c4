//! Tags of alarms and dashboards.

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::{Request, Tags};

use super::model::Model;

/// `TagResource`, `UntagResource`, `ListTagsForResource`.
pub(super) fn call(cloud: &Cloud, operation: &str, input: Value) -> Answer {
    let request = Request::parse(input)?;
    cloud.services.cloudwatch.store.write(|model| {
        let kept = tags_of(model, request.arn())?;
        request.perform(
            kept,
            operation == "ListTagsForResource",
            "InvalidParameterValue",
        )
    })
}

fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut Tags> {
    let tags = if let Some((_, name)) = arn.split_once(":alarm:") {
        model.alarms.get_mut(name).map(|alarm| &mut alarm.tags)
    } else if let Some((_, name)) = arn.split_once(":dashboard/") {
        model
            .dashboards
            .get_mut(name)
            .map(|dashboard| &mut dashboard.tags)
    } else {
        None
    };
    tags.ok_or_else(|| {
        AwsError::new(
            "ResourceNotFoundException",
            format!("The resource {arn} does not exist."),
        )
        .status(404)
    })
}
