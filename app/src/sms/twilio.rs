//! Twilio: sending a text, and telling whether a webhook is theirs.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha1::Sha1;

use super::{Encore, Outcome};

/// The person has texted STOP to this sender: Twilio blocks it, and so must we.
pub const UNSUBSCRIBED: i32 = 21_610;

/// Credentials of an account.
pub struct Twilio {
    account: String,
    token: String,
    base: String,
}

#[derive(Deserialize)]
struct Answer {
    sid: Option<String>,
    /// Of the text, when it was taken but is already known to fail.
    error_code: Option<i32>,
    /// Of the request, when it was refused.
    code: Option<i32>,
}

impl Twilio {
    /// With the account's own token.
    pub fn new(account: String, token: String) -> Self {
        Self {
            account,
            token,
            base: "https://api.twilio.com".to_owned(),
        }
    }

    /// Speaks to another address: tests have their own carrier.
    #[must_use]
    pub fn at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    /// Sends one text. Never twice: what may have been taken is [`Outcome::Unknown`].
    pub async fn send(
        &self,
        web: &reqwest::Client,
        to: &str,
        body: &str,
        messaging_service_sid: &str,
        validity: Option<i64>,
    ) -> Outcome {
        let url = format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            self.base, self.account
        );
        let validity = validity.map(|seconds| seconds.to_string());
        let form: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to)
            .append_pair("Body", body)
            .append_pair("MessagingServiceSid", messaging_service_sid)
            .extend_pairs(validity.as_ref().map(|seconds| ("ValidityPeriod", seconds)))
            .finish();
        let request = web
            .post(url)
            .basic_auth(&self.account, Some(&self.token))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Outcome::Later {
                    why: format!("the carrier cannot be reached: {}", error.without_url()),
                };
            }
            Err(error) => {
                return Outcome::Unknown {
                    why: format!("the carrier has not answered: {}", error.without_url()),
                };
            }
        };
        let status = response.status().as_u16();
        match response.text().await {
            Ok(text) => classify(status, text),
            Err(error) => Outcome::Unknown {
                why: format!("the carrier's answer broke off: {}", error.without_url()),
            },
        }
    }

    /// Whether `signature` is Twilio's for this request: HMAC-SHA1, under the account's token, of
    /// the address and every parameter in the order of their names.
    pub fn is_signed(
        &self,
        url: &str,
        parameters: &BTreeMap<String, String>,
        signature: &str,
    ) -> bool {
        let Ok(given) = STANDARD.decode(signature) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.token.as_bytes()) else {
            return false;
        };
        mac.update(url.as_bytes());
        for (name, value) in parameters {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&given).is_ok()
    }
}

/// What an answer means.
fn classify(status: u16, text: String) -> Outcome {
    let answer: Option<Answer> = serde_json::from_str(&text).ok();
    match (status, answer) {
        (
            200..=299,
            Some(Answer {
                sid: Some(sid),
                error_code: None,
                ..
            }),
        ) => Outcome::Accepted {
            service_id: sid,
            response: text,
            encore: Encore::Nothing,
        },
        (200..=299, Some(answer)) if answer.error_code.is_some() => Outcome::Refused {
            error_code: answer.error_code,
            response: text,
        },
        // Too many requests: refused before anything was done.
        (429, _) => Outcome::Later { why: text },
        (400..=499, answer) => Outcome::Refused {
            error_code: answer.and_then(|answer| answer.code),
            response: text,
        },
        _ => Outcome::Unknown {
            why: format!("the carrier answered {status}: {text}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Outcome, Twilio, classify};

    #[test]
    fn answers_are_told_apart() {
        let accepted = classify(201, r#"{"sid":"SM1","error_code":null}"#.to_owned());
        assert!(matches!(accepted, Outcome::Accepted { service_id, .. } if service_id == "SM1"));
        let refused = classify(400, r#"{"code":21610,"message":"unsubscribed"}"#.to_owned());
        assert!(matches!(
            refused,
            Outcome::Refused {
                error_code: Some(21_610),
                ..
            }
        ));
        assert!(matches!(
            classify(429, String::new()),
            Outcome::Later { .. }
        ));
        assert!(matches!(
            classify(503, "x".to_owned()),
            Outcome::Unknown { .. }
        ));
        assert!(matches!(
            classify(200, "{}".to_owned()),
            Outcome::Unknown { .. }
        ));
    }

    /// The example of Twilio's own documentation ("Validating Signatures from Twilio").
    #[test]
    fn a_signature_is_checked_as_twilio_makes_it() {
        let twilio = Twilio::new("AC1".to_owned(), "12345".to_owned());
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let mut parameters: BTreeMap<String, String> = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let signature = "GvWf1cFY/Q7PnoempGyD5oXAezc=";
        assert!(twilio.is_signed(url, &parameters, signature));
        assert!(!twilio.is_signed("https://mycompany.com/", &parameters, signature));
        parameters.insert("Digits".to_owned(), "1235".to_owned());
        assert!(!twilio.is_signed(url, &parameters, signature));
        assert!(!twilio.is_signed(url, &parameters, "not base64"));
    }
}
