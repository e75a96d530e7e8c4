//! A bucket's configurations: S3's operations call their members otherwise than templates do.

use serde_json::{Map, Value, json};

/// A property of the template and the operations that carry it.
pub(super) struct Configuration {
    pub(super) property: &'static str,
    /// `Put<subject>`.
    pub(super) subject: &'static str,
    pub(super) member: &'static str,
    pub(super) delete: Option<&'static str>,
}

pub(super) const CONFIGURATIONS: [Configuration; 7] = [
    Configuration {
        property: "OwnershipControls",
        subject: "BucketOwnershipControls",
        member: "OwnershipControls",
        delete: Some("DeleteBucketOwnershipControls"),
    },
    Configuration {
        property: "PublicAccessBlockConfiguration",
        subject: "PublicAccessBlock",
        member: "PublicAccessBlockConfiguration",
        delete: Some("DeletePublicAccessBlock"),
    },
    Configuration {
        property: "BucketEncryption",
        subject: "BucketEncryption",
        member: "ServerSideEncryptionConfiguration",
        delete: Some("DeleteBucketEncryption"),
    },
    Configuration {
        property: "VersioningConfiguration",
        subject: "BucketVersioning",
        member: "VersioningConfiguration",
        delete: None,
    },
    Configuration {
        property: "CorsConfiguration",
        subject: "BucketCors",
        member: "CORSConfiguration",
        delete: Some("DeleteBucketCors"),
    },
    Configuration {
        property: "LifecycleConfiguration",
        subject: "BucketLifecycleConfiguration",
        member: "LifecycleConfiguration",
        delete: Some("DeleteBucketLifecycle"),
    },
    Configuration {
        property: "Tags",
        subject: "BucketTagging",
        member: "Tagging",
        delete: Some("DeleteBucketTagging"),
    },
];

/// A property's value as the operation takes it. What is not translated here keeps its name,
/// and the operation refuses what it does not know.
pub(super) fn translate(property: &str, value: &Value) -> Value {
    match property {
        "Tags" => json!({ "TagSet": value }),
        "BucketEncryption" => {
            let rules = items(value, "ServerSideEncryptionConfiguration");
            json!({ "Rules": rules.map(encryption_rule).collect::<Vec<_>>() })
        }
        "CorsConfiguration" => {
            let names = [
                ("Id", "ID"),
                ("ExposedHeaders", "ExposeHeaders"),
                ("MaxAge", "MaxAgeSeconds"),
            ];
            let rules = items(value, "CorsRules").map(|rule| renamed(rule, &names));
            json!({ "CORSRules": rules.collect::<Vec<_>>() })
        }
        "LifecycleConfiguration" => {
            let rules = items(value, "Rules").map(lifecycle_rule);
            json!({ "Rules": rules.collect::<Vec<_>>() })
        }
        _ => value.clone(),
    }
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn renamed(value: &Value, names: &[(&str, &str)]) -> Value {
    let members = value.as_object().cloned().unwrap_or_default();
    let renamed = members.into_iter().map(|(name, value)| {
        let new = names.iter().find(|(old, _)| *old == name);
        (
            new.map_or(name.clone(), |(_, new)| (*new).to_owned()),
            value,
        )
    });
    Value::Object(renamed.collect::<Map<_, _>>())
}

fn encryption_rule(rule: &Value) -> Value {
    let mut rule = renamed(
        rule,
        &[(
            "ServerSideEncryptionByDefault",
            "ApplyServerSideEncryptionByDefault",
        )],
    );
    if let Some(default) = rule.get_mut("ApplyServerSideEncryptionByDefault") {
        *default = renamed(default, &[("KMSMasterKeyID", "KMSMasterKeyID")]);
    }
    rule
}

fn lifecycle_rule(rule: &Value) -> Value {
    let mut rule = renamed(rule, &[("Id", "ID")]);
    let mut take = |name: &str| {
        rule.as_object_mut()
            .and_then(|members| members.remove(name))
    };
    let (prefix, days) = (take("Prefix"), take("ExpirationInDays"));
    rule["Filter"] = json!({ "Prefix": prefix.unwrap_or_else(|| json!("")) });
    if let Some(days) = days {
        rule["Expiration"] = json!({ "Days": days });
    }
    rule
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::translate;

    #[test]
    fn a_lifecycle_rule_gets_the_operations_names() {
        let rule = json!({ "Rules": [{
            "Id": "old", "Status": "Enabled", "Prefix": "uploads/", "ExpirationInDays": 30,
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 },
        }]});
        let expected = json!({ "Rules": [{
            "ID": "old", "Status": "Enabled", "Filter": { "Prefix": "uploads/" },
            "Expiration": { "Days": 30 },
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 },
        }]});
        assert_eq!(translate("LifecycleConfiguration", &rule), expected);
    }
}
