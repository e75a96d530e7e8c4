//! `AWS::ApiGatewayV2::Api`.

use serde_json::{Value, json};

use super::super::{
    Context, Made, PLAIN, Properties, Schema, Tags, camel, differ, dropped_tags, text,
};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &[
        "CorsConfiguration",
        "Description",
        "DisableExecuteApiEndpoint",
        "Name",
        "Tags",
        "Version",
    ],
    fixed: &["ProtocolType"],
    required: &["Name", "ProtocolType"],
    attributes: &["ApiEndpoint", "ApiId"],
    numbers: &["CorsConfiguration.MaxAge"],
    booleans: &[
        "CorsConfiguration.AllowCredentials",
        "DisableExecuteApiEndpoint",
    ],
    tags: Tags::Map,
    ..PLAIN
};

const SETTINGS: [&str; 5] = [
    "CorsConfiguration",
    "Description",
    "DisableExecuteApiEndpoint",
    "Name",
    "Version",
];

fn made(answer: &Value) -> Answer<Made> {
    let id = text(answer, "/apiId")?;
    Ok(Made::new(&id)
        .with("ApiEndpoint", text(answer, "/apiEndpoint")?)
        .with("ApiId", id))
}

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let mut names = SETTINGS.to_vec();
    names.extend(["ProtocolType", "Tags"]);
    let input = camel(properties, &names, &["Tags"]);
    made(&context.call("apigateway", "CreateApi", input).await?)
}

pub(in super::super) async fn update(
    context: &Context,
    physical: &str,
    old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    let api = json!({ "apiId": physical });
    if old.contains_key("CorsConfiguration") && !new.contains_key("CorsConfiguration") {
        context
            .call("apigateway", "DeleteCorsConfiguration", api.clone())
            .await?;
    }
    if differ(old, new, &SETTINGS) {
        let mut input = camel(new, &SETTINGS, &[]);
        input["apiId"] = json!(physical);
        context.call("apigateway", "UpdateApi", input).await?;
    }
    let arn = format!(
        "arn:aws:apigateway:{}::/apis/{physical}",
        context.cloud.options.region
    );
    let dropped = dropped_tags(old, new);
    if !dropped.is_empty() {
        let input = json!({ "resourceArn": arn, "tagKeys": dropped });
        context.call("apigateway", "UntagResource", input).await?;
    }
    if differ(old, new, &["Tags"])
        && let Some(tags) = new.get("Tags")
    {
        let input = json!({ "resourceArn": arn, "tags": tags });
        context.call("apigateway", "TagResource", input).await?;
    }
    made(&context.call("apigateway", "GetApi", api).await?)
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "apiId": physical });
    context.gone("apigateway", "DeleteApi", input).await
}
