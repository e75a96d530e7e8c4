//! Background jobs.

use async_graphql::{ID, Object};
use chrono::{DateTime, Utc};

use crate::db::job::{Job, JobStatus};

pub struct BackgroundJob(pub Job);

#[Object]
impl BackgroundJob {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    async fn status(&self) -> JobStatus {
        self.0.status
    }

    async fn progress(&self) -> f64 {
        f64::from(self.0.progress)
    }

    async fn result_message(&self) -> Option<&str> {
        self.0.result_message.as_deref()
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
