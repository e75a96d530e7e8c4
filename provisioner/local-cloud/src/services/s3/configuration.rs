//! A bucket's configuration: put, get and deleted under the operation names S3 uses, checked
//! member by member so that nothing unknown is taken silently.

mod shapes;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

pub(super) use shapes::{Cors, CorsRule};
use shapes::{Encryption, Lifecycle, Ownership, PublicAccess, Tagging, Versioning};

/// One kind of configuration.
pub(super) struct Kind {
    /// The operations' subject: `Put<subject>`, `Get<subject>`, and so on.
    pub(super) subject: &'static str,
    /// What is between Put and the subject's end when deleting: `DeleteBucketTagging`.
    pub(super) delete: Option<&'static str>,
    /// The member of the Put input.
    pub(super) member: &'static str,
    /// How an absent configuration is answered: an error's code, or an empty configuration.
    absent: Option<(&'static str, &'static str)>,
    /// What the Get output wraps it in; none: its members are the output's own.
    pub(super) wrapped: bool,
    check: fn(Value) -> Answer<Value>,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        subject: "BucketCors",
        delete: Some("DeleteBucketCors"),
        member: "CORSConfiguration",
        absent: Some((
            "NoSuchCORSConfiguration",
            "The CORS configuration does not exist",
        )),
        wrapped: false,
        check: checked::<Cors>,
    },
    Kind {
        subject: "BucketEncryption",
        delete: Some("DeleteBucketEncryption"),
        member: "ServerSideEncryptionConfiguration",
        absent: None,
        wrapped: true,
        check: checked::<Encryption>,
    },
    Kind {
        subject: "PublicAccessBlock",
        delete: Some("DeletePublicAccessBlock"),
        member: "PublicAccessBlockConfiguration",
        absent: Some((
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )),
        wrapped: true,
        check: checked::<PublicAccess>,
    },
    Kind {
        subject: "BucketVersioning",
        delete: None,
        member: "VersioningConfiguration",
        absent: None,
        wrapped: false,
        check: checked::<Versioning>,
    },
    Kind {
        subject: "BucketLifecycleConfiguration",
        delete: Some("DeleteBucketLifecycle"),
        member: "LifecycleConfiguration",
        absent: Some((
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        )),
        wrapped: false,
        check: checked::<Lifecycle>,
    },
    Kind {
        subject: "BucketPolicy",
        delete: Some("DeleteBucketPolicy"),
        member: "Policy",
        absent: Some(("NoSuchBucketPolicy", "The bucket policy does not exist")),
        wrapped: true,
        check: policy,
    },
    Kind {
        subject: "BucketTagging",
        delete: Some("DeleteBucketTagging"),
        member: "Tagging",
        absent: Some(("NoSuchTagSet", "The TagSet does not exist")),
        wrapped: false,
        check: checked::<Tagging>,
    },
    Kind {
        subject: "BucketOwnershipControls",
        delete: Some("DeleteBucketOwnershipControls"),
        member: "OwnershipControls",
        absent: Some((
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
        )),
        wrapped: true,
        check: checked::<Ownership>,
    },
];

/// Performs Put, Get or Delete of a configuration; none if `operation` is not one.
pub(super) fn call(cloud: &Cloud, operation: &str, input: Value) -> Option<Answer> {
    KINDS.iter().find_map(|kind| {
        if operation.strip_prefix("Put") == Some(kind.subject) {
            Some(put(cloud, kind, input.clone()))
        } else if operation.strip_prefix("Get") == Some(kind.subject) {
            Some(get(cloud, kind, input.clone()))
        } else if Some(operation) == kind.delete {
            Some(delete(cloud, kind, input.clone()))
        } else {
            None
        }
    })
}

fn put(cloud: &Cloud, kind: &Kind, input: Value) -> Answer {
    let Value::Object(mut input) = input else {
        return Err(AwsError::validation("The input is not an object."));
    };
    let bucket = text(&mut input, "Bucket")?;
    // Digests are the wire's business, and an expected owner is always ours.
    for known in ["ContentMD5", "ChecksumAlgorithm", "ExpectedBucketOwner"] {
        input.remove(known);
    }
    let given = input
        .remove(kind.member)
        .ok_or_else(|| malformed(format!("{} is missing", kind.member)))?;
    if let Some((unknown, _)) = input.iter().next() {
        return Err(malformed(format!("unknown member {unknown}")));
    }
    let checked = (kind.check)(given)?;
    change(cloud, &bucket, |configuration| {
        configuration.insert(kind.subject.to_owned(), checked);
    })
}

fn get(cloud: &Cloud, kind: &Kind, input: Value) -> Answer {
    let input: super::buckets::Named = values::parse(input)?;
    let model = cloud.services.s3.store.read();
    let bucket = model.bucket(&input.bucket)?;
    let kept = match (bucket.configuration.get(kind.subject), kind.absent) {
        (Some(kept), _) => kept.clone(),
        (None, Some((code, message))) => return Err(AwsError::new(code, message).status(404)),
        // Every bucket is encrypted with S3's own key since 2023.
        (None, None) if kind.subject == "BucketEncryption" => json!({ "Rules": [{
            "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" },
            "BucketKeyEnabled": false,
        }]}),
        (None, None) => json!({}),
    };
    Ok(if kind.wrapped {
        json!({ kind.member: kept })
    } else {
        kept
    })
}

fn delete(cloud: &Cloud, kind: &Kind, input: Value) -> Answer {
    let input: super::buckets::Named = values::parse(input)?;
    change(cloud, &input.bucket, |configuration| {
        configuration.remove(kind.subject);
    })
}

fn change(
    cloud: &Cloud,
    bucket: &str,
    change: impl FnOnce(&mut std::collections::BTreeMap<String, Value>),
) -> Answer {
    cloud.services.s3.store.write(|model| {
        let bucket = model
            .buckets
            .get_mut(bucket)
            .ok_or_else(super::no_such_bucket)?;
        change(&mut bucket.configuration);
        Ok(json!({}))
    })
}

fn text(input: &mut Map<String, Value>, member: &str) -> Answer<String> {
    match input.remove(member) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(malformed(format!("{member} is missing"))),
    }
}

fn malformed(why: impl std::fmt::Display) -> AwsError {
    AwsError::new(
        "MalformedXML",
        format!(
            "The XML you provided was not well-formed or did not validate against our published \
             schema ({why})"
        ),
    )
}

/// Reads into the model's types and writes back: numbers and booleans get their types.
fn checked<T: DeserializeOwned + Serialize>(given: Value) -> Answer<Value> {
    let typed: T = serde_json::from_value(given).map_err(malformed)?;
    let value = serde_json::to_value(typed).map_err(AwsError::internal)?;
    Ok(values::without_nulls(value))
}

fn policy(given: Value) -> Answer<Value> {
    let bad = |why: &str| AwsError::new("MalformedPolicy", format!("{why} in the policy document"));
    let text = given.as_str().ok_or_else(|| bad("no text"))?;
    let document: Value = serde_json::from_str(text).map_err(|_| bad("invalid JSON"))?;
    if !document
        .get("Statement")
        .is_some_and(|s| s.is_array() || s.is_object())
    {
        return Err(bad("no Statement"));
    }
    Ok(given)
}
