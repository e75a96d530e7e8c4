//! `AWS::SecretsManager::Secret`.

use serde_json::{Value, json};

use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, differ, dropped_tags, pick, text,
};
use crate::error::Answer;

use super::super::names::{Name, Style};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "Description",
        "GenerateSecretString",
        "KmsKeyId",
        "SecretString",
        "Tags",
    ],
    fixed: &["Name"],
    attributes: &["Id"],
    numbers: &["GenerateSecretString.PasswordLength"],
    booleans: &[
        "GenerateSecretString.ExcludeLowercase",
        "GenerateSecretString.ExcludeNumbers",
        "GenerateSecretString.ExcludePunctuation",
        "GenerateSecretString.ExcludeUppercase",
        "GenerateSecretString.IncludeSpace",
        "GenerateSecretString.RequireEachIncludedType",
    ],
    name: Some(Name {
        property: "Name",
        longest: 512,
        style: Style::Short,
    }),
    tags: Tags::List,
    ..PLAIN
};

const PLAINLY: [&str; 5] = ["Description", "KmsKeyId", "Name", "SecretString", "Tags"];

/// The secret's first value: the template's, or a generated one, alone or put into the
/// template's object under its key. Without either the secret starts empty.
async fn value(context: &Context, properties: &Properties) -> Answer<Option<String>> {
    let Some(wanted) = properties.get("GenerateSecretString") else {
        return Ok(None);
    };
    let mut input = wanted.clone();
    let mut take = |name: &str| {
        let members = input.as_object_mut();
        members.and_then(|members| members.remove(name))
    };
    let template = take("SecretStringTemplate");
    let key = take("GenerateStringKey");
    let answer = context
        .call("secretsmanager", "GetRandomPassword", input)
        .await?;
    let password = text(&answer, "/RandomPassword")?;
    let (template, key) = match (&template, &key) {
        (Some(Value::String(template)), Some(Value::String(key))) => (template, key),
        (None, None) => return Ok(Some(password)),
        _ => {
            return Err(crate::error::AwsError::validation(
                "SecretStringTemplate and GenerateStringKey belong together",
            ));
        }
    };
    let mut object: Value = serde_json::from_str(template).map_err(|error| {
        crate::error::AwsError::validation(format!("SecretStringTemplate is not JSON: {error}"))
    })?;
    object[key.as_str()] = json!(password);
    Ok(Some(object.to_string()))
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = pick(properties, &PLAINLY);
    if let Some(value) = value(context, properties).await? {
        input["SecretString"] = json!(value);
    }
    let answer = context
        .call("secretsmanager", "CreateSecret", input)
        .await?;
    Ok(made(&text(&answer, "/ARN")?))
}

fn made(arn: &str) -> Made {
    Made::new(arn).with("Id", arn)
}

/// A generated value is made again only when the template asks for another kind of it.
pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let mut input = pick(new, &["Description", "KmsKeyId"]);
    input["SecretId"] = json!(physical);
    if differ(old, new, &["SecretString"])
        && let Some(value) = new.get("SecretString")
    {
        input["SecretString"] = value.clone();
    } else if differ(old, new, &["GenerateSecretString"])
        && let Some(value) = value(context, new).await?
    {
        input["SecretString"] = json!(value);
    }
    context
        .call("secretsmanager", "UpdateSecret", input)
        .await?;
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "SecretId": physical, "TagKeys": dropped });
        context
            .call("secretsmanager", "UntagResource", input)
            .await?;
    }
    if let Some(tags) = new
        .get("Tags")
        .filter(|tags| old.get("Tags") != Some(*tags))
    {
        let input = json!({ "SecretId": physical, "Tags": tags });
        context.call("secretsmanager", "TagResource", input).await?;
    }
    Ok(made(physical))
}

/// CloudFormation leaves no recovery window.
pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "SecretId": physical, "ForceDeleteWithoutRecovery": true });
    context.gone("secretsmanager", "DeleteSecret", input).await
}
