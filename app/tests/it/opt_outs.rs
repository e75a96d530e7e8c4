//! Opt-outs by files and by hand; texts by the fallback, by hand, with pictures.

use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::builders::Texting;
use crate::carrier::app_with_carrier;
use crate::uploads::{app_with_bucket, put};

const IMPORT: &str = "mutation ($o: String!, $k: String!, $r: String!) {
    importOptOuts(organizationId: $o, s3Key: $k, reasonCode: $r) { status resultMessage resultUrl } }";
const EXPORT: &str = "mutation ($o: String!) { exportOptOuts(organizationId: $o) { id status resultMessage resultUrl } }";
const UNDO: &str = "mutation ($o: String!, $c: Phone!, $r: String!) {
    undoOptOut(organizationId: $o, cell: $c, reason: $r) }";
const BULK: &str = "mutation ($o: String!, $c: [String!]!, $r: String!) {
    bulkCreateOptOuts(organizationId: $o, cells: $c, reasonCode: $r) }";
const ASSIGN: &str = "mutation ($m: String!, $c: String!) {
    assignUnmatchedMessage(messageId: $m, campaignContactId: $c) { messageStatus messages { text isFromContact } } }";
const UNMATCHED: &str =
    "query ($o: String!) { organization(id: $o) { unmatchedMessages { id contactNumber text } } }";

async fn import(app: &TestApp, by: Person, organization: i32, file: &str) -> Value {
    let key = put(app, by, organization, file).await;
    let variables = json!({"o": organization.to_string(), "k": key, "r": "old list"});
    let answer = app.graphql(Some(by), IMPORT, variables).await;
    answer.ok()["importOptOuts"].clone()
}

async fn fetched(url: &Value) -> String {
    let answer = reqwest::get(url.as_str().unwrap()).await.unwrap();
    assert!(answer.status().is_success());
    answer.text().await.unwrap()
}

async fn is_opted_out(app: &TestApp, contact: i32) -> bool {
    let query = format!("SELECT is_opted_out FROM campaign_contact WHERE id = {contact}");
    app.value(&query).await == "true"
}

const FILE: &str = "name,Phone Number,reason\nAna,(555) 000-0001,wrote a letter\nBo,12,\nCy,+15550000002,\nDi,555-000-0002,\n";

#[tokio::test]
async fn a_file_opts_people_out_once_however_often_it_comes() {
    let app = app_with_bucket(&[]).await;
    let texting = app.texting(3).await;
    let elsewhere = app.texting(1).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let first = import(&app, admin, texting.organization, FILE).await;
    assert_eq!(
        (&first["status"], &first["resultMessage"]),
        (
            &json!("DONE"),
            &json!("2 numbers opted out, 1 had opted out before, 1 rows rejected.")
        )
    );
    let rejected = fetched(&first["resultUrl"]).await;
    assert_eq!(
        rejected,
        "line,phone_number,reason\n3,12,This is not a phone number.\n"
    );
    let rows = "SELECT string_agg(cell || ' ' || reason_code, ', ' ORDER BY cell) FROM opt_out";
    assert_eq!(
        app.value(rows).await,
        "+15550000001 wrote a letter, +15550000002 old list"
    );
    let marks = [
        texting.contacts[0],
        texting.contacts[1],
        texting.contacts[2],
        elsewhere.contacts[0],
    ];
    let mut marked = Vec::new();
    for contact in marks {
        marked.push(is_opted_out(&app, contact).await);
    }
    assert_eq!(marked, [true, true, false, false]);
    assert_eq!(
        app.send_first(&texting, texting.contacts[0]).await.code(),
        "OPTED_OUT"
    );
    let again = import(&app, admin, texting.organization, FILE).await;
    let said = "0 numbers opted out, 3 had opted out before, 1 rows rejected.";
    assert_eq!(again["resultMessage"], said);
    assert_eq!(app.count("opt_out").await, 2);
}

#[tokio::test]
async fn a_shared_import_holds_everywhere() {
    let app = app_with_bucket(&[("OPTOUTS_SHARE_ALL_ORGS", "1")]).await;
    let texting = app.texting(1).await;
    let elsewhere = app.texting(1).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    // A list without a header, as phones and other programs write them.
    let done = import(
        &app,
        admin,
        texting.organization,
        "5550000001\r\n5550000002",
    )
    .await;
    assert_eq!(
        (&done["status"], &done["resultUrl"]),
        (&json!("DONE"), &json!(null))
    );
    let theirs = app.send_first(&elsewhere, elsewhere.contacts[0]).await;
    assert_eq!(theirs.code(), "OPTED_OUT");
    // What holds in the other organization is in its file too, each number once.
    let other = app.member(elsewhere.organization, "ADMIN").await;
    app.sql(&format!(
        "INSERT INTO opt_out (cell, organization_id) VALUES ('+15550000001', {})",
        elsewhere.organization
    ))
    .await;
    let exported = export(&app, other, elsewhere.organization).await;
    assert_eq!(exported["resultMessage"], "2 opt-outs.");
}

