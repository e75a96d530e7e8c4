//! Tags of schedule groups; schedules themselves have none.

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::{Request, Tags};

use super::model::Model;

/// `TagResource`, `UntagResource`, `ListTagsForResource`.
pub(super) fn call(cloud: &Cloud, operation: &str, input: Value) -> Answer {
    let request = Request::parse(input)?;
    cloud.services.scheduler.store.write(|model| {
        let kept = tags_of(model, request.arn())?;
        request.perform(
            kept,
            operation == "ListTagsForResource",
            "ValidationException",
        )
    })
}

fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut Tags> {
    let name = arn.split(":schedule-group/").nth(1).unwrap_or_default();
    match model.groups.get_mut(name) {
        Some(group) => Ok(&mut group.tags),
        None => Err(AwsError::new(
            "ResourceNotFoundException",
            format!("There is no schedule group with the ARN {arn} that can be tagged."),
        )
        .status(404)),
    }
}
