//! What a provider says of somebody.

use anyhow::Context;
use serde::Deserialize;

/// Names are as long as this in the database's eyes, see `people/profile.rs`.
const MAX_NAME: usize = 100;

/// Somebody, as their provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What the provider will always call them: `slack|<team>|<user>`, or Auth0's `sub`.
    pub subject: String,
    pub email: String,
    /// Whether the provider has seen that they read mail there.
    pub is_email_verified: bool,
    pub first_name: String,
    pub last_name: String,
    pub cell: Option<String>,
}

/// The answer of a `userinfo` endpoint: `OpenID` Connect's standard claims, Slack's and the ones our Auth0 rules add.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    sub: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(rename = "https://slack.com/team_id")]
    pub(super) team: Option<String>,
    #[serde(rename = "https://slack.com/user_id")]
    user: Option<String>,
    #[serde(rename = "https://spoke/user_metadata")]
    our_metadata: Option<Metadata>,
    user_metadata: Option<Metadata>,
    /// Slack says what went wrong with status 200.
    ok: Option<bool>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    given_name: Option<String>,
    family_name: Option<String>,
    cell: Option<String>,
}

impl Said {
    pub(super) fn is_error(&self) -> bool {
        self.ok == Some(false)
    }

    pub(super) fn error(&self) -> anyhow::Error {
        let word = self.error.as_deref().unwrap_or("nothing more");
        anyhow::anyhow!("asking Slack who came: it said {word}")
    }
}

impl Claims {
    pub(super) fn of_slack(team: &str, said: Said) -> anyhow::Result<Self> {
        let user = said.user.as_deref().or(said.sub.as_deref());
        let subject = format!("slack|{team}|{}", user.context("Slack names no user id")?);
        Self::of(subject, said)
    }

    pub(super) fn of_auth0(said: Said) -> anyhow::Result<Self> {
        let subject = said.sub.clone().context("Auth0 names no sub")?;
        Self::of(subject, said)
    }

    fn of(subject: String, said: Said) -> anyhow::Result<Self> {
        let email = said.email.filter(|email| email.contains('@'));
        let email = email.context("the provider names no e-mail address")?;
        let metadata = said.our_metadata.or(said.user_metadata).unwrap_or_default();
        let whole = said.name.unwrap_or_default();
        let (first, rest) = whole.trim().split_once(' ').unwrap_or((whole.trim(), ""));
        let mailbox = email.split('@').next().unwrap_or_default();
        let first_name = [metadata.given_name, said.given_name]
            .into_iter()
            .flatten()
            .chain([first.to_owned(), mailbox.to_owned()])
            .find_map(|name| tidy(&name));
        let last_name = [metadata.family_name, said.family_name]
            .into_iter()
            .flatten()
            .chain([rest.to_owned()])
            .find_map(|name| tidy(&name));
        Ok(Self {
            subject,
            is_email_verified: said.email_verified,
            first_name: first_name.unwrap_or_default(),
            last_name: last_name.unwrap_or_default(),
            cell: metadata.cell.filter(|cell| !cell.trim().is_empty()),
            email: email.trim().to_lowercase(),
        })
    }
}

fn tidy(name: &str) -> Option<String> {
    let name: String = name.trim().chars().take(MAX_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Claims, Said};

    fn said(value: Value) -> Said {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn slack_says_team_and_user() {
        let claims = Claims::of_slack(
            "T1",
            said(json!({"ok": true, "sub": "U7", "https://slack.com/team_id": "T1", "https://slack.com/user_id": "U7",
                "email": "Ana@Example.org", "email_verified": true, "name": "Ana Maria Diaz"})),
        )
        .unwrap();
        assert_eq!(claims.subject, "slack|T1|U7");
        assert_eq!(claims.email, "ana@example.org");
        assert!(claims.is_email_verified);
        assert_eq!(claims.first_name, "Ana");
        assert_eq!(claims.last_name, "Maria Diaz");
    }

    #[test]
    fn auth0_names_people_by_metadata_then_claims_then_address() {
        let of = |more: Value| {
            let mut value = json!({"sub": "auth0|1", "email": "ana@example.org"});
            value
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            Claims::of_auth0(said(value)).unwrap()
        };
        let metadata = json!({"given_name": "Zoë", "family_name": "Q", "cell": "+15550001111"});
        let claims = of(json!({"https://spoke/user_metadata": metadata, "given_name": "Ana"}));
        assert_eq!(
            (claims.first_name.as_str(), claims.last_name.as_str()),
            ("Zoë", "Q")
        );
        assert_eq!(claims.cell.as_deref(), Some("+15550001111"));
        let claims = of(json!({"user_metadata": {}, "given_name": "Ana", "family_name": "Diaz"}));
        assert_eq!(
            (claims.first_name.as_str(), claims.last_name.as_str()),
            ("Ana", "Diaz")
        );
        let claims = of(json!({}));
        assert_eq!(
            (claims.first_name.as_str(), claims.last_name.as_str()),
            ("ana", "")
        );
        assert!(!claims.is_email_verified);
    }

    #[test]
    fn somebody_without_an_address_is_nobody() {
        assert!(Claims::of_auth0(said(json!({"sub": "auth0|1"}))).is_err());
        assert!(Claims::of_auth0(said(json!({"email": "a@b.co"}))).is_err());
    }
}
