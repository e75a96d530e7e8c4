//! Publishing: each confirmed subscription gets the message. A delivery that fails is
//! reported in our log and does not fail the publisher, as on AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Protocol, Subscription, invalid};
use crate::Cloud;
use crate::error::Answer;
use crate::services;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct One {
    topic_arn: Option<String>,
    target_arn: Option<String>,
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Value>,
}

pub(super) async fn one(cloud: &Arc<Cloud>, input: One) -> Answer {
    let topic = input
        .topic_arn
        .or(input.target_arn)
        .ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    let message = Message {
        text: input.message,
        subject: input.subject,
        structure: input.message_structure,
        attributes: input.message_attributes,
    };
    let id = message.publish(cloud, &topic).await?;
    Ok(json!({ "MessageId": id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Batch {
    topic_arn: String,
    publish_batch_request_entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Entry {
    id: String,
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Value>,
}

pub(super) async fn batch(cloud: &Arc<Cloud>, input: Batch) -> Answer {
    if !(1..=10).contains(&input.publish_batch_request_entries.len()) {
        return Err(invalid(
            "PublishBatchRequestEntries Reason: 1 to 10 entries",
        ));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input.publish_batch_request_entries {
        let message = Message {
            text: entry.message,
            subject: entry.subject,
            structure: entry.message_structure,
            attributes: entry.message_attributes,
        };
        match message.publish(cloud, &input.topic_arn).await {
            Ok(id) => successful.push(json!({ "Id": entry.id, "MessageId": id })),
            Err(error) if error.code == "NotFound" => return Err(error),
            Err(error) => failed.push(json!({
                "Id": entry.id,
                "Code": error.code,
                "Message": error.message,
                "SenderFault": error.status < 500,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

struct Message {
    text: String,
    subject: Option<String>,
    structure: Option<String>,
    attributes: BTreeMap<String, Value>,
}

impl Message {
    async fn publish(&self, cloud: &Arc<Cloud>, topic: &str) -> Answer<String> {
        self.check()?;
        let subscriptions: Vec<(String, Subscription)> = {
            let model = cloud.services.sns.store.read();
            model.topic(topic)?;
            model
                .subscriptions
                .iter()
                .filter(|(_, kept)| kept.topic == topic && !kept.pending)
                .map(|(arn, kept)| (arn.clone(), kept.clone()))
                .collect()
        };
        let id = Uuid::new_v4().to_string();
        for (arn, subscription) in subscriptions {
            if let Err(error) = self.deliver(cloud, &id, &arn, &subscription).await {
                tracing::warn!(%error, subscription = arn, "a published message was not delivered");
            }
        }
        Ok(id)
    }

    fn check(&self) -> Answer<()> {
        if self.text.is_empty() {
            return Err(invalid("Empty message"));
        }
        if self.text.len() > 262_144 {
            return Err(invalid("Message too long"));
        }
        if self
            .subject
            .as_ref()
            .is_some_and(|subject| subject.is_empty() || subject.chars().count() > 100)
        {
            return Err(invalid("Subject"));
        }
        match self.structure.as_deref() {
            None => Ok(()),
            Some("json") => {
                let structured: Option<Value> = serde_json::from_str(&self.text).ok();
                if structured.is_some_and(|structured| structured["default"].is_string()) {
                    Ok(())
                } else {
                    Err(invalid(
                        "Message Structure - No default entry in JSON message body",
                    ))
                }
            }
            Some(_) => Err(invalid("MessageStructure")),
        }
    }

    /// The text for a protocol: its own entry of a structured message, or the default.
    fn text_for(&self, protocol: &str) -> String {
        if self.structure.is_none() {
            return self.text.clone();
        }
        let structured: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let text = structured[protocol]
            .as_str()
            .or_else(|| structured["default"].as_str());
        text.unwrap_or_default().to_owned()
    }

    async fn deliver(
        &self,
        cloud: &Arc<Cloud>,
        id: &str,
        arn: &str,
        subscription: &Subscription,
    ) -> Answer<()> {
        match subscription.protocol {
            Protocol::Sqs => self.to_queue(cloud, id, arn, subscription).await,
            Protocol::Lambda => self.to_function(cloud, id, arn, subscription).await,
            // Never confirmed, so never here.
            Protocol::Email | Protocol::EmailJson => Ok(()),
        }
    }

    async fn to_queue(
        &self,
        cloud: &Arc<Cloud>,
        id: &str,
        arn: &str,
        subscription: &Subscription,
    ) -> Answer<()> {
        let name = subscription.endpoint.rsplit(':').next();
        let found = json!({ "QueueName": name });
        let url = services::call(cloud, "sqs", "GetQueueUrl", found).await?;
        let input = if subscription.raw {
            json!({
                "QueueUrl": url["QueueUrl"],
                "MessageBody": self.text_for("sqs"),
                "MessageAttributes": self.attributes,
            })
        } else {
            let mut envelope = self.notification(cloud, id, &subscription.topic, "sqs");
            envelope["UnsubscribeURL"] = unsubscribe_url(cloud, arn).into();
            envelope["SigningCertURL"] = "".into();
            json!({ "QueueUrl": url["QueueUrl"], "MessageBody": envelope.to_string() })
        };
        services::call(cloud, "sqs", "SendMessage", input).await?;
        Ok(())
    }

    async fn to_function(
        &self,
        cloud: &Arc<Cloud>,
        id: &str,
        arn: &str,
        subscription: &Subscription,
    ) -> Answer<()> {
        let mut notification = self.notification(cloud, id, &subscription.topic, "lambda");
        notification["UnsubscribeUrl"] = unsubscribe_url(cloud, arn).into();
        notification["SigningCertUrl"] = "".into();
        let event = json!({ "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": arn,
            "Sns": notification,
        }]});
        let input = json!({
            "FunctionName": subscription.endpoint,
            "InvocationType": "Event",
            "Payload": STANDARD.encode(event.to_string()),
        });
        services::call(cloud, "lambda", "Invoke", input).await?;
        Ok(())
    }

    fn notification(&self, cloud: &Cloud, id: &str, topic: &str, protocol: &str) -> Value {
        let now = cloud.time.now();
        let attributes: Map<String, Value> = self
            .attributes
            .iter()
            .map(|(name, attribute)| {
                let text = &attribute["StringValue"];
                let value = if text.is_null() {
                    &attribute["BinaryValue"]
                } else {
                    text
                };
                let shown = json!({ "Type": attribute["DataType"], "Value": value });
                (name.clone(), shown)
            })
            .collect();
        let mut notification = json!({
            "Type": "Notification",
            "MessageId": id,
            "TopicArn": topic,
            "Subject": self.subject,
            "Message": self.text_for(protocol),
            "Timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true),
            "SignatureVersion": "1",
            "Signature": "",
            "MessageAttributes": attributes,
        });
        // The envelope leaves out what is not set; a function's record says null.
        if protocol == "sqs"
            && let Some(members) = notification.as_object_mut()
        {
            members.retain(|_, value| !value.is_null() && *value != json!({}));
        }
        notification
    }
}

fn unsubscribe_url(cloud: &Cloud, arn: &str) -> String {
    format!(
        "{}/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn={arn}",
        cloud.endpoint()
    )
}
