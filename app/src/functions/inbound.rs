//! Texts from the inbound queue: the carrier's fallback route, and simulated answers.

use crate::app::App;
use crate::functions::queue::{Batch, Failures};
use crate::texting::inbound::{self, Webhook};

/// Takes each text; those that could not be kept come again.
pub async fn answer(app: &App, batch: &Batch) -> Failures {
    let mut failures = Failures::default();
    for record in &batch.records {
        let webhook = Webhook::decode(record.body.as_bytes());
        if let Err(error) = inbound::receive(app, "twilio", &webhook).await {
            tracing::error!(message = record.message_id, cause = ?error, "a text was not taken");
            failures.push(record);
        }
    }
    failures
}
