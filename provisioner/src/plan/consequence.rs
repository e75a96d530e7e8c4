//! What a change means for people: data, downtime, capacity, permissions, or nothing anybody notices.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connections::memory_gib;
use super::cost;
use super::difference::{Action, Change, Property, shown, told};

/// The groups, gravest first; the order in which a plan tells them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Something that holds data goes or is replaced.
    DataLoss,
    /// People notice an outage.
    Downtime,
    /// Less of something than before.
    Capacity,
    /// A migration of which only a person can say what the running version makes of it.
    Unjudged,
    /// Somebody may do more than before.
    Permissions,
    /// A dollar a week, or more, that was not paid before or is no longer.
    Cost,
    /// Nobody notices.
    Routine,
}

impl Group {
    /// All of them, gravest first.
    pub const ALL: [Self; 7] = [
        Self::DataLoss,
        Self::Downtime,
        Self::Capacity,
        Self::Unjudged,
        Self::Permissions,
        Self::Cost,
        Self::Routine,
    ];

    /// As a plan's headline and as the value of `--accept`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::DataLoss => "data loss",
            Self::Downtime => "downtime",
            Self::Capacity => "capacity decrease",
            Self::Unjudged => "unjudged migration",
            Self::Permissions => "permission widening",
            Self::Cost => "cost",
            Self::Routine => "routine",
        }
    }

    /// The value of `--accept`, for the groups that need a confirmation of their own.
    #[must_use]
    pub const fn needs(self) -> Option<&'static str> {
        match self {
            Self::DataLoss => Some("data-loss"),
            Self::Capacity => Some("capacity"),
            Self::Unjudged => Some("unjudged"),
            Self::Downtime | Self::Permissions | Self::Cost | Self::Routine => None,
        }
    }
}

/// One change in its group, in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consequence {
    /// The group.
    pub group: Group,
    /// What it means.
    pub sentence: String,
    /// What it asks for is so already, and CloudFormation only learns of it.
    #[serde(default)]
    pub already: bool,
    /// The change.
    pub change: Change,
}

/// What holds data that nobody can make again.
const STATEFUL: [&str; 5] = [
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
];

/// What answers requests: while it is replaced, nobody does.
const SERVING: [&str; 8] = [
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudFront::Distribution",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Lambda::Function",
    "AWS::Lambda::Alias",
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::NatGateway",
];

/// Puts a change into its gravest group.
#[must_use]
pub fn of(change: Change) -> Consequence {
    let (group, sentence) = judge(&change);
    Consequence {
        group,
        sentence,
        already: false,
        change,
    }
}

fn judge(change: &Change) -> (Group, String) {
    if let Some(loss) = data_loss(change) {
        return (Group::DataLoss, loss);
    }
    let goes = matches!(change.action, Action::Remove | Action::Replace);
    if goes && SERVING.contains(&change.kind.as_str()) {
        return (
            Group::Downtime,
            "nothing answers until the new one is there".to_owned(),
        );
    }
    if change.action == Action::Remove && change.kind == "AWS::RDS::DBInstance" {
        return (
            Group::Capacity,
            "one machine less in front of the cluster".to_owned(),
        );
    }
    if let Some(less) = change
        .properties
        .iter()
        .find_map(|property| falls(&change.kind, property))
    {
        return (Group::Capacity, less);
    }
    if let Some(outage) = change
        .properties
        .iter()
        .find_map(|property| outage(&change.kind, property))
    {
        return (Group::Downtime, outage);
    }
    if let Some(wider) = widens(change) {
        return (Group::Permissions, wider);
    }
    let weekly = cost::of_change(change);
    if weekly.abs() >= 1.0 {
        let sign = if weekly < 0.0 { "-" } else { "+" };
        return (Group::Cost, format!("{sign}${:.2} a week", weekly.abs()));
    }
    (Group::Routine, String::new())
}

fn data_loss(change: &Change) -> Option<String> {
    let in_cluster =
        change.before.get("DBClusterIdentifier").is_some() && change.kind == "AWS::RDS::DBInstance";
    if change.action == Action::Add || in_cluster || !STATEFUL.contains(&change.kind.as_str()) {
        return None;
    }
    let what = match change.action {
        Action::Remove => "goes",
        Action::Replace => "is replaced by an empty one",
        Action::Add | Action::Change => return None,
    };
    Some(match change.fate.as_str() {
        "Snapshot" => format!("{what}; a last snapshot is kept"),
        "Delete" => format!("{what}, with everything in it"),
        _ => format!("{what}; the old one stays behind, and nothing uses it any more"),
    })
}

