//! Background jobs.

use std::time::Duration;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use crate::access::Role;
use crate::db::job::{Job, JobStatus};
use crate::error::Result;
use crate::graphql::context::{app, guard};

const LINK_LIFETIME: Duration = Duration::from_mins(15);

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

    /// The file it has made, for admins: an export, or the rows an import has turned away. A link for 15 minutes.
    async fn result_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let app = app(ctx);
        let (Some(organization_id), Some(key)) = (self.0.organization_id, self.0.result_key())
        else {
            return Ok(None);
        };
        guard(ctx, organization_id, Role::Admin).await?;
        let name = key.rsplit('/').next().unwrap_or("result.csv");
        let bucket = app.private_bucket()?;
        let url = app.storage.presign_get(bucket, key, name, LINK_LIFETIME);
        Ok(Some(url.await?))
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
