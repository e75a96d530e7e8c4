//! What hot operations read of a large database: never a table from end to end, and no more rows
//! than of a small one. The database's own counters say so, about the plans it really ran.

use serde_json::json;
use spoke::campaigns::stats;
use spoke::texting::inbound::Webhook;
use spoke::texting::{inbound, opt_out, reconcile, reports, settle};

use crate::app::TestApp;
use crate::builders::Texting;

/// A million contacts in ten campaigns, two texts each, fifty thousand opt-outs; and the campaign
/// somebody works in, as large as the others.
async fn large(app: &TestApp) -> Texting {
    let organization = app.organization().await;
    let texter = app.member(organization, "TEXTER").await;
    let mut campaigns = Vec::new();
    for _ in 0..10 {
        campaigns.push(app.campaign(organization).await);
    }
    let (first, campaign) = (campaigns[0], campaigns[9]);
    let assignment = app.assignment(campaign, texter).await;
    let statements = [
        // References are checked row by row, and an index is made faster than it grows.
        "SET statement_timeout = 0; SET session_replication_role = replica; SET maintenance_work_mem = '256MB'".to_owned(),
        "CREATE TEMPORARY TABLE dropped AS
             SELECT indexname, indexdef FROM pg_indexes
             WHERE tablename IN ('campaign_contact', 'message')
               AND indexname NOT IN (SELECT conname FROM pg_constraint)"
            .to_owned(),
        each_dropped("format('DROP INDEX %I', one.indexname)"),
        format!(
            "INSERT INTO campaign_contact (campaign_id, assignment_id, first_name, last_name, cell, timezone, message_status)
             SELECT {first} + n / 100000, CASE WHEN n BETWEEN 900000 AND 900299 THEN {assignment} END, 'Bo', 'Ek',
                    '+1666' || lpad(n::text, 7, '0'),
                    -- Most of the pool comes from where people are still asleep.
                    CASE WHEN n BETWEEN 900300 AND 990000 THEN 'Pacific/Honolulu' ELSE 'America/New_York' END,
                    (ARRAY['messaged', 'needsResponse', 'convo', 'closed', 'needsMessage'])[1 + n % 5]
             FROM generate_series(0, 999999) AS n"
        ),
        format!(
            "INSERT INTO message (campaign_contact_id, campaign_id, user_id, contact_number, is_from_contact, text,
                                  service, service_id, send_status, messaging_service_sid, send_attempts)
             SELECT c.id, c.campaign_id, {}, c.cell, false, 'Hi', 'twilio', 'SM' || c.id || '-' || turn,
                    'DELIVERED', 'mock-messaging-service', 1
             FROM campaign_contact c, generate_series(1, 2) AS turn",
            texter.id
        ),
        format!(
            "INSERT INTO opt_out (cell, organization_id)
             SELECT '+1777' || lpad(n::text, 7, '0'), {organization} FROM generate_series(1, 50000) AS n"
        ),
        each_dropped("one.indexdef"),
        // Triggers slept while the contacts came.
        include_str!("../../../migrations/20261123050100_count_contacts_into_tally.sql").to_owned(),
        "INSERT INTO contact_tally SELECT 1000000 + n / 200, n, 200, 0, 0, 0, 0, 0, 200, 0 FROM generate_series(1, 50000) AS n"
            .to_owned(),
        changes(&format!("SELECT {campaign} FROM generate_series(1, 60)")),
        "ANALYZE".to_owned(),
        // What the statistics do not know of: a minute in which others have texted.
        changes("SELECT 1000000 + n / 200 FROM generate_series(1, 100000) AS n"),
        // What the statistics do not know of: a carrier that is slow, and texts that are with it; texts nobody knows.
        format!(
            "INSERT INTO message (campaign_contact_id, campaign_id, user_id, contact_number, is_from_contact, text,
                                  service, send_status, messaging_service_sid, send_attempts, queued_at)
             SELECT id, campaign_id, {}, cell, false, 'Hi', 'twilio', 'SENDING', 'mock-messaging-service', 1,
                    '{}'
             FROM campaign_contact WHERE campaign_id = {first} LIMIT 5000",
            texter.id,
            app.now().to_rfc3339()
        ),
        "INSERT INTO inbound_message (service, service_id, payload, contact_number, status)
         SELECT 'twilio', 'UN' || n, '{}', '+1888' || lpad(n::text, 7, '0'), 'UNMATCHED' FROM generate_series(1, 5000) AS n"
            .to_owned(),
        "RESET ALL".to_owned(),
    ];
    let mut connection = app.app.db.acquire().await.unwrap();
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    drop(connection);
    let contacts = sqlx::query_scalar(
        "SELECT id FROM campaign_contact WHERE assignment_id = $1 AND message_status = 'needsMessage' ORDER BY id",
    )
    .bind(assignment)
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    Texting {
        organization,
        campaign,
        assignment,
        texter,
        contacts,
    }
}