/// Whether a number, a class or a switch says less than before.
fn falls(kind: &str, property: &Property) -> Option<String> {
    let (before, after) = (property.before.as_ref(), property.after.as_ref());
    let less = match (kind, property.path.as_str()) {
        ("AWS::RDS::DBInstance", "DBInstanceClass")
        | ("AWS::ElastiCache::ReplicationGroup", "CacheNodeType") => class_memory(before)
            .zip(class_memory(after))
            .is_some_and(|(old, new)| new < old),
        // Without a number there is no limit.
        ("AWS::Lambda::Function", "ReservedConcurrentExecutions")
        | ("AWS::Logs::LogGroup", "RetentionInDays") => limit(before) > limit(after),
        ("AWS::RDS::DBInstance", "AllocatedStorage" | "MultiAZ" | "BackupRetentionPeriod")
        | (
            "AWS::RDS::DBCluster",
            "ServerlessV2ScalingConfiguration.MinCapacity"
            | "ServerlessV2ScalingConfiguration.MaxCapacity"
            | "BackupRetentionPeriod",
        )
        | ("AWS::ElastiCache::ReplicationGroup", "NumCacheClusters")
        | ("AWS::Lambda::Function", "MemorySize") => number(before) > number(after),
        _ => false,
    };
    less.then(|| property.told())
}

/// Memory of a database's or a cache's class in GiB.
fn class_memory(class: Option<&Value>) -> Option<f64> {
    let class = class?.as_str()?;
    match class.strip_prefix("cache.") {
        Some(class) => cache_memory(class),
        None => memory_gib(class).map(f64::from),
    }
}

/// Source: the ElastiCache user guide's table of node types.
fn cache_memory(class: &str) -> Option<f64> {
    let (family, size) = class.split_once('.')?;
    let large = match family.get(..1)? {
        "t" => {
            return match size {
                "micro" => Some(0.5),
                "small" => Some(1.37),
                "medium" => Some(3.09),
                _ => None,
            };
        }
        "m" => 6.38,
        "r" => 13.07,
        _ => return None,
    };
    let factor = match size {
        "large" => 1.0,
        "xlarge" => 2.0,
        _ => 2.0 * size.strip_suffix("xlarge")?.parse::<f64>().ok()?,
    };
    Some(large * factor)
}

fn limit(value: Option<&Value>) -> f64 {
    if value.is_none() {
        return f64::INFINITY;
    }
    number(value)
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Bool(flag)) => f64::from(u8::from(*flag)),
        Some(Value::Number(number)) => number.as_f64().unwrap_or_default(),
        Some(Value::String(text)) => text.parse().unwrap_or_default(),
        _ => 0.0,
    }
}

fn outage(kind: &str, property: &Property) -> Option<String> {
    let change = told(property.before.as_ref(), property.after.as_ref());
    let sentence = match (kind, property.path.as_str()) {
        ("AWS::RDS::DBInstance", "DBInstanceClass") => {
            format!(
                "the database restarts on its new class, {change}: minutes, with a standby about one; it can take hours"
            )
        }
        ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "EngineVersion") => {
            format!("the database restarts with its new version, {change}: minutes")
        }
        ("AWS::RDS::DBInstance", "DBParameterGroupName")
        | ("AWS::RDS::DBCluster", "DBClusterParameterGroupName") => {
            "static parameters hold after a restart of the database".to_owned()
        }
        ("AWS::ElastiCache::ReplicationGroup", "CacheNodeType" | "EngineVersion") => {
            format!("the cache fails over, {change}: pages go on without it for a moment")
        }
        ("AWS::ElastiCache::ReplicationGroup", "AuthToken" | "TransitEncryptionEnabled") => {
            "functions lose the cache until they know the new way in".to_owned()
        }
        _ => return None,
    };
    Some(sentence)
}

/// Whether somebody may do more: words of policies that were not there before.
fn widens(change: &Change) -> Option<String> {
    match change.kind.as_str() {
        "AWS::IAM::Role" | "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
            let (before, after) = (grants(&change.before), grants(&change.after));
            let new: Vec<_> = after
                .into_iter()
                .filter(|grant| !before.contains(grant))
                .collect();
            (!new.is_empty() && change.action != Action::Add).then(|| new.join("; "))
        }
        "AWS::EC2::SecurityGroupIngress" if change.action != Action::Remove => Some(format!(
            "port {} lets {} in",
            shown(change.after.get("FromPort")),
            shown(
                change
                    .after
                    .get("SourceSecurityGroupId")
                    .or_else(|| change.after.get("CidrIp"))
            )
        ))
        .filter(|_| change.action != Action::Add),
        "AWS::EC2::SecurityGroup" if change.action == Action::Change => change
            .properties
            .iter()
            .find(|property| {
                // A rule less lets fewer in; but without any rule a group may go everywhere.
                let less = property.after.is_none();
                property.path.starts_with("SecurityGroupIngress") && !less
                    || property.path.starts_with("SecurityGroupEgress")
            })
            .map(Property::told),
        "AWS::S3::BucketPolicy" | "AWS::Lambda::Permission" | "AWS::SQS::QueuePolicy"
            if change.action == Action::Change =>
        {
            let (before, after) = (grants(&change.before), grants(&change.after));
            let new: Vec<_> = after
                .into_iter()
                .filter(|grant| !before.contains(grant))
                .collect();
            (!new.is_empty()).then(|| new.join("; "))
        }
        _ => None,
    }
}

