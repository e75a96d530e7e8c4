//! Messaging services: a campaign's own senders.

use http::Method;
use serde::Deserialize;

use super::{Call, Failure, Twilio, parse};

/// The number is a sender of this service already. Twilio: 21710.
const ALREADY_ATTACHED: i32 = 21_710;

/// Where a messaging service brings what comes in.
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a> {
    pub inbound: &'a str,
    /// Where a text goes that the first address did not take.
    pub fallback: &'a str,
    pub reports: &'a str,
}

#[derive(Deserialize)]
struct Service {
    sid: String,
    friendly_name: String,
}

#[derive(Deserialize)]
struct ServicePage {
    services: Vec<Service>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    next_page_url: Option<String>,
}

impl Twilio {
    /// The messaging service of that name, made unless there is one: answers its id.
    ///
    /// # Errors
    /// When Twilio refuses, or does not say.
    pub async fn ensure_service(
        &self,
        web: &reqwest::Client,
        name: &str,
        webhooks: Webhooks<'_>,
    ) -> Result<String, Failure> {
        if let Some(sid) = self.find_service(web, name).await? {
            return Ok(sid);
        }
        let call = Call {
            method: Method::POST,
            url: format!("{}/v1/Services", self.messaging),
            parameters: &[
                ("FriendlyName", name),
                ("InboundRequestUrl", webhooks.inbound),
                ("InboundMethod", "POST"),
                ("FallbackUrl", webhooks.fallback),
                ("FallbackMethod", "POST"),
                ("StatusCallback", webhooks.reports),
            ],
        };
        let answer = self.call(web, call).await?;
        Ok(parse::<Service>(&answer)?.sid)
    }

    async fn find_service(
        &self,
        web: &reqwest::Client,
        name: &str,
    ) -> Result<Option<String>, Failure> {
        let mut url = format!("{}/v1/Services?PageSize=100", self.messaging);
        loop {
            let call = Call {
                method: Method::GET,
                url,
                parameters: &[],
            };
            let answer = self.call(web, call).await?;
            let page: ServicePage = parse(&answer)?;
            let found = page
                .services
                .into_iter()
                .find(|service| service.friendly_name == name);
            match (found, page.meta.next_page_url) {
                (Some(service), _) => return Ok(Some(service.sid)),
                (None, Some(next)) => url = next,
                (None, None) => return Ok(None),
            }
        }
    }

    /// Makes the number a sender of the service. Once more changes nothing.
    ///
    /// # Errors
    /// When Twilio refuses, or does not say.
    pub async fn attach_number(
        &self,
        web: &reqwest::Client,
        service: &str,
        number: &str,
    ) -> Result<(), Failure> {
        let call = Call {
            method: Method::POST,
            url: format!("{}/v1/Services/{service}/PhoneNumbers", self.messaging),
            parameters: &[("PhoneNumberSid", number)],
        };
        match self.call(web, call).await {
            Err(Failure::Refused {
                code: Some(ALREADY_ATTACHED),
                ..
            }) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Removes the service; its senders are free again. Once more changes nothing.
    ///
    /// # Errors
    /// When Twilio refuses, or does not say.
    pub async fn delete_service(
        &self,
        web: &reqwest::Client,
        service: &str,
    ) -> Result<(), Failure> {
        let call = Call {
            method: Method::DELETE,
            url: format!("{}/v1/Services/{service}", self.messaging),
            parameters: &[],
        };
        match self.call(web, call).await {
            Err(Failure::Refused { status: 404, .. }) => Ok(()),
            answer => answer.map(drop),
        }
    }
}
