//! Signing in by somebody else: Slack or Auth0, by `OpenID` Connect's authorization code flow with PKCE.
//!
//! Who came is asked at the provider's `userinfo`, over TLS and with the token just got, so that no signature of an
//! id token has to be judged here.

pub mod claims;

use anyhow::Context;
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpClientError, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse, TokenUrl,
};
use serde::Deserialize;
use serde_json::json;

use crate::config::{Config, Strategy};
use claims::{Claims, Said};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why somebody does not get in by a provider.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// They said no there, or the provider did.
    #[error("the provider let nobody in")]
    Denied,
    /// It began too long ago, in another browser, or has come to its end already.
    #[error("this attempt to sign in is over, or never was")]
    Stale,
    /// They belong to another Slack workspace.
    #[error("another workspace")]
    WrongTeam,
    /// The provider does not vouch for their e-mail address.
    #[error("an e-mail address nobody has confirmed")]
    Unverified,
    /// Too many attempts.
    #[error("too many attempts")]
    TooMany,
    /// The provider does not answer as it should, or does not know us.
    #[error(transparent)]
    Unavailable(#[from] anyhow::Error),
}

/// Slack or Auth0, as configured.
pub struct Provider {
    kind: Kind,
    base: String,
    client: Client,
}

#[derive(Clone, Debug)]
enum Kind {
    Slack { team: String },
    Auth0,
}

/// Where a browser is sent, and what must be known when it comes back.
#[derive(Debug)]
pub struct Departure {
    /// The provider's page.
    pub url: String,
    /// Comes back with the browser: whoever does not know it began no attempt here.
    pub state: String,
    /// Proves that the code is asked for by whoever began.
    pub verifier: String,
}

