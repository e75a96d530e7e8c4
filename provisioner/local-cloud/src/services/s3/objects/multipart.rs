//! Uploads in parts: a folder each, until they are put together or given up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::Stream;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::receive::Digested;
use super::{Checksums, Expected, Headers, Objects, Received, receive};
use crate::error::{Answer, AwsError};

/// The smallest part but for the last.
const SMALLEST: u64 = 5 * 1024 * 1024;

/// An upload under way.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct Upload {
    pub(in super::super) id: Uuid,
    pub(in super::super) key: String,
    pub(in super::super) started: DateTime<Utc>,
    pub(in super::super) headers: Headers,
}

/// A part that has arrived.
#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Part {
    pub(in super::super) number: i32,
    pub(in super::super) size: u64,
    pub(in super::super) etag: String,
    pub(in super::super) modified: DateTime<Utc>,
    pub(in super::super) checksums: Checksums,
    file: Uuid,
}

fn no_such_upload() -> AwsError {
    AwsError::new(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may \
         have been aborted or completed.",
    )
    .status(404)
}

impl Objects {
    fn uploads(&self, bucket: &str) -> PathBuf {
        self.folder.join(bucket).join("uploads")
    }

    fn upload(&self, bucket: &str, id: &str) -> Answer<PathBuf> {
        // Parsing keeps paths out of ids.
        let id: Uuid = id.parse().map_err(|_| no_such_upload())?;
        Ok(self.uploads(bucket).join(id.to_string()))
    }

    pub(in super::super) fn begin(
        &self,
        bucket: &str,
        key: &str,
        headers: Headers,
        now: DateTime<Utc>,
    ) -> Answer<Upload> {
        let upload = Upload {
            id: Uuid::new_v4(),
            key: key.to_owned(),
            started: now,
            headers,
        };
        let folder = self.uploads(bucket).join(upload.id.to_string());
        std::fs::create_dir_all(&folder)?;
        let bytes = serde_json::to_vec(&upload).map_err(AwsError::internal)?;
        std::fs::write(folder.join("upload.json"), bytes)?;
        Ok(upload)
    }

    /// An upload by id, for its key.
    pub(in super::super) fn find_upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Answer<Upload> {
        let path = self.upload(bucket, id)?.join("upload.json");
        let bytes = std::fs::read(path).map_err(|_| no_such_upload())?;
        let upload: Upload = serde_json::from_slice(&bytes).map_err(AwsError::internal)?;
        if upload.key == key {
            Ok(upload)
        } else {
            Err(no_such_upload())
        }
    }

    /// The uploads under way, by key.
    pub(in super::super) fn list_uploads(&self, bucket: &str) -> Answer<Vec<Upload>> {
        let mut uploads: Vec<Upload> = Vec::new();
        for entry in std::fs::read_dir(self.uploads(bucket))? {
            // One that is finished meanwhile is not under way.
            if let Ok(bytes) = std::fs::read(entry?.path().join("upload.json")) {
                uploads.push(serde_json::from_slice(&bytes).map_err(AwsError::internal)?);
            }
        }
        uploads.sort_by(|a, b| (&a.key, a.started).cmp(&(&b.key, b.started)));
        Ok(uploads)
    }

    pub(in super::super) async fn put_part<E: std::fmt::Display>(
        &self,
        (bucket, key, id): (&str, &str, &str),
        number: i32,
        body: impl Stream<Item = Result<Bytes, E>>,
        expected: Expected,
        now: DateTime<Utc>,
    ) -> Answer<Part> {
        if !(1..=10_000).contains(&number) {
            return Err(AwsError::new(
                "InvalidArgument",
                "Part number must be an integer between 1 and 10000, inclusive",
            ));
        }
        self.find_upload(bucket, key, id)?;
        let folder = self.upload(bucket, id)?;
        let file = Uuid::new_v4();
        let path = folder.join(file.to_string());
        let (_, digested) = receive((file, path), body, expected).await?.keep();
        let part = Part {
            number,
            size: digested.size,
            etag: digested.etag,
            modified: now,
            checksums: digested.checksums,
            file,
        };
        let bytes = serde_json::to_vec(&part).map_err(AwsError::internal)?;
        let partial = folder.join(format!("{file}.partial"));
        std::fs::write(&partial, bytes)?;
        std::fs::rename(partial, folder.join(format!("{number:05}.part")))?;
        Ok(part)
    }

    /// The parts that have arrived, by number.
    pub(in super::super) fn parts(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Answer<BTreeMap<i32, Part>> {
        self.find_upload(bucket, key, id)?;
        let mut parts = BTreeMap::new();
        for entry in std::fs::read_dir(self.upload(bucket, id)?)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "part")
            {
                let part: Part =
                    serde_json::from_slice(&std::fs::read(path)?).map_err(AwsError::internal)?;
                parts.insert(part.number, part);
            }
        }
        Ok(parts)
    }

    /// Puts the named parts (number and `ETag`) together, in order.
    pub(in super::super) async fn assemble(
        &self,
        (bucket, key, id): (&str, &str, &str),
        wanted: &[(i32, String)],
    ) -> Answer<Received> {
        let parts = self.parts(bucket, key, id)?;
        if wanted.is_empty() {
            return Err(AwsError::new(
                "MalformedXML",
                "You must specify at least one part",
            ));
        }
        if !wanted.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(AwsError::new(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
            ));
        }
        let mut chosen = Vec::new();
        for (number, etag) in wanted {
            let part = parts.get(number).filter(|part| part.etag == *etag);
            chosen.push(part.ok_or_else(|| {
                AwsError::new(
                    "InvalidPart",
                    "One or more of the specified parts could not be found. The part may not have \
                     been uploaded, or the specified entity tag may not match the part's entity tag.",
                )
            })?);
        }
        if let Some((_, all_but_last)) = chosen.split_last()
            && all_but_last.iter().any(|part| part.size < SMALLEST)
        {
            return Err(AwsError::new(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
            ));
        }
        let folder = self.upload(bucket, id)?;
        let (data, path) = self.new_data(bucket);
        let digested = Digested {
            size: chosen.iter().map(|part| part.size).sum(),
            etag: etag_of(&chosen)?,
            checksums: Checksums::default(),
        };
        let received = Received::new(data, path.clone(), digested);
        let mut whole = tokio::fs::File::create(path).await?;
        for part in chosen {
            let mut file = tokio::fs::File::open(folder.join(part.file.to_string())).await?;
            tokio::io::copy(&mut file, &mut whole).await?;
        }
        whole.flush().await?;
        Ok(received)
    }

    /// Gives an upload up, or clears it away once it is complete.
    pub(in super::super) fn end_upload(&self, bucket: &str, key: &str, id: &str) -> Answer<()> {
        self.find_upload(bucket, key, id)?;
        Ok(std::fs::remove_dir_all(self.upload(bucket, id)?)?)
    }
}

/// The MD5 of the parts' MD5s, and their number.
fn etag_of(parts: &[&Part]) -> Answer<String> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(hex::decode(&part.etag).map_err(AwsError::internal)?);
    }
    Ok(format!("{}-{}", hex::encode(md5.finalize()), parts.len()))
}
