//! Every template of every stage fixture, as a reviewer reads it, and the rules that hold for all.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use serde_norway::Value;
use spokectl::failure::codes;
use spokectl::release::shift::stack_alarms;
use spokectl::repository::Repository;
use spokectl::scale::Settings;
use spokectl::stage::{self, Stage};
use spokectl::template::{self, Kind, WITH_REQUEST};

pub(crate) fn repository() -> Repository {
    Repository::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn local() -> Stage {
    stage::load(&repository(), "local").unwrap()
}

pub(crate) fn prod() -> Stage {
    stage::resolve("prod", include_str!("prod.toml")).unwrap()
}

/// The stages every template is rendered for: the smallest trial, a state campaign on provisioned Aurora, a national
/// one on Aurora Serverless, and one in a network and on a database that were there before.
pub(crate) fn fixtures() -> Vec<Stage> {
    let mut stages = vec![local(), prod()];
    for (name, text) in [
        ("trial", include_str!("stages/trial.toml")),
        ("state", include_str!("stages/state.toml")),
        ("national", include_str!("stages/national.toml")),
        ("adopted", include_str!("stages/adopted.toml")),
    ] {
        stages.push(stage::resolve(name, text).unwrap());
    }
    stages
}

/// By stage.
type Rendered = HashMap<String, Vec<(Kind, String)>>;

/// The templates of a stage, rendered once for all tests.
pub(crate) fn rendered(stage: &Stage) -> Vec<(Kind, String)> {
    static RENDERED: LazyLock<Mutex<Rendered>> = LazyLock::new(Mutex::default);
    let mut rendered = RENDERED.lock().unwrap();
    let templates = rendered
        .entry(stage.name.clone())
        .or_insert_with(|| fresh(stage));
    templates.clone()
}

fn fresh(stage: &Stage) -> Vec<(Kind, String)> {
    let stacks = stage.stacks().into_iter();
    stacks
        .map(|kind| (kind, template::render(&repository(), stage, kind).unwrap()))
        .collect()
}

fn resources(text: &str) -> Vec<(String, Value)> {
    let template: Value = serde_norway::from_str(text).unwrap();
    template["Resources"]
        .as_mapping()
        .unwrap()
        .iter()
        .map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource.clone()))
        .collect()
}

/// Resources of every template of every fixture, rendered once for all tests.
fn everything() -> Vec<(String, Value)> {
    static EVERYTHING: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
        fixtures()
            .iter()
            .flat_map(rendered)
            .flat_map(|(_, text)| resources(&text))
            .collect()
    });
    EVERYTHING.clone()
}

fn kind(resource: &Value) -> &str {
    resource["Type"].as_str().unwrap()
}

#[test]
fn the_templates_of_every_stage() {
    for stage in fixtures() {
        for (kind, text) in rendered(&stage) {
            insta::assert_snapshot!(format!("{}-{}", stage.name, kind.name()), text);
        }
    }
}

#[test]
fn rendering_twice_gives_the_same_bytes_and_what_comes_before_the_bucket_fits_a_request() {
    for stage in fixtures() {
        let once = rendered(&stage);
        assert_eq!(once, fresh(&stage));
        for (kind, text) in once {
            assert!(
                kind == Kind::App || text.len() < WITH_REQUEST,
                "{} {}",
                kind.name(),
                text.len()
            );
            assert!(!text.contains("{{{"), "{}", kind.name());
        }
    }
}

#[test]
fn only_a_stage_with_a_domain_or_a_web_acl_has_an_edge_stack() {
    let edges: Vec<_> = fixtures()
        .into_iter()
        .filter(Stage::has_edge)
        .map(|stage| (stage.name.clone(), stage.region_of(Kind::Edge).to_owned()))
        .collect();
    let us_east_1 = "us-east-1".to_owned();
    assert_eq!(
        edges,
        [
            ("national".to_owned(), us_east_1.clone()),
            ("adopted".to_owned(), us_east_1)
        ]
    );
}

