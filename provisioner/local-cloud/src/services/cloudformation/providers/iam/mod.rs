//! IAM types.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Properties;

pub(super) mod managed_policy;
pub(super) mod policy;
pub(super) mod role;

/// A role's inline policies: names and documents as text.
fn inline_policies(properties: &Properties) -> BTreeMap<String, String> {
    let policies = properties.get("Policies").and_then(Value::as_array);
    let policies = policies.into_iter().flatten();
    policies
        .filter_map(|policy| {
            let name = policy.get("PolicyName")?.as_str()?.to_owned();
            let body = match policy.get("PolicyDocument")? {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            Some((name, body))
        })
        .collect()
}
