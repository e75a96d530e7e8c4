//! Signing in with e-mail address and password, and signing up.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::access::Session;
use crate::app::App;
use crate::config::Strategy;
use crate::db;
use crate::db::user::{EMAIL_KEY, NewUser};
use crate::error::{Error, OnConstraint, Result};
use crate::people::{password, profile};

const WINDOW: Duration = Duration::from_mins(1);
/// Attempts a minute for one account, and from one address.
const MAX_BY_EMAIL: u64 = 10;
const MAX_BY_ADDRESS: u64 = 60;

/// Somebody new.
#[derive(Clone, Debug)]
pub struct SignUp {
    pub email: String,
    pub password: String,
    pub first_name: String,
    pub last_name: String,
    pub cell: Option<String>,
}

/// Signs in. One answer for a wrong password and an unknown address, after the same time.
///
/// # Errors
/// [`Error::SignedOut`] when they do not fit, [`Error::TooMany`].
pub async fn sign_in(app: &App, email: &str, secret: &str, address: &str) -> Result<Session> {
    let email = email.trim().to_lowercase();
    throttle(app, &email, address).await?;
    let credentials = db::user::find_credentials(&app.db, &email).await?;
    let hash = credentials
        .as_ref()
        .and_then(|found| found.password_hash.as_deref());
    if !password::is_right(secret, hash).await? {
        return Err(Error::SignedOut);
    }
    let found = credentials.ok_or(Error::SignedOut)?;
    Ok(Session {
        user_id: found.id,
        epoch: found.session_epoch,
    })
}

/// Signs up and in.
///
/// # Errors
/// [`Error::BadInput`], also when the address is taken; [`Error::TooMany`].
pub async fn sign_up(app: &App, new: &SignUp, address: &str) -> Result<Session> {
    let email = new.email.trim().to_lowercase();
    throttle(app, &email, address).await?;
    if !is_email(&email) {
        return Err(Error::bad_input("email", "This is not an e-mail address."));
    }
    password::check(&new.password)?;
    let first_name = profile::name("firstName", &new.first_name)?;
    let last_name = profile::name("lastName", &new.last_name)?;
    let hash = password::hash(&new.password).await?;
    let user = NewUser {
        first_name: &first_name,
        last_name: &last_name,
        email: &email,
        cell: new.cell.as_deref(),
        password_hash: &hash,
    };
    let user_id = db::user::insert(&app.db, user)
        .await
        .on_constraint(EMAIL_KEY, || {
            Error::bad_input(
                "email",
                "There is an account with this address already. Sign in instead.",
            )
        })?;
    Ok(Session { user_id, epoch: 0 })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    !local.is_empty()
        && text.len() <= 254
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(char::is_whitespace)
}

async fn throttle(app: &App, email: &str, address: &str) -> Result<()> {
    let account = hex::encode(&Sha256::digest(email.as_bytes())[..12]);
    count(app, &format!("login:{account}"), MAX_BY_EMAIL).await?;
    throttle_address(app, address).await
}

/// # Errors
/// [`Error::TooMany`] when too many attempts came from this address.
pub async fn throttle_address(app: &App, address: &str) -> Result<()> {
    count(app, &format!("login-from:{address}"), MAX_BY_ADDRESS).await
}

/// Counts the attempt in the cache, which all environments share; without one, in this process.
async fn count(app: &App, counter: &str, most: u64) -> Result<()> {
    let count = match app.cache.count(counter, WINDOW).await {
        Some(count) => count,
        None => app.throttle.count(counter, app.clock.now(), WINDOW),
    };
    if count > most {
        return Err(Error::TooMany);
    }
    Ok(())
}

/// Passwords are for instances where no provider signs people in.
///
/// # Errors
/// [`Error::Refused`] with the provider's way in.
pub fn by_password(app: &App) -> Result<()> {
    let way = match app.config.strategy {
        Strategy::Password => return Ok(()),
        Strategy::Slack { .. } => "Slack",
        Strategy::Auth0 { .. } => "Auth0",
    };
    Err(Error::refused(
        "NO_PASSWORDS",
        format!("People sign in with {way} here. There are no passwords."),
    ))
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses() {
        for good in ["a@b.co", "first.last+tag@example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.co", "a b@c.de", "a@.co", "a@b."] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
