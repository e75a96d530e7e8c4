//! Resource policies: which AWS service may invoke a function for which of its resources.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

use super::model::{Function, Policy, revision};
use super::names::{LATEST, Reference};
use super::refusals::{conflict, not_found, stale_revision};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AddInput {
    function_name: String,
    qualifier: Option<String>,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RemoveInput {
    function_name: String,
    qualifier: Option<String>,
    statement_id: String,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct GetInput {
    function_name: String,
    qualifier: Option<String>,
}

pub(super) fn add(cloud: &Cloud, input: Value) -> Answer {
    let input: AddInput = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    check(&input)?;
    let statement = statement(cloud, &input, &reference);
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &reference.name)?;
        function.at(cloud, reference.qualifier.as_deref())?;
        let policy = function.policies.entry(key(&reference)).or_default();
        check_policy_revision(input.revision_id.as_deref(), policy)?;
        if find(policy, &input.statement_id).is_some() {
            return Err(conflict(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.",
                input.statement_id
            )));
        }
        policy.statements.push(statement.clone());
        policy.revision = revision();
        Ok(json!({ "Statement": statement.to_string() }))
    })
}

pub(super) fn remove(cloud: &Cloud, input: Value) -> Answer {
    let input: RemoveInput = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    cloud.services.lambda.store.write(|model| {
        let function = model.function_mut(cloud, &reference.name)?;
        let policy = function.policies.entry(key(&reference)).or_default();
        let Some(place) = find(policy, &input.statement_id) else {
            return Err(not_found(format!(
                "Statement {} is not found in resource policy.",
                input.statement_id
            )));
        };
        check_policy_revision(input.revision_id.as_deref(), policy)?;
        policy.statements.remove(place);
        policy.revision = revision();
        Ok(json!({}))
    })
}

pub(super) fn get(cloud: &Cloud, input: Value) -> Answer {
    let input: GetInput = values::parse(input)?;
    let reference = Reference::read(&input.function_name, input.qualifier.as_deref())?;
    let model = cloud.services.lambda.store.read();
    let function = model.function(cloud, &reference.name)?;
    let policy = function
        .policies
        .get(&key(&reference))
        .filter(|policy| !policy.statements.is_empty())
        .ok_or_else(|| not_found("The resource you requested does not exist."))?;
    let document = json!({
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": policy.statements,
    });
    Ok(json!({ "Policy": document.to_string(), "RevisionId": policy.revision }))
}

/// Whether `principal` (`apigateway.amazonaws.com`) may invoke `function` (name or ARN) on
/// behalf of the resource `source_arn`.
pub(crate) fn may_invoke(cloud: &Cloud, function: &str, principal: &str, source_arn: &str) -> bool {
    let Ok(reference) = Reference::read(function, None) else {
        return false;
    };
    let model = cloud.services.lambda.store.read();
    let Some(function) = model.functions.get(&reference.name) else {
        return false;
    };
    allows(function, &reference, principal, source_arn, cloud)
}

fn allows(
    function: &Function,
    reference: &Reference,
    principal: &str,
    source_arn: &str,
    cloud: &Cloud,
) -> bool {
    let Some(policy) = function.policies.get(&key(reference)) else {
        return false;
    };
    policy.statements.iter().any(|statement| {
        let action = statement["Action"].as_str().unwrap_or_default();
        let named = statement["Principal"]["Service"]
            .as_str()
            .or(statement["Principal"].as_str());
        let pattern = statement["Condition"]["ArnLike"]["AWS:SourceArn"].as_str();
        let account = statement["Condition"]["StringEquals"]["AWS:SourceAccount"].as_str();
        matches!(
            action,
            "lambda:InvokeFunction" | "lambda:Invoke*" | "lambda:*" | "*"
        ) && named.is_some_and(|named| named == principal || named == "*")
            && pattern.is_none_or(|pattern| like(pattern, source_arn))
            && account.is_none_or(|account| account == cloud.options.account)
    })
}

fn key(reference: &Reference) -> String {
    reference.published().unwrap_or_default().to_owned()
}

fn find(policy: &Policy, id: &str) -> Option<usize> {
    policy
        .statements
        .iter()
        .position(|statement| statement["Sid"] == *id)
}

fn check_policy_revision(expected: Option<&str>, policy: &Policy) -> Answer<()> {
    match expected {
        Some(expected) if expected != policy.revision => Err(stale_revision()),
        _ => Ok(()),
    }
}

fn check(input: &AddInput) -> Answer<()> {
    let id = &input.statement_id;
    let fits = (1..=100).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !fits {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{id}' at 'statementId' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"
        )));
    }
    if !(input.action == "*" || input.action.starts_with("lambda:")) {
        return Err(AwsError::validation(format!(
            "1 validation error detected: Value '{}' at 'action' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])",
            input.action
        )));
    }
    if input.qualifier.as_deref() == Some(LATEST) {
        return Err(super::refusals::invalid(
            "We currently do not support adding policies for $LATEST.",
        ));
    }
    Ok(())
}

fn statement(cloud: &Cloud, input: &AddInput, reference: &Reference) -> Value {
    let principal = &input.principal;
    let principal = if principal.ends_with(".amazonaws.com") {
        json!({ "Service": principal })
    } else if principal == "*" {
        json!("*")
    } else if principal.starts_with("arn:") {
        json!({ "AWS": principal })
    } else {
        json!({ "AWS": format!("arn:aws:iam::{principal}:root") })
    };
    let mut statement = json!({
        "Sid": input.statement_id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": input.action,
        "Resource": reference.arn(cloud),
    });
    if let Some(account) = &input.source_account {
        statement["Condition"]["StringEquals"] = json!({ "AWS:SourceAccount": account });
    }
    if let Some(arn) = &input.source_arn {
        statement["Condition"]["ArnLike"] = json!({ "AWS:SourceArn": arn });
    }
    statement
}

/// `ArnLike`: six parts compared one by one, `*` and `?` within each.
fn like(pattern: &str, arn: &str) -> bool {
    let patterns = pattern.splitn(6, ':');
    let parts = arn.splitn(6, ':');
    patterns.clone().count() == parts.clone().count()
        && patterns
            .zip(parts)
            .all(|(pattern, part)| glob(pattern.as_bytes(), part.as_bytes()))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, text)| glob(pattern, text))
        }
        (Some((b'?', pattern)), Some((_, text))) => glob(pattern, text),
        (Some((wanted, pattern)), Some((found, text))) => wanted == found && glob(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn source_arns_match_with_wildcards_inside_their_parts() {
        let route = "arn:aws:execute-api:us-east-1:000000000000:a1b2/$default/$default";
        for (pattern, matches) in [
            ("arn:aws:execute-api:us-east-1:000000000000:a1b2/*", true),
            ("arn:aws:execute-api:us-east-1:000000000000:a1b2/*/*", true),
            ("arn:aws:execute-api:*:*:a1b2/*/$default", true),
            ("arn:aws:execute-api:us-east-1:000000000000:zzzz/*", false),
            ("arn:aws:execute-api:us-east-1:*", false),
            ("arn:aws:*", false),
        ] {
            assert_eq!(like(pattern, route), matches, "{pattern}");
        }
    }
}
