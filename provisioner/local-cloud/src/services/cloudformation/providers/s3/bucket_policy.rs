//! `AWS::S3::BucketPolicy`.

use serde_json::json;

use super::super::{Context, Made, PLAIN, Properties, Schema, document, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["PolicyDocument"],
    fixed: &["Bucket"],
    required: &["Bucket", "PolicyDocument"],
    documents: &["PolicyDocument"],
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let bucket = property(properties, "Bucket");
    update(context, &bucket, &Properties::new(), properties).await
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let policy = document(new, "PolicyDocument");
    let input = json!({ "Bucket": physical, "Policy": policy });
    context.call("s3", "PutBucketPolicy", input).await?;
    Ok(Made::new(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    context
        .gone("s3", "DeleteBucketPolicy", json!({ "Bucket": physical }))
        .await
}
