//! Handing a text to the carrier, or to what stands in for it.

pub mod errors;
pub mod line;
pub mod twilio;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::config::Simulation;
use crate::sms::twilio::messages::Text;

/// The messaging service texts belong to while nothing is sent for real.
pub const MOCK_SERVICE: &str = "mock-messaging-service";
/// A carrier that accepts everything, for trying things out.
pub const FAKE_SERVICE: &str = "fakeservice";
/// Seconds the carrier gets less than the contact's hours last.
pub const VALIDITY_PADDING: i64 = 30;
/// The longest the carrier keeps a text.
const MAX_VALIDITY: i64 = 14_400;
/// A text is handed over this soon after it was written down or taken up, or not at all: a process
/// that was frozen in between must not send what has been reconciled meanwhile.
const HAND_OVER_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// A text on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The number as it is stored.
    pub to: String,
    pub body: String,
    pub service: String,
    pub messaging_service_sid: Option<String>,
    pub send_before: Option<DateTime<Utc>>,
    /// Its row, and which attempt this is: reports name them.
    pub message_id: i64,
    pub attempt: i16,
    /// When the row was written, or taken up again.
    pub taken_up_at: DateTime<Utc>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier has it.
    Accepted {
        service_id: String,
        response: String,
        /// What to play afterwards, when nothing was really sent.
        encore: Encore,
    },
    /// The carrier will never send it.
    Refused {
        error_code: Option<i32>,
        response: String,
    },
    /// It was not even tried.
    NotAttempted { code: &'static str, why: String },
    /// The carrier surely does not have it, and trying later is right. With a code it is this
    /// text's matter, else the carrier's.
    Later {
        why: String,
        error_code: Option<i32>,
    },
    /// Nobody knows.
    Unknown { why: String },
}

/// What follows a text that was not really sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encore {
    Nothing,
    /// A delivery report, and a reply unless the text begins with "done".
    ReportAndReply {
        from: String,
        body: String,
    },
    /// fakeservice answers texts that ask it to.
    FakeReply {
        from: String,
        body: String,
        /// The messaging service the text was sent by, which the reply comes to.
        service: String,
    },
}

/// Hands the text over, in the order of steps the switches have always had.
pub async fn send(app: &App, text: &Outgoing) -> Outcome {
    if text.service == FAKE_SERVICE {
        return fake(app, text);
    }
    let (to, body) = addressed(
        app.config.override_recipient.as_deref(),
        &text.to,
        &text.body,
    );
    let validity = match validity(
        app.config.twilio_validity_period,
        text.send_before,
        app.clock.now(),
    ) {
        Ok(validity) => validity,
        Err(why) => {
            return Outcome::NotAttempted {
                code: "TEXTING_HOURS",
                why,
            };
        }
    };
    if app.config.drop_ratio.drops(&text.to) {
        return Outcome::Accepted {
            service_id: app.ids.token(),
            response: "xxxfakexxx".to_owned(),
            encore: Encore::Nothing,
        };
    }
    if app.config.simulation == Simulation::AutoReply {
        return Outcome::Accepted {
            service_id: app.ids.token(),
            response: "simulated".to_owned(),
            encore: Encore::ReportAndReply { from: to, body },
        };
    }
    let Some(twilio) = &app.twilio else {
        return Outcome::NotAttempted {
            code: "CARRIER_NOT_CONFIGURED",
            why: "There are no carrier credentials, and simulation is off: nothing was sent."
                .to_owned(),
        };
    };
    if app.clock.now() > text.taken_up_at + HAND_OVER_WITHIN {
        return Outcome::Unknown {
            why: "this process stood still for too long; the text was not handed over".to_owned(),
        };
    }
    let Some(service) = &text.messaging_service_sid else {
        return Outcome::NotAttempted {
            code: "CARRIER_NOT_CONFIGURED",
            why: "The campaign has no messaging service: nothing was sent.".to_owned(),
        };
    };
    if line::is_paused(app).await {
        return Outcome::Later {
            why: "the carrier is not working; the text waits".to_owned(),
            error_code: None,
        };
    }
    let callback = status_callback(app, text);
    let text = Text {
        to: &to,
        body: &body,
        messaging_service_sid: service,
        validity,
        status_callback: callback.as_deref(),
    };
    let outcome = match app.web().await {
        Ok(web) => twilio.send(web, &text).await,
        Err(error) => Outcome::Later {
            why: error.to_string(),
            error_code: None,
        },
    };
    notice(app, &outcome).await;
    outcome
}

/// Keeps an eye on the carrier.
async fn notice(app: &App, outcome: &Outcome) {
    match outcome {
        Outcome::Accepted { .. }
        | Outcome::Refused { .. }
        | Outcome::Later {
            error_code: Some(_),
            ..
        } => app.carrier.worked(),
        Outcome::Later { .. } | Outcome::Unknown { .. } => line::failed(app).await,
        Outcome::NotAttempted { .. } => {}
    }
}

