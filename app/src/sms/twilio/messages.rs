//! Texts: handing one over, and asking what became of one.

use chrono::{DateTime, Utc};
use http::Method;
use serde::Deserialize;

use super::{Call, Failure, Twilio, parse};
use crate::sms::errors::{Class, class};
use crate::sms::{Encore, Outcome};

/// A text as Twilio wants it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub to: &'a str,
    pub body: &'a str,
    pub messaging_service_sid: &'a str,
    /// Seconds Twilio may keep it.
    pub validity: Option<i64>,
    /// Where its reports go; none: where the messaging service says.
    pub status_callback: Option<&'a str>,
}

/// A text Twilio has.
#[derive(Clone, Debug)]
pub struct Taken {
    pub sid: String,
    pub body: String,
    pub messaging_service_sid: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Answer {
    sid: Option<String>,
    /// Of the text, when it was taken but is already known to fail.
    error_code: Option<i32>,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    body: String,
    messaging_service_sid: Option<String>,
    date_created: String,
}

/// The most a page can have.
const PAGE_SIZE: &str = "1000";

impl Twilio {
    /// Sends one text. Never twice: what may have been taken is [`Outcome::Unknown`].
    pub async fn send(&self, web: &reqwest::Client, text: &Text<'_>) -> Outcome {
        let validity = text.validity.map(|seconds| seconds.to_string());
        let mut parameters = vec![
            ("To", text.to),
            ("Body", text.body),
            ("MessagingServiceSid", text.messaging_service_sid),
        ];
        parameters.extend(
            validity
                .as_deref()
                .map(|seconds| ("ValidityPeriod", seconds)),
        );
        parameters.extend(text.status_callback.map(|url| ("StatusCallback", url)));
        let call = Call {
            method: Method::POST,
            url: self.resource("Messages.json"),
            parameters: &parameters,
        };
        classify(self.call(web, call).await)
    }

    /// The newest texts Twilio has taken for this number, at most 1,000. Not by `DateSent`: what Twilio has accepted and
    /// not sent yet has none.
    ///
    /// # Errors
    /// When Twilio does not say.
    pub async fn list(&self, web: &reqwest::Client, to: &str) -> Result<Vec<Taken>, Failure> {
        let call = Call {
            method: Method::GET,
            url: self.resource("Messages.json"),
            parameters: &[("To", to), ("PageSize", PAGE_SIZE)],
        };
        let answer = self.call(web, call).await?;
        let page: Page = parse(&answer)?;
        page.messages.into_iter().map(taken).collect()
    }
}

fn taken(listed: Listed) -> Result<Taken, Failure> {
    let created_at = DateTime::parse_from_rfc2822(&listed.date_created)
        .map_err(|error| Failure::Unanswered(format!("{}: {error}", listed.date_created)))?;
    Ok(Taken {
        sid: listed.sid,
        body: listed.body,
        messaging_service_sid: listed.messaging_service_sid,
        created_at: created_at.to_utc(),
    })
}

/// What an answer means.
fn classify(answer: Result<String, Failure>) -> Outcome {
    let text = match answer {
        Ok(text) => text,
        Err(failure) => return classify_failure(failure),
    };
    match serde_json::from_str::<Answer>(&text) {
        Ok(Answer {
            sid: Some(sid),
            error_code: None,
        }) => Outcome::Accepted {
            service_id: sid,
            response: text,
            encore: Encore::Nothing,
        },
        Ok(Answer {
            error_code: Some(code),
            ..
        }) => refused(code, text),
        Ok(_) | Err(_) => Outcome::Unknown {
            why: format!("the carrier's answer makes no sense: {text}"),
        },
    }
}

fn classify_failure(failure: Failure) -> Outcome {
    match failure {
        // Too many requests are refused before anything is done.
        Failure::Unreachable(_) | Failure::Refused { status: 429, .. } => Outcome::Later {
            why: failure.to_string(),
            error_code: None,
        },
        Failure::Refused {
            status: 400..=499,
            code: Some(code),
            answer,
        } => refused(code, answer),
        // Without a code it was not Twilio who refused: a proxy, a firewall. Whether the text got through is asked.
        Failure::Refused { .. } | Failure::Unanswered(_) => Outcome::Unknown {
            why: failure.to_string(),
        },
    }
}

/// A refusal by code: of the text for good, of the text for now, or of everything.
fn refused(code: i32, response: String) -> Outcome {
    match class(code) {
        Class::TryLater => Outcome::Later {
            why: response,
            error_code: Some(code),
        },
        // Nothing is wrong with the text: it waits until the account is in order again.
        Class::Account => {
            tracing::error!(code, response, "the carrier does not accept our account");
            Outcome::Later {
                why: response,
                error_code: None,
            }
        }
        Class::OptedOut
        | Class::Number
        | Class::Content
        | Class::Campaign
        | Class::Expired
        | Class::Unknown => Outcome::Refused {
            error_code: Some(code),
            response,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Outcome, classify};

    fn refusal(status: u16, code: Option<i32>) -> Outcome {
        classify(Err(Failure::Refused {
            status,
            code,
            answer: String::new(),
        }))
    }

    #[test]
    fn answers_are_told_apart() {
        let accepted = classify(Ok(r#"{"sid":"SM1","error_code":null}"#.to_owned()));
        assert!(matches!(accepted, Outcome::Accepted { service_id, .. } if service_id == "SM1"));
        assert!(matches!(
            refusal(400, Some(21_610)),
            Outcome::Refused {
                error_code: Some(21_610),
                ..
            }
        ));
        assert!(matches!(
            refusal(429, Some(20_429)),
            Outcome::Later {
                error_code: None,
                ..
            }
        ));
        assert!(matches!(
            refusal(400, Some(21_611)),
            Outcome::Later {
                error_code: Some(21_611),
                ..
            }
        ));
        // A wrong token is nobody's text's fault.
        assert!(matches!(refusal(401, Some(20_003)), Outcome::Later { .. }));
        for status in [403, 404, 407, 408, 503] {
            assert!(matches!(refusal(status, None), Outcome::Unknown { .. }));
        }
        assert!(matches!(
            classify(Ok("{}".to_owned())),
            Outcome::Unknown { .. }
        ));
        assert!(matches!(
            classify(Err(Failure::Unanswered("x".to_owned()))),
            Outcome::Unknown { .. }
        ));
        assert!(matches!(
            classify(Err(Failure::Unreachable("x".to_owned()))),
            Outcome::Later { .. }
        ));
    }
}
