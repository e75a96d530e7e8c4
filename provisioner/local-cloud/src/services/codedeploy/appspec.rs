//! The `AppSpec` of a Lambda deployment, read strictly.
//! Facts: "`AppSpec` file structure" of AWS's CodeDeploy guide.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::error::{Answer, AwsError};

use super::model::Plan;

/// `RevisionLocation`, of the two kinds that carry their content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "CodeDeploy's names")]
struct Revision {
    revision_type: String,
    app_spec_content: Option<Content>,
    string: Option<Content>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    content: Option<String>,
    sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppSpec {
    version: Value,
    #[serde(rename = "Resources", alias = "resources")]
    resources: Vec<BTreeMap<String, Resource>>,
    #[serde(default, rename = "Hooks", alias = "hooks")]
    hooks: Vec<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    #[serde(rename = "Type", alias = "type")]
    kind: String,
    #[serde(rename = "Properties", alias = "properties")]
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Properties {
    #[serde(rename = "Name", alias = "name")]
    name: String,
    #[serde(rename = "Alias", alias = "alias")]
    alias: String,
    #[serde(rename = "CurrentVersion", alias = "currentversion")]
    current: Value,
    #[serde(rename = "TargetVersion", alias = "targetversion")]
    target: Value,
}

/// Reads a revision.
pub(super) fn read(revision: &Value) -> Answer<Plan> {
    let revision: Revision = serde_json::from_value(revision.clone())
        .map_err(|error| invalid(format!("The revision cannot be read: {error}")))?;
    let content = match (
        revision.revision_type.as_str(),
        revision.app_spec_content,
        revision.string,
    ) {
        ("AppSpecContent", Some(content), None) | ("String", None, Some(content)) => content,
        (kind @ ("AppSpecContent" | "String"), _, _) => {
            return Err(invalid(format!(
                "A revision of type {kind} needs its content, and only that."
            )));
        }
        (kind, _, _) => {
            return Err(invalid(format!(
                "The local cloud takes revisions of type AppSpecContent or String, not {kind}."
            )));
        }
    };
    let text = content
        .content
        .ok_or_else(|| invalid("The AppSpec content is empty."))?;
    if let Some(sha256) = content.sha256 {
        let found = hex::encode(Sha256::digest(&text));
        if !sha256.eq_ignore_ascii_case(&found) {
            return Err(invalid(format!(
                "The SHA-256 of the AppSpec content is {found}, not {sha256}."
            )));
        }
    }
    plan(&text)
}

fn plan(text: &str) -> Answer<Plan> {
    // JSON is YAML, so one reader serves both.
    let spec: AppSpec = serde_norway::from_str(text)
        .map_err(|error| invalid(format!("The AppSpec cannot be read: {error}")))?;
    let version = match &spec.version {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    if version != Some(0.0) {
        return Err(invalid(format!(
            "The AppSpec's version must be 0.0, not {}.",
            spec.version
        )));
    }
    let mut resources = spec.resources.into_iter().flatten();
    let (Some((_, resource)), None) = (resources.next(), resources.next()) else {
        return Err(invalid("The AppSpec must name exactly one resource."));
    };
    if resource.kind != "AWS::Lambda::Function" {
        return Err(invalid(format!(
            "The AppSpec's resource must be of type AWS::Lambda::Function, not {}.",
            resource.kind
        )));
    }
    let mut plan = Plan {
        function: resource.properties.name,
        alias: resource.properties.alias,
        current: number("CurrentVersion", &resource.properties.current)?,
        target: number("TargetVersion", &resource.properties.target)?,
        before: None,
        after: None,
    };
    for (event, function) in spec.hooks.into_iter().flatten() {
        let place = match event.as_str() {
            "BeforeAllowTraffic" => &mut plan.before,
            "AfterAllowTraffic" => &mut plan.after,
            _ => {
                return Err(invalid(format!(
                    "A Lambda deployment has the hooks BeforeAllowTraffic and AfterAllowTraffic, not {event}."
                )));
            }
        };
        if place.replace(function).is_some() {
            return Err(invalid(format!("The hook {event} is given twice.")));
        }
    }
    Ok(plan)
}

/// A version is a positive whole number, as text.
fn number(name: &str, value: &Value) -> Answer<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => other.to_string(),
    };
    match text.parse::<u64>() {
        Ok(version) if version > 0 && version.to_string() == text => Ok(text),
        _ => Err(invalid(format!(
            "{name} must be the number of a published version, not {text}."
        ))),
    }
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidRevisionException", message)
}

#[cfg(test)]
mod tests {
    use super::plan;

    const GOOD: &str = r#"
version: 0.0
Resources:
  - web:
      Type: AWS::Lambda::Function
      Properties:
        Name: web
        Alias: Live
        CurrentVersion: "1"
        TargetVersion: "2"
Hooks:
  - BeforeAllowTraffic: CodeDeployHook_pre
  - AfterAllowTraffic: CodeDeployHook_post
"#;

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = plan(GOOD).unwrap();
        let json = plan(
            r#"{"version": 0.0, "Resources": [{"web": {"Type": "AWS::Lambda::Function", "Properties":
               {"Name": "web", "Alias": "Live", "CurrentVersion": "1", "TargetVersion": "2"}}}],
               "Hooks": [{"BeforeAllowTraffic": "CodeDeployHook_pre"}, {"AfterAllowTraffic": "CodeDeployHook_post"}]}"#,
        );
        assert_eq!(Ok(&yaml), json.as_ref());
        assert_eq!(yaml.before.as_deref(), Some("CodeDeployHook_pre"));
        assert_eq!((yaml.current.as_str(), yaml.target.as_str()), ("1", "2"));
    }

    #[test]
    fn what_is_not_an_appspec_for_lambda_is_refused() {
        for (from, to) in [
            ("version: 0.0", "version: 1.0"),
            ("AWS::Lambda::Function", "AWS::ECS::Service"),
            ("CurrentVersion: \"1\"", "CurrentVersion: \"$LATEST\""),
            ("TargetVersion: \"2\"", "TargetVersion: \"0\""),
            ("TargetVersion: \"2\"", "TargetVersion: \"02\""),
            ("TargetVersion: \"2\"", "Colour: \"2\""),
            ("BeforeAllowTraffic", "BeforeInstall"),
            ("AfterAllowTraffic", "BeforeAllowTraffic"),
            ("Hooks:", "hooks: {"),
        ] {
            let text = GOOD.replace(from, to);
            assert!(plan(&text).is_err(), "{from} -> {to}");
        }
        let two = GOOD.replace("Hooks:", "  - other:\n      Type: AWS::Lambda::Function\n      Properties: {Name: a, Alias: b, CurrentVersion: '1', TargetVersion: '2'}\nHooks:");
        assert!(plan(&two).is_err());
    }
}