#[test]
fn a_database_and_a_network_of_others_are_never_made_or_changed() {
    let adopted = fixtures().pop().unwrap();
    for (_, text) in rendered(&adopted) {
        for (name, resource) in resources(&text) {
            let kind = kind(&resource);
            assert!(
                !kind.starts_with("AWS::RDS::")
                    && !["AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NatGateway"]
                        .contains(&kind),
                "{name}"
            );
        }
    }
}

#[test]
fn the_connections_alarm_rings_at_four_fifths_of_what_the_class_takes() {
    let alarms: Vec<_> = fixtures()
        .iter()
        .map(|stage| stage.database.connections_alarm)
        .collect();
    assert_eq!(alarms, [80, 4000, 60, 1377, 4000, 1360]);
}

#[test]
fn what_holds_state_says_what_becomes_of_it() {
    let stateful = [
        "AWS::S3::Bucket",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::SecretsManager::Secret",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::Lambda::Version",
    ];
    let mut seen = 0;
    for (name, resource) in everything() {
        if stateful.contains(&kind(&resource)) {
            seen += 1;
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert!(resource[policy].is_string(), "{name} has no {policy}");
            }
        }
    }
    assert!(seen > 90, "{seen}");
}

#[test]
fn a_database_with_data_leaves_a_snapshot_and_is_not_public() {
    for (name, resource) in everything() {
        let properties = &resource["Properties"];
        if kind(&resource) == "AWS::RDS::DBCluster" {
            assert_eq!(resource["DeletionPolicy"], "Snapshot", "{name}");
            assert_eq!(properties["StorageEncrypted"], true, "{name}");
        }
        if kind(&resource) == "AWS::RDS::DBInstance" {
            assert_eq!(properties["PubliclyAccessible"], false, "{name}");
            let in_cluster = properties.get("DBClusterIdentifier").is_some();
            assert_eq!(
                resource["DeletionPolicy"],
                if in_cluster { "Delete" } else { "Snapshot" },
                "{name}"
            );
        }
    }
}

#[test]
fn every_function_has_a_role_and_a_log_group_of_its_own() {
    for stage in fixtures() {
        let text = rendered(&stage).pop().unwrap().1;
        let resources = resources(&text);
        let mut roles = Vec::new();
        for (name, resource) in &resources {
            if kind(resource) != "AWS::Lambda::Function" {
                continue;
            }
            assert_eq!(resource["DependsOn"], format!("{name}Logs").as_str());
            let logs = resources
                .iter()
                .find(|(other, _)| *other == format!("{name}Logs"))
                .unwrap();
            assert!(logs.1["Properties"]["RetentionInDays"].is_number());
            roles.push(serde_norway::to_string(&resource["Properties"]["Role"]).unwrap());
        }
        let count = roles.len();
        roles.sort();
        roles.dedup();
        // Seven of the application, and the scaler where the database is ours to change.
        let due = 7 + usize::from(Settings::of(&stage).is_some());
        assert_eq!((count, roles.len()), (due, due));
    }
}

