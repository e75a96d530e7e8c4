//! Twilio: its HTTP API, as far as Spoke uses it.

pub mod messages;
pub mod numbers;
pub mod services;
pub mod signature;

use std::fmt;

use http::Method;
use serde::Deserialize;

/// The person has texted STOP to this sender: Twilio blocks it, and so must we.
pub const UNSUBSCRIBED: i32 = 21_610;

/// Credentials of an account, and where its API is.
pub struct Twilio {
    account: String,
    token: String,
    api: String,
    messaging: String,
}

/// A call that did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// Twilio cannot be reached: nothing was asked of it.
    Unreachable(String),
    /// No answer, or one that makes no sense: whatever was asked may have been done.
    Unanswered(String),
    /// Twilio says no.
    Refused {
        status: u16,
        code: Option<i32>,
        answer: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(formatter, "the carrier cannot be reached: {why}"),
            Self::Unanswered(why) => write!(formatter, "the carrier has not answered: {why}"),
            Self::Refused { status, answer, .. } => {
                write!(formatter, "the carrier answered {status}: {answer}")
            }
        }
    }
}

impl std::error::Error for Failure {}

/// What a refusal looks like.
#[derive(Deserialize)]
struct Refusal {
    code: Option<i32>,
}

/// A request: where, and its parameters.
struct Call<'a> {
    method: Method,
    url: String,
    parameters: &'a [(&'a str, &'a str)],
}

impl Twilio {
    /// With the account's own token.
    pub fn new(account: String, token: String) -> Self {
        Self {
            account,
            token,
            api: "https://api.twilio.com".to_owned(),
            messaging: "https://messaging.twilio.com".to_owned(),
        }
    }

    /// Speaks to another address in place of every host of Twilio's.
    #[must_use]
    pub fn at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.api);
        base.clone_into(&mut self.messaging);
        self
    }

    /// An address of the account's.
    fn resource(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{path}", self.api, self.account)
    }

    /// Sends a request, once; answers what a success says.
    async fn call(&self, web: &reqwest::Client, call: Call<'_>) -> Result<String, Failure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(call.parameters)
            .finish();
        let request = if call.method == Method::POST {
            web.post(call.url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form)
        } else if form.is_empty() {
            web.request(call.method, call.url)
        } else {
            web.request(call.method, format!("{}?{form}", call.url))
        };
        let request = request.basic_auth(&self.account, Some(&self.token));
        let response = request.send().await.map_err(|error| {
            let is_connect = error.is_connect();
            let why = error.without_url().to_string();
            if is_connect {
                Failure::Unreachable(why)
            } else {
                Failure::Unanswered(why)
            }
        })?;
        let status = response.status().as_u16();
        let answer = response
            .text()
            .await
            .map_err(|error| Failure::Unanswered(error.without_url().to_string()))?;
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let refusal: Option<Refusal> = serde_json::from_str(&answer).ok();
        Err(Failure::Refused {
            status,
            code: refusal.and_then(|refusal| refusal.code),
            answer,
        })
    }
}

/// Reads an answer's JSON.
fn parse<'a, T: Deserialize<'a>>(answer: &'a str) -> Result<T, Failure> {
    serde_json::from_str(answer)
        .map_err(|error| Failure::Unanswered(format!("the answer makes no sense: {error}")))
}
