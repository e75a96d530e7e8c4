//! The operations on the wire.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Performs one operation; `input` is the decoded request.
pub(crate) async fn call(cloud: &Arc<Cloud>, operation: &str, input: Value) -> Answer {
    match operation {
        "GetCallerIdentity" => {
            let Nothing {} = values::parse(input)?;
            Ok(caller(cloud))
        }
        _ => Err(AwsError::unknown_operation("sts", operation)),
    }
}

/// Everybody is the same user, whatever the credentials: nothing here is a secret.
fn caller(cloud: &Cloud) -> Value {
    let account = &cloud.options.account;
    json!({
        "UserId": "AIDALOCALCLOUD000000A",
        "Account": account,
        "Arn": format!("arn:aws:iam::{account}:user/local"),
    })
}
