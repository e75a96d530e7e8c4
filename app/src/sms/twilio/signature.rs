//! Telling whether a webhook is Twilio's.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::Twilio;

impl Twilio {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Twilio;

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
