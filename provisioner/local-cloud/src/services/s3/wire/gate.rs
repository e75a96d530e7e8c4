//! Who gets in: signatures, injected faults, buckets that are there.

use std::sync::Weak;

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::{alive, s3_error};
use crate::Cloud;
use crate::services::s3::no_such_bucket;

/// The one pair of keys S3 accepts.
const KEY: &str = "local";

/// Knows the secret of the one access key.
pub(super) struct Keys;

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == KEY {
            return Ok(SecretKey::from(KEY));
        }
        Err(S3Error::with_message(
            S3ErrorCode::InvalidAccessKeyId,
            "The AWS Access Key Id you provided does not exist in our records.",
        ))
    }
}

/// Refuses the unsigned, what an injected fault says, and buckets that are not there.
pub(super) struct Gate {
    pub(super) cloud: Weak<Cloud>,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_none() {
            return Err(S3Error::with_message(
                S3ErrorCode::AccessDenied,
                "Access Denied",
            ));
        }
        let cloud = alive(&self.cloud)?;
        let operation = context.s3_op().name();
        cloud
            .faults
            .meet(&cloud.time, "s3", operation)
            .await
            .map_err(|error| s3_error(&error))?;
        let (S3Path::Object { bucket, .. } | S3Path::Bucket { bucket }) = context.s3_path() else {
            return Ok(());
        };
        let known = cloud
            .services
            .s3
            .store
            .read()
            .buckets
            .contains_key(&**bucket);
        if known || operation == "CreateBucket" {
            Ok(())
        } else {
            Err(s3_error(&no_such_bucket()))
        }
    }
}
