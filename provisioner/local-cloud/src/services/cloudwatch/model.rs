//! What CloudWatch remembers beside datapoints.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Cloud;

use super::evaluate::{State, Treatment};
use super::query::{Metric, MetricStat, Query};

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {
    pub(super) alarms: BTreeMap<String, Alarm>,
    pub(super) dashboards: BTreeMap<String, Dashboard>,
}

#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "CloudWatch's names")]
pub(super) struct Alarm {
    pub name: String,
    pub description: Option<String>,
    pub actions_enabled: bool,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub watches: Watches,
    pub state: State,
    pub reason: String,
    /// JSON, or empty.
    pub reason_data: String,
    pub state_updated: DateTime<Utc>,
    pub configured: DateTime<Utc>,
    /// A state set by hand is left alone for a period.
    pub held_until: Option<DateTime<Utc>>,
    pub tags: BTreeMap<String, String>,
    /// The newest last.
    pub history: VecDeque<HistoryItem>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Watches {
    Metric(MetricWatch),
    /// The rule, as it was written.
    Alarms(String),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct MetricWatch {
    pub source: Source,
    pub n: usize,
    pub m: Option<usize>,
    pub threshold: f64,
    pub comparison: Comparison,
    pub missing: Option<Treatment>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Source {
    Metric(MetricStat),
    Math(Vec<Query>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "CloudWatch's names")]
pub(super) enum Comparison {
    GreaterThanOrEqualToThreshold,
    GreaterThanThreshold,
    LessThanThreshold,
    LessThanOrEqualToThreshold,
}

impl Comparison {
    pub(super) fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::GreaterThanThreshold => value > threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Self::GreaterThanThreshold => "greater than",
            Self::LessThanThreshold => "less than",
            Self::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

impl MetricWatch {
    pub(super) fn datapoints_to_alarm(&self) -> usize {
        self.m.unwrap_or(self.n)
    }

    /// The period in seconds of what is compared with the threshold.
    pub(super) fn period(&self) -> i64 {
        match &self.source {
            Source::Metric(stat) => stat.period,
            Source::Math(queries) => {
                let own = queries.iter().filter_map(Query::own_period).max();
                own.unwrap_or(60)
            }
        }
    }

    /// The same as queries, whatever it was given as.
    pub(super) fn queries(&self) -> Vec<Query> {
        match &self.source {
            Source::Math(queries) => queries.clone(),
            Source::Metric(stat) => vec![Query {
                id: "m1".to_owned(),
                metric_stat: Some(stat.clone()),
                expression: None,
                label: None,
                return_data: Some(true),
                period: None,
            }],
        }
    }

    /// Whether it looks at this metric.
    pub(super) fn metrics(&self) -> Vec<&Metric> {
        match &self.source {
            Source::Metric(stat) => vec![&stat.metric],
            Source::Math(queries) => queries
                .iter()
                .filter_map(|query| Some(&query.metric_stat.as_ref()?.metric))
                .collect(),
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct HistoryItem {
    pub at: DateTime<Utc>,
    /// `ConfigurationUpdate`, `StateUpdate`, `Action`.
    pub kind: String,
    pub summary: String,
    /// JSON.
    pub data: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Dashboard {
    pub name: String,
    pub body: String,
    pub modified: DateTime<Utc>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl Alarm {
    pub(super) fn arn(&self, cloud: &Cloud) -> String {
        cloud.arn("cloudwatch", &format!("alarm:{}", self.name))
    }

    pub(super) fn is_composite(&self) -> bool {
        matches!(self.watches, Watches::Alarms(_))
    }

    pub(super) fn kind(&self) -> &'static str {
        if self.is_composite() {
            "CompositeAlarm"
        } else {
            "MetricAlarm"
        }
    }

    pub(super) fn actions(&self, state: State) -> &[String] {
        match state {
            State::Ok => &self.ok_actions,
            State::Alarm => &self.alarm_actions,
            State::InsufficientData => &self.insufficient_data_actions,
        }
    }
}
