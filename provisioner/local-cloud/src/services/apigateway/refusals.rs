//! The errors API Gateway answers with, in its words.

use crate::error::AwsError;

pub(super) fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", message)
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ConflictException", message).status(409)
}

pub(super) fn not_found(kind: &str, id: &str) -> AwsError {
    AwsError::new(
        "NotFoundException",
        format!("Invalid {kind} identifier specified {id}"),
    )
    .status(404)
}
