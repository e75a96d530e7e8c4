//! S3: buckets and objects on disk. `s3s` speaks the protocol and verifies signatures.
//!
//! Objects are kept, with their headers and checksums, and answered as S3 answers them;
//! a bucket's CORS configuration is obeyed. Encryption, public access block, versioning,
//! lifecycle, policy and ownership are recorded and not performed; answers that set them say
//! so in the header `x-local-cloud-note`. Buckets are addressed by path, not by host name.

mod buckets;
mod configuration;
mod cors;
mod objects;
mod operations;
mod subresource;
mod wire;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::state::Store;

pub(crate) use operations::call;
pub(crate) use wire::answer;

/// What survives a restart, beside the objects.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    buckets: BTreeMap<String, Bucket>,
}

/// A bucket and its configuration: by the operation's subject (`BucketCors`), in the shape
/// of AWS's model.
#[derive(Clone, Serialize, Deserialize)]
struct Bucket {
    created: DateTime<Utc>,
    configuration: BTreeMap<String, Value>,
}

/// The service.
pub struct S3 {
    pub(crate) store: Store<Model>,
    objects: objects::Objects,
    /// The protocol's machinery, made at the first request.
    service: OnceLock<s3s::service::S3Service>,
}

impl S3 {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let store: Store<Model> = Store::load(root, "s3")?;
        let names: Vec<String> = store.read().buckets.keys().cloned().collect();
        Ok(Self {
            objects: objects::Objects::load(&root.join("s3"), &names)?,
            store,
            service: OnceLock::new(),
        })
    }
}

impl Model {
    fn bucket(&self, name: &str) -> Answer<&Bucket> {
        self.buckets.get(name).ok_or_else(no_such_bucket)
    }
}

fn no_such_bucket() -> AwsError {
    AwsError::new("NoSuchBucket", "The specified bucket does not exist").status(404)
}

fn no_such_key() -> AwsError {
    AwsError::new("NoSuchKey", "The specified key does not exist.").status(404)
}

/// An object's bytes, for services that read archives and templates from S3.
///
/// # Errors
/// `NoSuchBucket`, `NoSuchKey`.
pub async fn read_object(cloud: &Arc<Cloud>, bucket: &str, key: &str) -> Answer<Bytes> {
    let s3 = &cloud.services.s3;
    s3.store.read().bucket(bucket)?;
    let object = s3.objects.find(bucket, key).ok_or_else(no_such_key)?;
    let bytes = tokio::fs::read(s3.objects.data_path(bucket, &object)).await?;
    Ok(bytes.into())
}
