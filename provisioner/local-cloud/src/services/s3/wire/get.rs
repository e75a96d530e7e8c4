//! Getting objects, or their headers.

use std::io::SeekFrom;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use s3s::dto::{
    ChecksumMode, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, Range, StreamingBlob, Timestamp, TimestampFormat,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::put::{encryption, find};
use super::{Store, answered, lift, not_offered, timestamp};
use crate::services::s3::objects::{Checksums, Object};

/// The conditions a reader may set.
struct Conditions {
    matches: Option<ETagCondition>,
    none_matches: Option<ETagCondition>,
    modified_since: Option<Timestamp>,
    unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// As RFC 9110 orders them: an `ETag` condition outweighs the time condition beside it.
    fn check(&self, object: &Object) -> S3Result<()> {
        let etag = ETag::Strong(object.etag.clone());
        // Headers carry whole seconds.
        let seconds = object.modified.timestamp();
        let modified = timestamp(chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default());
        let fits = |condition: &ETagCondition| match condition.as_etag() {
            Some(wanted) => wanted.weak_cmp(&etag),
            None => true,
        };
        let expected = match (&self.matches, &self.unmodified_since) {
            (Some(condition), _) => fits(condition),
            (None, Some(since)) => modified <= *since,
            (None, None) => true,
        };
        if !expected {
            return Err(S3Error::with_message(
                S3ErrorCode::PreconditionFailed,
                "At least one of the pre-conditions you specified did not hold",
            ));
        }
        let known = match (&self.none_matches, &self.modified_since) {
            (Some(condition), _) => fits(condition),
            (None, Some(since)) => modified <= *since,
            (None, None) => false,
        };
        if known {
            Err(not_modified(object))
        } else {
            Ok(())
        }
    }
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_status_code(StatusCode::NOT_MODIFIED);
    let mut headers = HeaderMap::new();
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", object.etag)) {
        headers.insert(header::ETAG, etag);
    }
    error.set_headers(headers);
    error
}

/// Versions are not kept; "null" is the one every object has.
fn refuse_versions(version: Option<&str>) -> S3Result<()> {
    match version {
        None | Some("null") => Ok(()),
        Some(_) => not_offered("versions of objects"),
    }
}

/// The part of the object that is asked for: from, length, and the header that says so.
fn part(range: Option<&Range>, size: u64) -> S3Result<(u64, u64, Option<String>)> {
    let Some(range) = range else {
        return Ok((0, size, None));
    };
    let part = range.check(size)?;
    let header = format!("bytes {}-{}/{size}", part.start, part.end - 1);
    Ok((part.start, part.end - part.start, Some(header)))
}

/// Checksums are of the whole object and wanted only when asked for.
fn checksums(object: &Object, mode: Option<&ChecksumMode>, whole: bool) -> Checksums {
    if whole && mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED) {
        object.checksums.clone()
    } else {
        Checksums::default()
    }
}

fn expires(object: &Object) -> Option<Timestamp> {
    let text = object.headers.expires.as_deref()?;
    Timestamp::parse(TimestampFormat::HttpDate, text).ok()
}

pub(super) async fn object(
    s3: &Store,
    input: GetObjectInput,
) -> S3Result<S3Response<GetObjectOutput>> {
    refuse_versions(input.version_id.as_deref())?;
    let object = lift(find(s3, &input.bucket, &input.key))?;
    let conditions = Conditions {
        matches: input.if_match,
        none_matches: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&object)?;
    let (from, length, content_range) = part(input.range.as_ref(), object.size)?;
    let mut file = tokio::fs::File::open(s3.objects.data_path(&input.bucket, &object))
        .await
        .map_err(S3Error::internal_error)?;
    file.seek(SeekFrom::Start(from))
        .await
        .map_err(S3Error::internal_error)?;
    let checksums = checksums(
        &object,
        input.checksum_mode.as_ref(),
        content_range.is_none(),
    );
    let headers = object.headers.clone();
    let partial = content_range.is_some();
    let output = GetObjectOutput {
        body: Some(StreamingBlob::wrap(ReaderStream::with_capacity(
            file.take(length),
            64 * 1024,
        ))),
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(length).ok(),
        content_range,
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(timestamp(object.modified)),
        cache_control: input.response_cache_control.or(headers.cache_control),
        content_disposition: input
            .response_content_disposition
            .or(headers.content_disposition),
        content_encoding: input.response_content_encoding.or(headers.content_encoding),
        content_language: input.response_content_language.or(headers.content_language),
        content_type: input.response_content_type.or(headers.content_type),
        expires: input.response_expires.or_else(|| expires(&object)),
        metadata: Some(headers.metadata.into_iter().collect()),
        server_side_encryption: Some(encryption(&object)),
        ssekms_key_id: headers.kms_key,
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..GetObjectOutput::default()
    };
    if partial {
        super::status(output, StatusCode::PARTIAL_CONTENT)
    } else {
        answered(output)
    }
}

pub(super) fn head(s3: &Store, input: HeadObjectInput) -> S3Result<S3Response<HeadObjectOutput>> {
    refuse_versions(input.version_id.as_deref())?;
    let object = lift(find(s3, &input.bucket, &input.key))?;
    let conditions = Conditions {
        matches: input.if_match,
        none_matches: input.if_none_match,
        modified_since: input.if_modified_since,
        unmodified_since: input.if_unmodified_since,
    };
    conditions.check(&object)?;
    let (_, length, content_range) = part(input.range.as_ref(), object.size)?;
    let checksums = checksums(
        &object,
        input.checksum_mode.as_ref(),
        content_range.is_none(),
    );
    let headers = object.headers.clone();
    let partial = content_range.is_some();
    let output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(length).ok(),
        content_range,
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(timestamp(object.modified)),
        cache_control: headers.cache_control,
        content_disposition: headers.content_disposition,
        content_encoding: headers.content_encoding,
        content_language: headers.content_language,
        content_type: headers.content_type,
        expires: expires(&object),
        metadata: Some(headers.metadata.into_iter().collect()),
        server_side_encryption: Some(encryption(&object)),
        ssekms_key_id: headers.kms_key,
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..HeadObjectOutput::default()
    };
    if partial {
        super::status(output, StatusCode::PARTIAL_CONTENT)
    } else {
        answered(output)
    }
}
