//! The operations on the wire.

use std::sync::Arc;

use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(_cloud: &Arc<Cloud>, operation: &str, _input: Value) -> Answer {
    Err(AwsError::unknown_operation("rds", operation))
}
