//! CodeDeploy's hook event and what a hook leaves behind for `spokectl` to read.

use serde::{Deserialize, Serialize};

/// The event CodeDeploy sends to a hook function: its two ids and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HookEvent {
    /// For example `d-7XK2M9QAB`.
    pub deployment_id: String,
    /// Opaque; handed back with the verdict.
    pub lifecycle_event_hook_execution_id: String,
    /// Never from CodeDeploy. `spokectl` asks the hook, before a shift, to do nothing but reach CodeDeploy with
    /// its own role: a hook that cannot would leave the shift waiting for an hour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_proof: bool,
}

impl HookEvent {
    /// The event that asks for nothing but the way to CodeDeploy. No deployment has such an id.
    #[must_use]
    pub fn proof() -> Self {
        Self {
            deployment_id: "d-000000000".to_owned(),
            lifecycle_event_hook_execution_id: "proof".to_owned(),
            is_proof: true,
        }
    }
}

/// One line a failing hook logs as JSON, so that the tool can say what failed and why.
///
/// Found in the function's log group by its `hookFailure` key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookFailure {
    /// The deployment whose hook failed.
    pub deployment_id: String,
    /// What was being done: a migration's file name, or `pointer`.
    pub subject: String,
    /// The SQL statement that failed, when it was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub statement: Option<String>,
    /// The first cause, in the database's or service's own words.
    pub cause: String,
}

/// The log line around [`HookFailure`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookFailureLine {
    /// What failed.
    pub hook_failure: HookFailure,
}
