//! Buckets themselves.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Bucket;
use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::values;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Create {
    bucket: String,
    #[serde(rename = "CreateBucketConfiguration")]
    place: Option<Place>,
    /// Private is all there is; AWS's default since 2023.
    #[serde(rename = "ACL")]
    acl: Option<String>,
    object_ownership: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Place {
    location_constraint: Option<String>,
}

pub(super) fn create(cloud: &Cloud, input: Create) -> Answer {
    let name = input.bucket;
    if !is_name(&name) {
        return Err(AwsError::new(
            "InvalidBucketName",
            "The specified bucket is not valid.",
        ));
    }
    if let Some(acl) = input.acl.filter(|acl| acl != "private") {
        return Err(AwsError::new(
            "InvalidBucketAclWithObjectOwnership",
            format!(
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting ({acl})"
            ),
        ));
    }
    let region = input.place.and_then(|place| place.location_constraint);
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    if region != cloud.options.region {
        return Err(AwsError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {region} location constraint is incompatible for the region specific \
                 endpoint this request was sent to ({}).",
                cloud.options.region
            ),
        ));
    }
    let created = cloud.time.now();
    let s3 = &cloud.services.s3;
    s3.store.write(|model| {
        if model.buckets.contains_key(&name) {
            return Err(AwsError::new(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
            .status(409));
        }
        s3.objects.create_bucket(&name)?;
        let mut configuration = BTreeMap::new();
        if let Some(ownership) = input.object_ownership {
            configuration.insert(
                "BucketOwnershipControls".to_owned(),
                json!({ "Rules": [{ "ObjectOwnership": ownership }] }),
            );
        }
        let bucket = Bucket {
            created,
            configuration,
        };
        model.buckets.insert(name.clone(), bucket);
        Ok(json!({ "Location": format!("/{name}") }))
    })
}

/// 3 to 63 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit, not like
/// an IP address.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (3..=63).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Named {
    pub(super) bucket: String,
    #[serde(rename = "ExpectedBucketOwner")]
    _owner: Option<String>,
}

pub(super) fn delete(cloud: &Cloud, input: Named) -> Answer {
    let s3 = &cloud.services.s3;
    s3.store.write(|model| {
        model.bucket(&input.bucket)?;
        s3.objects.delete_bucket(&input.bucket)?;
        model.buckets.remove(&input.bucket);
        Ok(json!({}))
    })
}

pub(super) fn head(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.s3.store.read().bucket(&input.bucket)?;
    Ok(json!({ "BucketRegion": cloud.options.region }))
}

pub(super) fn location(cloud: &Cloud, input: Named) -> Answer {
    cloud.services.s3.store.read().bucket(&input.bucket)?;
    // us-east-1 is written as nothing, since 2006.
    let region = Some(&cloud.options.region).filter(|region| *region != "us-east-1");
    Ok(json!({ "LocationConstraint": region }))
}

pub(super) fn list(cloud: &Cloud) -> Value {
    let model = cloud.services.s3.store.read();
    let buckets: Vec<Value> = model
        .buckets
        .iter()
        .map(|(name, bucket)| {
            json!({
                "Name": name,
                "CreationDate": values::timestamp(bucket.created),
                "BucketRegion": cloud.options.region,
            })
        })
        .collect();
    json!({ "Buckets": buckets, "Owner": { "ID": cloud.options.account } })
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn bucket_names_are_checked_as_by_s3() {
        for name in ["abc", "a-b.c", "0a0"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["ab", "Abc", "-abc", "abc-", "a..b", "1.2.3.4", "a_b"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
