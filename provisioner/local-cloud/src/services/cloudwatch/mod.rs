//! CloudWatch metrics, alarms and dashboards.

mod operations;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct CloudWatch {
    pub(crate) store: Store<Model>,
}

impl CloudWatch {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "cloudwatch")?,
        })
    }
}

/// Notes one measured value. Stand-in until metrics are kept.
pub(crate) fn record(
    _cloud: &crate::Cloud,
    _namespace: &str,
    _metric: &str,
    _dimensions: &[(&str, &str)],
    _value: f64,
    _unit: &str,
) {
}
