//! The inbound and report queues.

use anyhow::Context;

use crate::aws::{Aws, describe};
use futures::FutureExt;

/// Puts a message on a queue; it becomes visible after `delay_seconds`.
///
/// # Errors
/// When the queue does not take it.
pub async fn send(
    aws: &Aws,
    queue_url: &str,
    body: String,
    delay_seconds: i32,
) -> anyhow::Result<()> {
    aws.sqs()
        .await
        .send_message()
        .queue_url(queue_url)
        .message_body(body)
        .delay_seconds(delay_seconds)
        .send()
        .boxed()
        .await
        .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
        .with_context(|| format!("sending to the queue {queue_url}"))?;
    Ok(())
}
