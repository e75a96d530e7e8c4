//! Canned responses ("script responses").

use sqlx::PgExecutor;

/// A row of `canned_response`.
#[derive(Clone, Debug)]
pub struct CannedResponse {
    pub id: i32,
    pub campaign_id: i32,
    pub title: String,
    pub text: String,
    pub order: i32,
    pub deleted: bool,
}

pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_ids: &[i32],
) -> sqlx::Result<Vec<CannedResponse>> {
    sqlx::query_as!(
        CannedResponse,
        r#"SELECT id, campaign_id, title, text, "order", deleted
           FROM canned_response WHERE campaign_id = ANY($1) ORDER BY "order", id"#,
        campaign_ids
    )
    .fetch_all(db)
    .await
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    title: &str,
    text: &str,
    order: i32,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"INSERT INTO canned_response (campaign_id, title, text, "order") VALUES ($1, $2, $3, $4)"#,
        campaign_id,
        title,
        text,
        order
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes a response of that campaign; false when the campaign has none with this id.
pub async fn update(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    response: &CannedResponse,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"UPDATE canned_response SET title = $3, text = $4, "order" = $5, deleted = $6
           WHERE id = $2 AND campaign_id = $1"#,
        campaign_id,
        response.id,
        response.title,
        response.text,
        response.order,
        response.deleted
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves responses of that campaign to the places they have in `ids`.
pub async fn update_order(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    ids: &[i32],
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"UPDATE canned_response r SET "order" = place.position::integer - 1
           FROM unnest($2::integer[]) WITH ORDINALITY AS place (id, position)
           WHERE r.id = place.id AND r.campaign_id = $1"#,
        campaign_id,
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}
