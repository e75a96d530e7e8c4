//! `AWS::SNS::Topic`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, differ, dropped_tags, property, text,
};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["DisplayName", "KmsMasterKeyId", "Tags"],
    fixed: &["TopicName"],
    attributes: &["TopicArn", "TopicName"],
    name: Some(Name {
        property: "TopicName",
        longest: 256,
        style: Style::Mixed,
    }),
    tags: Tags::List,
    ..PLAIN
};

const ATTRIBUTES: [&str; 2] = ["DisplayName", "KmsMasterKeyId"];

fn made(arn: &str) -> Made {
    let name = arn.rsplit(':').next().unwrap_or_default();
    Made::new(arn).with("TopicArn", arn).with("TopicName", name)
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut input = json!({ "Name": property(properties, "TopicName") });
    if let Some(tags) = properties.get("Tags") {
        input["Tags"] = tags.clone();
    }
    let arn = text(
        &context.call("sns", "CreateTopic", input).await?,
        "/TopicArn",
    )?;
    if let Err(error) = describe(context, &arn, &Properties::new(), properties).await {
        delete(context, &arn, properties, false).await?;
        return Err(error);
    }
    Ok(made(&arn))
}

async fn describe(context: &Context, arn: &str, old: &Properties, new: &Properties) -> Answer<()> {
    for name in ATTRIBUTES.iter().filter(|name| differ(old, new, &[name])) {
        let input = json!({
            "TopicArn": arn,
            "AttributeName": name,
            "AttributeValue": property(new, name),
        });
        context.call("sns", "SetTopicAttributes", input).await?;
    }
    Ok(())
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    describe(context, physical, old, new).await?;
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "ResourceArn": physical, "TagKeys": dropped });
        context.call("sns", "UntagResource", input).await?;
    }
    if differ(old, new, &["Tags"])
        && let Some(tags) = new.get("Tags")
    {
        let input = json!({ "ResourceArn": physical, "Tags": tags });
        context.call("sns", "TagResource", input).await?;
    }
    Ok(made(physical))
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "TopicArn": physical });
    context.gone("sns", "DeleteTopic", input).await
}
