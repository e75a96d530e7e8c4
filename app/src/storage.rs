//! Objects in buckets.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::FutureExt;

use crate::aws::{Aws, describe};

/// S3.
#[derive(Clone, Debug)]
pub struct Storage {
    aws: Aws,
}

/// An object that was read whole.
#[derive(Clone, Debug)]
pub struct Object {
    pub bytes: Bytes,
    pub content_type: Option<String>,
    pub etag: Option<String>,
}

impl Storage {
    /// Over these clients.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// The object, whole; none when there is none.
    ///
    /// # Errors
    /// When the bucket cannot be read.
    pub async fn find(&self, bucket: &str, key: &str) -> anyhow::Result<Option<Object>> {
        let answer = self
            .aws
            .s3()
            .await
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .boxed()
            .await;
        let object = match answer {
            Ok(object) => object,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key) =>
            {
                return Ok(None);
            }
            Err(error) => anyhow::bail!("reading s3://{bucket}/{key}: {}", describe(&error)),
        };
        let content_type = object.content_type;
        let etag = object.e_tag;
        let bytes = object
            .body
            .collect()
            .await
            .with_context(|| format!("reading s3://{bucket}/{key}"))?
            .into_bytes();
        Ok(Some(Object {
            bytes,
            content_type,
            etag,
        }))
    }

    /// The object as a stream, with its length.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub async fn stream(&self, bucket: &str, key: &str) -> anyhow::Result<(ByteStream, u64)> {
        let object = self
            .aws
            .s3()
            .await
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .boxed()
            .await
            .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
            .with_context(|| format!("reading s3://{bucket}/{key}"))?;
        let length = object
            .content_length
            .and_then(|length| u64::try_from(length).ok());
        Ok((object.body, length.unwrap_or(0)))
    }

    /// Puts a file's content into the bucket.
    ///
    /// # Errors
    /// When the file cannot be read or the bucket not written.
    pub async fn put_file(
        &self,
        bucket: &str,
        key: &str,
        path: &Path,
        content_type: &str,
    ) -> anyhow::Result<()> {
        let body = ByteStream::from_path(path)
            .await
            .context("reading the file to upload")?;
        self.aws
            .s3()
            .await
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(content_type)
            .body(body)
            .send()
            .boxed()
            .await
            .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
            .with_context(|| format!("writing s3://{bucket}/{key}"))?;
        Ok(())
    }

    /// A link that lets its holder put one object for a while.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    pub async fn presign_put(
        &self,
        bucket: &str,
        key: &str,
        lifetime: Duration,
    ) -> anyhow::Result<String> {
        let request = self
            .aws
            .s3()
            .await
            .put_object()
            .bucket(bucket)
            .key(key)
            .presigned(PresigningConfig::expires_in(lifetime)?)
            .boxed()
            .await
            .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
            .context("signing an upload link")?;
        Ok(request.uri().to_owned())
    }

    /// A link that lets its holder read one object for a while, saved under `file_name`.
    ///
    /// # Errors
    /// When there are no credentials to sign with.
    pub async fn presign_get(
        &self,
        bucket: &str,
        key: &str,
        file_name: &str,
        lifetime: Duration,
    ) -> anyhow::Result<String> {
        let request = self
            .aws
            .s3()
            .await
            .get_object()
            .bucket(bucket)
            .key(key)
            .response_content_disposition(format!("attachment; filename=\"{file_name}\""))
            .presigned(PresigningConfig::expires_in(lifetime)?)
            .boxed()
            .await
            .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
            .context("signing a download link")?;
        Ok(request.uri().to_owned())
    }
}
