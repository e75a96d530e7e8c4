//! Rows of an upload under way, and the swap at its end.

use sqlx::PgExecutor;

/// A batch of rows, by column.
#[derive(Debug, Default)]
pub struct Batch {
    pub lines: Vec<i32>,
    pub cells: Vec<String>,
    pub first_names: Vec<String>,
    pub last_names: Vec<String>,
    pub external_ids: Vec<String>,
    pub external_id_types: Vec<Option<String>>,
    pub state_codes: Vec<Option<String>>,
    pub zips: Vec<String>,
    pub timezones: Vec<Option<String>>,
    pub custom_fields: Vec<serde_json::Value>,
}

/// Loads a batch. A line that is there already stays: whoever lost the job has read the same file.
pub async fn insert(db: impl PgExecutor<'_>, job_id: i32, batch: &Batch) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO contact_line
             (job_id, line, cell, first_name, last_name, external_id, external_id_type, state_code, zip,
              timezone, custom_fields)
         SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                  $8::text[], $9::text[], $10::text[], $11::jsonb[])
         ON CONFLICT (job_id, line) DO NOTHING",
        job_id,
        &batch.lines,
        &batch.cells,
        &batch.first_names,
        &batch.last_names,
        &batch.external_ids,
        &batch.external_id_types as &[Option<String>],
        &batch.state_codes as &[Option<String>],
        &batch.zips,
        &batch.timezones as &[Option<String>],
        &batch.custom_fields
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many rows of a job there are. A crash of the database empties the table.
pub async fn count(db: impl PgExecutor<'_>, job_id: i32) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM contact_line WHERE job_id = $1"#,
        job_id
    )
    .fetch_one(db)
    .await
}

/// Takes the rows out whose numbers have opted out; answers their lines and numbers.
pub async fn take_opted_out(
    db: impl PgExecutor<'_>,
    job_id: i32,
    organization_id: i32,
    opt_outs_shared: bool,
) -> sqlx::Result<Vec<(i32, String)>> {
    let rows = sqlx::query!(
        "DELETE FROM contact_line l
         WHERE job_id = $1
           AND EXISTS (SELECT FROM opt_out o WHERE o.cell = l.cell AND ($3 OR o.organization_id = $2))
         RETURNING line, cell",
        job_id,
        organization_id,
        opt_outs_shared
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line, row.cell)).collect())
}

/// Tells the planner how many rows there are: it plans the swap by it.
pub async fn analyze(db: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query!("ANALYZE contact_line").execute(db).await?;
    Ok(())
}

/// Moves the loaded rows into the campaign, without numbers that have opted out. Answers how many.
pub async fn move_into_campaign(
    db: impl PgExecutor<'_>,
    job_id: i32,
    campaign_id: i32,
    organization_id: i32,
    opt_outs_shared: bool,
) -> sqlx::Result<i64> {
    let done = sqlx::query!(
        "INSERT INTO campaign_contact
             (campaign_id, cell, first_name, last_name, external_id, external_id_type, state_code, zip,
              timezone, custom_fields)
         SELECT $2, l.cell, l.first_name, l.last_name, l.external_id, l.external_id_type, l.state_code, l.zip,
                l.timezone, l.custom_fields
         FROM contact_line l
         WHERE l.job_id = $1
           AND NOT EXISTS (SELECT FROM opt_out o WHERE o.cell = l.cell AND ($4 OR o.organization_id = $3))
         ORDER BY l.line",
        job_id,
        campaign_id,
        organization_id,
        opt_outs_shared
    )
    .execute(db)
    .await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// Forgets the rows of a job.
pub async fn delete(db: impl PgExecutor<'_>, job_id: i32) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM contact_line WHERE job_id = $1", job_id)
        .execute(db)
        .await?;
    Ok(())
}