#[tokio::test]
async fn files_that_are_none_are_refused_and_change_nothing() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    for (file, reason) in [
        ("", "holds no numbers"),
        ("name,email\nx,y\n", "must name a column"),
        ("cell,reason\n", "holds no numbers"),
    ] {
        let done = import(&app, admin, organization, file).await;
        assert_eq!(done["status"], "FAILED");
        assert!(
            done["resultMessage"].as_str().unwrap().contains(reason),
            "{done}"
        );
    }
    let ask = |key: String, reason: &str| {
        let variables = json!({"o": organization.to_string(), "k": key, "r": reason});
        let app = &app;
        async move {
            app.graphql(Some(admin), IMPORT, variables)
                .await
                .code()
                .to_owned()
        }
    };
    let own = format!("contactUploads/{organization}/{}", "a".repeat(64));
    assert_eq!(ask(own.clone(), " ").await, "BAD_USER_INPUT");
    assert_eq!(ask(own.clone(), &"x".repeat(201)).await, "BAD_USER_INPUT");
    let foreign = format!("contactUploads/{}/{}", organization + 1, "a".repeat(64));
    assert_eq!(ask(foreign, "x").await, "FORBIDDEN");
    // The file is gone: nobody is told that it worked.
    assert_eq!(ask(own, "x").await, "OK");
    let last = "SELECT status FROM background_job ORDER BY id DESC LIMIT 1";
    assert_eq!(app.value(last).await, "FAILED");
    assert_eq!(app.count("opt_out").await, 0);
}

async fn export(app: &TestApp, by: Person, organization: i32) -> Value {
    let answer = app
        .graphql(Some(by), EXPORT, json!({"o": organization.to_string()}))
        .await;
    answer.ok()["exportOptOuts"].clone()
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_is_for_admins() {
    let app = app_with_bucket(&[]).await;
    let here = app.organization().await;
    let there = app.organization().await;
    let admin = app.member(here, "ADMIN").await;
    // More than a page, another organization's among them, and a reason spreadsheets would run.
    app.sql(&format!(
        "INSERT INTO opt_out (cell, organization_id, reason_code, created_at)
         SELECT '+1617555' || lpad(n::text, 4, '0'), CASE WHEN n % 6 = 0 THEN {there} ELSE {here} END,
                CASE WHEN n = 1 THEN '=1+1' ELSE 'a, \"b\"' END, '2026-11-01T12:00:00Z'
         FROM generate_series(1, 7200) AS n"
    ))
    .await;
    let done = export(&app, admin, here).await;
    assert_eq!(
        (&done["status"], &done["resultMessage"]),
        (&json!("DONE"), &json!("6000 opt-outs."))
    );
    let file = fetched(&done["resultUrl"]).await;
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("cell,reason,opted_out_at"));
    assert_eq!(
        lines.next(),
        Some("+16175550001,'=1+1,2026-11-01T12:00:00Z")
    );
    assert_eq!(
        lines.next(),
        Some("+16175550002,\"a, \"\"b\"\"\",2026-11-01T12:00:00Z")
    );
    assert_eq!(file.lines().count(), 6001);
    let other = app.member(there, "ADMIN").await;
    let imported = import(&app, other, there, &file).await;
    assert_eq!(
        imported["resultMessage"],
        "6000 numbers opted out, 0 had opted out before, 0 rows rejected."
    );
    // Who may see that there was a job may not have its file.
    let volunteer = app.member(here, "SUPERVOLUNTEER").await;
    let job = "query ($id: String!) { backgroundJob(jobId: $id) { resultMessage resultUrl } }";
    let seen = app
        .graphql(Some(volunteer), job, json!({"id": done["id"]}))
        .await;
    assert_eq!(seen.code(), "FORBIDDEN");
}

