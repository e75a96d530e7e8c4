//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use super::{publish, subscriptions, topics};
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values::parse;

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "CreateTopic" => topics::create(cloud, parse(input)?),
        "DeleteTopic" => topics::delete(cloud, parse(input)?),
        "ListTopics" => topics::list(cloud, parse(input)?),
        "GetTopicAttributes" => topics::attributes(cloud, parse(input)?),
        "SetTopicAttributes" => topics::set_attribute(cloud, parse(input)?),
        "TagResource" => topics::tag(cloud, parse(input)?),
        "UntagResource" => topics::untag(cloud, parse(input)?),
        "ListTagsForResource" => topics::list_tags(cloud, parse(input)?),
        "Subscribe" => subscriptions::subscribe(cloud, parse(input)?),
        "Unsubscribe" => subscriptions::unsubscribe(cloud, parse(input)?),
        "ListSubscriptions" => subscriptions::list(cloud, parse(input)?),
        "ListSubscriptionsByTopic" => subscriptions::list_of_topic(cloud, parse(input)?),
        "GetSubscriptionAttributes" => subscriptions::attributes(cloud, parse(input)?),
        "SetSubscriptionAttributes" => subscriptions::set_attribute(cloud, parse(input)?),
        "Publish" => publish::one(cloud, parse(input)?).await,
        "PublishBatch" => publish::batch(cloud, parse(input)?).await,
        _ => Err(AwsError::unknown_operation("sns", operation)),
    }
}
