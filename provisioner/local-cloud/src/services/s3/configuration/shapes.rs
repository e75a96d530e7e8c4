//! What configurations hold, member by member.

use serde::{Deserialize, Serialize};

use crate::protocol::values::{optional_boolean, optional_integer};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(in super::super) struct Cors {
    #[serde(rename = "CORSRules")]
    pub(in super::super) rules: Vec<CorsRule>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(in super::super) struct CorsRule {
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(default)]
    pub(in super::super) allowed_headers: Vec<String>,
    pub(in super::super) allowed_methods: Vec<String>,
    pub(in super::super) allowed_origins: Vec<String>,
    #[serde(default)]
    pub(in super::super) expose_headers: Vec<String>,
    #[serde(default, deserialize_with = "optional_integer")]
    pub(in super::super) max_age_seconds: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Encryption {
    rules: Vec<EncryptionRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct EncryptionRule {
    apply_server_side_encryption_by_default: Option<EncryptionDefault>,
    #[serde(default, deserialize_with = "optional_boolean")]
    bucket_key_enabled: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncryptionDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: EncryptionAlgorithm,
    #[serde(rename = "KMSMasterKeyID")]
    key: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum EncryptionAlgorithm {
    #[serde(rename = "AES256")]
    Aes256,
    #[serde(rename = "aws:kms")]
    Kms,
    #[serde(rename = "aws:kms:dsse")]
    DoubleKms,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct PublicAccess {
    #[serde(default, deserialize_with = "optional_boolean")]
    block_public_acls: Option<bool>,
    #[serde(default, deserialize_with = "optional_boolean")]
    ignore_public_acls: Option<bool>,
    #[serde(default, deserialize_with = "optional_boolean")]
    block_public_policy: Option<bool>,
    #[serde(default, deserialize_with = "optional_boolean")]
    restrict_public_buckets: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Versioning {
    #[serde(rename = "Status")]
    status: VersioningStatus,
}

#[derive(Serialize, Deserialize)]
enum VersioningStatus {
    Enabled,
    Suspended,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Lifecycle {
    rules: Vec<LifecycleRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LifecycleRule {
    #[serde(rename = "ID")]
    id: Option<String>,
    status: LifecycleStatus,
    prefix: Option<String>,
    filter: Option<LifecycleFilter>,
    expiration: Option<Expiration>,
    noncurrent_version_expiration: Option<NoncurrentExpiration>,
    abort_incomplete_multipart_upload: Option<AbortMultipart>,
}

#[derive(Serialize, Deserialize)]
enum LifecycleStatus {
    Enabled,
    Disabled,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LifecycleFilter {
    prefix: Option<String>,
    tag: Option<Tag>,
    and: Option<LifecycleAnd>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct LifecycleAnd {
    prefix: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Expiration {
    #[serde(default, deserialize_with = "optional_integer")]
    days: Option<i64>,
    date: Option<String>,
    #[serde(default, deserialize_with = "optional_boolean")]
    expired_object_delete_marker: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct NoncurrentExpiration {
    #[serde(default, deserialize_with = "optional_integer")]
    noncurrent_days: Option<i64>,
    #[serde(default, deserialize_with = "optional_integer")]
    newer_noncurrent_versions: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct AbortMultipart {
    #[serde(default, deserialize_with = "optional_integer")]
    days_after_initiation: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Tagging {
    tag_set: Vec<Tag>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Ownership {
    rules: Vec<OwnershipRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct OwnershipRule {
    object_ownership: ObjectOwnership,
}

#[derive(Serialize, Deserialize)]
enum ObjectOwnership {
    BucketOwnerPreferred,
    ObjectWriter,
    BucketOwnerEnforced,
}