/// Every allowed `action on resource` of whatever policies are in a resource.
fn grants(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) => {
            if object.get("Effect").and_then(Value::as_str) == Some("Allow") {
                for action in list(object.get("Action")) {
                    for resource in list(object.get("Resource").or_else(|| object.get("Principal")))
                    {
                        found.push(format!(
                            "{} on {}",
                            shown(Some(&action)),
                            shown(Some(&resource))
                        ));
                    }
                }
            }
            for (name, below) in object {
                if name == "ManagedPolicyArns" {
                    found.extend(list(Some(below)).iter().map(|arn| shown(Some(arn))));
                }
                collect(below, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, of};
    use crate::plan::difference::{self, parse};
    use crate::template::Kind;

    fn judged(before: &str, after: &str) -> Vec<(Group, String)> {
        let (before, after) = (parse(before).unwrap(), parse(after).unwrap());
        difference::of(Kind::Data, Some(&before), &after)
            .into_iter()
            .map(of)
            .map(|one| (one.group, one.sentence))
            .collect()
    }

    const DATABASE: &str = "
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties: { DBInstanceIdentifier: spoke, DBInstanceClass: db.r7g.large, AllocatedStorage: '100', MultiAZ: true }
";

    #[test]
    fn a_replaced_database_is_the_gravest_of_all() {
        let found = judged(DATABASE, &DATABASE.replace("spoke", "spoke2"));
        assert_eq!(found[0].0, Group::DataLoss);
        assert_eq!(
            found[0].1,
            "is replaced by an empty one; a last snapshot is kept"
        );
        let gone = judged(DATABASE, "Resources: {}");
        assert_eq!(
            gone[0],
            (Group::DataLoss, "goes; a last snapshot is kept".to_owned())
        );
    }

    #[test]
    fn a_larger_class_is_downtime_and_a_smaller_one_is_capacity() {
        let larger = judged(DATABASE, &DATABASE.replace("r7g.large", "r7g.2xlarge"));
        assert_eq!(larger[0].0, Group::Downtime);
        let smaller = judged(DATABASE, &DATABASE.replace("r7g.large", "t4g.large"));
        assert_eq!(smaller[0].0, Group::Capacity);
        assert_eq!(smaller[0].1, "DBInstanceClass: db.r7g.large → db.t4g.large");
        let alone = judged(
            DATABASE,
            &DATABASE.replace("MultiAZ: true", "MultiAZ: false"),
        );
        assert_eq!(alone[0].0, Group::Capacity);
    }

    #[test]
    fn fewer_calls_at_once_are_less_and_no_limit_is_most() {
        let function = |reserved: &str| {
            format!(
                "Resources: {{ F: {{ Type: AWS::Lambda::Function, Properties: {{ MemorySize: 512{reserved} }} }} }}"
            )
        };
        let reserved = |number: u32| function(&format!(", ReservedConcurrentExecutions: {number}"));
        let less = judged(&function(""), &reserved(10));
        assert_eq!(
            less,
            [(
                Group::Capacity,
                "ReservedConcurrentExecutions: (nothing) → 10".to_owned()
            )]
        );
        assert_eq!(judged(&reserved(100), &reserved(10))[0].0, Group::Capacity);
        assert_eq!(judged(&reserved(100), &function(""))[0].0, Group::Routine);
        assert_eq!(judged(&reserved(10), &reserved(100))[0].0, Group::Routine);
    }

    #[test]
    fn a_smaller_cache_is_capacity() {
        let cache = |class: &str| {
            format!(
                "Resources: {{ C: {{ Type: AWS::ElastiCache::ReplicationGroup, Properties: {{ CacheNodeType: {class} }} }} }}"
            )
        };
        for (old, new, group) in [
            ("cache.r7g.large", "cache.t4g.medium", Group::Capacity),
            ("cache.r7g.xlarge", "cache.m7g.xlarge", Group::Capacity),
            ("cache.t4g.small", "cache.t4g.micro", Group::Capacity),
            ("cache.t4g.micro", "cache.t4g.small", Group::Downtime),
            ("cache.m7g.4xlarge", "cache.r7g.4xlarge", Group::Downtime),
        ] {
            assert_eq!(
                judged(&cache(old), &cache(new))[0].0,
                group,
                "{old} → {new}"
            );
        }
    }

    #[test]
    fn a_role_that_may_more_is_told_by_what_it_may_now() {
        let role = "
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - { Effect: Allow, Action: [s3:GetObject], Resource: !Ref A }
";
        let wider = judged(
            role,
            &role.replace("[s3:GetObject]", "[s3:GetObject, s3:PutObject]"),
        );
        assert_eq!(
            wider,
            [(Group::Permissions, "s3:PutObject on !Ref A".to_owned())]
        );
        let narrower = judged(
            &role.replace("[s3:GetObject]", "[s3:GetObject, s3:PutObject]"),
            role,
        );
        assert_eq!(narrower[0].0, Group::Routine);
    }

    #[test]
    fn a_machine_of_a_cluster_holds_no_data() {
        let standby = "
Resources:
  Standby:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: { DBClusterIdentifier: !Ref C, DBInstanceClass: db.r7g.large }
";
        assert_eq!(judged(standby, "Resources: {}")[0].0, Group::Capacity);
    }
}
