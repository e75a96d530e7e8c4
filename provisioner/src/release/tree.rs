//! The resources of a stack operation, from its events: what a screen shows, decided without one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::cloud::cloudformation::Event;
use crate::plan::usual::{self, Way};
use crate::ui::{clock, dim, green, red, yellow};

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct Tree {
    order: Vec<String>,
    rows: BTreeMap<String, Row>,
    failures: Vec<Event>,
    cancelled: usize,
}

#[derive(Debug)]
struct Row {
    kind: String,
    status: String,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Row {
    fn is_over(&self) -> bool {
        !self.status.ends_with("IN_PROGRESS")
    }

    fn is_failed(&self) -> bool {
        self.status.ends_with("FAILED")
    }

    fn is_going_back(&self) -> bool {
        self.status.contains("ROLLBACK") || self.status.starts_with("DELETE")
    }

    fn seconds(&self, now: DateTime<Utc>) -> u64 {
        let end = self.until.unwrap_or(now);
        self.since
            .and_then(|since| u64::try_from((end - since).num_seconds()).ok())
            .unwrap_or_default()
    }

    fn line(&self, resource: &str, now: DateTime<Utc>) -> String {
        let mark = if self.is_failed() {
            red("✗")
        } else if !self.is_over() {
            "·".to_owned()
        } else if self.is_going_back() {
            yellow("-")
        } else {
            green("✓")
        };
        let status = self.status.to_lowercase().replace('_', " ");
        format!(
            "  {mark} {resource:<32} {:<42} {status:<18} {:>5}{}",
            dim(&self.kind),
            clock(self.seconds(now)),
            dim(&self.outlook(now))
        )
    }

    /// What is usual, for what is under way and slow by nature.
    fn outlook(&self, now: DateTime<Utc>) -> String {
        let usual = usual::of(&self.kind, Way::of(&self.status));
        let Some(usual) = usual.filter(|_| !self.is_over()) else {
            return String::new();
        };
        let seconds = self.seconds(now);
        let minutes = usual.most / 60;
        if seconds <= usual.seconds {
            format!(" of about {}", clock(usual.seconds))
        } else if seconds <= usual.most {
            format!(
                ", waits for {}; normal up to {minutes} min",
                usual.waits_for
            )
        } else {
            format!(
                ", waits for {}; {minutes} min would be normal",
                usual.waits_for
            )
        }
    }
}

impl Tree {
    /// Takes an event of `stack` in; says the line worth keeping where nothing changes in place.
    pub fn take(&mut self, stack: &str, event: &Event) -> Option<String> {
        if event.status.ends_with("FAILED") {
            if event
                .reason
                .as_deref()
                .is_some_and(|reason| reason.contains("cancelled"))
            {
                self.cancelled += 1;
            } else {
                self.failures.push(event.clone());
            }
        }
        if event.resource == stack {
            return None;
        }
        if !self.rows.contains_key(&event.resource) {
            self.order.push(event.resource.clone());
        }
        let row = self
            .rows
            .entry(event.resource.clone())
            .or_insert_with(|| Row {
                kind: event.kind.clone(),
                status: String::new(),
                since: event.at,
                until: None,
            });
        let is_new_round = row.is_over() && event.status.ends_with("IN_PROGRESS");
        if is_new_round && !row.status.is_empty() {
            row.since = event.at;
            row.until = None;
        }
        row.status.clone_from(&event.status);
        if row.is_over() {
            row.until = event.at;
            let at = event.at.unwrap_or_default();
            return Some(row.line(&event.resource, at));
        }
        None
    }

    /// Resources that are done, and all that were seen.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let over = self.rows.values().filter(|row| row.is_over()).count();
        (over, self.rows.len())
    }

    /// Resources still under way, each with how long it has been and what is usual.
    #[must_use]
    pub fn waiting(&self, now: DateTime<Utc>) -> Vec<String> {
        self.order
            .iter()
            .filter_map(|resource| {
                let row = self.rows.get(resource).filter(|row| !row.is_over())?;
                let seconds = clock(row.seconds(now));
                Some(format!("{resource} ({seconds}{})", row.outlook(now)))
            })
            .collect()
    }

    /// A line per resource, finished ones first, so that what is under way stands at the foot.
    #[must_use]
    pub fn lines(&self, now: DateTime<Utc>) -> Vec<String> {
        let rows = || {
            self.order
                .iter()
                .filter_map(|resource| Some((resource, self.rows.get(resource)?)))
        };
        rows()
            .filter(|(_, row)| row.is_over())
            .chain(rows().filter(|(_, row)| !row.is_over()))
            .map(|(resource, row)| row.line(resource, now))
            .collect()
    }

