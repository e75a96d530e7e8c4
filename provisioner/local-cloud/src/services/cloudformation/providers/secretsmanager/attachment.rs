//! `AWS::SecretsManager::SecretTargetAttachment`: writes a database's address into its secret.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, property, text};
use crate::error::Answer;

use crate::error::AwsError;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["SecretId", "TargetId", "TargetType"],
    required: &["SecretId", "TargetId", "TargetType"],
    attributes: &["Id"],
    ..PLAIN
};

/// What the secret says of its target.
async fn connection(context: &Context, properties: &Properties) -> Answer {
    let id = property(properties, "TargetId");
    match property(properties, "TargetType").as_str() {
        "AWS::RDS::DBInstance" => {
            let input = json!({ "DBInstanceIdentifier": id });
            let answer = context.call("rds", "DescribeDBInstances", input).await?;
            let found = answer
                .pointer("/DBInstances/0")
                .cloned()
                .unwrap_or_default();
            let mut connection = json!({
                "engine": found.get("Engine"),
                "host": found.pointer("/Endpoint/Address"),
                "port": found.pointer("/Endpoint/Port"),
                "dbInstanceIdentifier": id,
            });
            if let Some(name) = found.get("DBName").filter(|name| !name.is_null()) {
                connection["dbname"] = name.clone();
            }
            Ok(connection)
        }
        "AWS::RDS::DBCluster" => {
            let input = json!({ "DBClusterIdentifier": id });
            let answer = context.call("rds", "DescribeDBClusters", input).await?;
            let found = answer.pointer("/DBClusters/0").cloned().unwrap_or_default();
            let mut connection = json!({
                "engine": found.get("Engine"),
                "host": found.get("Endpoint"),
                "port": found.get("Port"),
                "dbClusterIdentifier": id,
            });
            if let Some(name) = found.get("DatabaseName").filter(|name| !name.is_null()) {
                connection["dbname"] = name.clone();
            }
            Ok(connection)
        }
        other => Err(AwsError::validation(format!(
            "Unsupported target type {other}"
        ))),
    }
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let secret = property(properties, "SecretId");
    let input = json!({ "SecretId": secret });
    let answer = context
        .call("secretsmanager", "GetSecretValue", input)
        .await?;
    let mut value: Value = serde_json::from_str(&text(&answer, "/SecretString")?)
        .map_err(|_| AwsError::validation("The secret is not a JSON object."))?;
    let connection = connection(context, properties).await?;
    if let (Some(value), Some(connection)) = (value.as_object_mut(), connection.as_object()) {
        value.extend(connection.clone());
    }
    let input = json!({ "SecretId": secret, "SecretString": value.to_string() });
    context
        .call("secretsmanager", "PutSecretValue", input)
        .await?;
    Ok(Made::new(secret.clone()).with("Id", secret))
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    if property(old, "SecretId") != property(new, "SecretId") {
        delete(context, physical, old, false).await?;
    }
    create(context, new).await
}

/// Takes the address out of the secret again; the rest of it stays.
pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "SecretId": physical });
    let Ok(answer) = context
        .call("secretsmanager", "GetSecretValue", input)
        .await
    else {
        return Ok(());
    };
    let Ok(mut value) = serde_json::from_str::<Value>(&text(&answer, "/SecretString")?) else {
        return Ok(());
    };
    if let Some(members) = value.as_object_mut() {
        let added = [
            "engine",
            "host",
            "port",
            "dbname",
            "dbInstanceIdentifier",
            "dbClusterIdentifier",
        ];
        members.retain(|name, _| !added.contains(&name.as_str()));
    }
    let input = json!({ "SecretId": physical, "SecretString": value.to_string() });
    context
        .gone("secretsmanager", "PutSecretValue", input)
        .await
}
