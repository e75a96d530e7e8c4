//! Resource types: what a template may say of each, and how it is made, changed and deleted
//! through the operations of its service.
//!
//! A type is a module with a `SCHEMA` and the functions `create`, `update` and `delete`.

mod apigatewayv2;
mod cloudwatch;
mod codedeploy;
mod coerce;
mod ec2;
mod elasticache;
mod iam;
mod lambda;
mod logs;
mod names;
mod rds;
mod s3;
mod scheduler;
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::services;
use names::Name;

/// A resource's properties, evaluated.
pub(super) type Properties = Map<String, Value>;

/// What a type's properties are.
pub(super) struct Schema {
    /// Properties that can change in place.
    pub(super) mutable: &'static [&'static str],
    /// Properties whose change makes a new physical resource.
    pub(super) fixed: &'static [&'static str],
    /// Properties there must be.
    pub(super) required: &'static [&'static str],
    /// What `Fn::GetAtt` may ask for.
    pub(super) attributes: &'static [&'static str],
    /// Attributes that change when a property does: attribute and property.
    pub(super) moving: &'static [(&'static str, &'static str)],
    /// Paths of whole numbers; templates may write them as text.
    pub(super) numbers: &'static [&'static str],
    /// Paths of flags; templates may write them as text.
    pub(super) booleans: &'static [&'static str],
    /// Paths of free-form documents, left as they are written.
    pub(super) documents: &'static [&'static str],
    /// The property that names it, when it can be left out.
    pub(super) name: Option<Name>,
    pub(super) tags: Tags,
}

/// A type nothing is known of; the base of every schema.
pub(super) const PLAIN: Schema = Schema {
    mutable: &[],
    fixed: &[],
    required: &[],
    attributes: &[],
    moving: &[],
    numbers: &[],
    booleans: &[],
    documents: &[],
    name: None,
    tags: Tags::None,
};

/// How a type carries tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    None,
    /// A list of `Key` and `Value` in `Tags`.
    List,
    /// An object in `Tags`.
    Map,
}

impl Tags {
    /// The property the stack's tags are added to.
    pub(super) fn property(self) -> &'static str {
        match self {
            Self::None => "",
            Self::List | Self::Map => "Tags",
        }
    }
}

impl Schema {
    /// Whether templates may set a property.
    pub(super) fn has(&self, property: &str) -> bool {
        self.mutable.contains(&property) || self.fixed.contains(&property)
    }

    /// Whether a property's change makes a new physical resource.
    pub(super) fn replaces(&self, property: &str) -> bool {
        self.fixed.contains(&property)
    }

    /// Attributes that a change of these properties changes.
    pub(super) fn moving_attributes(&self, changed: &[String]) -> Vec<&'static str> {
        let moving = self.moving.iter();
        let moved = moving.filter(|(_, property)| changed.iter().any(|name| name == property));
        moved.map(|(attribute, _)| *attribute).collect()
    }

    /// Adds the stack's tags to the resource's own, which win.
    pub(super) fn tag(&self, properties: &mut Properties, tags: &BTreeMap<String, String>) {
        if tags.is_empty() {
            return;
        }
        match self.tags {
            Tags::None => {}
            Tags::Map => {
                let own = properties.entry("Tags").or_insert_with(|| json!({}));
                if let Value::Object(own) = own {
                    for (key, value) in tags {
                        own.entry(key).or_insert_with(|| json!(value));
                    }
                }
            }
            Tags::List => {
                let own = properties.entry("Tags").or_insert_with(|| json!([]));
                if let Value::Array(own) = own {
                    for (key, value) in tags {
                        let has = own.iter().any(|tag| tag.get("Key") == Some(&json!(key)));
                        if !has {
                            own.push(json!({ "Key": key, "Value": value }));
                        }
                    }
                }
            }
        }
    }
}

/// What a provider works with.
pub(super) struct Context {
    pub(super) cloud: Arc<Cloud>,
    /// The stack's name.
    pub(super) stack: String,
    /// The resource's logical id.
    pub(super) logical: String,
}

impl Context {
    /// Performs an operation of a service, as a client would.
    pub(super) async fn call(&self, service: &str, operation: &str, input: Value) -> Answer {
        services::call(&self.cloud, service, operation, input).await
    }