/// Changes of contacts that change nothing, one for each campaign.
fn changes(campaigns: &str) -> String {
    format!(
        "INSERT INTO contact_change (campaign_id, total, needs_message, needs_response, convo, closed, opted_out, sent, received)
         SELECT campaign, 0, 0, 0, 0, 0, 0, 0, 0 FROM ({campaigns}) AS one (campaign)"
    )
}

/// Does this for each index that is dropped meanwhile.
fn each_dropped(statement: &str) -> String {
    format!(
        "DO $$ DECLARE one dropped; BEGIN
             FOR one IN SELECT * FROM dropped LOOP EXECUTE {statement}; END LOOP;
         END $$"
    )
}

/// Sequential scans of these tables, and rows read of them, since the beginning.
pub(crate) async fn counters(app: &TestApp, tables: &[&str]) -> (i64, i64) {
    // Each session reports its own when it is told to.
    let mut sessions = Vec::new();
    for _ in 0..10 {
        let mut session = app.app.db.acquire().await.unwrap();
        sqlx::query("SELECT pg_stat_force_next_flush()")
            .execute(&mut *session)
            .await
            .unwrap();
        sqlx::query("SELECT 1")
            .execute(&mut *session)
            .await
            .unwrap();
        sessions.push(session);
    }
    sqlx::query_as(
        "SELECT sum(coalesce(seq_scan, 0))::bigint, sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
         FROM pg_stat_user_tables WHERE relname = ANY($1)",
    )
    .bind(tables)
    .fetch_one(&mut *sessions[0])
    .await
    .unwrap()
}

const LARGE: [&str; 6] = [
    "campaign_contact",
    "message",
    "opt_out",
    "inbound_message",
    "contact_tally",
    "contact_change",
];

/// Often enough that the database has settled on a plan.
const TIMES: usize = 8;

