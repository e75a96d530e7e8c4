//! Delivery reports, in batches.

use std::collections::BTreeMap;

use crate::app::App;
use crate::db;
use crate::db::delivery_report::{Kept, Report, Reported};
use crate::db::outcome::Attempt;
use crate::error::Result;
use crate::sms::errors::{Class, class};
use crate::sms::twilio::UNSUBSCRIBED;
use crate::texting::inbound::Webhook;
use crate::texting::opt_out;

/// Parameters of ours, beside the carrier's.
const MESSAGE: &str = "SpokeMessage";
const ATTEMPT: &str = "SpokeAttempt";

/// The report a webhook brings, when it is a final one: `queued` and `sent` say nothing new.
pub fn read(webhook: &Webhook) -> Option<Report> {
    let service_id = webhook.get("MessageSid");
    let send_status = match webhook.get("MessageStatus") {
        "delivered" => "DELIVERED",
        "failed" | "undelivered" => "ERROR",
        _ => return None,
    };
    let error_code: Option<i32> = webhook.get("ErrorCode").parse().ok();
    // No text has such an id, and the database would refuse the whole batch for its sake.
    let is_id = !service_id.is_empty() && !service_id.contains('\0');
    is_id.then(|| Report {
        service_id: service_id.to_owned(),
        send_status: send_status.to_owned(),
        error_code,
        attempt: attempt(webhook),
        is_worth_another: is_worth_another(send_status, error_code),
    })
}

fn is_worth_another(send_status: &str, error_code: Option<i32>) -> bool {
    send_status == "ERROR" && error_code.map(class) == Some(Class::TryLater)
}

/// The text and attempt the report's address named.
fn attempt(webhook: &Webhook) -> Option<Attempt> {
    Some(Attempt {
        message_id: webhook.get(MESSAGE).parse().ok()?,
        number: webhook.get(ATTEMPT).parse().ok()?,
    })
}

/// Notes what the report's address said beside its parameters: queues carry only those.
pub fn note_address(webhook: &mut Webhook, query: &str) {
    for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        match name.as_str() {
            "message" => webhook.parameters.insert(MESSAGE.to_owned(), value),
            "attempt" => webhook.parameters.insert(ATTEMPT.to_owned(), value),
            _ => None,
        };
    }
}

/// Applies the reports among these webhooks; answers how many there were.
///
/// # Errors
/// When the database does not answer: the batch must come again.
pub async fn apply(app: &App, webhooks: &[Webhook]) -> Result<usize> {
    let reports = newest_of_each(webhooks.iter().filter_map(read));
    if reports.is_empty() {
        return Ok(0);
    }
    let reported = db::delivery_report::apply(&app.db, &reports, app.clock.now()).await?;
    follow(app, &reported).await?;
    Ok(reports.len())
}

/// What follows from applied reports: opt-outs at the carrier, and the texters' pages.
async fn follow(app: &App, reported: &[Reported]) -> Result<()> {
    let opted_out: Vec<i32> = reported
        .iter()
        .filter(|reported| reported.error_code == Some(UNSUBSCRIBED))
        .map(|reported| reported.campaign_contact_id)
        .collect();
    if !opted_out.is_empty() {
        opt_out::at_the_carrier(app, &opted_out).await?;
    }
    let contacts: Vec<i32> = reported
        .iter()
        .map(|reported| reported.campaign_contact_id)
        .collect();
    tell(app, &contacts).await
}

/// Applies reports that had come before their text's carrier id.
///
/// # Errors
/// When the database does not answer.
pub async fn apply_kept(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let kept = db::delivery_report::list_kept(&app.db).await?;
    let reports: Vec<Report> = kept.into_iter().map(Report::from).collect();
    if !reports.is_empty() {
        let reported = db::delivery_report::apply(&app.db, &reports, now).await?;
        follow(app, &reported).await?;
    }
    // Last: one that was applied twice says nothing new, one that was lost would.
    let done: Vec<String> = reports
        .into_iter()
        .map(|report| report.service_id)
        .collect();
    db::delivery_report::delete_kept(&app.db, &done, now).await?;
    Ok(done.len())
}

impl From<Kept> for Report {
    fn from(kept: Kept) -> Self {
        Self {
            is_worth_another: is_worth_another(&kept.send_status, kept.error_code),
            service_id: kept.service_id,
            send_status: kept.send_status,
            error_code: kept.error_code,
            attempt: None,
        }
    }
}

/// One report a text: delivered wins over whatever came before or after it in the batch.
fn newest_of_each(reports: impl Iterator<Item = Report>) -> Vec<Report> {
    let mut by_text: BTreeMap<String, Report> = BTreeMap::new();
    for report in reports {
        let is_settled = by_text
            .get(&report.service_id)
            .is_some_and(|known| known.send_status == "DELIVERED");
        if !is_settled {
            by_text.insert(report.service_id.clone(), report);
        }
    }
    by_text.into_values().collect()
}

async fn tell(app: &App, contacts: &[i32]) -> Result<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let assignments = db::delivery_report::list_assignments(&app.db, contacts).await?;
    app.cache.bump(&assignments, &app.ids.token()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{newest_of_each, read};
    use crate::texting::inbound::Webhook;

    fn webhook(sid: &str, status: &str, code: &str) -> Webhook {
        Webhook::of(&[
            ("MessageSid", sid),
            ("MessageStatus", status),
            ("ErrorCode", code),
        ])
    }

    #[test]
    fn only_final_reports_count() {
        assert!(read(&webhook("SM1", "queued", "")).is_none());
        assert!(read(&webhook("SM1", "sent", "")).is_none());
        assert!(read(&webhook("", "delivered", "")).is_none());
        assert_eq!(
            read(&webhook("SM1", "delivered", "")).unwrap().send_status,
            "DELIVERED"
        );
        assert_eq!(
            read(&webhook("SM1", "undelivered", "30003"))
                .unwrap()
                .error_code,
            Some(30_003)
        );
        assert_eq!(
            read(&webhook("SM1", "failed", "")).unwrap().send_status,
            "ERROR"
        );
    }

    #[test]
    fn delivered_wins_within_a_batch() {
        let batch = [
            ("SM1", "delivered"),
            ("SM1", "failed"),
            ("SM2", "failed"),
            ("SM2", "delivered"),
        ];
        let reports = newest_of_each(
            batch
                .iter()
                .filter_map(|(sid, status)| read(&webhook(sid, status, ""))),
        );
        assert_eq!(reports.len(), 2);
        assert!(
            reports
                .iter()
                .all(|report| report.send_status == "DELIVERED")
        );
    }
}
