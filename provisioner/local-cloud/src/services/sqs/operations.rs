//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{attributes, moves, queues, receive, send};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateQueue" => queues::create(cloud, parse(input)?),
        "DeleteQueue" => queues::delete(cloud, parse(input)?),
        "GetQueueUrl" => queues::get_url(cloud, parse(input)?),
        "ListQueues" => queues::list(cloud, parse(input)?),
        "ListDeadLetterSourceQueues" => queues::list_sources(cloud, parse(input)?),
        "PurgeQueue" => queues::purge(cloud, parse(input)?),
        "TagQueue" => queues::tag(cloud, parse(input)?),
        "UntagQueue" => queues::untag(cloud, parse(input)?),
        "ListQueueTags" => queues::list_tags(cloud, parse(input)?),
        "GetQueueAttributes" => attributes::get(cloud, parse(input)?),
        "SetQueueAttributes" => attributes::set(cloud, parse(input)?),
        "SendMessage" => send::one(cloud, parse(input)?),
        "SendMessageBatch" => send::batch(cloud, parse(input)?),
        "ReceiveMessage" => receive::receive(cloud, parse(input)?).await,
        "DeleteMessage" => receive::delete(cloud, parse(input)?),
        "DeleteMessageBatch" => receive::delete_batch(cloud, parse(input)?),
        "ChangeMessageVisibility" => receive::change_visibility(cloud, parse(input)?),
        "ChangeMessageVisibilityBatch" => receive::change_visibility_batch(cloud, parse(input)?),
        "StartMessageMoveTask" => moves::start(cloud, parse(input)?),
        "ListMessageMoveTasks" => moves::list(cloud, parse(input)?),
        _ => Err(AwsError::unknown_operation("sqs", operation)),
    }
}
