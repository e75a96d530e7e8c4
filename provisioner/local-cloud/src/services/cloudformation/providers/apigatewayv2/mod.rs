//! API Gateway's HTTP API types. The operations write members in camel case.

pub(super) mod api;
pub(super) mod integration;
pub(super) mod route;
pub(super) mod stage;

use serde_json::{Value, json};

use super::{Properties, property};

/// Some properties as an operation's input, with the API they belong to.
fn of_api(properties: &Properties, names: &[&str], keep: &[&str]) -> Value {
    let mut input = super::camel(properties, names, keep);
    input["apiId"] = json!(property(properties, "ApiId"));
    input
}
