//! `AWS::CloudWatch::Dashboard`.

use serde_json::json;

use super::super::names::{Name, Style};
use super::super::{Context, Made, PLAIN, Properties, Schema, document, property};
use crate::error::Answer;

pub(in super::super) const SCHEMA: Schema = Schema {
    mutable: &["DashboardBody"],
    fixed: &["DashboardName"],
    required: &["DashboardBody"],
    documents: &["DashboardBody"],
    name: Some(Name {
        property: "DashboardName",
        longest: 255,
        style: Style::Mixed,
    }),
    ..PLAIN
};

pub(in super::super) async fn create(context: &Context, properties: &Properties) -> Answer<Made> {
    let name = property(properties, "DashboardName");
    let body = document(properties, "DashboardBody");
    let input = json!({ "DashboardName": name, "DashboardBody": body });
    context.call("cloudwatch", "PutDashboard", input).await?;
    Ok(Made::new(name))
}

pub(in super::super) async fn update(
    context: &Context,
    _physical: &str,
    _old: &Properties,
    new: &Properties,
) -> Answer<Made> {
    create(context, new).await
}

pub(in super::super) async fn delete(
    context: &Context,
    physical: &str,
    _properties: &Properties,
    _snapshot: bool,
) -> Answer<()> {
    let input = json!({ "DashboardNames": [physical] });
    context.gone("cloudwatch", "DeleteDashboards", input).await
}
