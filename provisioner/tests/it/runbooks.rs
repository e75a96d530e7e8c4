//! An alarm at 3 a.m. leads to a page whose commands work.

use std::collections::BTreeSet;

use clap::Parser as _;
use serde_norway::Value;
use spokectl::cli::Cli;
use spokectl::release::alarm;

use crate::templates::{fixtures, rendered, repository};

/// The templates', and the one that belongs to each release.
fn alarms() -> BTreeSet<String> {
    let of_releases = alarm::name("local").replace("spoke-local-", "");
    let mut names = BTreeSet::from([of_releases]);
    for stage in fixtures() {
        for (_, text) in rendered(&stage) {
            let template: Value = serde_norway::from_str(&text).unwrap();
            let prefix = format!("spoke-{}-", stage.name);
            for (_, resource) in template["Resources"].as_mapping().unwrap() {
                if resource["Type"] == "AWS::CloudWatch::Alarm" {
                    let name = resource["Properties"]["AlarmName"].as_str().unwrap();
                    names.insert(name.strip_prefix(&prefix).unwrap().to_owned());
                }
            }
        }
    }
    names
}

fn pages() -> BTreeSet<String> {
    std::fs::read_dir(repository().path("runbooks"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_alarm_has_its_runbook_and_every_runbook_its_alarm() {
    assert_eq!(alarms(), pages());
}

/// What a person fills in.
fn filled(word: &str) -> String {
    word.replace("<stage>", "prod")
        .replace("<class>", "db.r7g.2xlarge")
        .replace("<date>", "2027-11-04")
}

#[test]
fn every_command_of_every_runbook_exists() {
    let mut seen = 0;
    for page in pages() {
        let text =
            std::fs::read_to_string(repository().path(format!("runbooks/{page}.md"))).unwrap();
        let mut in_code = false;
        for line in text.lines() {
            if line.starts_with("```") {
                in_code = line == "```sh";
                continue;
            }
            if !in_code || !line.starts_with("spokectl ") {
                continue;
            }
            seen += 1;
            // What it ends with may stand behind it.
            let line = line.split_once("  # ").map_or(line, |(command, _)| command);
            // Quoted words are the odd pieces between quotes.
            let words = line.split('"').enumerate().flat_map(|(index, piece)| {
                if index % 2 == 1 {
                    vec![piece.to_owned()]
                } else {
                    let words = piece.split_whitespace();
                    words.map(filled).collect()
                }
            });
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("runbooks/{page}.md: `{line}`: {error}");
            }
        }
    }
    assert!(seen > 20, "{seen}");
}
