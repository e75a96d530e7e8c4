//! What can go wrong, with the stable code each client switches on.

use std::sync::Arc;

use http::StatusCode;

/// A refusal or a surprise. Its `Display` is for the client; the cause of [`Error::Internal`]
/// is logged once, where it becomes an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No session, or one that was ended.
    #[error("Sign in first.")]
    SignedOut,
    /// The person's role in the organization is SUSPENDED.
    #[error("Your account has been suspended in this organization.")]
    Suspended,
    /// Signed in, but not allowed.
    #[error("You may not do this.")]
    Forbidden,
    /// There is none, or none the caller may know of.
    #[error("{0}")]
    NotFound(&'static str),
    /// The input breaks a rule of its field.
    #[error("{reason}")]
    BadInput {
        /// The field's name in the API.
        field: &'static str,
        /// What is wrong, for the person who typed it.
        reason: String,
    },
    /// A rule of the domain says no: `CAMPAIGN_CLOSED`, `TEXTING_HOURS`, `OPTED_OUT` and so on.
    #[error("{message}")]
    Refused {
        /// The stable code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Too many attempts.
    #[error("Too many attempts. Wait a minute, then try again.")]
    TooMany,
    /// The database or a lock had no room in time; trying again is right.
    #[error("The system is busy. Try again in a moment.")]
    Busy,
    /// Everything nobody planned for.
    #[error("Something went wrong.")]
    Internal(#[source] anyhow::Error),
}

/// The result of everything on the work floor.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal with its code.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
        }
    }

    /// Input that breaks a rule.
    pub fn bad_input(field: &'static str, reason: impl Into<String>) -> Self {
        Self::BadInput {
            field,
            reason: reason.into(),
        }
    }

    /// The stable code clients switch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "UNAUTHORIZED",
            Self::Suspended => "SUSPENDED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::BadInput { .. } => "BAD_USER_INPUT",
            Self::Refused { code, .. } => code,
            Self::TooMany => "TOO_MANY_REQUESTS",
            Self::Busy => "BUSY",
            Self::Internal(_) => "INTERNAL_SERVER_ERROR",
        }
    }

    /// The HTTP status, for routes that are not GraphQL.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Suspended | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadInput { .. } => StatusCode::BAD_REQUEST,
            Self::Refused { .. } => StatusCode::CONFLICT,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_busy(&error) {
            return Self::Busy;
        }
        if is_unkeepable(&error) {
            return Self::bad_input(
                "text",
                "A text holds the character NUL, which cannot be kept. Take it out, then try again.",
            );
        }
        Self::Internal(error.into())
    }
}

/// A loader's failure: every field that waited for it has its own copy.
impl From<Arc<sqlx::Error>> for Error {
    fn from(error: Arc<sqlx::Error>) -> Self {
        if is_busy(&error) {
            return Self::Busy;
        }
        Self::Internal(anyhow::anyhow!(error))
    }
}

/// Whether the same may go well in a moment: no connection was free, or the database gave up a statement that waited
/// for others or took too long. `PostgreSQL`: `lock_not_available`, `query_canceled`, `deadlock_detected`,
/// `too_many_connections`.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    let is_busy = matches!(error, sqlx::Error::PoolTimedOut)
        || matches!(code.as_deref(), Some("55P03" | "57014" | "40P01" | "53300"));
    if is_busy {
        tracing::warn!(%error, "the database is busy");
    }
    is_busy
}

/// Whether the database has refused a character: its text and its JSON hold every one but NUL.
/// `PostgreSQL`: `character_not_in_repertoire`, `untranslatable_character`.
fn is_unkeepable(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "22021" || code == "22P05")
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// A broken constraint is an answer: its name says which.
pub trait OnConstraint<T> {
    /// Turns the violation of `constraint` into `answer`; every other error passes as it is.
    fn on_constraint(self, constraint: &str, answer: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> OnConstraint<T> for sqlx::Result<T> {
    fn on_constraint(self, constraint: &str, answer: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|error| {
            if breaks_constraint(&error, constraint) {
                answer()
            } else {
                error.into()
            }
        })
    }
}

/// Whether `error` is the violation of the named constraint or unique index.
pub fn breaks_constraint(error: &sqlx::Error, constraint: &str) -> bool {
    error
        .as_database_error()
        .and_then(|database| database.constraint())
        == Some(constraint)
}

/// A failure that must not stop the work is swallowed by name, with a sentence.
pub trait CanFail {
    /// Logs a failure of `what` and goes on.
    fn can_fail(self, what: &str);
}

impl<T, E: std::fmt::Display> CanFail for std::result::Result<T, E> {
    fn can_fail(self, what: &str) {
        if let Err(error) = self {
            tracing::warn!(%error, "{what} failed; going on without");
        }
    }
}