#[tokio::test]
async fn hot_operations_read_no_more_of_a_large_database() {
    let app = TestApp::new().await;
    let texting = large(&app).await;
    let by = Some(texting.texter);
    let assignment = texting.assignment.to_string();
    let ask = async |query: &str| {
        app.graphql(by, query, json!({"id": assignment})).await.ok();
    };
    let replaced = app.campaign(texting.organization).await;
    let boss = app.member(texting.organization, "ADMIN").await;
    let admin = async |query: &str| {
        let id = json!({"id": texting.organization.to_string()});
        app.graphql(Some(boss), query, id).await.ok().clone()
    };
    // What it is, how many rows of the large tables it may read each time, and the operation.
    for (name, bound) in [
        ("send", 20),
        ("batch", 1500),
        ("page", 60),
        ("threads", 700),
        ("opening", 1500),
        ("to-do list", 1500),
        ("inbound", 20),
        ("reports", 20),
        ("opt-out", 20),
        ("settling", 20),
        ("bulk opt-out", 20),
        ("statistics", 200),
        ("counting", 20),
        ("replacing contacts", 100),
        ("unmatched texts", 60),
        ("whose it is", 10),
    ] {
        if name == "settling" {
            // What is on its way is looked through, however much it is; here it is about the settled.
            app.sql("DELETE FROM message WHERE send_status = 'SENDING'")
                .await;
        }
        if name == "counting" {
            stats::fold(&app.app).await.unwrap();
        }
        if name == "unmatched texts" {
            // That a page has fewer rows than the list can be known from statistics only.
            app.sql("ANALYZE inbound_message").await;
        }
        let (scans, rows) = counters(&app, &LARGE).await;
        for time in 0..TIMES {
            let contact = texting.contacts[time];
            match name {
                "send" => drop(app.send_first(&texting, contact).await.ok()),
                "batch" => ask("mutation ($id: String!) { findNewCampaignContact(assignmentId: $id, numberContacts: 200) { found } }").await,
                "page" => ask("query ($id: String!) { assignment(id: $id) { contacts(contactsFilter: {messageStatus: \"needsMessage\", limit: 50}) { id } } }").await,
                "threads" => ask("query ($id: String!) { contactsForAssignment(assignmentId: $id, contactsFilter: {messageStatus: \"convo\", limit: 50}) { id messages { text } } }").await,
                "opening" => ask("query ($id: String!) { assignment(id: $id) { contactCounts { total } hasUnassignedContactsForTexter contacts { id } } }").await,
                "to-do list" => ask("query ($id: String!) { currentUser { assignmentSummaries(organizationId: \"1\") { id contactCounts { needsMessage needsResponse } hasUnassignedContactsForTexter } } assignment(id: $id) { id } }").await,
                "inbound" => drop(app.reply(contact, "Yes").await),
                "reports" => {
                    let sid = format!("SM{contact}-1");
                    let report = Webhook::of(&[("MessageSid", &sid), ("MessageStatus", "delivered")]);
                    reports::apply(&app.app, &[report]).await.unwrap();
                }
                "opt-out" => {
                    opt_out::at_the_carrier(&app.app, &[contact]).await.unwrap();
                }
                "settling" => {
                    settle::waiting_texts(&app.app, std::time::Duration::from_secs(5)).await.unwrap();
                    reconcile::unknown_texts(&app.app, std::time::Duration::from_secs(5)).await.unwrap();
                    inbound::apply_left(&app.app).await.unwrap();
                    reports::apply_kept(&app.app).await.unwrap();
                }
                "bulk opt-out" => {
                    let cells = [format!("+1777{:07}", 60000 + time)];
                    spoke::db::opt_out::insert_many(&app.app.db, &cells, &cells, texting.organization, false, app.now())
                        .await
                        .unwrap();
                }
                "statistics" => {
                    let (db, campaign) = (&app.app.db, texting.campaign);
                    drop(spoke::db::contact_tally::list_shares(db, campaign).await.unwrap());
                    spoke::db::message::count_failed(db, campaign).await.unwrap();
                }
                "counting" => {
                    app.sql(&format!("UPDATE campaign_contact SET messages_sent = 9 - messages_sent WHERE id = {contact}")).await;
                    stats::fold(&app.app).await.unwrap();
                }
                "replacing contacts" => {
                    app.contacts(replaced, 20).await;
                    spoke::db::contact::delete_of_campaign(&app.app.db, replaced).await.unwrap();
                }
                "unmatched texts" => drop(admin("query ($id: String!) { organization(id: $id) { unmatchedMessages(limit: 26, beforeId: 4000) { id } } }").await),
                "whose it is" => drop(admin("query ($id: String!) { organization(id: $id) { contactsWithNumber(cell: \"+16660123456\") { id } } }").await),
                other => panic!("{other} is nothing"),
            }
        }
        let (scans_after, rows_after) = counters(&app, &LARGE).await;
        let each = (rows_after - rows) / i64::try_from(TIMES).unwrap();
        println!("{name}: {each} rows");
        assert_eq!(scans_after, scans, "{name} reads a whole table");
        assert!(
            each <= bound,
            "{name} reads {each} rows of large tables, {bound} are enough"
        );
    }
}
