//! Delivery reports from the report queue: a batch is one statement.

use crate::app::App;
use crate::functions::queue::{Batch, Failures};
use crate::texting::inbound::Webhook;
use crate::texting::reports;

/// Applies the batch; all of it comes again when the database does not answer.
pub async fn answer(app: &App, batch: &Batch) -> Failures {
    let bodies = batch.records.iter().map(|record| record.body.as_bytes());
    let webhooks: Vec<Webhook> = bodies.map(Webhook::decode).collect();
    match reports::apply(app, &webhooks).await {
        Ok(_) => Failures::default(),
        Err(error) => {
            tracing::error!(cause = ?error, "a batch of reports was not applied");
            Failures::all(batch)
        }
    }
}