#[tokio::test]
async fn an_opt_out_that_was_a_mistake_is_undone_with_a_reason() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let elsewhere = app.texting(1).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    bulk(
        &app,
        admin,
        texting.organization,
        &["(555) 000-0001", "555-000-0002"],
    )
    .await
    .ok();
    let other = app.member(elsewhere.organization, "ADMIN").await;
    bulk(&app, other, elsewhere.organization, &["5550000001"])
        .await
        .ok();
    let undo = |by: Person, cell: &str, reason: &str| {
        let variables = json!({"o": texting.organization.to_string(), "c": cell, "r": reason});
        let app = &app;
        async move {
            app.graphql(Some(by), UNDO, variables)
                .await
                .code()
                .to_owned()
        }
    };
    assert_eq!(undo(admin, "+15550000001", "  ").await, "BAD_USER_INPUT");
    assert_eq!(undo(admin, "+15550000009", "x").await, "BAD_USER_INPUT");
    assert_eq!(undo(texting.texter, "+15550000001", "x").await, "FORBIDDEN");
    assert_eq!(undo(other, "+15550000001", "x").await, "FORBIDDEN");
    assert_eq!(undo(admin, "+15550000001", "called us").await, "OK");
    assert_eq!(
        undo(admin, "+15550000001", "called us").await,
        "BAD_USER_INPUT",
        "it is undone"
    );
    let noted = "SELECT cell || reason_code || undone_reason || undone_by FROM opt_out_undone";
    assert_eq!(
        app.value(noted).await,
        format!("+15550000001testcalled us{}", admin.id)
    );
    assert!(!is_opted_out(&app, texting.contacts[0]).await);
    assert!(is_opted_out(&app, texting.contacts[1]).await);
    assert!(
        is_opted_out(&app, elsewhere.contacts[0]).await,
        "it was another organization's"
    );
    assert_eq!(
        app.send_first(&texting, texting.contacts[0]).await.code(),
        "OK"
    );
}

async fn bulk(app: &TestApp, by: Person, organization: i32, cells: &[&str]) -> Answer {
    let variables = json!({"o": organization.to_string(), "c": cells, "r": "test"});
    app.graphql(Some(by), BULK, variables).await
}

#[tokio::test]
async fn many_are_opted_out_at_once_or_none() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    let refused = bulk(
        &app,
        admin,
        texting.organization,
        &["5550000001", "nobody", "x"],
    )
    .await;
    assert_eq!(
        (refused.code(), refused.message()),
        (
            "BAD_USER_INPUT",
            "These are no telephone numbers: nobody, x."
        )
    );
    let many = vec!["5550000001"; 101];
    let refused = bulk(&app, admin, texting.organization, &many).await;
    assert_eq!(refused.code(), "BULK_OPT_OUT_LIMIT_EXCEEDED");
    assert_eq!(app.count("opt_out").await, 0);
    for _ in 0..2 {
        bulk(&app, admin, texting.organization, &many[..100])
            .await
            .ok();
    }
    assert_eq!(app.count("opt_out").await, 1);
    assert!(is_opted_out(&app, texting.contacts[0]).await);
}

/// Two organizations, and a text to a service only the first one's campaign uses.
async fn unmatched(app: &TestApp) -> (Texting, Texting, Person, Person) {
    let here = app.texting(1).await;
    let there = app.texting(1).await;
    app.sql(&format!(
        "UPDATE campaign SET messaging_service_sid = 'mock-messaging-service' WHERE id = {}",
        here.campaign
    ))
    .await;
    let admins = (
        app.member(here.organization, "ADMIN").await,
        app.member(there.organization, "ADMIN").await,
    );
    app.reply(here.contacts[0], "Who is this?").await;
    (here, there, admins.0, admins.1)
}

#[tokio::test]
async fn a_text_nobody_matched_is_put_into_a_thread_by_hand_once() {
    let app = TestApp::new().await;
    let (here, there, admin, other) = unmatched(&app).await;
    let listed = |by: Person, organization: i32| {
        let variables = json!({"o": organization.to_string()});
        let app = &app;
        async move {
            let answer = app.graphql(Some(by), UNMATCHED, variables).await;
            answer.ok()["organization"]["unmatchedMessages"].clone()
        }
    };
    assert_eq!(listed(other, there.organization).await, json!([]));
    let texts = listed(admin, here.organization).await;
    assert_eq!(texts[0]["text"], "Who is this?");
    let id = texts[0]["id"].clone();
    let assign = |by: Person, id: Value, contact: i32| {
        let variables = json!({"m": id, "c": contact.to_string()});
        let app = &app;
        async move { app.graphql(Some(by), ASSIGN, variables).await }
    };
    // Neither somebody else's text nor into somebody else's thread.
    assert_eq!(
        assign(other, id.clone(), there.contacts[0]).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        assign(admin, id.clone(), there.contacts[0]).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        assign(here.texter, id.clone(), here.contacts[0])
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        assign(admin, json!("77"), here.contacts[0]).await.code(),
        "NOT_FOUND"
    );
    let (first, second) = tokio::join!(
        assign(admin, id.clone(), here.contacts[0]),
        assign(admin, id.clone(), here.contacts[0])
    );
    let mut codes = [first.code(), second.code()];
    codes.sort_unstable();
    assert_eq!(codes, ["NOT_FOUND", "OK"]);
    assert_eq!(listed(admin, here.organization).await, json!([]));
    assert_eq!(app.status(here.contacts[0]).await, "needsResponse");
    assert_eq!(app.count("message WHERE is_from_contact").await, 1);
}

