//! `AWS::S3::Bucket`.

use serde_json::{Value, json};

use super::super::{Context, Made, PLAIN, Properties, Schema, Tags, property};
use crate::error::Answer;

use super::super::names::{Name, Style};
use super::configuration::{CONFIGURATIONS, Configuration, translate};

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "BucketEncryption",
        "CorsConfiguration",
        "LifecycleConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
        "VersioningConfiguration",
    ],
    fixed: &["BucketName"],
    attributes: &["Arn", "DomainName", "RegionalDomainName", "WebsiteURL"],
    numbers: &[
        "CorsConfiguration.CorsRules.MaxAge",
        "LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation",
        "LifecycleConfiguration.Rules.ExpirationInDays",
        "LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays",
    ],
    booleans: &[
        "BucketEncryption.ServerSideEncryptionConfiguration.BucketKeyEnabled",
        "PublicAccessBlockConfiguration.BlockPublicAcls",
        "PublicAccessBlockConfiguration.BlockPublicPolicy",
        "PublicAccessBlockConfiguration.IgnorePublicAcls",
        "PublicAccessBlockConfiguration.RestrictPublicBuckets",
    ],
    name: Some(Name {
        property: "BucketName",
        longest: 63,
        style: Style::Lower,
    }),
    tags: Tags::List,
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "BucketName");
    // In us-east-1 S3 hands back a bucket one owns already, as if it were new: look first.
    let exists = context
        .call("s3", "HeadBucket", json!({ "Bucket": name }))
        .await;
    if exists.is_ok() {
        let words = format!("{name} already exists");
        return Err(crate::error::AwsError::new("BucketAlreadyOwnedByYou", words).status(409));
    }
    context
        .call("s3", "CreateBucket", json!({ "Bucket": name }))
        .await?;
    let configured = configure(context, &name, &Properties::new(), properties).await;
    if let Err(error) = configured {
        context
            .gone("s3", "DeleteBucket", json!({ "Bucket": name }))
            .await?;
        return Err(error);
    }
    Ok(made(context, &name))
}

fn made(context: &Context, name: &str) -> Made {
    let region = &context.cloud.options.region;
    Made::new(name)
        .with("Arn", format!("arn:aws:s3:::{name}"))
        .with("DomainName", format!("{name}.s3.amazonaws.com"))
        .with(
            "RegionalDomainName",
            format!("{name}.s3.{region}.amazonaws.com"),
        )
        .with(
            "WebsiteURL",
            format!("http://{name}.s3-website-{region}.amazonaws.com"),
        )
}

/// The call that takes a configuration away.
fn taken_away(configuration: &Configuration, name: &str) -> (String, Value) {
    if let Some(operation) = configuration.delete {
        return (operation.to_owned(), json!({ "Bucket": name }));
    }
    // Versioning cannot be taken back, only suspended.
    let suspended = json!({ "Status": "Suspended" });
    let input = json!({ "Bucket": name, configuration.member: suspended });
    (format!("Put{}", configuration.subject), input)
}

/// Puts what differs, and deletes what the template no longer has.
async fn configure(
    context: &Context,
    name: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<()> {
    for configuration in &CONFIGURATIONS {
        let (before, after) = (
            old.get(configuration.property),
            new.get(configuration.property),
        );
        if before == after {
            continue;
        }
        let (operation, input) = match after {
            Some(value) => {
                let value = translate(configuration.property, value);
                let input = json!({ "Bucket": name, configuration.member: value });
                (format!("Put{}", configuration.subject), input)
            }
            None => taken_away(configuration, name),
        };
        context.call("s3", &operation, input).await?;
    }
    Ok(())
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    configure(context, physical, old, new).await?;
    Ok(made(context, physical))
}

/// A bucket with objects in it is refused, as on AWS.
pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    context
        .gone("s3", "DeleteBucket", json!({ "Bucket": physical }))
        .await
}
