//! The operations as other services call them; the wire has its own way in (`wire`), to the
//! same functions.

use std::sync::Arc;

use serde_json::Value;

use super::{buckets, configuration};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is in the shape of AWS's model.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateBucket" => buckets::create(cloud, parse(input)?),
        "DeleteBucket" => buckets::delete(cloud, parse(input)?),
        "HeadBucket" => buckets::head(cloud, parse(input)?),
        "ListBuckets" => Ok(buckets::list(cloud)),
        "GetBucketLocation" => buckets::location(cloud, parse(input)?),
        _ => configuration::call(cloud, operation, input)
            .unwrap_or_else(|| Err(AwsError::unknown_operation("s3", operation))),
    }
}
