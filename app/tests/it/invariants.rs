//! What must be so afterwards, whatever has died, come twice or come in another order.

use std::collections::{BTreeMap, BTreeSet};

use carrier::Carrier;
use sqlx::Row;

use crate::app::TestApp;

/// Holds the database against what the carrier has. The test's texts differ: no two to one number say the same.
pub(crate) async fn hold(app: &TestApp, carrier: &Carrier) {
    every_text_is_with_the_carrier_once(app, carrier).await;
    every_text_that_came_in_is_kept_once(app, carrier).await;
    none(
        app,
        "a contact was texted first twice",
        "SELECT campaign_contact_id FROM message
         WHERE NOT is_from_contact AND text LIKE 'first %' AND send_status <> 'ERROR'
         GROUP BY campaign_contact_id HAVING count(*) > 1",
    )
    .await;
    none(
        app,
        "somebody texted for an assignment of somebody else",
        "SELECT m.id FROM message m JOIN assignment a ON a.id = m.assignment_id
         WHERE a.user_id <> m.user_id OR a.campaign_id <> m.campaign_id",
    )
    .await;
    none(
        app,
        "a contact's counters differ from its thread",
        "SELECT c.id FROM campaign_contact c LEFT JOIN message m ON m.campaign_contact_id = c.id
         GROUP BY c.id
         HAVING c.messages_sent <> count(m.id) FILTER (WHERE NOT m.is_from_contact)
             OR c.messages_received <> count(m.id) FILTER (WHERE m.is_from_contact)",
    )
    .await;
    numbers_are_those_of_the_contacts(app).await;
    none(
        app,
        "somebody who opted out is not marked",
        "SELECT c.id FROM opt_out o JOIN campaign p ON p.organization_id = o.organization_id
         JOIN campaign_contact c ON c.campaign_id = p.id AND c.cell = o.cell WHERE NOT c.is_opted_out",
    )
    .await;
}

/// Statistics read the tally and what is to come to it: together they say what a walk over the contacts would.
pub(crate) async fn numbers_are_those_of_the_contacts(app: &TestApp) {
    none(
        app,
        "a campaign's numbers differ from its contacts",
        "SELECT campaign_id FROM (
             SELECT campaign_id, assignment_id, 1 AS total, (message_status = 'needsMessage')::integer AS needs_message,
                    (message_status = 'needsResponse')::integer AS needs_response,
                    (message_status = 'convo')::integer AS convo, (message_status = 'closed')::integer AS closed,
                    is_opted_out::integer AS opted_out, messages_sent AS sent, messages_received AS received
             FROM campaign_contact
             UNION ALL
             SELECT campaign_id, assignment_id, -total, -needs_message, -needs_response, -convo, -closed, -opted_out,
                    -sent, -received
             FROM contact_tally
             UNION ALL
             SELECT campaign_id, assignment_id, -total, -needs_message, -needs_response, -convo, -closed, -opted_out,
                    -sent, -received
             FROM contact_change) AS counted
         GROUP BY campaign_id, assignment_id
         HAVING (sum(total), sum(needs_message), sum(needs_response), sum(convo), sum(closed), sum(opted_out), sum(sent),
                 sum(received)) <> (0, 0, 0, 0, 0, 0, 0, 0)",
    )
    .await;
}

/// One row that was sent is one text of the carrier's; one that failed is none; nothing is on its way; nothing was
/// taken after the contact's hours.
async fn every_text_is_with_the_carrier_once(app: &TestApp, carrier: &Carrier) {
    let mut taken: BTreeMap<(String, String), Vec<carrier::Text>> = BTreeMap::new();
    for text in carrier.texts() {
        let key = (text.to.clone(), text.body.clone());
        taken.entry(key).or_default().push(text);
    }
    let rows = sqlx::query(
        "SELECT contact_number, text, send_status, service_id, send_before FROM message WHERE NOT is_from_contact",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    for row in rows {
        let key: (String, String) = (row.get(0), row.get(1));
        let (status, sid): (String, String) = (row.get(2), row.get(3));
        let before: Option<chrono::DateTime<chrono::Utc>> = row.get(4);
        let found = taken.remove(&key).unwrap_or_default();
        let expected = match status.as_str() {
            "SENT" | "DELIVERED" => 1,
            "ERROR" => 0,
            _ => panic!("{key:?} is {status}"),
        };
        assert_eq!(found.len(), expected, "{key:?} is {status}: {found:?}");
        for text in found {
            assert_eq!(text.sid, sid, "{key:?}");
            assert!(
                before.is_none_or(|before| text.created_at < before),
                "{text:?} after {before:?}"
            );
        }
    }
    assert!(taken.is_empty(), "texts nobody has written down: {taken:?}");
}

/// What the carrier was told is taken is there once, and applied once.
async fn every_text_that_came_in_is_kept_once(app: &TestApp, carrier: &Carrier) {
    let rows = sqlx::query(
        "SELECT i.service_id, i.status, count(m.id) FROM inbound_message i
         LEFT JOIN message m ON m.service_id = i.service_id AND m.is_from_contact
         GROUP BY i.id",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    let mut kept = BTreeSet::new();
    for row in rows {
        let (sid, status, threads): (String, String, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!((status.as_str(), threads), ("APPLIED", 1), "{sid}");
        assert!(kept.insert(sid.clone()), "{sid} is kept twice");
    }
    for text in carrier.inbound() {
        let is_kept = kept.contains(&text.sid);
        assert!(is_kept || !text.is_taken, "lost: {text:?}");
    }
}

async fn none(app: &TestApp, what: &str, query: &str) {
    let found =
        format!("SELECT coalesce(string_agg(id::text, ' '), '') FROM ({query}) AS wrong (id)");
    assert_eq!(app.value(&found).await, "", "{what}");
}
