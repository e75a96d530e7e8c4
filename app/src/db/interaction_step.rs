//! The script's steps.

use sqlx::PgExecutor;

/// A row of `interaction_step` that is not deleted.
#[derive(Clone, Debug)]
pub struct InteractionStep {
    pub id: i32,
    pub campaign_id: i32,
    pub parent_interaction_id: Option<i32>,
    pub question: String,
    pub script: String,
    pub answer_option: String,
}

/// A step as it shall be.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub parent_interaction_id: Option<i32>,
    pub question: &'a str,
    pub script: &'a str,
    pub answer_option: &'a str,
    pub answer_actions: &'a str,
}

pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_ids: &[i32],
) -> sqlx::Result<Vec<InteractionStep>> {
    sqlx::query_as!(
        InteractionStep,
        "SELECT id, campaign_id, parent_interaction_id, question, script, answer_option
         FROM interaction_step WHERE campaign_id = ANY($1) AND NOT is_deleted ORDER BY id",
        campaign_ids
    )
    .fetch_all(db)
    .await
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    step: Step<'_>,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO interaction_step
             (campaign_id, parent_interaction_id, question, script, answer_option, answer_actions)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        campaign_id,
        step.parent_interaction_id,
        step.question,
        step.script,
        step.answer_option,
        step.answer_actions
    )
    .fetch_one(db)
    .await
}

/// Changes a step of that campaign; false when the campaign has none with this id.
pub async fn update(
    db: impl PgExecutor<'_>,
    campaign_id: i32,
    id: i32,
    step: Step<'_>,
    is_deleted: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE interaction_step SET question = $3, script = $4, answer_option = $5, answer_actions = $6,
                is_deleted = $7
         WHERE id = $2 AND campaign_id = $1",
        campaign_id,
        id,
        step.question,
        step.script,
        step.answer_option,
        step.answer_actions,
        is_deleted
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
