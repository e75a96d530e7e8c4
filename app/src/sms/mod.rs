//! Handing a text to the carrier, or to what stands in for it.

pub mod twilio;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Simulation;

/// The messaging service texts belong to while nothing is sent for real.
pub const MOCK_SERVICE: &str = "mock-messaging-service";
/// A carrier that accepts everything, for trying things out.
pub const FAKE_SERVICE: &str = "fakeservice";
/// Seconds the carrier gets less than the contact's hours last.
pub const VALIDITY_PADDING: i64 = 30;
/// The longest the carrier keeps a text.
const MAX_VALIDITY: i64 = 14_400;

/// A text on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The number as it is stored.
    pub to: String,
    pub body: String,
    pub service: String,
    pub messaging_service_sid: Option<String>,
    pub send_before: Option<DateTime<Utc>>,
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
    /// The carrier surely does not have it, and trying later is right.
    Later { why: String },
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
    },
}

/// Hands the text over, in the order of steps the switches have always had.
pub async fn send(app: &App, text: &Outgoing) -> Outcome {
    if text.service == FAKE_SERVICE {
        return fake(app, text);
    }
    let (to, body) = addressed(app.config.override_recipient.as_deref(), text);
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
    let Some(service) = &text.messaging_service_sid else {
        return Outcome::NotAttempted {
            code: "CARRIER_NOT_CONFIGURED",
            why: "The campaign has no messaging service: nothing was sent.".to_owned(),
        };
    };
    match app.web().await {
        Ok(web) => twilio.send(web, &to, &body, service, validity).await,
        Err(error) => Outcome::Later {
            why: error.to_string(),
        },
    }
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
fn addressed(override_recipient: Option<&str>, text: &Outgoing) -> (String, String) {
    match override_recipient {
        Some(number) => (number.to_owned(), format!("[{}] {}", text.to, text.body)),
        None => (text.to.clone(), text.body.clone()),
    }
}

/// Seconds the carrier may keep the text; none when it may as long as it likes.
fn validity(
    base: Option<u32>,
    send_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<i64>, String> {
    let base = base.map(i64::from);
    let Some(before) = send_before else {
        return Ok(base.filter(|seconds| *seconds > 0));
    };
    let milliseconds = (before - now).num_milliseconds();
    let left = milliseconds.div_euclid(1000) + i64::from(milliseconds.rem_euclid(1000) > 0)
        - VALIDITY_PADDING;
    if left < 0 {
        return Err("The contact's texting hours are over in less than 30 seconds.".to_owned());
    }
    let period = base.unwrap_or(MAX_VALIDITY).min(left).min(MAX_VALIDITY);
    Ok(Some(period).filter(|seconds| *seconds > 0))
}

#[cfg(test)]
mod tests {
    use super::{Outgoing, addressed, validity};

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
        assert_eq!(validity(None, at("2026-11-03T12:00:30Z"), now), Ok(None));
        assert_eq!(
            validity(None, at("2026-11-03T12:00:30.5Z"), now),
            Ok(Some(1))
        );
        assert!(validity(None, at("2026-11-03T12:00:29Z"), now).is_err());
    }

    #[test]
    fn an_overridden_recipient_sees_who_was_meant() {
        let text = Outgoing {
            to: "+16175550123".to_owned(),
            body: "Hi".to_owned(),
            service: "twilio".to_owned(),
            messaging_service_sid: None,
            send_before: None,
        };
        let (to, body) = addressed(Some("+12125550100"), &text);
        assert_eq!(
            (to.as_str(), body.as_str()),
            ("+12125550100", "[+16175550123] Hi")
        );
        assert_eq!(
            addressed(None, &text),
            ("+16175550123".to_owned(), "Hi".to_owned())
        );
    }
}
