//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{groups, read};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateLogGroup" => groups::create(cloud, parse(input)?),
        "DeleteLogGroup" => groups::delete(cloud, parse(input)?),
        "DescribeLogGroups" => groups::describe(cloud, parse(input)?),
        "PutRetentionPolicy" => groups::put_retention(cloud, parse(input)?),
        "DeleteRetentionPolicy" => groups::delete_retention(cloud, parse(input)?),
        "TagResource" => groups::tag(cloud, parse(input)?),
        "UntagResource" => groups::untag(cloud, parse(input)?),
        "ListTagsForResource" => groups::tags(cloud, parse(input)?),
        "CreateLogStream" => groups::create_stream(cloud, parse(input)?),
        "DeleteLogStream" => groups::delete_stream(cloud, parse(input)?),
        "DescribeLogStreams" => read::describe_streams(cloud, parse(input)?),
        "PutLogEvents" => read::put(cloud, parse(input)?),
        "GetLogEvents" => read::get(cloud, parse(input)?),
        "FilterLogEvents" => read::filter(cloud, parse(input)?),
        _ => Err(AwsError::unknown_operation("logs", operation)),
    }
}
