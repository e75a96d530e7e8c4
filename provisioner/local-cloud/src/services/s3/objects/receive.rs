//! Taking bytes in: into a file, counted and digested on the way, refused if they are not
//! what the sender said they would be.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use md5::{Digest as _, Md5};
use s3s::checksum::ChecksumHasher;
use tokio::io::{AsyncWriteExt as _, BufWriter};
use uuid::Uuid;

use super::Checksums;
use crate::error::{Answer, AwsError};

/// What the sender says of the bytes.
#[derive(Default)]
pub(in super::super) struct Expected {
    /// `x-amz-checksum-*`
    pub(in super::super) checksums: Checksums,
    /// `x-amz-sdk-checksum-algorithm`: the checksum itself comes in the trailer.
    pub(in super::super) algorithm: Option<String>,
    /// `Content-MD5`
    pub(in super::super) md5: Option<String>,
    pub(in super::super) length: Option<i64>,
    /// Headers after the body, complete once the body is read.
    pub(in super::super) trailers: Option<s3s::TrailingHeaders>,
}

/// Bytes in a file that goes away unless [`Received::keep`] is called.
pub(in super::super) struct Received {
    data: Uuid,
    path: Option<PathBuf>,
    pub(in super::super) digested: Digested,
}

/// What was found out about the bytes.
#[derive(Clone)]
pub(in super::super) struct Digested {
    pub(in super::super) size: u64,
    /// MD5, hexadecimal.
    pub(in super::super) etag: String,
    pub(in super::super) checksums: Checksums,
}

impl Received {
    pub(super) fn new(data: Uuid, path: PathBuf, digested: Digested) -> Self {
        Self {
            data,
            path: Some(path),
            digested,
        }
    }

    pub(super) fn keep(mut self) -> (Uuid, Digested) {
        self.path = None;
        (self.data, self.digested.clone())
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // What stays is swept at the next start.
            drop(std::fs::remove_file(path));
        }
    }
}

/// Writes a body to `path`.
pub(in super::super) async fn receive<E>(
    (data, path): (Uuid, PathBuf),
    body: impl Stream<Item = Result<Bytes, E>>,
    expected: Expected,
) -> Answer<Received>
where
    E: std::fmt::Display,
{
    let nothing = Digested {
        size: 0,
        etag: String::new(),
        checksums: Checksums::default(),
    };
    let mut received = Received::new(data, path.clone(), nothing);
    let mut file = BufWriter::new(tokio::fs::File::create(&path).await?);
    let mut md5 = Md5::new();
    let mut hasher = hasher(&expected)?;
    let mut size = 0;
    let mut body = std::pin::pin!(body);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| {
            AwsError::new(
                "IncompleteBody",
                format!("The request body ended early: {error}"),
            )
        })?;
        size += chunk.len() as u64;
        md5.update(&chunk);
        hasher.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    let md5 = md5.finalize();
    received.digested = Digested {
        size,
        etag: hex::encode(md5),
        checksums: from_dto(hasher.finalize()),
    };
    check(&expected, &received.digested, &STANDARD.encode(md5))?;
    Ok(received)
}

/// Computes the checksums the sender names.
fn hasher(expected: &Expected) -> Answer<ChecksumHasher> {
    let named = expected.algorithm.as_deref();
    if let Some(unknown) =
        named.filter(|name| !["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"].contains(name))
    {
        return Err(AwsError::new(
            "InvalidRequest",
            format!("Checksum algorithm {unknown} is unknown"),
        ));
    }
    let given = &expected.checksums;
    let wanted = |value: &Option<String>, name| value.is_some() || named == Some(name);
    Ok(ChecksumHasher {
        crc32: wanted(&given.crc32, "CRC32").then(Default::default),
        crc32c: wanted(&given.crc32c, "CRC32C").then(Default::default),
        crc64nvme: wanted(&given.crc64nvme, "CRC64NVME").then(Default::default),
        sha1: wanted(&given.sha1, "SHA1").then(Default::default),
        sha256: wanted(&given.sha256, "SHA256").then(Default::default),
    })
}

fn from_dto(checksum: s3s::dto::Checksum) -> Checksums {
    Checksums {
        crc32: checksum.checksum_crc32,
        crc32c: checksum.checksum_crc32c,
        crc64nvme: checksum.checksum_crc64nvme,
        sha1: checksum.checksum_sha1,
        sha256: checksum.checksum_sha256,
    }
}

fn check(expected: &Expected, found: &Digested, md5: &str) -> Answer<()> {
    let length = expected
        .length
        .and_then(|length| u64::try_from(length).ok());
    if length.is_some_and(|length| length != found.size) {
        return Err(AwsError::new(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ));
    }
    let bad = |name: &str| {
        Err(AwsError::new(
            "BadDigest",
            format!("The {name} you specified did not match the calculated checksum."),
        ))
    };
    if expected.md5.as_deref().is_some_and(|given| given != md5) {
        return bad("Content-MD5");
    }
    let given = &expected.checksums;
    let trailers = expected.trailers.as_ref();
    let checksums = [
        ("CRC32", "crc32", &given.crc32, &found.checksums.crc32),
        ("CRC32C", "crc32c", &given.crc32c, &found.checksums.crc32c),
        (
            "CRC64NVME",
            "crc64nvme",
            &given.crc64nvme,
            &found.checksums.crc64nvme,
        ),
        ("SHA1", "sha1", &given.sha1, &found.checksums.sha1),
        ("SHA256", "sha256", &given.sha256, &found.checksums.sha256),
    ];
    for (name, header, given, found) in checksums {
        let trailing = trailers.and_then(|trailers| {
            trailers.read(|headers| {
                let value = headers.get(format!("x-amz-checksum-{header}"))?;
                value.to_str().ok().map(str::to_owned)
            })?
        });
        for given in given.iter().chain(&trailing) {
            if found.as_ref().is_some_and(|found| found != given) {
                return bad(name);
            }
        }
    }
    Ok(())
}