#[test]
fn no_permission_is_for_everything_but_network_interfaces() {
    for (name, resource) in everything() {
        if kind(&resource) != "AWS::IAM::Role" {
            continue;
        }
        for policy in resource["Properties"]["Policies"]
            .as_sequence()
            .into_iter()
            .flatten()
        {
            for statement in policy["PolicyDocument"]["Statement"].as_sequence().unwrap() {
                let actions = serde_norway::to_string(&statement["Action"]).unwrap();
                assert!(!actions.contains('*'), "{name}: {actions}");
                if statement["Resource"] == "*" && kind(&resource) == "AWS::IAM::Role" {
                    let sid = statement["Sid"].as_str().unwrap();
                    assert!(
                        ["AttachToNetwork", "ReadMetrics"].contains(&sid),
                        "{name}: {sid}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_alarm_is_two_of_three_and_says_what_silence_means() {
    let mut seen = 0;
    for (name, resource) in everything() {
        if kind(&resource) != "AWS::CloudWatch::Alarm" {
            continue;
        }
        seen += 1;
        let properties = &resource["Properties"];
        assert_eq!(properties["EvaluationPeriods"], 3, "{name}");
        assert_eq!(properties["DatapointsToAlarm"], 2, "{name}");
        assert!(properties["TreatMissingData"].is_string(), "{name}");
        let description = properties["AlarmDescription"].as_str().unwrap();
        assert!(description.contains("Runbook: runbooks/"), "{name}");
    }
    assert!(seen >= 90, "{seen}");
}

#[test]
fn secrets_reach_functions_by_name_only_and_the_environment_fits() {
    for (name, resource) in everything() {
        if kind(&resource) != "AWS::Lambda::Function" {
            continue;
        }
        let variables = resource["Properties"]["Environment"]["Variables"]
            .as_mapping()
            .unwrap();
        let text = serde_norway::to_string(variables).unwrap();
        assert!(!text.contains("resolve:"), "{name}");
        // References grow when they are resolved: an ARN has about 120 bytes more than its reference.
        let references = text.matches('!').count();
        assert!(
            text.len() + 120 * references < 4096,
            "{name}: {}",
            text.len()
        );
    }
}

#[test]
fn the_alias_never_depends_on_a_release() {
    let text = template::render(&repository(), &local(), Kind::App).unwrap();
    for (name, resource) in resources(&text) {
        if matches!(
            kind(&resource),
            "AWS::Lambda::Alias" | "AWS::Lambda::Version"
        ) {
            let text = serde_norway::to_string(&resource).unwrap();
            for parameter in ["Release", "Bundle", "CodeKey"] {
                assert!(!text.contains(parameter), "{name} moves with {parameter}");
            }
        }
    }
}

#[test]
fn the_shift_watches_the_alarms_the_tool_explains() {
    let text = template::render(&repository(), &local(), Kind::App).unwrap();
    let resources = resources(&text);
    let find = |name: &str| {
        resources
            .iter()
            .find(|(other, _)| other == name)
            .unwrap()
            .1
            .clone()
    };
    let watched: Vec<String> = find("Shift")["Properties"]["AlarmConfiguration"]["Alarms"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|alarm| {
            let Value::Tagged(reference) = &alarm["Name"] else {
                panic!("{alarm:?}");
            };
            let alarm = find(reference.value.as_str().unwrap());
            alarm["Properties"]["AlarmName"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(watched, stack_alarms("local"));
}

#[test]
fn a_stage_file_says_everything_that_is_wrong_with_it_at_once() {
    let text = include_str!("prod.toml")
        .replace("123456789012", "12345")
        .replace("us-west-2", "eu-central-1")
        .replace("glibc = \"2.34\"\n", "")
        .replace("zones = 3", "zones = 5")
        .replace("10.40.0.0/16", "8.8.0.0/16")
        .replace("max_capacity = 64", "max_capacity = 1")
        .replace("web = 800", "preflight = 2")
        .replace("MAX_CONTACTS", "MAX_CONTACT")
        .replace("Canary5Percent20Minutes", "Slowly");
    let failure = stage::resolve("prod", &text).unwrap_err();
    assert_eq!(failure.code, codes::STAGE_VALUE);
    insta::assert_snapshot!(failure.why.join("\n"));
}

#[test]
fn a_stage_without_a_way_out_needs_endpoints_and_no_carrier() {
    let text = include_str!("prod.toml").replace("nat = \"each\"", "nat = \"none\"");
    let failure = stage::resolve("prod", &text).unwrap_err();
    assert_eq!(failure.why.len(), 5, "{:?}", failure.why);
    assert!(failure.why[4].contains("carrier"), "{:?}", failure.why);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = include_str!("prod.toml").replace("zones = 3", "zone = 3");
    let failure = stage::resolve("prod", &text).unwrap_err();
    assert_eq!(failure.code, codes::STAGE_SYNTAX);
    assert!(
        failure.why[0].contains("zone") && failure.why[0].contains("line"),
        "{failure:?}"
    );
}
