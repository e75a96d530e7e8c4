//! SQS: how deep the queues are.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use super::{is, words};

/// SQS.
#[derive(Clone, Debug)]
pub struct Queues(Client);

impl Queues {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Messages waiting in a queue, by its name; none if there is no such queue.
    pub async fn depth(&self, name: &str) -> anyhow::Result<Option<u64>> {
        let url = match self.0.get_queue_url().queue_name(name).send().await {
            Ok(answer) => answer.queue_url.unwrap_or_default(),
            Err(error)
                if is(&error, "QueueDoesNotExist")
                    || is(&error, "AWS.SimpleQueueService.NonExistentQueue") =>
            {
                return Ok(None);
            }
            Err(error) => return Err(words(error).context(format!("finding queue {name}"))),
        };
        let attribute = QueueAttributeName::ApproximateNumberOfMessages;
        let answer = self
            .0
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(attribute.clone())
            .send()
            .await
            .map_err(|error| words(error).context(format!("reading queue {name}")))?;
        Ok(answer
            .attributes
            .and_then(|attributes| attributes.get(&attribute)?.parse().ok()))
    }
}