    /// The same, where a thing that is gone already is as good.
    pub(super) async fn gone(&self, service: &str, operation: &str, input: Value) -> Answer<()> {
        match self.call(service, operation, input).await {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// What came of making or changing a resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    /// Its id in its service.
    pub(super) physical: String,
    /// What `Ref` gives, when it is not the physical id.
    pub(super) reference: Option<String>,
    /// What `Fn::GetAtt` gives.
    pub(super) attributes: Properties,
}

impl Made {
    fn new(physical: impl Into<String>) -> Self {
        Self {
            physical: physical.into(),
            ..Self::default()
        }
    }

    fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }
}

/// Whether an error says that the thing is not there.
pub(super) fn is_gone(error: &AwsError) -> bool {
    let words = ["NotFound", "NoSuch", "NonExistent", "DoesNotExist"];
    words.iter().any(|word| error.code.contains(word))
}

/// Text at a JSON pointer of an answer.
fn text(answer: &Value, pointer: &str) -> Answer<String> {
    let value = answer.pointer(pointer).and_then(Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| AwsError::internal(format!("an answer lacks {pointer}: {answer}")))
}

/// A property that is text; empty when it is missing.
fn property(properties: &Properties, name: &str) -> String {
    let value = properties.get(name).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

/// Some properties, as an operation's input.
fn pick(properties: &Properties, names: &[&str]) -> Value {
    let picked = properties
        .iter()
        .filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(
        picked
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// All properties but some, as an operation's input.
fn without(properties: &Properties, names: &[&str]) -> Value {
    let mut all = properties.clone();
    all.retain(|name, _| !names.contains(&name.as_str()));
    Value::Object(all)
}

/// An object with more members.
fn and(mut object: Value, more: &[(&str, Value)]) -> Value {
    for (name, value) in more {
        object[*name] = value.clone();
    }
    object
}

/// Whether any of these properties differ.
fn differ(old: &Properties, new: &Properties, names: &[&str]) -> bool {
    names.iter().any(|name| old.get(*name) != new.get(*name))
}

/// A property that is a list of texts.
fn texts(properties: &Properties, name: &str) -> Vec<String> {
    let items = properties.get(name).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// The tags as an object: several services take them so.
fn tags_by_key(properties: &Properties) -> Value {
    let mut tags = json!({});
    if let Some(Value::Array(list)) = properties.get("Tags") {
        for tag in list {
            let key = tag.get("Key").and_then(Value::as_str).unwrap_or_default();
            tags[key] = tag.get("Value").cloned().unwrap_or_default();
        }
    }
    tags
}

/// Some properties, as the input of an operation that writes members in camel case. What
/// stands in `maps` has keys of the template's own, which stay.
fn camel(properties: &Properties, names: &[&str], maps: &[&str]) -> Value {
    fn lower(name: &str) -> String {
        let mut letters = name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        first.into_iter().chain(letters).collect()
    }
    fn inner(value: &Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (lower(name), inner(value)))
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(inner).collect()),
            scalar => scalar.clone(),
        }
    }
    let picked = properties
        .iter()
        .filter(|(name, _)| names.contains(&name.as_str()));
    let lowered = picked.map(|(name, value)| {
        let value = if maps.contains(&name.as_str()) {
            value.clone()
        } else {
            inner(value)
        };
        (lower(name), value)
    });
    Value::Object(lowered.collect())
}

/// Keys of tags that are no longer there.
fn dropped_tags(old: &Properties, new: &Properties) -> Vec<String> {
    let keys = |properties: &Properties| -> Vec<String> {
        match properties.get("Tags") {
            Some(Value::Array(tags)) => tags
                .iter()
                .filter_map(|tag| tag.get("Key")?.as_str().map(str::to_owned))
                .collect(),
            Some(Value::Object(tags)) => tags.keys().cloned().collect(),
            _ => Vec::new(),
        }
    };
    let kept = keys(new);
    let mut dropped = keys(old);
    dropped.retain(|key| !kept.contains(key));
    dropped
}

/// A document as text, whether the template wrote it as an object or as text.
fn document(properties: &Properties, name: &str) -> String {
    match properties.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

macro_rules! types {
    ($($kind:literal => $($module:ident)::+,)*) => {
        /// A type's schema; nothing for a type that is not offered.
        pub(super) fn schema(kind: &str) -> Option<&'static Schema> {
            match kind {
                $($kind => Some(&$($module)::+::SCHEMA),)*
                _ => None,
            }
        }

        /// Makes a resource.
        pub(super) fn create<'a>(
            kind: &str,
            context: &'a Context,
            properties: &'a Properties,
        ) -> BoxFuture<'a, Answer<Made>> {
            match kind {
                $($kind => Box::pin($($module)::+::create(context, properties)),)*
                _ => Box::pin(std::future::ready(Err(unoffered(kind)))),
            }
        }

        /// Changes a resource in place.
        pub(super) fn update<'a>(
            kind: &str,
            context: &'a Context,
            physical: &'a str,
            old: &'a Properties,
            new: &'a Properties,
        ) -> BoxFuture<'a, Answer<Made>> {
            match kind {
                $($kind => Box::pin($($module)::+::update(context, physical, old, new)),)*
                _ => Box::pin(std::future::ready(Err(unoffered(kind)))),
            }
        }

        /// Deletes a resource, with a last snapshot where the type knows one.
        pub(super) fn delete<'a>(
            kind: &str,
            context: &'a Context,
            physical: &'a str,
            properties: &'a Properties,
            snapshot: bool,
        ) -> BoxFuture<'a, Answer<()>> {
            match kind {
                $($kind => Box::pin(
                    $($module)::+::delete(context, physical, properties, snapshot)
                ),)*
                _ => Box::pin(std::future::ready(Err(unoffered(kind)))),
            }
        }
    };
}

