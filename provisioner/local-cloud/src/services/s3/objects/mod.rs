//! Objects on disk. An object is two files below its bucket's folder: its bytes under a name
//! never used twice, and a small JSON file, named by the key's digest, that says which bytes,
//! headers and checksums are the key's. Renaming that file into place is the moment an object
//! comes to be; whatever a crash leaves besides is swept at the next start.

pub(super) mod multipart;
mod receive;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::no_such_bucket;
use crate::error::{Answer, AwsError};

pub(super) use receive::{Expected, Received, receive};

/// All objects: an index in memory over the files.
pub(super) struct Objects {
    folder: PathBuf,
    index: RwLock<HashMap<String, BTreeMap<String, Arc<Object>>>>,
}

/// What is known of an object beside its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) key: String,
    /// The file of its bytes.
    data: Uuid,
    pub(super) size: u64,
    /// Without quotes.
    pub(super) etag: String,
    pub(super) modified: DateTime<Utc>,
    #[serde(default)]
    pub(super) headers: Headers,
    #[serde(default)]
    pub(super) checksums: Checksums,
}

/// The headers kept with an object and given back with it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) expires: Option<String>,
    /// What the sender asked for; recorded, the bytes are kept as they came.
    pub(super) encryption: Option<String>,
    pub(super) kms_key: Option<String>,
    /// `x-amz-meta-*`
    pub(super) metadata: BTreeMap<String, String>,
}

/// Checksums the sender named, base64.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checksums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

/// What must hold of the key when an object is put.
#[derive(Clone, Default)]
pub(super) struct Condition {
    /// Nothing may be there.
    pub(super) absent: bool,
    /// This ETag must be there.
    pub(super) etag: Option<String>,
}

impl Objects {
    pub(super) fn load(folder: &Path, buckets: &[String]) -> anyhow::Result<Self> {
        let mut index = HashMap::new();
        for bucket in buckets {
            let path = folder.join(bucket);
            // A crash between deleting a bucket and writing that down leaves it without one.
            create_folders(&path)
                .with_context(|| format!("making a bucket's folders in {}", path.display()))?;
            let objects = read_bucket(&path)
                .with_context(|| format!("reading the bucket in {}", path.display()))?;
            index.insert(bucket.clone(), objects);
        }
        Ok(Self {
            folder: folder.to_owned(),
            index: RwLock::new(index),
        })
    }

    fn keys(&self, bucket: &str) -> PathBuf {
        self.folder.join(bucket).join("keys")
    }

    /// A new file for bytes.
    pub(super) fn new_data(&self, bucket: &str) -> (Uuid, PathBuf) {
        let data = Uuid::new_v4();
        (data, self.data(bucket, data))
    }

    fn data(&self, bucket: &str, data: Uuid) -> PathBuf {
        self.folder.join(bucket).join("data").join(data.to_string())
    }

    pub(super) fn data_path(&self, bucket: &str, object: &Object) -> PathBuf {
        self.data(bucket, object.data)
    }

    pub(super) fn create_bucket(&self, bucket: &str) -> Answer<()> {
        let folder = self.folder.join(bucket);
        // What lies there belongs to a bucket that was never written down.
        absent_is_fine(std::fs::remove_dir_all(&folder))?;
        create_folders(&folder)?;
        self.index
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(bucket.to_owned(), BTreeMap::new());
        Ok(())
    }

