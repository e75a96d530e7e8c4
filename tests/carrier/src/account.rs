//! What the carrier knows of its customer: texts, numbers, messaging services.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rand::RngCore;
use serde::Serialize;

/// A text it has taken.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    pub sid: String,
    pub to: String,
    /// Its sender; chosen of the service's.
    pub from: String,
    pub body: String,
    pub service: String,
    pub status: &'static str,
    pub error_code: Option<u32>,
    pub validity: Option<u32>,
    pub status_callback: String,
    pub created_at: DateTime<Utc>,
}

/// A text a person has sent to its customer.
#[derive(Clone, Debug, Serialize)]
pub struct Inbound {
    pub sid: String,
    pub from: String,
    pub body: String,
    /// Whether the webhook or its fallback has said that it has it.
    pub is_taken: bool,
}

/// A number its customer owns.
#[derive(Clone, Debug, Serialize)]
pub struct Number {
    pub sid: String,
    pub phone_number: String,
    pub friendly_name: String,
    pub service: Option<String>,
}

/// A messaging service.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Service {
    pub sid: String,
    pub friendly_name: String,
    pub inbound_request_url: String,
    pub fallback_url: String,
    pub status_callback: String,
}

#[derive(Default)]
pub(crate) struct Account {
    pub(crate) texts: Vec<Text>,
    pub(crate) by_sid: HashMap<String, usize>,
    pub(crate) by_number: HashMap<String, Vec<usize>>,
    pub(crate) inbound: Vec<Inbound>,
    pub(crate) numbers: Vec<Number>,
    pub(crate) services: Vec<Service>,
    /// Who has texted STOP to which service.
    pub(crate) blocked: HashSet<(String, String)>,
    pub(crate) asked: Vec<String>,
    /// What time it is here; none: the machine's.
    pub(crate) time: Option<DateTime<Utc>>,
    next_sender: usize,
}

/// A resource's id: two letters and 32 hex digits.
pub(crate) fn sid(prefix: &str) -> String {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    format!("{prefix}{}", hex::encode(bytes))
}

impl Account {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.time.unwrap_or_else(Utc::now)
    }

    pub(crate) fn take(&mut self, text: Text) {
        let place = self.texts.len();
        self.by_sid.insert(text.sid.clone(), place);
        self.by_number
            .entry(text.to.clone())
            .or_default()
            .push(place);
        self.texts.push(text);
    }

    pub(crate) fn text_mut(&mut self, sid: &str) -> Option<&mut Text> {
        self.texts.get_mut(*self.by_sid.get(sid)?)
    }

    pub(crate) fn service(&mut self, mut service: Service) -> String {
        service.sid = sid("MG");
        let sid = service.sid.clone();
        self.services.push(service);
        sid
    }

    pub(crate) fn find_service(&self, sid: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.sid == sid)
    }

    pub(crate) fn number(&mut self, phone_number: &str, friendly_name: &str) -> String {
        let sid = sid("PN");
        self.numbers.push(Number {
            sid: sid.clone(),
            phone_number: phone_number.to_owned(),
            friendly_name: friendly_name.to_owned(),
            service: None,
        });
        sid
    }

    pub(crate) fn attach(&mut self, service: &str, number: &str) {
        if let Some(number) = self.numbers.iter_mut().find(|known| known.sid == number) {
            number.service = Some(service.to_owned());
        }
    }

    /// The sender a service uses next: the one this person knows, else the next in turn.
    pub(crate) fn sender(&mut self, service: &str, to: &str) -> Option<String> {
        let known = self.by_number.get(to).into_iter().flatten().rev();
        let sticky = known
            .map(|place| &self.texts[*place])
            .find(|text| text.service == service);
        if let Some(text) = sticky {
            return Some(text.from.clone());
        }
        let senders: Vec<&Number> = self
            .numbers
            .iter()
            .filter(|number| number.service.as_deref() == Some(service))
            .collect();
        let sender = senders.get(self.next_sender.checked_rem(senders.len())?)?;
        let found = sender.phone_number.clone();
        self.next_sender = self.next_sender.wrapping_add(1);
        Some(found)
    }
}
