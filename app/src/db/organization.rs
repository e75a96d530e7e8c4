//! Organizations.

use sqlx::PgExecutor;
use uuid::Uuid;

/// A row of `organization`.
#[derive(Clone, Debug)]
pub struct Organization {
    pub id: i32,
    pub name: String,
    pub features: serde_json::Value,
    pub texting_hours_enforced: bool,
    pub texting_hours_start: i16,
    pub texting_hours_end: i16,
}

impl Organization {
    /// A setting of the organization that is text.
    pub fn feature(&self, name: &str) -> Option<&str> {
        self.features
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
    }

    /// Whether a switch of the organization is on.
    pub fn has_feature(&self, name: &str) -> bool {
        self.features
            .get(name)
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false)
    }

    /// Most contacts a campaign of it may have, when it has a limit of its own.
    pub fn max_contacts(&self) -> Option<u32> {
        let value = self.features.get("maxContacts")?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        u32::try_from(number).ok()
    }
}

pub async fn list(db: impl PgExecutor<'_>, ids: &[i32]) -> sqlx::Result<Vec<Organization>> {
    sqlx::query_as!(
        Organization,
        "SELECT id, name, features, texting_hours_enforced, texting_hours_start, texting_hours_end
         FROM organization WHERE id = ANY($1) ORDER BY id",
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn find(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<Organization>> {
    Ok(list(db, &[id]).await?.pop())
}

/// Turns a switch of the organization on.
pub async fn enable_feature(
    db: impl PgExecutor<'_>,
    id: i32,
    name: &str,
) -> sqlx::Result<Option<Organization>> {
    sqlx::query_as!(
        Organization,
        "UPDATE organization SET features = features || jsonb_build_object($2::text, true) WHERE id = $1
         RETURNING id, name, features, texting_hours_enforced, texting_hours_start, texting_hours_end",
        id,
        name
    )
    .fetch_optional(db)
    .await
}

pub async fn insert(db: impl PgExecutor<'_>, name: &str, uuid: Uuid) -> sqlx::Result<Organization> {
    sqlx::query_as!(
        Organization,
        "INSERT INTO organization (name, uuid) VALUES ($1, $2)
         RETURNING id, name, features, texting_hours_enforced, texting_hours_start, texting_hours_end",
        name,
        uuid
    )
    .fetch_one(db)
    .await
}

/// The organization made with that uuid.
pub async fn find_by_uuid(db: impl PgExecutor<'_>, uuid: Uuid) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!("SELECT id FROM organization WHERE uuid = $1", uuid)
        .fetch_optional(db)
        .await
}
