//! Numbers: those for sale, and those the account owns.

use http::Method;
use serde::Deserialize;

use super::{Call, Failure, Twilio, parse};

/// A number the account owns.
#[derive(Clone, Debug, Deserialize)]
pub struct Owned {
    pub sid: String,
    pub phone_number: String,
    #[serde(default)]
    pub friendly_name: String,
}

#[derive(Deserialize)]
struct ForSale {
    available_phone_numbers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Offer {
    phone_number: String,
}

#[derive(Deserialize)]
struct OwnedPage {
    incoming_phone_numbers: Vec<Owned>,
    next_page_uri: Option<String>,
}

impl Twilio {
    /// Local numbers of the area code that can text and are for sale: thirty at the most.
    ///
    /// # Errors
    /// When Twilio does not say.
    pub async fn search_numbers(
        &self,
        web: &reqwest::Client,
        area_code: &str,
    ) -> Result<Vec<String>, Failure> {
        let call = Call {
            method: Method::GET,
            url: self.resource("AvailablePhoneNumbers/US/Local.json"),
            parameters: &[
                ("AreaCode", area_code),
                ("SmsEnabled", "true"),
                ("MmsEnabled", "true"),
            ],
        };
        let answer = self.call(web, call).await?;
        let found: ForSale = parse(&answer)?;
        let numbers = found.available_phone_numbers.into_iter();
        Ok(numbers.map(|offer| offer.phone_number).collect())
    }

    /// Buys a number under that name.
    ///
    /// # Errors
    /// When Twilio does not sell it, or does not say.
    pub async fn buy_number(
        &self,
        web: &reqwest::Client,
        number: &str,
        name: &str,
        voice_url: Option<&str>,
    ) -> Result<Owned, Failure> {
        let mut parameters = vec![("PhoneNumber", number), ("FriendlyName", name)];
        parameters.extend(voice_url.map(|url| ("VoiceUrl", url)));
        let call = Call {
            method: Method::POST,
            url: self.resource("IncomingPhoneNumbers.json"),
            parameters: &parameters,
        };
        parse(&self.call(web, call).await?)
    }

    /// Every number the account owns.
    ///
    /// # Errors
    /// When Twilio does not say.
    pub async fn list_numbers(&self, web: &reqwest::Client) -> Result<Vec<Owned>, Failure> {
        let mut url = self.resource("IncomingPhoneNumbers.json?PageSize=1000");
        let mut owned = Vec::new();
        loop {
            let call = Call {
                method: Method::GET,
                url,
                parameters: &[],
            };
            let answer = self.call(web, call).await?;
            let page: OwnedPage = parse(&answer)?;
            owned.extend(page.incoming_phone_numbers);
            match page.next_page_uri {
                Some(next) => url = format!("{}{next}", self.api),
                None => return Ok(owned),
            }
        }
    }
}
