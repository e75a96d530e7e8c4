//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

use super::{groups, schedules, tags};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateSchedule" => schedules::create(cloud, input),
        "UpdateSchedule" => schedules::update(cloud, input),
        "GetSchedule" => schedules::get(cloud, input),
        "ListSchedules" => schedules::list(cloud, input),
        "DeleteSchedule" => schedules::delete(cloud, input),
        "CreateScheduleGroup" => groups::create(cloud, input),
        "GetScheduleGroup" => groups::get(cloud, input),
        "ListScheduleGroups" => groups::list(cloud, input),
        "DeleteScheduleGroup" => groups::delete(cloud, input),
        "TagResource" | "UntagResource" | "ListTagsForResource" => {
            tags::call(cloud, operation, input)
        }
        _ => Err(AwsError::unknown_operation("scheduler", operation)),
    }
}
