//! Putting and copying objects.

use std::collections::BTreeMap;

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, ETagCondition, Metadata,
    MetadataDirective, ObjectCannedACL, PutObjectInput, PutObjectOutput, ServerSideEncryption,
    StorageClass, StreamingBlob, Timestamp, TimestampFormat,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use tokio_util::io::ReaderStream;

use super::{Store, answered, lift, not_offered, timestamp};
use crate::Cloud;
use crate::services::s3::no_such_key;
use crate::services::s3::objects::{Checksums, Condition, Expected, Headers, Object, receive};

pub(super) async fn object(
    cloud: &Cloud,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let trailers = request.trailing_headers;
    let input = request.input;
    refuse_what_is_not_kept(&input)?;
    let headers = Headers {
        content_type: Some(input.content_type.unwrap_or_else(default_type)),
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding.and_then(without_chunking),
        content_language: input.content_language,
        expires: input.expires.as_ref().and_then(http_date),
        encryption: input.server_side_encryption.map(|e| e.as_str().to_owned()),
        kms_key: input.ssekms_key_id,
        metadata: metadata(input.metadata),
    };
    let expected = Expected {
        checksums: Checksums {
            crc32: input.checksum_crc32,
            crc32c: input.checksum_crc32c,
            crc64nvme: input.checksum_crc64nvme,
            sha1: input.checksum_sha1,
            sha256: input.checksum_sha256,
        },
        algorithm: input.checksum_algorithm.map(|a| a.as_str().to_owned()),
        md5: input.content_md5,
        length: input.content_length,
        trailers,
    };
    let condition = condition(input.if_match, input.if_none_match)?;
    let s3 = &cloud.services.s3;
    let body = input
        .body
        .unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    let received = lift(receive(s3.objects.new_data(&input.bucket), body, expected).await)?;
    let object = lift(s3.objects.put(
        &input.bucket,
        &input.key,
        received,
        headers,
        &condition,
        cloud.time.now(),
    ))?;
    answered(put_output(&object))
}

fn put_output(object: &Object) -> PutObjectOutput {
    let checksums = object.checksums.clone();
    PutObjectOutput {
        e_tag: Some(ETag::Strong(object.etag.clone())),
        server_side_encryption: Some(encryption(object)),
        ssekms_key_id: object.headers.kms_key.clone(),
        checksum_crc32: checksums.crc32,
        checksum_crc32c: checksums.crc32c,
        checksum_crc64nvme: checksums.crc64nvme,
        checksum_sha1: checksums.sha1,
        checksum_sha256: checksums.sha256,
        ..PutObjectOutput::default()
    }
}

fn refuse_what_is_not_kept(input: &PutObjectInput) -> S3Result<()> {
    let class = input.storage_class.as_ref().map(StorageClass::as_str);
    if class.is_some_and(|class| class != StorageClass::STANDARD) {
        return not_offered("storage classes other than STANDARD");
    }
    if let Some(acl) = &input.acl {
        let harmless = [
            ObjectCannedACL::PRIVATE,
            ObjectCannedACL::BUCKET_OWNER_FULL_CONTROL,
        ];
        if !harmless.contains(&acl.as_str()) {
            return Err(S3Error::with_message(
                S3ErrorCode::AccessControlListNotSupported,
                "The bucket does not allow ACLs",
            ));
        }
    }
    if input.tagging.is_some() {
        return not_offered("object tags");
    }
    if input.sse_customer_key.is_some() {
        return not_offered("encryption with the customer's keys");
    }
    Ok(())
}

/// `If-None-Match: *` and `If-Match: "..."`.
pub(super) fn condition(
    matches: Option<ETagCondition>,
    none_matches: Option<ETagCondition>,
) -> S3Result<Condition> {
    let absent = match none_matches {
        None => false,
        Some(condition) if condition.is_any() => true,
        Some(_) => return not_offered("If-None-Match with an ETag when putting"),
    };
    let etag = matches.and_then(|condition| Some(condition.as_etag()?.value().to_owned()));
    Ok(Condition { absent, etag })
}

pub(super) fn default_type() -> String {
    "binary/octet-stream".to_owned()
}

/// `aws-chunked` is how the body came, not what it is.
fn without_chunking(encoding: String) -> Option<String> {
    let kept: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|part| *part != "aws-chunked" && !part.is_empty())
        .collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

pub(super) fn http_date(at: &Timestamp) -> Option<String> {
    let mut text = Vec::new();
    at.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

pub(super) fn metadata(given: Option<Metadata>) -> BTreeMap<String, String> {
    given.into_iter().flatten().collect()
}

pub(super) fn encryption(object: &Object) -> ServerSideEncryption {
    let kept = object.headers.encryption.clone();
    ServerSideEncryption::from(kept.unwrap_or_else(|| ServerSideEncryption::AES256.to_owned()))
}

pub(super) async fn copy(
    cloud: &Cloud,
    input: CopyObjectInput,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
        return not_offered("copying from an access point");
    };
    let s3 = &cloud.services.s3;
    let source = lift(find(s3, bucket, key))?;
    let replace = input
        .metadata_directive
        .as_ref()
        .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
    if !replace && **bucket == *input.bucket && **key == *input.key {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself \
             without changing the object's metadata, storage class, website redirect location \
             or encryption attributes.",
        ));
    }
    let headers = if replace {
        Headers {
            content_type: Some(input.content_type.unwrap_or_else(default_type)),
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            expires: input.expires.as_ref().and_then(http_date),
            encryption: input.server_side_encryption.map(|e| e.as_str().to_owned()),
            kms_key: input.ssekms_key_id,
            metadata: metadata(input.metadata),
        }
    } else {
        source.headers.clone()
    };
    let file = tokio::fs::File::open(s3.objects.data_path(bucket, &source))
        .await
        .map_err(S3Error::internal_error)?;
    let target = s3.objects.new_data(&input.bucket);
    let received = lift(receive(target, ReaderStream::new(file), Expected::default()).await)?;
    let object = lift(s3.objects.put(
        &input.bucket,
        &input.key,
        received,
        headers,
        &Condition::default(),
        cloud.time.now(),
    ))?;
    answered(CopyObjectOutput {
        copy_object_result: Some(CopyObjectResult {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object.modified)),
            ..CopyObjectResult::default()
        }),
        server_side_encryption: Some(encryption(&object)),
        ..CopyObjectOutput::default()
    })
}

/// An object in a bucket that must be there.
pub(super) fn find(
    s3: &Store,
    bucket: &str,
    key: &str,
) -> Result<std::sync::Arc<Object>, crate::error::AwsError> {
    s3.store.read().bucket(bucket)?;
    s3.objects.find(bucket, key).ok_or_else(no_such_key)
}
