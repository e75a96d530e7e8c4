//! A plan beside the change set that CloudFormation worked out: whoever agreed to the one gets no other.

use std::collections::{BTreeMap, BTreeSet};

use super::consequence::Consequence;
use super::difference::Action;
use crate::cloud::cloudformation::Change;
use crate::template::Kind;

/// Where the two differ in what becomes of a resource of a stack, both sides named.
///
/// A change in place that only one of them has is none: a release changes what its parameters reach, which no template
/// tells, and CloudFormation finds values alike that are written otherwise.
#[must_use]
pub fn differences(kind: Kind, planned: &[Consequence], computed: &[Change]) -> Vec<String> {
    let planned: BTreeMap<&str, Action> = planned
        .iter()
        .filter(|one| one.change.stack == kind.name())
        .map(|one| (one.change.resource.as_str(), one.change.action))
        .collect();
    let computed: BTreeMap<&str, &Change> = computed
        .iter()
        .map(|change| (change.resource.as_str(), change))
        .collect();
    let names: BTreeSet<&str> = planned.keys().chain(computed.keys()).copied().collect();
    names
        .into_iter()
        .filter_map(|name| {
            let planned = planned
                .get(name)
                .map_or("nothing", |action| action.mark().1);
            let computed = computed.get(name).map_or("nothing", |change| word(change));
            (!agree(planned, computed))
                .then(|| format!("{name}: the plan says {planned}, CloudFormation {computed}"))
        })
        .collect()
}

/// What CloudFormation says, in the plan's words.
fn word(change: &Change) -> &str {
    match (change.action.as_str(), change.replacement.as_str()) {
        ("Add", _) => "add",
        ("Remove", _) => "remove",
        ("Modify", "True") => "replace",
        ("Modify", "Conditional") => MAYBE,
        ("Modify", _) => "change",
        (other, _) => other,
    }
}

/// It hangs on a value that CloudFormation learns only on the way.
const MAYBE: &str = "change or replace";

fn agree(planned: &str, computed: &str) -> bool {
    let in_place = ["change", "nothing", MAYBE];
    planned == computed
        || (in_place.contains(&planned) && in_place.contains(&computed))
        || (planned == "replace" && computed == MAYBE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::differences;
    use crate::cloud::cloudformation::Change;
    use crate::plan::{consequence, difference};
    use crate::template::Kind;

    fn computed(resource: &str, action: &str, replacement: &str) -> Change {
        Change {
            action: action.to_owned(),
            resource: resource.to_owned(),
            kind: "AWS::SQS::Queue".to_owned(),
            replacement: replacement.to_owned(),
        }
    }

    #[test]
    fn a_change_set_that_does_something_else_is_told_with_both_sides() {
        let queue = |name: &str, seconds: u32| {
            let properties = json!({"QueueName": name, "VisibilityTimeout": seconds});
            json!({"Type": "AWS::SQS::Queue", "Properties": properties})
        };
        let live = json!({"Resources": {
            "Changed": queue("a", 30), "Gone": queue("b", 30), "Renamed": queue("c", 30), "Same": queue("d", 30),
        }});
        let wanted = json!({"Resources": {
            "Changed": queue("a", 60), "New": queue("e", 30), "Renamed": queue("f", 30), "Same": queue("d", 30),
        }});
        let planned: Vec<_> = difference::of(Kind::App, Some(&live), &wanted)
            .into_iter()
            .map(consequence::of)
            .collect();
        let as_planned = [
            computed("Changed", "Modify", "False"),
            computed("Gone", "Remove", ""),
            computed("New", "Add", ""),
            computed("Renamed", "Modify", "True"),
            // What a parameter reaches.
            computed("Same", "Modify", "False"),
        ];
        assert!(differences(Kind::App, &planned, &as_planned).is_empty());
        // Of another stack.
        assert!(differences(Kind::Data, &planned, &[]).is_empty());
        let otherwise = [
            computed("Changed", "Modify", "True"),
            computed("New", "Add", ""),
            computed("Renamed", "Modify", "False"),
            computed("Same", "Modify", "True"),
            computed("Unheard", "Add", ""),
        ];
        insta::assert_snapshot!(differences(Kind::App, &planned, &otherwise).join("\n"), @r"
        Changed: the plan says change, CloudFormation replace
        Gone: the plan says remove, CloudFormation nothing
        Renamed: the plan says replace, CloudFormation change
        Same: the plan says nothing, CloudFormation replace
        Unheard: the plan says nothing, CloudFormation add
        ");
    }
}
