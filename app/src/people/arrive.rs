//! Somebody comes from a provider: known, linked, or new.

use anyhow::Context;

use crate::access::Session;
use crate::app::App;
use crate::db;
use crate::identity::Refusal;
use crate::identity::claims::Claims;
use crate::people::sign_in;

/// Signed in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub session: Session,
    /// Whether the account was made just now.
    pub is_new: bool,
}

/// Follows somebody who has come back from their provider through to a session.
///
/// # Errors
/// [`Refusal`]: what the provider says, or that it does not vouch for their address.
pub async fn arrive(
    app: &App,
    code: String,
    verifier: String,
    address: &str,
) -> Result<Arrival, Refusal> {
    sign_in::throttle_address(app, address)
        .await
        .map_err(|_| Refusal::TooMany)?;
    let Some(provider) = &app.provider else {
        return Err(Refusal::Stale);
    };
    let claims = provider.arrival(app.web().await?, code, verifier).await?;
    settle(app, &claims).await
}

async fn settle(app: &App, claims: &Claims) -> Result<Arrival, Refusal> {
    let what = "looking for the account";
    let known = || db::user::find_by_subject(&app.db, &claims.subject);
    if let Some(session) = known().await.context(what)? {
        return Ok(old(session));
    }
    // Admins know people by their address and give them rights by it: an address that nobody has confirmed neither
    // takes over an account nor makes one.
    if !claims.is_email_verified {
        return Err(Refusal::Unverified);
    }
    let made = db::user::insert_of_provider(&app.db, claims).await;
    if let Some(user_id) = made.context("making the account")? {
        let session = Session { user_id, epoch: 0 };
        return Ok(Arrival {
            session,
            is_new: true,
        });
    }
    // Somebody has the address. Whoever chose a password for it may never have had it: password and sessions end.
    let linked = db::user::update_subject(&app.db, &claims.email, &claims.subject).await;
    if let Some(session) = linked.context("linking the account")? {
        return Ok(old(session));
    }
    // Two first visits at once: the other was quicker.
    let session = known().await.context(what)?;
    session.map(old).ok_or(Refusal::Stale)
}

fn old(session: Session) -> Arrival {
    Arrival {
        session,
        is_new: false,
    }
}
