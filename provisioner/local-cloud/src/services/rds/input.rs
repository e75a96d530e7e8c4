//! Inputs of the operations on instances and clusters. Members that have no meaning on one
//! machine are kept and shown, not acted on.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::{Answer, AwsError};
use crate::protocol::values::{optional_boolean, optional_integer};

/// A tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

/// Members of create and modify operations that are kept as they are given, with the type
/// they are shown in.
const TEXTS: [&str; 9] = [
    "AvailabilityZone",
    "EngineVersion",
    "KmsKeyId",
    "MonitoringRoleArn",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "StorageType",
    "CACertificateIdentifier",
    "LicenseModel",
];
const NUMBERS: [&str; 6] = [
    "AllocatedStorage",
    "BackupRetentionPeriod",
    "Iops",
    "MaxAllocatedStorage",
    "MonitoringInterval",
    "PerformanceInsightsRetentionPeriod",
];
const FLAGS: [&str; 10] = [
    "AutoMinorVersionUpgrade",
    "CopyTagsToSnapshot",
    "DeletionProtection",
    "EnableIAMDatabaseAuthentication",
    "EnablePerformanceInsights",
    "HttpEndpointEnabled",
    "MultiAZ",
    "PubliclyAccessible",
    "StorageEncrypted",
    "EnableHttpEndpoint",
];

/// Takes out of an input what is only kept, each in its type; the rest is for the operation.
///
/// # Errors
/// `InvalidParameterValue` for a number or flag that is none.
pub(super) fn split(input: Value) -> Answer<(Map<String, Value>, Value)> {
    let Value::Object(mut rest) = input else {
        return Ok((Map::new(), json!({})));
    };
    let mut kept = Map::new();
    for name in TEXTS.iter().chain(&NUMBERS).chain(&FLAGS) {
        let Some(value) = rest.remove(*name) else {
            continue;
        };
        let typed = if NUMBERS.contains(name) {
            optional_integer(&value).map(|number| json!(number))
        } else if FLAGS.contains(name) {
            optional_boolean(&value).map(|flag| json!(flag))
        } else {
            Ok(value)
        };
        let typed = typed.map_err(|error: serde_json::Error| {
            invalid(format!("Invalid value for {name}: {error}"))
        })?;
        kept.insert((*name).to_owned(), typed);
    }
    Ok((kept, Value::Object(rest)))
}

/// `InvalidParameterValue`.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}

/// `InvalidParameterCombination`.
pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterCombination", message)
}

/// Checks an identifier as RDS does: those of snapshots may be longer.
pub(super) fn check_identifier(id: &str, what: &str) -> Answer<()> {
    let longest = if what == "DBSnapshotIdentifier" {
        255
    } else {
        63
    };
    let starts = id.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if starts && allowed && !id.ends_with('-') && !id.contains("--") && id.len() <= longest {
        return Ok(());
    }
    Err(invalid(format!(
        "The parameter {what} is not a valid identifier. Identifiers must begin with a letter; \
         must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or \
         contain two consecutive hyphens."
    )))
}

/// Checks a master user and password as RDS does.
pub(super) fn check_master(user: &str, password: &str) -> Answer<()> {
    let reserved = [
        "admin",
        "postgres_admin",
        "rdsadmin",
        "rdsrepladmin",
        "rds_superuser",
    ];
    if user.is_empty() || user.len() > 63 || reserved.contains(&user) || user.starts_with("pg_") {
        return Err(invalid(format!(
            "MasterUsername {user} cannot be used as it is a reserved word used by the engine"
        )));
    }
    check_password(password)
}

pub(super) fn check_password(password: &str) -> Answer<()> {
    let forbidden = |c: char| "/@\" ".contains(c) || !c.is_ascii_graphic();
    if password.len() < 8 || password.len() > 128 {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than \
             8 characters or longer than 128.",
        ));
    }
    if password.contains(forbidden) {
        return Err(invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII \
             characters besides '/', '@', '\"', ' ' may be used.",
        ));
    }
    Ok(())
}