    /// What failed, the first first; resources that were only cancelled because of it are counted.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self
            .failures
            .iter()
            .filter(|event| !event.kind.is_empty() && event.kind != "AWS::CloudFormation::Stack")
            .map(|event| {
                let reason = event.reason.as_deref().unwrap_or("no reason given");
                format!(
                    "{} ({}): {}",
                    event.resource,
                    event.kind,
                    without_noise(reason)
                )
            })
            .collect();
        if reasons.is_empty() {
            reasons.extend(
                self.failures
                    .iter()
                    .filter_map(|event| event.reason.as_deref().map(without_noise)),
            );
        }
        if self.cancelled > 0 {
            reasons.push(format!("{} other resources were cancelled", self.cancelled));
        }
        reasons
    }
}

/// AWS's wrapping around a provider's own words.
fn without_noise(reason: &str) -> String {
    let reason = reason
        .strip_prefix("Resource handler returned message: ")
        .unwrap_or(reason);
    let end = reason.find(" (RequestToken:").unwrap_or(reason.len());
    reason[..end].trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Tree, without_noise};
    use crate::cloud::cloudformation::Event;

    fn event(second: i64, resource: &str, status: &str, reason: Option<&str>) -> Event {
        Event {
            id: format!("{resource}-{second}"),
            at: DateTime::from_timestamp(1_800_000_000 + second, 0),
            resource: resource.to_owned(),
            kind: if resource == "spoke-local-data" {
                "AWS::CloudFormation::Stack".to_owned()
            } else {
                "AWS::S3::Bucket".to_owned()
            },
            status: status.to_owned(),
            reason: reason.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn the_first_cause_stands_first_and_cascades_are_counted() {
        let mut tree = Tree::default();
        let stack = "spoke-local-data";
        for event in [
            event(0, stack, "CREATE_IN_PROGRESS", None),
            event(0, "Assets", "CREATE_IN_PROGRESS", None),
            event(0, "Private", "CREATE_IN_PROGRESS", None),
            event(
                1,
                "Assets",
                "CREATE_FAILED",
                Some(
                    "Resource handler returned message: \"name is taken\" (RequestToken: 1, HandlerErrorCode: AlreadyExists)",
                ),
            ),
            event(
                1,
                "Private",
                "CREATE_FAILED",
                Some("Resource creation cancelled"),
            ),
            event(
                2,
                stack,
                "ROLLBACK_IN_PROGRESS",
                Some("The following resource(s) failed to create: [Assets]."),
            ),
        ] {
            tree.take(stack, &event);
        }
        assert_eq!(
            tree.reasons(),
            [
                "Assets (AWS::S3::Bucket): name is taken",
                "1 other resources were cancelled"
            ]
        );
    }

    #[test]
    fn what_is_under_way_stands_at_the_foot() {
        console::set_colors_enabled_stderr(false);
        let mut tree = Tree::default();
        let stack = "spoke-local-data";
        assert_eq!(
            tree.take(stack, &event(0, "Private", "CREATE_IN_PROGRESS", None)),
            None
        );
        tree.take(stack, &event(0, "Assets", "CREATE_IN_PROGRESS", None));
        let kept = tree.take(stack, &event(4, "Assets", "CREATE_COMPLETE", None));
        assert!(kept.unwrap().contains("Assets"));
        assert_eq!(tree.count(), (1, 2));
        let now = DateTime::from_timestamp(1_800_000_009, 0).unwrap();
        assert_eq!(tree.waiting(now), ["Private (0:09)"]);
        let lines = tree.lines(now);
        assert!(
            lines[0].contains("Assets") && lines[0].ends_with("0:04"),
            "{lines:?}"
        );
        assert!(
            lines[1].contains("Private") && lines[1].ends_with("0:09"),
            "{lines:?}"
        );
    }

    #[test]
    fn slow_resources_say_what_is_usual() {
        console::set_colors_enabled_stderr(false);
        let mut tree = Tree::default();
        let mut event = event(0, "Database", "UPDATE_IN_PROGRESS", None);
        "AWS::RDS::DBInstance".clone_into(&mut event.kind);
        tree.take("spoke-local-data", &event);
        let after = |minutes: i64| {
            let now = DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap();
            tree.lines(now).remove(0)
        };
        assert!(after(2).ends_with("2:00 of about 2:51"), "{}", after(2));
        let waits = "waits for the change, with its interruption";
        assert!(after(12).ends_with(&format!("{waits}; normal up to 40 min")));
        assert!(after(50).ends_with(&format!("{waits}; 40 min would be normal")));
    }

    #[test]
    fn aws_wrapping_is_taken_off() {
        assert_eq!(without_noise("plain words"), "plain words");
    }
}
