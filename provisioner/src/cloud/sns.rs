//! SNS: notices.

use aws_config::SdkConfig;
use aws_sdk_sns::Client;

use super::words;

/// SNS.
#[derive(Clone, Debug)]
pub struct Topics(Client);

impl Topics {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }

    /// Tells everybody who listens to a topic. AWS takes subjects of 100 characters of ASCII.
    pub async fn publish(&self, topic: &str, subject: &str, text: &str) -> anyhow::Result<()> {
        let subject: String = subject.chars().filter(char::is_ascii).take(100).collect();
        self.0
            .publish()
            .topic_arn(topic)
            .subject(subject)
            .message(text)
            .send()
            .await
            .map_err(|error| words(error).context(format!("publishing to {topic}")))?;
        Ok(())
    }
}
