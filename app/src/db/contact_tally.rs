//! How many contacts campaigns have, by assignment and status (`contact_tally`), and by how much that rose or fell
//! since (`contact_change`): every statement that changes contacts says so there, by triggers.

use sqlx::PgExecutor;

/// One texter's share of a campaign, or the share nobody has.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Share {
    pub assignment_id: Option<i32>,
    pub texter_id: Option<i32>,
    pub first_name: String,
    pub last_name: String,
    pub total: i32,
    pub needs_message: i32,
    pub needs_response: i32,
    pub convo: i32,
    pub closed: i32,
    pub opted_out: i32,
    pub sent: i64,
    pub received: i64,
}

/// A campaign's contacts, counted by assignment, as they are at this moment: everything statistics are made of.
/// Reads as many rows as the campaign has texters, and those that have come since the last [`fold`].
pub async fn list_shares(db: impl PgExecutor<'_>, campaign_id: i32) -> sqlx::Result<Vec<Share>> {
    sqlx::query_as!(
        Share,
        r#"SELECT counted.assignment_id, a.user_id AS "texter_id?",
                  coalesce(u.first_name, '') AS "first_name!", coalesce(u.last_name, '') AS "last_name!",
                  counted.total AS "total!", counted.needs_message AS "needs_message!",
                  counted.needs_response AS "needs_response!", counted.convo AS "convo!",
                  counted.closed AS "closed!", counted.opted_out AS "opted_out!",
                  counted.sent AS "sent!", counted.received AS "received!"
           FROM (SELECT assignment_id, sum(total)::integer AS total, sum(needs_message)::integer AS needs_message,
                        sum(needs_response)::integer AS needs_response, sum(convo)::integer AS convo,
                        sum(closed)::integer AS closed, sum(opted_out)::integer AS opted_out,
                        sum(sent) AS sent, sum(received) AS received
                 FROM (SELECT assignment_id, total, needs_message, needs_response, convo, closed, opted_out, sent, received
                       FROM contact_tally WHERE campaign_id = $1
                       UNION ALL
                       SELECT assignment_id, total, needs_message, needs_response, convo, closed, opted_out, sent, received
                       FROM contact_change WHERE campaign_id = $1) AS part
                 GROUP BY assignment_id HAVING sum(total) <> 0) AS counted
           LEFT JOIN assignment a ON a.id = counted.assignment_id
           LEFT JOIN "user" u ON u.id = a.user_id
           ORDER BY lower(u.first_name), lower(u.last_name), counted.assignment_id"#,
        campaign_id
    )
    .fetch_all(db)
    .await
}

/// Takes up to `limit` changes into the tally, those that nobody else is taking; how many there were.
/// Whoever reads meanwhile counts the same before and after.
pub async fn fold(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH change AS (
               DELETE FROM contact_change
               -- By their places: rows of this table never change, and never move.
               WHERE ctid = ANY (ARRAY(SELECT ctid FROM contact_change ORDER BY campaign_id, id LIMIT $1
                                       FOR UPDATE SKIP LOCKED))
               RETURNING *),
           folded AS (
               INSERT INTO contact_tally AS tally (campaign_id, assignment_id, total, needs_message, needs_response,
                                                   convo, closed, opted_out, sent, received)
               SELECT campaign_id, assignment_id, sum(total), sum(needs_message), sum(needs_response), sum(convo),
                      sum(closed), sum(opted_out), sum(sent), sum(received)
               FROM change GROUP BY campaign_id, assignment_id
               -- The same order for everybody: two at once must not wait for one another.
               ORDER BY campaign_id, assignment_id
               ON CONFLICT (campaign_id, coalesce(assignment_id, 0)) DO UPDATE
               SET total = tally.total + excluded.total, needs_message = tally.needs_message + excluded.needs_message,
                   needs_response = tally.needs_response + excluded.needs_response,
                   convo = tally.convo + excluded.convo, closed = tally.closed + excluded.closed,
                   opted_out = tally.opted_out + excluded.opted_out, sent = tally.sent + excluded.sent,
                   received = tally.received + excluded.received)
           SELECT count(*) AS "count!" FROM change"#,
        limit
    )
    .fetch_one(db)
    .await
}
