//! The errors Lambda answers with, in its words.

use crate::error::AwsError;

pub(super) fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceNotFoundException", message).status(404)
}

pub(super) fn function_not_found(arn: &str) -> AwsError {
    not_found(format!("Function not found: {arn}"))
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceConflictException", message).status(409)
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", message)
}

pub(super) fn precondition(message: impl Into<String>) -> AwsError {
    AwsError::new("PreconditionFailedException", message).status(412)
}

pub(super) fn stale_revision() -> AwsError {
    precondition(
        "The RevisionId provided does not match the latest RevisionId. Call the \
         GetFunction/GetAlias API to retrieve the latest RevisionId",
    )
}

/// Refuses a change that was made for another revision.
pub(super) fn check_revision(wanted: Option<&str>, current: &str) -> Result<(), AwsError> {
    match wanted {
        Some(wanted) if wanted != current => Err(stale_revision()),
        _ => Ok(()),
    }
}
