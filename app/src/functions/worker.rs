//! Background jobs, and commands the tool gives.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::functions::postflight;
use crate::jobs;
use crate::people::demo;
use crate::releases;

/// What the worker is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Order {
    /// `{"jobId": 7}`
    Job {
        #[serde(rename = "jobId")]
        job_id: i32,
    },
    /// `{"command": "seed_demo", …}`
    Command(Command),
}

/// A command.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    SeedDemo(demo::Wanted),
    /// `{"command": "point", "bundle": "4f1c9a2b7d10"}`: the way back starts with the bundle.
    Point {
        bundle: String,
    },
}

/// Does what was ordered.
///
/// # Errors
/// When a command fails, or the database does not answer. A job that fails says so in its row.
pub async fn answer(app: &App, order: Order) -> anyhow::Result<Value> {
    match order {
        Order::Job { job_id } => {
            let ran = jobs::run::run(app, job_id).await.map_err(full)?;
            Ok(json!({"jobId": job_id, "ran": format!("{ran:?}")}))
        }
        Order::Command(Command::SeedDemo(wanted)) => {
            let demo = demo::seed(app, &wanted).await?;
            Ok(serde_json::to_value(demo)?)
        }
        Order::Command(Command::Point { bundle }) => {
            let manifest = releases::manifest(app, &bundle).await?;
            postflight::point(app, &manifest).await?;
            Ok(json!({"bundle": manifest.bundle}))
        }
    }
}

/// Operators see the cause.
fn full(error: crate::error::Error) -> anyhow::Error {
    if let crate::error::Error::Internal(cause) = error {
        return cause;
    }
    error.into()
}
