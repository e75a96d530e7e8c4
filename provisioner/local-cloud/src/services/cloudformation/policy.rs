//! Stack policies: which resources an update may touch.

use serde_json::Value;

use super::template::error;
use crate::error::Answer;

/// Checks that `text` is a policy.
///
/// # Errors
/// `ValidationError` when it is not.
pub(super) fn check(text: &str) -> Answer<()> {
    statements(text)
        .map(drop)
        .ok_or_else(|| error("Error validating stack policy: Invalid stack policy"))
}

fn statements(text: &str) -> Option<Vec<Value>> {
    let policy: Value = serde_json::from_str(text).ok()?;
    match policy.get("Statement")? {
        Value::Array(items) => Some(items.clone()),
        single @ Value::Object(_) => Some(vec![single.clone()]),
        _ => None,
    }
}

/// Why `action` (`Update:Modify`, `Update:Replace`, `Update:Delete`) on a resource is denied;
/// nothing when it is allowed. Once there is a policy, what no statement allows is denied.
pub(super) fn denial(text: &str, action: &str, logical: &str, kind: &str) -> Option<String> {
    let statements = statements(text)?;
    let applies = |statement: &&Value| {
        names(statement, "Action", "NotAction", action)
            && names(
                statement,
                "Resource",
                "NotResource",
                &format!("LogicalResourceId/{logical}"),
            )
            && condition(statement, kind)
    };
    let effect = |effect: &str| {
        let mut applying = statements.iter().filter(applies);
        applying.any(|statement| statement.get("Effect").and_then(Value::as_str) == Some(effect))
    };
    if effect("Allow") && !effect("Deny") {
        return None;
    }
    Some(format!(
        "Action denied by stack policy: Statement does not allow [{action}] for resource \
         [LogicalResourceId/{logical}]"
    ))
}

/// Whether a statement's element names `what`, or its opposite does not.
fn names(statement: &Value, element: &str, opposite: &str, what: &str) -> bool {
    if let Some(patterns) = statement.get(element) {
        return any(patterns, what);
    }
    match statement.get(opposite) {
        Some(patterns) => !any(patterns, what),
        None => false,
    }
}

fn condition(statement: &Value, kind: &str) -> bool {
    let Some(condition) = statement.get("Condition") else {
        return true;
    };
    let tests = ["StringEquals", "StringLike"];
    tests.iter().all(|test| {
        let patterns = condition
            .get(test)
            .and_then(|test| test.get("ResourceType"));
        patterns.is_none_or(|patterns| any(patterns, kind))
    })
}

fn any(patterns: &Value, what: &str) -> bool {
    match patterns {
        Value::String(pattern) => like(pattern, what),
        Value::Array(items) => items.iter().any(|item| any(item, what)),
        _ => false,
    }
}

/// Whether `text` matches a pattern in which `*` stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|text| {
            rest.is_empty()
                || text
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([text.len()])
                    .any(|at| text.get(at..).is_some_and(|tail| like(rest, tail)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::denial;

    const POLICY: &str = r#"{"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*",
         "Resource": "LogicalResourceId/Data*"},
        {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*",
         "Condition": {"StringEquals": {"ResourceType": ["AWS::S3::Bucket"]}}}
    ]}"#;

    #[test]
    fn a_denied_action_is_denied_whatever_else_allows_it() {
        let denied = |action: &str, logical: &str, kind: &str| {
            denial(POLICY, action, logical, kind).is_some()
        };
        assert!(denied("Update:Replace", "Database", "AWS::RDS::DBInstance"));
        assert!(!denied("Update:Modify", "Database", "AWS::RDS::DBInstance"));
        assert!(!denied("Update:Replace", "Queue", "AWS::SQS::Queue"));
        assert!(denied("Update:Modify", "Files", "AWS::S3::Bucket"));
    }

    #[test]
    fn what_nothing_allows_is_denied() {
        let policy = r#"{"Statement": [{"Effect": "Allow", "Action": "Update:Modify",
            "Principal": "*", "Resource": "LogicalResourceId/Queue"}]}"#;
        assert!(denial(policy, "Update:Modify", "Queue", "AWS::SQS::Queue").is_none());
        assert!(denial(policy, "Update:Modify", "Topic", "AWS::SNS::Topic").is_some());
    }
}
