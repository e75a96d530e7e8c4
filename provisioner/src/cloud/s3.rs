//! S3: artifacts, bundles, release records.

use anyhow::{Context as _, anyhow};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::{is, words};

/// S3.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    /// What stands in front of a bucket's name, or behind it.
    address: Address,
}

#[derive(Clone, Debug)]
enum Address {
    Endpoint(String),
    Region(String),
}

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
        let address = match config.endpoint_url() {
            Some(endpoint) => Address::Endpoint(endpoint.to_owned()),
            None => Address::Region(config.region().map(ToString::to_string).unwrap_or_default()),
        };
        Self {
            client: Client::from_conf(builder.build()),
            address,
        }
    }

    /// The address other services read an object at.
    #[must_use]
    pub fn url(&self, bucket: &str, key: &str) -> String {
        match &self.address {
            Address::Endpoint(endpoint) => format!("{endpoint}/{bucket}/{key}"),
            Address::Region(region) => format!("https://{bucket}.s3.{region}.amazonaws.com/{key}"),
        }
    }

    /// Whether an object exists.
    pub async fn exists(&self, bucket: &str, key: &str) -> anyhow::Result<bool> {
        match self
            .client
            .head_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
        {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|response| response.status().as_u16() == 404) =>
            {
                Ok(false)
            }
            // The answer to HEAD has no body, and so AWS's words are not in it.
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|response| response.status().as_u16() == 403) =>
            {
                Err(
                    anyhow!("AccessDenied: s3:GetObject, or s3:ListBucket for what is not there")
                        .context(format!("looking for s3://{bucket}/{key}")),
                )
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
        self.client
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
        match self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
        {
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
            .client
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