/// Where the text's reports go: an address that names its row, so that a report finds it also
/// when the carrier's answer was lost. None where the carrier could not reach it.
fn status_callback(app: &App, text: &Outgoing) -> Option<String> {
    let is_reachable =
        app.config.callback_url.starts_with("https://") || app.config.twilio_api_url.is_some();
    is_reachable.then(|| {
        format!(
            "{}/twilio-message-report?message={}&attempt={}",
            app.config.callback_url, text.message_id, text.attempt
        )
    })
}

/// Whether texts to this number through this service are really handed to a carrier.
pub fn reaches_carrier(app: &App, service: &str, to: &str) -> bool {
    service != FAKE_SERVICE
        && app.config.simulation != Simulation::AutoReply
        && !app.config.drop_ratio.drops(to)
        && app.twilio.is_some()
}

/// The messaging service a text is written down with: replies are matched by it.
pub fn messaging_service(app: &App, campaign: Option<&str>) -> Option<String> {
    match app.config.simulation {
        Simulation::Off => campaign
            .map(str::to_owned)
            .or_else(|| app.config.twilio_messaging_service_sid.clone()),
        Simulation::NoCarrier | Simulation::AutoReply => Some(MOCK_SERVICE.to_owned()),
    }
}

fn fake(app: &App, text: &Outgoing) -> Outcome {
    let encore = if text.body.contains("autorespond") {
        Encore::FakeReply {
            from: text.to.clone(),
            body: format!("responding to {}", text.body),
            service: text.messaging_service_sid.clone().unwrap_or_default(),
        }
    } else {
        Encore::Nothing
    };
    Outcome::Accepted {
        service_id: app.ids.token(),
        response: FAKE_SERVICE.to_owned(),
        encore,
    }
}

/// Recipient and body, with `OVERRIDE_RECIPIENT` reckoned in.
pub fn addressed(override_recipient: Option<&str>, to: &str, body: &str) -> (String, String) {
    match override_recipient {
        Some(number) => (number.to_owned(), format!("[{to}] {body}")),
        None => (to.to_owned(), body.to_owned()),
    }
}

/// Seconds the carrier may keep the text; none when it may as long as it likes, which it never may where hours end.
fn validity(
    base: Option<u32>,
    send_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, String> {
    let base = base.map(i64::from).filter(|seconds| *seconds > 0);
    let Some(before) = send_before else {
        return Ok(base);
    };
    let milliseconds = (before - now).num_milliseconds();
    let left = milliseconds.div_euclid(1000) + i64::from(milliseconds.rem_euclid(1000) > 0)
        - VALIDITY_PADDING;
    if left < 0 {
        return Err("The contact's texting hours are over in less than 30 seconds.".to_owned());
    }
    Ok(Some(
        base.unwrap_or(MAX_VALIDITY)
            .min(left)
            .clamp(1, MAX_VALIDITY),
    ))
}

#[cfg(test)]
mod tests {
    use super::{addressed, validity};

    #[test]
    fn a_text_is_valid_until_the_hours_end_less_a_padding() {
        let now = "2026-11-03T12:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(validity(None, None, now), Ok(None));
        assert_eq!(validity(Some(600), None, now), Ok(Some(600)));
        assert_eq!(
            validity(None, at("2026-11-03T12:10:00Z"), now),
            Ok(Some(570))
        );
        assert_eq!(
            validity(Some(60), at("2026-11-03T12:10:00Z"), now),
            Ok(Some(60))
        );
        assert_eq!(
            validity(None, at("2026-11-03T20:00:00Z"), now),
            Ok(Some(14_400))
        );
        // At the last moment and with a period of nought too: without any the carrier might deliver it at night.
        assert_eq!(validity(None, at("2026-11-03T12:00:30Z"), now), Ok(Some(1)));
        assert_eq!(validity(Some(0), None, now), Ok(None));
        assert_eq!(
            validity(Some(0), at("2026-11-03T12:10:00Z"), now),
            Ok(Some(570))
        );
        assert_eq!(
            validity(None, at("2026-11-03T12:00:30.5Z"), now),
            Ok(Some(1))
        );
        assert!(validity(None, at("2026-11-03T12:00:29Z"), now).is_err());
    }

    #[test]
    fn an_overridden_recipient_sees_who_was_meant() {
        let (to, body) = addressed(Some("+12125550100"), "+16175550123", "Hi");
        assert_eq!(
            (to.as_str(), body.as_str()),
            ("+12125550100", "[+16175550123] Hi")
        );
        assert_eq!(
            addressed(None, "+16175550123", "Hi"),
            ("+16175550123".to_owned(), "Hi".to_owned())
        );
    }
}
