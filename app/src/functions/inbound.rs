//! Texts from the inbound queue: the carrier's fallback route, and simulated answers.

use crate::app::App;
use crate::functions::queue::{Batch, Failures, Record};
use crate::texting::inbound::{self, Webhook};

/// Takes each text; those that could not be kept come again.
pub async fn answer(app: &App, batch: &Batch) -> Failures {
    let mut failures = Failures::default();
    for record in &batch.records {
        let webhook = Webhook::decode(record.body.as_bytes());
        if !may_be_taken(app, record, &webhook) {
            // Not thrown away: what is wrong may be our token or our address, and then it is somebody's answer.
            tracing::error!(
                message = record.message_id,
                "a text is not signed by the carrier; it goes to the dead letters"
            );
            failures.push(record);
            continue;
        }
        if let Err(error) = inbound::receive(app, "twilio", &webhook).await {
            tracing::error!(message = record.message_id, cause = ?error, "a text was not taken");
            failures.push(record);
        }
    }
    failures
}

/// The API writes the carrier's signature beside what it puts onto the queue; messages without one are from our own
/// functions, which alone may write there besides.
fn may_be_taken(app: &App, record: &Record, webhook: &Webhook) -> bool {
    let Some(signature) = record.message_attributes.get("signature") else {
        return true;
    };
    let given = signature.string_value.as_deref().unwrap_or_default();
    app.twilio.as_ref().is_some_and(|twilio| {
        twilio.is_signed(&app.config.fallback_url(), &webhook.parameters, given)
    })
}
