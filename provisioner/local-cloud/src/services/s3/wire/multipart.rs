//! Uploads in parts.

use s3s::dto::{
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListPartsInput, ListPartsOutput, MultipartUpload, Part, StreamingBlob, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::put::{condition, default_type, encryption, http_date, metadata};
use super::{Store, answered, lift, timestamp};
use crate::Cloud;
use crate::services::s3::objects::{Checksums, Expected, Headers};

pub(super) fn create(
    cloud: &Cloud,
    input: CreateMultipartUploadInput,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let headers = Headers {
        content_type: Some(input.content_type.unwrap_or_else(default_type)),
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        expires: input.expires.as_ref().and_then(http_date),
        encryption: input.server_side_encryption.map(|e| e.as_str().to_owned()),
        kms_key: input.ssekms_key_id,
        metadata: metadata(input.metadata),
    };
    let objects = &cloud.services.s3.objects;
    let upload = lift(objects.begin(&input.bucket, &input.key, headers, cloud.time.now()))?;
    answered(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.id.to_string()),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) async fn part(
    cloud: &Cloud,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let trailers = request.trailing_headers;
    let input = request.input;
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
    let body = input
        .body
        .unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()));
    let part = cloud
        .services
        .s3
        .objects
        .put_part(
            (&input.bucket, &input.key, &input.upload_id),
            input.part_number,
            body,
            expected,
            cloud.time.now(),
        )
        .await;
    let part = lift(part)?;
    answered(UploadPartOutput {
        e_tag: Some(ETag::Strong(part.etag)),
        checksum_crc32: part.checksums.crc32,
        checksum_crc32c: part.checksums.crc32c,
        checksum_crc64nvme: part.checksums.crc64nvme,
        checksum_sha1: part.checksums.sha1,
        checksum_sha256: part.checksums.sha256,
        ..UploadPartOutput::default()
    })
}

pub(super) fn list_parts(
    s3: &Store,
    input: ListPartsInput,
) -> S3Result<S3Response<ListPartsOutput>> {
    let after = input.part_number_marker.unwrap_or(0);
    let most = input
        .max_parts
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(1000)
        .min(1000);
    let parts = lift(
        s3.objects
            .parts(&input.bucket, &input.key, &input.upload_id),
    )?;
    let mut following = parts.into_values().filter(|part| part.number > after);
    let page: Vec<Part> = following
        .by_ref()
        .take(most)
        .map(|part| Part {
            part_number: Some(part.number),
            e_tag: Some(ETag::Strong(part.etag)),
            size: i64::try_from(part.size).ok(),
            last_modified: Some(timestamp(part.modified)),
            ..Part::default()
        })
        .collect();
    let more = following.next().is_some();
    let last = page.last().and_then(|part| part.part_number);
    answered(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        is_truncated: Some(more),
        next_part_number_marker: last.filter(|_| more),
        parts: Some(page),
        ..ListPartsOutput::default()
    })
}

pub(super) fn list(
    s3: &Store,
    input: ListMultipartUploadsInput,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let prefix = input.prefix.unwrap_or_default();
    let uploads = lift(s3.objects.list_uploads(&input.bucket))?;
    let uploads = uploads
        .into_iter()
        .filter(|upload| upload.key.starts_with(&prefix))
        .map(|upload| MultipartUpload {
            key: Some(upload.key),
            upload_id: Some(upload.id.to_string()),
            initiated: Some(timestamp(upload.started)),
            ..MultipartUpload::default()
        });
    answered(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: Some(prefix.clone()),
        is_truncated: Some(false),
        uploads: Some(uploads.collect()),
        ..ListMultipartUploadsOutput::default()
    })
}

pub(super) async fn complete(
    cloud: &Cloud,
    input: CompleteMultipartUploadInput,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let condition = condition(input.if_match, input.if_none_match)?;
    let named = input.multipart_upload.and_then(|upload| upload.parts);
    let wanted: Vec<(i32, String)> = named
        .into_iter()
        .flatten()
        .map(|part| {
            let etag = part.e_tag.map(ETag::into_value);
            (
                part.part_number.unwrap_or_default(),
                etag.unwrap_or_default(),
            )
        })
        .collect();
    let (bucket, key, id) = (&*input.bucket, &*input.key, &*input.upload_id);
    let objects = &cloud.services.s3.objects;
    let upload = lift(objects.find_upload(bucket, key, id))?;
    let received = lift(objects.assemble((bucket, key, id), &wanted).await)?;
    let now = cloud.time.now();
    let object = lift(objects.put(bucket, key, received, upload.headers, &condition, now))?;
    lift(objects.end_upload(bucket, key, id))?;
    answered(CompleteMultipartUploadOutput {
        location: Some(format!("{}/{bucket}/{key}", cloud.endpoint())),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        server_side_encryption: Some(encryption(&object)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        ..CompleteMultipartUploadOutput::default()
    })
}
