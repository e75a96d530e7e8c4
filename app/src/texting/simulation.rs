//! What follows a text that was not really sent: its delivery report, and an answer.
//!
//! On Lambda nothing runs after the answer, so both travel through the queues the real ones
//! travel through, and are handled by the same functions. The plain server, which has no queues,
//! waits and handles them itself.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::app::App;
use crate::queues;
use crate::sms::{Encore, MOCK_SERVICE};
use crate::texting::inbound::{self, Webhook};
use crate::texting::reports;

/// The number simulated answers are sent to.
const OWN_NUMBER: &str = "+15555555555";
const PAUSE: Duration = Duration::from_millis(250);

/// The application, for timers that outlive the request; set by the plain server only.
static PLAIN_SERVER: OnceLock<Weak<App>> = OnceLock::new();

/// Lets timers run in this process: it is a plain server, which is not frozen after an answer.
pub fn allow_timers(app: &Arc<App>) {
    PLAIN_SERVER.get_or_init(|| Arc::downgrade(app));
}

/// Sets off what follows the text.
///
/// # Errors
/// When a queue does not take it. The text itself stands as it is.
pub async fn play(app: &App, service_id: &str, encore: &Encore) -> anyhow::Result<()> {
    match encore {
        Encore::Nothing => Ok(()),
        Encore::FakeReply {
            from,
            body,
            service,
        } => {
            let webhook = answer(app, from, body, service);
            inbound::receive(app, "fakeservice", &webhook).await?;
            Ok(())
        }
        // As ever: a text that begins with "done" gets neither report nor reply.
        Encore::ReportAndReply { body, .. } if is_done(body) => Ok(()),
        Encore::ReportAndReply { from, body } => {
            let report = report_of(service_id);
            let reply = answer(app, from, &format!("{body} (autoreply)"), MOCK_SERVICE);
            match (&app.config.report_queue_url, &app.config.inbound_queue_url) {
                (Some(reports), Some(inbound)) => {
                    let (reported, replied) = tokio::join!(
                        queues::send(&app.aws, reports, report.encode(), 0),
                        queues::send(&app.aws, inbound, reply.encode(), 1),
                    );
                    reported.and(replied)
                }
                _ => set_timers(report, reply),
            }
        }
    }
}

fn is_done(body: &str) -> bool {
    body.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("done"))
}

fn report_of(service_id: &str) -> Webhook {
    Webhook::of(&[("MessageSid", service_id), ("MessageStatus", "delivered")])
}

fn answer(app: &App, from: &str, body: &str, service: &str) -> Webhook {
    Webhook::of(&[
        ("From", from),
        ("To", OWN_NUMBER),
        ("Body", body),
        ("MessageSid", &app.ids.token()),
        ("MessagingServiceSid", service),
        ("NumMedia", "0"),
    ])
}

/// In the plain server: a report after 250 ms, the answer after another 250 ms.
fn set_timers(report: Webhook, reply: Webhook) -> anyhow::Result<()> {
    let Some(app) = PLAIN_SERVER.get().and_then(Weak::upgrade) else {
        anyhow::bail!("there are no queues, and this process may be frozen: nothing is simulated");
    };
    tokio::spawn(async move {
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = reports::apply(&app, &[report]).await {
            tracing::warn!(%error, "a simulated report was lost");
        }
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = inbound::receive(&app, "twilio", &reply).await {
            tracing::warn!(%error, "a simulated answer was lost");
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_done;

    #[test]
    fn done_is_told_by_its_first_letters() {
        for (body, expected) in [
            ("done", true),
            ("Done!", true),
            ("DONE x", true),
            ("well done", false),
            ("dön", false),
            ("", false),
        ] {
            assert_eq!(is_done(body), expected, "{body}");
        }
    }
}
