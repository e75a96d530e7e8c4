//! What became of texts: the third statement each costs, and those that are taken up again.
//!
//! Whoever has a text in hand holds one attempt of it. Taking it up again counts one up, and from
//! then on nothing the earlier attempt says can put it back: only that the carrier has it.
//!
//! A text that is not settled yet is asked for as one that is none of the settled: a planner that can prove the
//! condition of the index `message_unsettled` walks it, with everything settled since it was last cleaned,
//! instead of asking for the id.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Broken when another text has got this carrier id.
pub const SERVICE_ID: &str = "message_service_id_key";

/// One attempt at handing a text over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub message_id: i64,
    pub number: i16,
}

/// A text the carrier has taken, in that attempt.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub attempt: Attempt,
    pub service_id: String,
    pub response: String,
    pub at: DateTime<Utc>,
}

/// The carrier has taken the texts. A report about one that came before this answer wins: it names the text's row,
/// and has settled it. (One that does not is kept, and `reports::apply_kept` brings them together.)
///
/// Nobody waits until the disk has it: should the database's machine break down within that half second the texts
/// are SENDING again, which `reconcile` settles by asking the carrier.
pub async fn update_accepted(db: impl PgExecutor<'_>, texts: &[Accepted]) -> sqlx::Result<()> {
    let mut texts: Vec<&Accepted> = texts.iter().collect();
    // Two statements that have several texts in common take them in the same order.
    texts.sort_by_key(|text| text.attempt.message_id);
    let each = || texts.iter();
    let ids: Vec<i64> = each().map(|text| text.attempt.message_id).collect();
    let attempts: Vec<i16> = each().map(|text| text.attempt.number).collect();
    let service_ids: Vec<&str> = each().map(|text| text.service_id.as_str()).collect();
    let responses: Vec<&str> = each().map(|text| text.response.as_str()).collect();
    let times: Vec<DateTime<Utc>> = each().map(|text| text.at).collect();
    sqlx::query!(
        "UPDATE message m
         SET service_id = taken.service_id, service_response = taken.response, sent_at = taken.at,
             send_status = 'SENT', error_code = NULL
         FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::timestamptz[])
              AS taken (id, attempt, service_id, response, at)
         WHERE m.id = taken.id AND m.send_attempts = taken.attempt
           AND m.send_status NOT IN ('SENT', 'DELIVERED', 'ERROR')
           AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'",
        &ids,
        &attempts,
        &service_ids as &[&str],
        &responses as &[&str],
        &times
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The carrier has refused the text for good.
pub async fn update_refused(
    db: impl PgExecutor<'_>,
    attempt: Attempt,
    error_code: Option<i32>,
    response: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE message
         SET send_status = 'ERROR', error_code = $3, service_response = $4, service_response_at = $5
         WHERE id = $1 AND send_attempts = $2 AND send_status NOT IN ('QUEUED', 'SENT', 'DELIVERED', 'ERROR')",
        attempt.message_id,
        attempt.number,
        error_code,
        response,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The carrier has refused the text because its person has opted out there: so they have here, in the contact's
/// organization or all. Answers the assignments whose lists have changed.
pub async fn update_unsubscribed(
    db: impl PgExecutor<'_>,
    attempt: Attempt,
    error_code: i32,
    response: &str,
    opt_outs_shared: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar!(
        r#"WITH refused AS (
               UPDATE message
               SET send_status = 'ERROR', error_code = $3, service_response = $4, service_response_at = $5
               WHERE id = $1 AND send_attempts = $2 AND send_status NOT IN ('QUEUED', 'SENT', 'DELIVERED', 'ERROR')),
           owner AS (
               SELECT c.cell, p.organization_id, c.assignment_id
               FROM message m
               JOIN campaign_contact c ON c.id = m.campaign_contact_id
               JOIN campaign p ON p.id = c.campaign_id
               WHERE m.id = $1),
           kept AS (
               INSERT INTO opt_out (cell, organization_id, assignment_id, reason_code, created_at)
               SELECT cell, organization_id, assignment_id, 'carrier', $5 FROM owner
               ON CONFLICT ON CONSTRAINT opt_out_key DO NOTHING),
           marked AS (
               UPDATE campaign_contact c SET is_opted_out = true, updated_at = $5
               FROM owner, campaign p
               WHERE c.cell = owner.cell AND p.id = c.campaign_id AND NOT c.is_opted_out
                 AND ($6 OR p.organization_id = owner.organization_id)
               RETURNING c.assignment_id)
           SELECT assignment_id AS "id!" FROM marked WHERE assignment_id IS NOT NULL"#,
        attempt.message_id,
        attempt.number,
        error_code,
        response,
        now,
        opt_outs_shared
    )
    .fetch_all(db)
    .await
}

/// Nothing can have been sent: the row says so, and the contact is where it was before,
/// unless something has happened to it meanwhile. The click's key is free again: who repeats it
/// must not hear that the text was sent.
pub async fn update_not_attempted(
    db: impl PgExecutor<'_>,
    attempt: Attempt,
    why: &str,
    status_before: &str,
    status_after: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH failed AS (
             UPDATE message
             SET send_status = 'ERROR', service_response = $3, service_response_at = $6, idempotency_key = NULL
             WHERE id = $1 AND send_attempts = $2 AND send_status NOT IN ('QUEUED', 'SENT', 'DELIVERED', 'ERROR')
             RETURNING campaign_contact_id)
         UPDATE campaign_contact c
         SET message_status = CASE WHEN c.message_status = $5 THEN $4 ELSE c.message_status END,
             messages_sent = c.messages_sent - 1, updated_at = $6
         FROM failed WHERE c.id = failed.campaign_contact_id",
        attempt.message_id,
        attempt.number,
        why,
        status_before,
        status_after,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The carrier surely does not have the text, and may be asked again later: it waits.
pub async fn update_queued(
    db: impl PgExecutor<'_>,
    attempt: Attempt,
    error_code: Option<i32>,
    why: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE message
         SET send_status = 'QUEUED', error_code = $3, service_response = $4, service_response_at = $5,
             queued_at = $5
         WHERE id = $1 AND send_attempts = $2 AND send_status NOT IN ('QUEUED', 'SENT', 'DELIVERED', 'ERROR')",
        attempt.message_id,
        attempt.number,
        error_code,
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nobody knows whether the carrier has taken the text: it stays SENDING, with what is known.
pub async fn update_unknown(
    db: impl PgExecutor<'_>,
    attempt: Attempt,
    why: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE message SET service_response = $3, service_response_at = $4
         WHERE id = $1 AND send_attempts = $2 AND send_status NOT IN ('QUEUED', 'SENT', 'DELIVERED', 'ERROR')",
        attempt.message_id,
        attempt.number,
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A text in somebody's hands again.
#[derive(Clone, Debug)]
pub struct TakenUp {
    pub id: i64,
    pub contact_number: String,
    pub text: String,
    pub service: String,
    pub messaging_service_sid: Option<String>,
    pub send_before: Option<DateTime<Utc>>,
    pub send_attempts: i16,
    pub created_at: DateTime<Utc>,
}

/// Takes up waiting texts that may still be sent, longest waiting first: they are SENDING from
/// here on, in an attempt of their own.
pub async fn claim_waiting(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    opt_outs_shared: bool,
    limit: i64,
) -> sqlx::Result<Vec<TakenUp>> {
    sqlx::query_as!(
        TakenUp,
        "UPDATE message m SET send_status = 'SENDING', send_attempts = m.send_attempts + 1, queued_at = $1
         FROM (SELECT waiting.id FROM message waiting
               JOIN campaign_contact c ON c.id = waiting.campaign_contact_id
               JOIN campaign p ON p.id = c.campaign_id
               WHERE waiting.send_status = 'QUEUED'
                 -- Twice as long before each attempt: 1, 2, 4, then 8 minutes.
                 AND waiting.queued_at
                     <= $1::timestamptz - interval '30 seconds' * (2 ^ least(waiting.send_attempts, 4))
                 AND (waiting.send_before IS NULL OR waiting.send_before > $1)
                 AND p.status IN ('ACTIVE', 'CLOSED_FOR_INITIAL_SENDS') AND NOT c.is_opted_out
                 AND NOT EXISTS (SELECT FROM opt_out o
                                 WHERE o.cell = c.cell AND ($2 OR o.organization_id = p.organization_id))
               ORDER BY waiting.queued_at LIMIT $3 FOR UPDATE OF waiting SKIP LOCKED) AS due
         WHERE m.id = due.id
         RETURNING m.id, m.contact_number, m.text, m.service,
                   m.messaging_service_sid, m.send_before, m.send_attempts, m.created_at",
        now,
        opt_outs_shared,
        limit
    )
    .fetch_all(db)
    .await
}

/// Gives up waiting texts whose time is over, and says why: opted out, closed, hours ended, a day old, refused five
/// times.
pub async fn expire_waiting(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE message m
         SET send_status = 'ERROR', service_response_at = $1,
             service_response = m.service_response || ' (given up: '
                 || CASE WHEN c.is_opted_out THEN 'the person has opted out'
                         WHEN p.status NOT IN ('ACTIVE', 'CLOSED_FOR_INITIAL_SENDS') THEN 'the campaign is closed'
                         WHEN m.send_before <= $1 THEN 'the contact''s texting hours are over'
                         WHEN m.created_at < $1::timestamptz - interval '1 day' THEN 'it has waited for a day'
                         ELSE 'it was refused five times' END || ')'
         FROM campaign_contact c JOIN campaign p ON p.id = c.campaign_id
         WHERE m.send_status = 'QUEUED' AND c.id = m.campaign_contact_id
           AND ((m.send_attempts >= 5 AND m.error_code IS NOT NULL)
                OR m.send_before <= $1 OR m.created_at < $1::timestamptz - interval '1 day'
                OR c.is_opted_out OR p.status NOT IN ('ACTIVE', 'CLOSED_FOR_INITIAL_SENDS'))",
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Takes texts in hand that have been on their way for three minutes without an outcome: a crash,
/// or an answer that was lost. Nobody else gets them for another three minutes.
pub async fn claim_unknown(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<TakenUp>> {
    sqlx::query_as!(
        TakenUp,
        "UPDATE message m SET queued_at = $1
         FROM (SELECT id FROM message
               WHERE send_status = 'SENDING' AND queued_at < $1::timestamptz - interval '3 minutes'
               ORDER BY queued_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
         WHERE m.id = due.id
         RETURNING m.id, m.contact_number, m.text, m.service,
                   m.messaging_service_sid, m.send_before, m.send_attempts, m.created_at",
        now,
        limit
    )
    .fetch_all(db)
    .await
}

/// Which of these carrier ids belong to texts already.
pub async fn list_known(
    db: impl PgExecutor<'_>,
    service_ids: &[String],
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT service_id FROM message WHERE service_id = ANY($1) AND service_id <> ''",
        service_ids
    )
    .fetch_all(db)
    .await
}

/// How many texts have been on their way for so long that their outcome must be asked for.
pub async fn count_unknown(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM message
           WHERE send_status = 'SENDING' AND queued_at < $1::timestamptz - interval '3 minutes'"#,
        now
    )
    .fetch_one(db)
    .await
}
