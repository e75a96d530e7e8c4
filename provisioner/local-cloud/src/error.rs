//! Errors in AWS's shape: a code, a message, and whether the sender or the service is to blame.

use std::fmt;

/// An error answer. `protocol` turns it into the bytes each wire protocol uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// The code clients match on: `ResourceNotFoundException`, `ValidationError`.
    pub code: String,
    /// For people, in AWS's words where they are known.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Members of the error's shape beside the message: a throttled invocation's `Reason`.
    pub members: Vec<(&'static str, String)>,
}

/// What an operation answers.
pub type Answer<T = serde_json::Value> = Result<T, AwsError>;

impl AwsError {
    /// An error the sender is to blame for, status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            members: Vec::new(),
        }
    }

    /// The same with one more member of the error's shape.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<String>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Who is to blame, in AWS's words: `Sender` below status 500, else `Receiver`.
    #[must_use]
    pub fn blame(&self) -> &'static str {
        if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        }
    }

    /// The service's own failure, status 500: something below us broke.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new("InternalFailure", format!("{cause:#}")).status(500)
    }

    /// An operation this cloud does not offer.
    pub fn unknown_operation(service: &str, operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("The local cloud does not offer {service}:{operation}."),
        )
    }

    /// A parameter that an operation does not model, or that is missing or malformed.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}

impl From<anyhow::Error> for AwsError {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(error)
    }
}

impl From<std::io::Error> for AwsError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}