/// Numbers are used again: who answers an old campaign's text reaches a service nobody knows any more.
#[tokio::test]
async fn stop_holds_though_nobody_knows_where_it_belongs() {
    let app = TestApp::new().await;
    let (here, there) = (app.texting(1).await, app.texting(1).await);
    app.send_first(&here, here.contacts[0]).await.ok();
    app.sql("UPDATE campaign_contact SET cell = (SELECT contact_number FROM message)")
        .await;
    app.sql("UPDATE message SET messaging_service_sid = 'gone'")
        .await;
    app.reply(here.contacts[0], "Stop").await;
    assert_eq!(
        app.count("inbound_message WHERE status = 'UNMATCHED'")
            .await,
        1
    );
    assert!(is_opted_out(&app, here.contacts[0]).await);
    // Nobody there has texted them.
    assert!(!is_opted_out(&app, there.contacts[0]).await);
}

/// One that says STOP opts out, also when it comes into its thread by hand.
#[tokio::test]
async fn a_text_assigned_by_hand_means_what_it_says() {
    let app = TestApp::new().await;
    let (here, _, admin, _) = unmatched(&app).await;
    app.sql("UPDATE inbound_message SET text = 'Stop.', id = 5000000000")
        .await;
    let variables = json!({"m": "5000000000", "c": here.contacts[0].to_string()});
    app.graphql(Some(admin), ASSIGN, variables).await.ok();
    assert!(is_opted_out(&app, here.contacts[0]).await);
    assert_eq!(
        app.value("SELECT assigned_by FROM inbound_message").await,
        admin.id.to_string()
    );
}

/// The webhook cannot keep the text; the fallback hands it to the queue, which is worked off later, twice.
#[tokio::test]
async fn the_fallbacks_queue_is_replayed() {
    let aws = crate::app::aws().await;
    let sqs = aws.sqs().await;
    let made = sqs
        .create_queue()
        .queue_name("fallback-of-tests")
        .send()
        .await;
    let queue = made.unwrap().queue_url.unwrap();
    let (app, carrier) = app_with_carrier(&[("INBOUND_QUEUE_URL", &queue)]).await;
    let texting = app.texting(1).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    carrier.wait_idle().await;
    let service = carrier.texts()[0].service.clone();
    // Its table is away: nothing that comes in can be kept.
    app.sql("ALTER TABLE inbound_message RENAME TO away").await;
    let pictures = [
        ("https://media.example.org/1.png", "image/png"),
        ("javascript:alert(1)", "text/html"),
    ];
    assert!(
        carrier
            .reply_with("+15550000001", &service, "Look", &pictures)
            .await
    );
    app.sql("ALTER TABLE away RENAME TO inbound_message").await;
    assert_eq!(app.count("inbound_message").await, 0);
    let waiting = sqs
        .receive_message()
        .queue_url(&queue)
        .send()
        .await
        .unwrap();
    let record = |message: &aws_sdk_sqs::types::Message| spoke::functions::queue::Record {
        message_id: message.message_id.clone().unwrap(),
        body: message.body.clone().unwrap(),
        message_attributes: std::collections::BTreeMap::new(),
    };
    let batch = spoke::functions::queue::Batch {
        records: waiting.messages().iter().map(record).collect(),
    };
    assert_eq!(batch.records.len(), 1);
    for _ in 0..2 {
        let failures = spoke::functions::inbound::answer(&app.app, &batch).await;
        assert!(failures.batch_item_failures.is_empty());
    }
    crate::invariants::hold(&app, &carrier).await;
    assert_eq!(app.status(texting.contacts[0]).await, "needsResponse");
    // The texter sees the picture; what is no address of the web leads nowhere.
    let query = "query ($id: String!) { contact(id: $id) { messages { text attachments { url contentType } } } }";
    let id = json!({"id": texting.contacts[0].to_string()});
    let thread = app.graphql(Some(texting.texter), query, id).await;
    assert_eq!(
        thread.ok()["contact"]["messages"][1],
        json!({"text": "Look", "attachments": [{"url": "https://media.example.org/1.png", "contentType": "image/png"}]})
    );
}
