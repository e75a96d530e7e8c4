//! S3 types.

pub(super) mod bucket;
pub(super) mod bucket_policy;
mod configuration;
