//! What a shift that went through has proved, and probes for instances that nobody visits meanwhile.

use serde::Serialize;
use serde_json::{Value, json};
use spoke_contract::functions::Function;

use super::shift::Route;
use crate::context::Context;

/// What the new version answered while traffic shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Requests of people, as far as CloudWatch had counted them.
    pub requests: u64,
    /// Those of them that were errors.
    pub errors: u64,
    /// Our own probes; one that fails stops the shift.
    pub probes: u64,
}

/// Whether a shift that went through means anything. One that failed is a failure, and told as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Enough was answered, and no alarm rang.
    Passed,
    /// Too little was answered to tell.
    Inconclusive,
}

impl Verdict {
    /// Of what was answered, when `wanted` requests and probes together mean something.
    #[must_use]
    pub fn of(answered: Answered, wanted: u32) -> Self {
        if answered.requests + answered.probes < u64::from(wanted) {
            Self::Inconclusive
        } else {
            Self::Passed
        }
    }
}

/// Probes that are still to be sent to the new version.
#[derive(Debug)]
pub struct Probes {
    left: u32,
    sent: u64,
}

impl Probes {
    /// `wanted` of them.
    #[must_use]
    pub fn new(wanted: u32) -> Self {
        Self {
            left: wanted,
            sent: 0,
        }
    }

    /// How many were answered well.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends some of those that are left, so that all are sent long before the shift ends. Says what was wrong with
    /// the first that failed.
    pub async fn send(&mut self, ctx: &Context, route: &Route) -> Result<(), String> {
        let function = Function::Web.lambda_name(&ctx.stage.name);
        for _ in 0..self.left.min(5) {
            let answer = ctx
                .cloud
                .functions
                .call_at(&function, &route.to, &event())
                .await
                .map_err(|error| format!("{error:#}"))?;
            let status = answer["statusCode"].as_u64().unwrap_or_default();
            if !(200..500).contains(&status) {
                return Err(format!("version {} answers {status}", route.to));
            }
            self.left -= 1;
            self.sent += 1;
        }
        Ok(())
    }
}

/// `GET /login` as an HTTP API hands it over (payload format 2.0).
fn event() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/login",
        "rawQueryString": "",
        "headers": { "host": "probe.invalid", "user-agent": "spokectl" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "probe",
            "domainName": "probe.invalid",
            "domainPrefix": "probe",
            "http": {
                "method": "GET",
                "path": "/login",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "spokectl",
            },
            "requestId": "probe",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1_767_225_600_000_u64,
        },
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Answered, Verdict};

    #[test]
    fn too_few_requests_prove_nothing() {
        let answered = Answered {
            requests: 60,
            errors: 0,
            probes: 39,
        };
        assert_eq!(Verdict::of(answered, 100), Verdict::Inconclusive);
        assert_eq!(Verdict::of(answered, 99), Verdict::Passed);
        assert_eq!(Verdict::of(Answered::default(), 0), Verdict::Passed);
    }
}
