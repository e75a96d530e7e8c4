//! The form of policy documents: JSON with statements, each with what a statement must have.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Answer, AwsError};

/// What a document is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Who may assume the role: principals, no resources.
    Trust,
    /// What the role may do: resources, no principals.
    Identity,
}

pub(super) fn check(text: &str, purpose: Purpose) -> Answer<()> {
    let bad = |why: &str| AwsError::new("MalformedPolicyDocument", why);
    let document: Value = serde_json::from_str(text)
        .map_err(|error| bad(&format!("This policy contains invalid Json: {error}")))?;
    if let Some(version) = document.get("Version")
        && version != "2012-10-17"
        && version != "2008-10-17"
    {
        return Err(bad("The policy must contain a valid version string"));
    }
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err(bad("Syntax errors in policy: Statement is missing.")),
    };
    for statement in statements {
        let has = |name: &str| statement.get(name).is_some();
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(bad("Syntax errors in policy: Effect is not Allow or Deny."));
        }
        if !has("Action") && !has("NotAction") {
            return Err(bad("Policy statement must contain actions."));
        }
        let principal = has("Principal") || has("NotPrincipal");
        let resource = has("Resource") || has("NotResource");
        match purpose {
            Purpose::Trust if resource => {
                return Err(bad("Has prohibited field Resource"));
            }
            Purpose::Trust if !principal => {
                return Err(bad("Missing required field Principal"));
            }
            Purpose::Identity if principal => {
                return Err(bad("Policy document should not specify a principal."));
            }
            Purpose::Identity if !resource => {
                return Err(bad("Policy statement must contain resources."));
            }
            Purpose::Trust | Purpose::Identity => {}
        }
    }
    Ok(())
}

/// IAM answers documents percent-encoded (RFC 3986); clients decode them.
pub(super) fn encoded(text: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Purpose, check};

    #[test]
    fn documents_are_refused_for_what_they_lack() {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}"#;
        let identity = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
        assert!(check(trust, Purpose::Trust).is_ok());
        assert!(check(identity, Purpose::Identity).is_ok());
        assert!(check(trust, Purpose::Identity).is_err());
        assert!(check(identity, Purpose::Trust).is_err());
        for broken in [
            "",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[{"Effect":"Maybe"}]}"#,
        ] {
            assert!(check(broken, Purpose::Identity).is_err(), "{broken}");
        }
    }
}