fn unoffered(kind: &str) -> AwsError {
    AwsError::new("ValidationError", format!("{kind} is not offered"))
}

/// The id a resource will have, where its properties tell it: what a stop in the middle of
/// its making may leave behind.
pub(super) fn expected(cloud: &Cloud, kind: &str, properties: &Properties) -> Option<String> {
    let name = schema(kind)?.name.as_ref()?;
    let value = property(properties, name.property);
    let id = match kind {
        "AWS::SNS::Topic" => cloud.arn("sns", &value),
        "AWS::SQS::Queue" => {
            format!("{}/{}/{value}", cloud.endpoint(), cloud.options.account)
        }
        "AWS::IAM::ManagedPolicy" => {
            format!("arn:aws:iam::{}:policy/{value}", cloud.options.account)
        }
        _ => value,
    };
    (!id.is_empty()).then_some(id)
}

types! {
    "AWS::ApiGatewayV2::Api" => apigatewayv2::api,
    "AWS::ApiGatewayV2::Integration" => apigatewayv2::integration,
    "AWS::ApiGatewayV2::Route" => apigatewayv2::route,
    "AWS::ApiGatewayV2::Stage" => apigatewayv2::stage,
    "AWS::CloudWatch::Alarm" => cloudwatch::alarm,
    "AWS::CloudWatch::CompositeAlarm" => cloudwatch::composite_alarm,
    "AWS::CloudWatch::Dashboard" => cloudwatch::dashboard,
    "AWS::CodeDeploy::Application" => codedeploy::application,
    "AWS::CodeDeploy::DeploymentConfig" => codedeploy::deployment_config,
    "AWS::CodeDeploy::DeploymentGroup" => codedeploy::deployment_group,
    "AWS::EC2::EIP" => ec2::eip,
    "AWS::EC2::InternetGateway" => ec2::internet_gateway,
    "AWS::EC2::NatGateway" => ec2::nat_gateway,
    "AWS::EC2::Route" => ec2::route,
    "AWS::EC2::RouteTable" => ec2::route_table,
    "AWS::EC2::SecurityGroup" => ec2::security_group,
    "AWS::EC2::SecurityGroupEgress" => ec2::security_group_egress,
    "AWS::EC2::SecurityGroupIngress" => ec2::security_group_ingress,
    "AWS::EC2::Subnet" => ec2::subnet,
    "AWS::EC2::SubnetRouteTableAssociation" => ec2::subnet_association,
    "AWS::EC2::VPC" => ec2::vpc,
    "AWS::EC2::VPCEndpoint" => ec2::vpc_endpoint,
    "AWS::EC2::VPCGatewayAttachment" => ec2::gateway_attachment,
    "AWS::ElastiCache::ParameterGroup" => elasticache::parameter_group,
    "AWS::ElastiCache::ReplicationGroup" => elasticache::replication_group,
    "AWS::ElastiCache::SubnetGroup" => elasticache::subnet_group,
    "AWS::IAM::ManagedPolicy" => iam::managed_policy,
    "AWS::IAM::Policy" => iam::policy,
    "AWS::IAM::Role" => iam::role,
    "AWS::Lambda::Alias" => lambda::alias,
    "AWS::Lambda::EventInvokeConfig" => lambda::event_invoke_config,
    "AWS::Lambda::EventSourceMapping" => lambda::event_source_mapping,
    "AWS::Lambda::Function" => lambda::function,
    "AWS::Lambda::Permission" => lambda::permission,
    "AWS::Lambda::Version" => lambda::version,
    "AWS::Logs::LogGroup" => logs::log_group,
    "AWS::RDS::DBCluster" => rds::cluster,
    "AWS::RDS::DBClusterParameterGroup" => rds::cluster_parameter_group,
    "AWS::RDS::DBInstance" => rds::instance,
    "AWS::RDS::DBParameterGroup" => rds::parameter_group,
    "AWS::RDS::DBSubnetGroup" => rds::subnet_group,
    "AWS::S3::Bucket" => s3::bucket,
    "AWS::S3::BucketPolicy" => s3::bucket_policy,
    "AWS::Scheduler::Schedule" => scheduler::schedule,
    "AWS::SecretsManager::Secret" => secretsmanager::secret,
    "AWS::SecretsManager::SecretTargetAttachment" => secretsmanager::attachment,
    "AWS::SNS::Subscription" => sns::subscription,
    "AWS::SNS::Topic" => sns::topic,
    "AWS::SNS::TopicPolicy" => sns::topic_policy,
    "AWS::SQS::Queue" => sqs::queue,
    "AWS::SQS::QueuePolicy" => sqs::queue_policy,
    "AWS::SSM::Parameter" => ssm::parameter,
}
