//! Tags of applications and deployment groups.

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services::tags::{Request, Tags};

use super::model::{Model, no_group};

/// `TagResource`, `UntagResource`, `ListTagsForResource`.
pub(super) fn call(cloud: &Cloud, operation: &str, input: Value) -> Answer {
    let request = Request::parse(input)?;
    cloud.services.codedeploy.store.write(|model| {
        let kept = tags_of(model, request.arn())?;
        request.perform(
            kept,
            operation == "ListTagsForResource",
            "InvalidTagsToAddException",
        )
    })
}

/// `arn:aws:codedeploy:<region>:<account>:application:<name>` or
/// `...:deploymentgroup:<application>/<group>`.
fn tags_of<'a>(model: &'a mut Model, arn: &str) -> Answer<&'a mut Tags> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        [.., "application", name] => Ok(&mut model.application_mut(name)?.tags),
        [.., "deploymentgroup", path] => {
            let (application, group) = path.split_once('/').unwrap_or((path, ""));
            let application = model.application_mut(application)?;
            match application.groups.get_mut(group) {
                Some(group) => Ok(&mut group.tags),
                None => Err(no_group(group)),
            }
        }
        _ => Err(AwsError::new(
            "InvalidArnException",
            format!("{arn} is neither an application nor a deployment group."),
        )),
    }
}
