//! What goes wrong, and when.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// How the carrier behaves.
#[derive(Debug)]
pub struct Plan {
    /// The first that fits a text counts.
    pub rules: Vec<Rule>,
    pub outage: Option<Outage>,
    /// Whether texts are reported at all.
    pub reports: bool,
    /// How long after taking a text it reports it.
    pub report_after_ms: u64,
    /// How long every answer takes.
    pub latency_ms: u64,
    /// What the person answers, and how long after the report; none: nobody answers.
    pub reply: Option<String>,
    pub reply_after_ms: u64,
    /// How often each text of a person comes, all at once.
    pub replies_come: u32,
    /// Whether it says what it has sent with the characters that smart encoding puts into the place of others.
    pub smart_encoding: bool,
    /// Most items a page of a list holds, however many are asked for.
    pub page_size: usize,
    held: watch::Sender<u64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            outage: None,
            reports: true,
            report_after_ms: 0,
            latency_ms: 0,
            reply: None,
            reply_after_ms: 0,
            replies_come: 1,
            smart_encoding: false,
            page_size: usize::MAX,
            held: watch::Sender::new(0),
        }
    }
}

impl Plan {
    /// The fault this text meets; uses the rule up once.
    pub(crate) fn fault(&mut self, to: &str, body: &str) -> Option<Fault> {
        let found = self
            .rules
            .iter_mut()
            .find(|rule| rule.times != Some(0) && rule.fits(to, body))?;
        if let Some(times) = &mut found.times {
            *times -= 1;
        }
        Some(found.fault.clone())
    }

    pub(crate) fn release(&self) {
        self.held.send_modify(|round| *round += 1);
    }

    pub(crate) fn held(&self) -> watch::Receiver<u64> {
        self.held.subscribe()
    }
}

/// A fault, and which texts meet it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Only texts to this number.
    #[serde(default)]
    pub to: Option<String>,
    /// Only texts that contain this.
    #[serde(default)]
    pub body: Option<String>,
    /// Only so often; none: always.
    #[serde(default)]
    pub times: Option<u32>,
    pub fault: Fault,
}

impl Rule {
    /// For every text, always.
    pub fn of(fault: Fault) -> Self {
        Self {
            to: None,
            body: None,
            times: None,
            fault,
        }
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn to(mut self, number: &str) -> Self {
        self.to = Some(number.to_owned());
        self
    }

    fn fits(&self, to: &str, body: &str) -> bool {
        self.to.as_deref().is_none_or(|number| number == to)
            && self.body.as_deref().is_none_or(|part| body.contains(part))
    }
}

/// What happens to one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Refused, with Twilio's code; 20429 as 429, everything else as 400.
    Refuse { code: u32 },
    /// 500, and not taken.
    Fail,
    /// Taken, and answered with 500.
    TakeAndFail,
    /// The connection breaks before it was taken.
    HangUp,
    /// Taken; the connection breaks instead of an answer.
    LoseAnswer,
    /// Waits for `release` before it is taken.
    HoldBefore,
    /// Taken; waits for `release` before it is answered.
    HoldAfter,
    /// The answer takes this long.
    Slow { milliseconds: u64 },
    /// Taken; reported as undelivered with this code.
    Undelivered { code: u32 },
    /// Reported as delivered before it is answered.
    ReportFirst,
    /// Each of its reports comes this often.
    Repeat { times: u32 },
    /// `delivered` comes before `sent`.
    Reorder,
    /// Never reported.
    Silent,
}

/// Nothing works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// Every request is answered with 503.
    Unavailable,
    /// Every connection breaks.
    HangUp,
}
