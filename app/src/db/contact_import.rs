//! What an upload loaded and turned away.

use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::Json;

/// A row of the file that was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// The line in the file; the header is line 1.
    pub line: i32,
    /// The number as it stands in the file.
    pub cell: String,
    pub reason: String,
}

/// A row of `contact_import`.
#[derive(Clone, Debug)]
pub struct ContactImport {
    pub file_name: String,
    pub rows_count: i32,
    pub loaded_count: i32,
    pub invalid_count: i32,
    pub duplicate_count: i32,
    pub opted_out_count: i32,
    pub rejected_rows: Json<Vec<RejectedRow>>,
    pub rejected_rows_key: Option<String>,
}

pub async fn find_newest(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
) -> sqlx::Result<Option<ContactImport>> {
    sqlx::query_as!(
        ContactImport,
        r#"SELECT file_name, rows_count, loaded_count, invalid_count, duplicate_count, opted_out_count,
                  rejected_rows AS "rejected_rows: Json<Vec<RejectedRow>>", rejected_rows_key
           FROM contact_import WHERE campaign_id = $1 ORDER BY id DESC LIMIT 1"#,
        campaign_id
    )
    .fetch_optional(db)
    .await
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    job_id: i32,
    import: &ContactImport,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO contact_import
             (campaign_id, job_id, file_name, rows_count, loaded_count, invalid_count, duplicate_count,
              opted_out_count, rejected_rows, rejected_rows_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        campaign_id,
        job_id,
        import.file_name,
        import.rows_count,
        import.loaded_count,
        import.invalid_count,
        import.duplicate_count,
        import.opted_out_count,
        &import.rejected_rows as &Json<Vec<RejectedRow>>,
        import.rejected_rows_key.as_deref()
    )
    .execute(db)
    .await?;
    Ok(())
}