    /// Removes an empty bucket's folder.
    pub(super) fn delete_bucket(&self, bucket: &str) -> Answer<()> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if index.get(bucket).is_some_and(|objects| !objects.is_empty()) {
            return Err(AwsError::new(
                "BucketNotEmpty",
                "The bucket you tried to delete is not empty",
            )
            .status(409));
        }
        index.remove(bucket);
        Ok(absent_is_fine(std::fs::remove_dir_all(
            self.folder.join(bucket),
        ))?)
    }

    pub(super) fn find(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.get(bucket)?.get(key).cloned()
    }

    /// The objects whose keys begin with `prefix` and come after `after`, in order, as long
    /// as `each` wants more.
    pub(super) fn walk(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        mut each: impl FnMut(&Arc<Object>) -> bool,
    ) {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let Some(objects) = index.get(bucket) else {
            return;
        };
        let from = if after >= prefix && !after.is_empty() {
            Excluded(after)
        } else {
            Included(prefix)
        };
        let _ = objects
            .range::<str, _>((from, Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .all(|(_, object)| each(object));
    }

    /// Makes received bytes the key's object, if the condition holds at that moment.
    pub(super) fn put(
        &self,
        bucket: &str,
        key: &str,
        received: Received,
        headers: Headers,
        condition: &Condition,
        now: DateTime<Utc>,
    ) -> Answer<Arc<Object>> {
        let (data, digested) = received.keep();
        let object = Arc::new(Object {
            key: key.to_owned(),
            data,
            size: digested.size,
            etag: digested.etag,
            modified: now,
            headers,
            checksums: digested.checksums,
        });
        let old = self
            .commit(bucket, &object, condition)
            .inspect_err(|_| self.forget(bucket, data))?;
        if let Some(old) = old {
            self.forget(bucket, old.data);
        }
        Ok(object)
    }

    fn commit(
        &self,
        bucket: &str,
        object: &Arc<Object>,
        condition: &Condition,
    ) -> Answer<Option<Arc<Object>>> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let objects = index.get_mut(bucket).ok_or_else(no_such_bucket)?;
        condition.check(objects.get(&object.key))?;
        let path = self.keys(bucket).join(key_file(&object.key));
        let partial = path.with_extension("partial");
        let bytes = serde_json::to_vec(&**object).map_err(AwsError::internal)?;
        std::fs::write(&partial, bytes)?;
        std::fs::rename(&partial, &path)?;
        Ok(objects.insert(object.key.clone(), Arc::clone(object)))
    }

    /// Deletes a key; deleting what is not there is fine.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> Answer<()> {
        let removed = {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            let objects = index.get_mut(bucket).ok_or_else(no_such_bucket)?;
            if objects.contains_key(key) {
                std::fs::remove_file(self.keys(bucket).join(key_file(key)))?;
            }
            objects.remove(key)
        };
        if let Some(object) = removed {
            self.forget(bucket, object.data);
        }
        Ok(())
    }

    /// Removes bytes no key has any more; should that fail, the next start sweeps them.
    fn forget(&self, bucket: &str, data: Uuid) {
        let path = self.data(bucket, data);
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::debug!(%error, path = %path.display(), "unused bytes stay for now");
        }
    }
}

impl Condition {
    fn check(&self, current: Option<&Arc<Object>>) -> Answer<()> {
        let failed = AwsError::new(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        )
        .status(412);
        match (&self.etag, current) {
            (_, Some(_)) if self.absent => Err(failed),
            (Some(_), None) => Err(super::no_such_key()),
            (Some(wanted), Some(object)) if *wanted != object.etag => Err(failed),
            _ => Ok(()),
        }
    }
}

fn create_folders(bucket: &Path) -> std::io::Result<()> {
    ["keys", "data", "uploads"]
        .iter()
        .try_for_each(|part| std::fs::create_dir_all(bucket.join(part)))
}

fn absent_is_fine(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn key_file(key: &str) -> String {
    format!("{}.json", hex::encode(Sha256::digest(key)))
}

/// Reads a bucket's index from its files and removes bytes that no key names.
fn read_bucket(folder: &Path) -> anyhow::Result<BTreeMap<String, Arc<Object>>> {
    let mut objects = BTreeMap::new();
    let mut used = HashSet::new();
    for entry in std::fs::read_dir(folder.join("keys"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let object: Object = serde_json::from_slice(&std::fs::read(&path)?)
                .with_context(|| format!("{} is not readable as an object", path.display()))?;
            used.insert(object.data.to_string());
            objects.insert(object.key.clone(), Arc::new(object));
        }
    }
    for entry in std::fs::read_dir(folder.join("data"))? {
        let entry = entry?;
        if !used.contains(&*entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(objects)
}
