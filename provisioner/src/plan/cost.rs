//! Dollars a week of what stands there whether anybody texts or not, from the templates themselves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::difference::Change;
use super::prices::{self, HOURS_A_WEEK};

/// What a set of stacks costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Dollars a week.
    pub weekly: f64,
    /// Dollars a week when Aurora Serverless is at its highest all week; the same as `weekly` without it.
    pub weekly_at_most: f64,
    /// What has no price in the table.
    pub unknown: Vec<String>,
}

/// The cost of templates; `before` and `after` are taken by the same rule, so that their difference is one.
#[must_use]
pub fn of<'a>(templates: impl IntoIterator<Item = &'a Value>) -> Cost {
    let mut cost = Cost::default();
    for template in templates {
        let resources = template["Resources"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for resource in resources.values() {
            add(&mut cost, resource, &resources);
        }
    }
    cost.weekly = cents(cost.weekly);
    cost.weekly_at_most = cents(cost.weekly_at_most);
    cost
}

/// Dollars a week one change adds; of Aurora Serverless, what a machine costs at its lowest.
#[must_use]
pub fn of_change(change: &Change) -> f64 {
    let weekly = |properties: &Value| {
        if properties.is_null() {
            return 0.0;
        }
        let mut cost = Cost::default();
        let resource = json!({ "Type": change.kind, "Properties": properties });
        add(&mut cost, &resource, &Map::new());
        let scaling = &properties["ServerlessV2ScalingConfiguration"]["MinCapacity"];
        cost.weekly
            + prices::of("aurora:acu").unwrap_or_default()
                * scaling.as_f64().unwrap_or_default()
                * HOURS_A_WEEK
    };
    weekly(&change.after) - weekly(&change.before)
}

/// Rounded to cents: more would be a lie.
fn cents(dollars: f64) -> f64 {
    (dollars * 100.0).round() / 100.0
}

impl Cost {
    fn count(&mut self, what: &str, hourly_count: f64) {
        match prices::of(what) {
            Some(hourly) => {
                let weekly = hourly * hourly_count * HOURS_A_WEEK;
                self.weekly += weekly;
                self.weekly_at_most += weekly;
            }
            None => self.unknown.push(what.to_owned()),
        }
    }
}

fn add(cost: &mut Cost, resource: &Value, all: &Map<String, Value>) {
    let properties = &resource["Properties"];
    let text = |key: &str| properties[key].as_str().unwrap_or_default();
    match resource["Type"].as_str().unwrap_or_default() {
        "AWS::RDS::DBInstance" => database(cost, properties, all),
        "AWS::ElastiCache::ReplicationGroup" => {
            let nodes = properties["NumCacheClusters"].as_f64().unwrap_or(1.0);
            cost.count(&format!("cache:{}", text("CacheNodeType")), nodes);
        }
        "AWS::EC2::NatGateway" => cost.count("nat-gateway", 1.0),
        "AWS::EC2::EIP" => cost.count("public-address", 1.0),
        "AWS::EC2::VPCEndpoint" if text("VpcEndpointType") == "Interface" => {
            cost.count("interface-endpoint", length(&properties["SubnetIds"]));
        }
        "AWS::CloudWatch::Alarm" => {
            let measured = properties["Metrics"].as_array().map_or(1, |metrics| {
                metrics
                    .iter()
                    .filter(|metric| metric.get("MetricStat").is_some())
                    .count()
            });
            cost.count(
                "alarm-metric",
                f64::from(u32::try_from(measured).unwrap_or(1)),
            );
        }
        "AWS::Logs::MetricFilter" => cost.count("custom-metric", 1.0),
        "AWS::SecretsManager::Secret" => cost.count("secret", 1.0),
        "AWS::KMS::Key" => cost.count("key", 1.0),
        "AWS::WAFv2::WebACL" => {
            cost.count("web-acl", 1.0);
            cost.count("web-acl-rule", length(&properties["Rules"]));
        }
        _ => {}
    }
}

fn length(value: &Value) -> f64 {
    value.as_array().map_or(1.0, |items| {
        f64::from(u32::try_from(items.len()).unwrap_or(1))
    })
}

fn database(cost: &mut Cost, properties: &Value, all: &Map<String, Value>) {
    let class = properties["DBInstanceClass"].as_str().unwrap_or_default();
    if class == "db.serverless" {
        let scaling = all
            .values()
            .find(|resource| resource["Type"] == "AWS::RDS::DBCluster")
            .map(|cluster| &cluster["Properties"]["ServerlessV2ScalingConfiguration"]);
        let units = |key: &str| {
            scaling
                .and_then(|scaling| scaling[key].as_f64())
                .unwrap_or_default()
        };
        let (min, max) = (units("MinCapacity"), units("MaxCapacity"));
        cost.count("aurora:acu", min);
        cost.weekly_at_most +=
            prices::of("aurora:acu").unwrap_or_default() * (max - min) * HOURS_A_WEEK;
        return;
    }
    if properties.get("DBClusterIdentifier").is_some() {
        cost.count(&format!("aurora:{class}"), 1.0);
        return;
    }
    let machines = if properties["MultiAZ"] == true {
        2.0
    } else {
        1.0
    };
    cost.count(&format!("rds:{class}"), machines);
    let storage = &properties["AllocatedStorage"];
    let gib = storage
        .as_f64()
        .or_else(|| storage.as_str()?.parse().ok())
        .unwrap_or_default();
    cost.count("rds:storage", gib * machines);
}