impl Provider {
    /// The provider the configuration names; none where people sign in with a password.
    ///
    /// # Errors
    /// When the secret is missing or an address is none.
    pub fn of(config: &Config, secret: Option<String>) -> anyhow::Result<Option<Self>> {
        let (kind, base, client_id) = match &config.strategy {
            Strategy::Password => return Ok(None),
            Strategy::Slack { client_id, team } => {
                let kind = Kind::Slack { team: team.clone() };
                (kind, "https://slack.com".to_owned(), client_id)
            }
            Strategy::Auth0 { domain, client_id } => {
                (Kind::Auth0, format!("https://{domain}"), client_id)
            }
        };
        let secret = secret.context("neither SIGN_IN_SECRET nor SIGN_IN_SECRET_ARN is set")?;
        let base = config.sign_in_url.clone().unwrap_or(base);
        let base = base.trim_end_matches('/').to_owned();
        let (authorize, token) = match kind {
            Kind::Slack { .. } => ("/openid/connect/authorize", "/api/openid.connect.token"),
            Kind::Auth0 => ("/authorize", "/oauth/token"),
        };
        let address = |path: &str| format!("{base}{path}");
        let what = || format!("the provider's address {base} is none");
        let client = BasicClient::new(ClientId::new(client_id.clone()))
            .set_client_secret(ClientSecret::new(secret))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(address(authorize)).with_context(what)?)
            .set_token_uri(TokenUrl::new(address(token)).with_context(what)?)
            .set_redirect_uri(
                RedirectUrl::new(format!("{}/login-callback", config.base_url))
                    .context("BASE_URL is no address")?,
            );
        Ok(Some(Self { kind, base, client }))
    }

    /// Our own path that begins signing in.
    pub fn path(&self) -> &'static str {
        match self.kind {
            Kind::Slack { .. } => "/login/slack-redirect",
            Kind::Auth0 => "/login/auth0-redirect",
        }
    }

    /// Whether people new here agree to the terms before anything else: so it was with Slack, and only with it.
    pub fn wants_terms(&self) -> bool {
        matches!(self.kind, Kind::Slack { .. })
    }

    /// Begins signing in, with chance of the caller's.
    pub fn depart(&self, state: String, verifier: String) -> Departure {
        let verifier = PkceCodeVerifier::new(verifier);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let token = state.clone();
        let mut request = self
            .client
            .authorize_url(move || CsrfToken::new(token))
            .set_pkce_challenge(challenge);
        for scope in ["openid", "profile", "email"] {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        if let Kind::Slack { team } = &self.kind {
            request = request.add_extra_param("team", team);
        }
        let (url, _) = request.url();
        Departure {
            url: url.into(),
            state,
            verifier: verifier.into_secret(),
        }
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// [`Refusal::Stale`] for a code that is used up, [`Refusal::WrongTeam`], [`Refusal::Unavailable`].
    pub async fn arrival(
        &self,
        web: &reqwest::Client,
        code: String,
        verifier: String,
    ) -> Result<Claims, Refusal> {
        let token = self
            .client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(web)
            .await
            .map_err(refused)?;
        let path = match self.kind {
            Kind::Slack { .. } => "/api/openid.connect.userInfo",
            Kind::Auth0 => "/userinfo",
        };
        let said: Said = self.get(web, path, token.access_token().secret()).await?;
        match &self.kind {
            Kind::Auth0 => Ok(Claims::of_auth0(said)?),
            Kind::Slack { team } if said.team.as_deref() == Some(team) => {
                Ok(Claims::of_slack(team, said)?)
            }
            Kind::Slack { .. } if said.is_error() => Err(Refusal::Unavailable(said.error())),
            Kind::Slack { .. } => Err(Refusal::WrongTeam),
        }
    }

    async fn get(&self, web: &reqwest::Client, path: &str, token: &str) -> anyhow::Result<Said> {
        let what = || format!("asking the provider who came ({path})");
        let answer = web
            .get(format!("{}{path}", self.base))
            .bearer_auth(token)
            .send()
            .await
            .with_context(what)?;
        answer
            .error_for_status()
            .with_context(what)?
            .json()
            .await
            .with_context(what)
    }

    /// Where a browser goes to be signed out there as well; none where that is nobody's wish.
    pub fn sign_out(&self, return_to: &str) -> Option<String> {
        match self.kind {
            Kind::Slack { .. } => None,
            Kind::Auth0 => {
                let query: String = form_urlencoded::Serializer::new(String::new())
                    .append_pair("client_id", self.client.client_id())
                    .append_pair("returnTo", return_to)
                    .finish();
                Some(format!("{}/v2/logout?{query}", self.base))
            }
        }
    }

    /// Has the provider send somebody a link to a new password; `None` where there are no passwords to change.
    ///
    /// # Errors
    /// What the provider said, when it did not.
    pub async fn reset_password(
        &self,
        web: &reqwest::Client,
        email: &str,
        subject: &str,
    ) -> Option<anyhow::Result<()>> {
        // Only Auth0's own accounts have passwords there; others came to it from Google and the like.
        if !matches!(self.kind, Kind::Auth0) || !subject.starts_with("auth0|") {
            return None;
        }
        Some(self.ask_for_password(web, email).await)
    }

    async fn ask_for_password(&self, web: &reqwest::Client, email: &str) -> anyhow::Result<()> {
        let answer = web
            .post(format!("{}/dbconnections/change_password", self.base))
            .json(&json!({
                "client_id": self.client.client_id().as_str(),
                "email": email,
                "connection": "Username-Password-Authentication",
            }))
            .send()
            .await
            .context("asking Auth0 for a new password")?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.text().await.unwrap_or_default();
        anyhow::bail!("asking Auth0 for a new password: {status} {said}")
    }
}

/// What a refused code means. Slack says `{"ok": false, "error": "invalid_code"}` with status 200.
fn refused(error: BasicRequestTokenError<HttpClientError<reqwest::Error>>) -> Refusal {
    #[derive(Deserialize)]
    struct Slack {
        error: String,
    }
    let what = "exchanging the code for a token";
    match error {
        BasicRequestTokenError::ServerResponse(said)
            if *said.error() == BasicErrorResponseType::InvalidGrant =>
        {
            Refusal::Stale
        }
        BasicRequestTokenError::Parse(cause, body) => {
            match serde_json::from_slice::<Slack>(&body).map(|slack| slack.error) {
                Ok(code) if ["invalid_code", "code_already_used"].contains(&code.as_str()) => {
                    Refusal::Stale
                }
                Ok(code) => Refusal::Unavailable(anyhow::anyhow!("{what}: Slack said {code}")),
                Err(_) => Refusal::Unavailable(anyhow::Error::from(cause).context(what)),
            }
        }
        other @ (BasicRequestTokenError::ServerResponse(_)
        | BasicRequestTokenError::Request(_)
        | BasicRequestTokenError::Other(_)) => {
            Refusal::Unavailable(anyhow::Error::from(other).context(what))
        }
    }
}
