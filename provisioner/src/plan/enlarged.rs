//! A database that scaling made larger beside its template: what a deploy asks for is there already.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::consequence::{Consequence, Group};
use super::difference::{self, Change};
use super::read::Looked;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::template::Kind;

/// The sizes that really run, by the identifiers the templates give.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Classes of instances.
    classes: BTreeMap<String, String>,
    /// Least and most capacity units of clusters.
    capacities: BTreeMap<String, (f64, f64)>,
}

/// Asks AWS, where the ledger says that the database was enlarged; anywhere else the templates are the truth.
pub(super) async fn running(ctx: &Context, looked: &[Looked]) -> Result<Running, Failure> {
    let mut running = Running::default();
    let data = looked.iter().find(|one| one.kind == Kind::Data);
    let Some(live) = data.and_then(|one| one.live.as_deref()) else {
        return Ok(running);
    };
    if ctx.stage.enlarged.is_none() {
        return Ok(running);
    }
    let template = difference::parse(live).blame(codes::RENDER, "a template cannot be read")?;
    let databases = &ctx.cloud.databases;
    let unreadable = "the database's size cannot be read";
    for id in identifiers(&template, INSTANCE) {
        let found = databases.instance(&id).await;
        if let Some(instance) = found.blame(codes::UNREADABLE, unreadable)? {
            running.classes.insert(id, instance.class);
        }
    }
    for id in identifiers(&template, CLUSTER) {
        let found = databases.cluster(&id).await;
        let found = found.blame(codes::UNREADABLE, unreadable)?;
        if let Some(capacity) = found.and_then(|cluster| cluster.capacity) {
            running.capacities.insert(id, capacity);
        }
    }
    Ok(running)
}

/// A type, and the property that names one of it.
type Named = (&'static str, &'static str);
const INSTANCE: Named = ("AWS::RDS::DBInstance", "DBInstanceIdentifier");
const CLUSTER: Named = ("AWS::RDS::DBCluster", "DBClusterIdentifier");

fn identifiers(template: &Value, (kind, property): Named) -> Vec<String> {
    let resources = template["Resources"].as_object();
    let ids = resources.into_iter().flat_map(|resources| {
        let of_kind = resources
            .values()
            .filter(|resource| resource["Type"] == kind);
        of_kind.filter_map(|resource| resource["Properties"][property].as_str())
    });
    ids.map(ToOwned::to_owned).collect()
}

impl Running {
    /// The live template with the sizes that really run in it.
    pub(super) fn correct(&self, live: &Value) -> Value {
        let mut live = live.clone();
        let resources = live["Resources"].as_object_mut().into_iter();
        for resource in resources.flat_map(serde_json::Map::values_mut) {
            let kind = resource["Type"].as_str().unwrap_or_default().to_owned();
            let properties = &mut resource["Properties"];
            let named = |(of, property): Named| {
                let id = properties[property].as_str();
                id.filter(|_| of == kind).map(ToOwned::to_owned)
            };
            let class = named(INSTANCE).and_then(|id| self.classes.get(&id));
            let capacity = named(CLUSTER).and_then(|id| self.capacities.get(&id));
            if let Some(class) = class {
                properties["DBInstanceClass"] = json!(class);
            }
            if let Some((min, max)) = capacity {
                properties["ServerlessV2ScalingConfiguration"] =
                    json!({ "MinCapacity": units(*min), "MaxCapacity": units(*max) });
            }
        }
        live
    }
}

/// As a template has them: whole ones without a point.
fn units(units: f64) -> Value {
    let text = units.to_string();
    text.parse::<u32>()
        .map_or_else(|_| json!(units), |whole| json!(whole))
}

/// What of `changes` only tells CloudFormation the size that runs already; `left` is what remains of all changes once that
/// size is taken into account.
pub(super) fn already(changes: Vec<Change>, left: &[Change]) -> Vec<Consequence> {
    let is_left = |change: &Change| left.iter().any(|one| one.resource == change.resource);
    let already = changes.into_iter().filter(|change| !is_left(change));
    already
        .map(|change| Consequence {
            group: Group::Routine,
            sentence: "runs so already: the database was enlarged; nothing restarts".to_owned(),
            already: true,
            change,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Running, already};
    use crate::plan::difference::{self, parse};
    use crate::template::Kind;

    const LIVE: &str = "
Resources:
  Cluster:
    Type: AWS::RDS::DBCluster
    Properties:
      DBClusterIdentifier: spoke
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 8 }
  First:
    Type: AWS::RDS::DBInstance
    Properties: { DBInstanceIdentifier: spoke-1, DBClusterIdentifier: !Ref Cluster, DBInstanceClass: db.r7g.large }
";

    #[test]
    fn what_runs_already_is_no_change_and_what_does_not_is_one() {
        let running = Running {
            classes: BTreeMap::from([("spoke-1".to_owned(), "db.r7g.xlarge".to_owned())]),
            capacities: BTreeMap::from([("spoke".to_owned(), (2.0, 32.0))]),
        };
        let wanted = LIVE
            .replace("r7g.large", "r7g.xlarge")
            .replace("0.5", "2")
            .replace("MaxCapacity: 8", "MaxCapacity: 32");
        let told = |wanted: &str| {
            let (live, wanted) = (parse(LIVE).unwrap(), parse(wanted).unwrap());
            let all = difference::of(Kind::Data, Some(&live), &wanted);
            let left = difference::of(Kind::Data, Some(&running.correct(&live)), &wanted);
            (already(all, &left).len(), left.len())
        };
        assert_eq!(told(&wanted), (2, 0));
        // Larger still is a restart.
        assert_eq!(told(&wanted.replace("xlarge", "2xlarge")), (1, 1));
    }
}
