//! One's own name and password.

use crate::access::{Acquaintance, Session, Viewer};
use crate::app::App;
use crate::db;
use crate::db::user::User;
use crate::error::{Error, Result};
use crate::people::{password, sign_in};

const MAX_NAME: usize = 100;

/// A name, trimmed.
///
/// # Errors
/// [`Error::BadInput`] when it is empty or endless.
pub fn name(field: &'static str, text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::bad_input(
            field,
            format!("A name has 1 to {MAX_NAME} characters."),
        ));
    }
    Ok(name.to_owned())
}

/// Changes one's own names and whether reminders come.
///
/// # Errors
/// [`Error::BadInput`].
pub async fn edit(
    app: &App,
    viewer: &Viewer,
    first_name: &str,
    last_name: &str,
    is_reminded: bool,
) -> Result<User> {
    let first_name = name("firstName", first_name)?;
    let last_name = name("lastName", last_name)?;
    Ok(db::user::update_names(&app.db, viewer.id(), &first_name, &last_name, is_reminded).await?)
}

/// Agrees to the terms.
///
/// # Errors
/// When the database does not answer.
pub async fn agree_to_terms(app: &App, viewer: &Viewer) -> Result<User> {
    Ok(db::user::update_terms(&app.db, viewer.id()).await?)
}

/// Has the provider send somebody a link to a new password.
///
/// # Errors
/// [`Error::Refused`] where the provider has no password of theirs, or does not send it.
pub async fn reset_password(app: &App, person: &Acquaintance) -> Result<()> {
    let subject = db::user::find_subject(&app.db, person.user_id).await?;
    let [user] = &db::user::list(&app.db, &[person.user_id]).await?[..] else {
        return Err(Error::NotFound("There is no such person."));
    };
    let none = || {
        Error::refused(
            "NO_PASSWORD_RESET",
            "They have no password that could be reset here.",
        )
    };
    let (provider, subject) = app.provider.as_ref().zip(subject).ok_or_else(none)?;
    match provider
        .reset_password(app.web().await?, &user.email, &subject)
        .await
    {
        None => Err(none()),
        Some(Ok(())) => Ok(()),
        Some(Err(cause)) => {
            tracing::warn!(cause = %format!("{cause:#}"), "a password was not reset");
            Err(Error::refused(
                "PASSWORD_RESET_FAILED",
                "Auth0 did not send the message. Try again in a minute.",
            ))
        }
    }
}

/// Sets a new password, ends every session, and answers a new one for whoever did it.
///
/// # Errors
/// [`Error::BadInput`] when the old one is wrong or the new one cannot be.
pub async fn change_password(app: &App, viewer: &Viewer, old: &str, new: &str) -> Result<Session> {
    sign_in::by_password(app)?;
    password::check(new)?;
    let email = &viewer.person().user.email;
    let hash = db::user::find_credentials(&app.db, email)
        .await?
        .and_then(|credentials| credentials.password_hash);
    if !password::is_right(old, hash.as_deref()).await? {
        return Err(Error::bad_input(
            "password",
            "The old password is not right.",
        ));
    }
    let hash = password::hash(new).await?;
    let epoch = db::user::update_password(&app.db, viewer.id(), &hash).await?;
    Ok(Session {
        user_id: viewer.id(),
        epoch,
    })
}
