//! S3: artifacts, bundles, release records.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::{is, words};

/// S3.
#[derive(Clone, Debug)]
pub struct Objects(Client);

/// How an object is served.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `Content-Type`.
    pub content_type: &'a str,
    /// `Cache-Control`.
    pub cache_control: &'a str,
}

impl Objects {
    pub(super) fn new(config: &SdkConfig) -> Self {
        // An endpoint that is an address has no room for a bucket's name in front of it.
        let builder = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(config.endpoint_url().is_some());
        Self(Client::from_conf(builder.build()))
    }

    /// Whether an object exists.
    pub async fn exists(&self, bucket: &str, key: &str) -> anyhow::Result<bool> {
        match self.0.head_object().bucket(bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|response| response.status().as_u16() == 404) =>
            {
                Ok(false)
            }
            Err(error) => Err(words(error).context(format!("looking for s3://{bucket}/{key}"))),
        }
    }

    /// Writes an object.
    pub async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        headers: Headers<'_>,
    ) -> anyhow::Result<()> {
        self.0
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(ByteStream::from(body))
            .content_type(headers.content_type)
            .cache_control(headers.cache_control)
            .send()
            .await
            .map_err(|error| words(error).context(format!("writing s3://{bucket}/{key}")))?;
        Ok(())
    }

    /// An object's bytes, if it exists.
    pub async fn find(&self, bucket: &str, key: &str) -> anyhow::Result<Option<Bytes>> {
        match self.0.get_object().bucket(bucket).key(key).send().await {
            Ok(answer) => {
                let bytes = answer
                    .body
                    .collect()
                    .await
                    .with_context(|| format!("reading s3://{bucket}/{key}"))?;
                Ok(Some(bytes.into_bytes()))
            }
            Err(error) if is(&error, "NoSuchKey") => Ok(None),
            Err(error) => Err(words(error).context(format!("reading s3://{bucket}/{key}"))),
        }
    }

    /// The keys below a prefix, in order.
    pub async fn list(&self, bucket: &str, prefix: &str) -> anyhow::Result<Vec<String>> {
        let mut pages = self
            .0
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| words(error).context(format!("listing s3://{bucket}/{prefix}")))?;
            keys.extend(
                page.contents
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|o| o.key),
            );
        }
        Ok(keys)
    }
}
