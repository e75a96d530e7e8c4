//! Joining, batches, releasing, marking, opting out, lists.

use serde_json::{Value, json};

use crate::app::{Answer, Person, Statements, TestApp};
use crate::builders::Texting;

const JOIN: &str =
    "mutation ($token: String!) { assignUserToCampaign(token: $token) { id texter { id } } }";
const BATCH: &str = "mutation ($id: String!, $count: Int) {
    findNewCampaignContact(assignmentId: $id, numberContacts: $count) { found count } }";
const RELEASE: &str = "mutation ($id: String!) { releaseUnmessagedContacts(assignmentId: $id) }";
const MARK: &str = "mutation ($id: String!, $status: String!) {
    editCampaignContactMessageStatus(messageStatus: $status, campaignContactId: $id) { messageStatus } }";
const OPT_OUT: &str = "mutation ($optOut: OptOutInput!, $id: String!) {
    createOptOut(optOut: $optOut, campaignContactId: $id) { isOptedOut optOut { cell } } }";

/// A campaign of `count` contacts nobody has, and a texter in it.
async fn pool(app: &TestApp, count: i32) -> Texting {
    let texting = app.texting(0).await;
    let contacts = app.contacts(texting.campaign, count).await;
    Texting {
        contacts,
        ..texting
    }
}

async fn batch(app: &TestApp, by: Person, assignment: i32, count: Option<i32>) -> Answer {
    app.graphql(
        Some(by),
        BATCH,
        json!({"id": assignment.to_string(), "count": count}),
    )
    .await
}

fn taken(answer: &Answer) -> i64 {
    let found = &answer.ok()["findNewCampaignContact"];
    assert_eq!(found["found"], found["count"] != json!(0));
    found["count"].as_i64().unwrap()
}

#[tokio::test]
async fn joining_makes_a_texter_and_one_assignment() {
    let app = TestApp::new().await;
    let Texting {
        organization,
        campaign,
        ..
    } = pool(&app, 1).await;
    let token = app
        .value(&format!(
            "SELECT join_token FROM campaign WHERE id = {campaign}"
        ))
        .await;
    let person = app.person().await;
    let join = |by: Person| app.graphql(Some(by), JOIN, json!({"token": token}));
    let (first, second) = tokio::join!(join(person), join(person));
    assert_eq!(
        first.ok()["assignUserToCampaign"]["id"],
        second.ok()["assignUserToCampaign"]["id"]
    );
    let role = format!(
        "SELECT role FROM user_organization WHERE user_id = {}",
        person.id
    );
    assert_eq!(app.value(&role).await, "TEXTER");
    let admin = app.member(organization, "ADMIN").await;
    join(admin).await.ok();
    assert_eq!(
        app.value(&format!(
            "SELECT role FROM user_organization WHERE user_id = {}",
            admin.id
        ))
        .await,
        "ADMIN"
    );
    let suspended = app.member(organization, "SUSPENDED").await;
    assert_eq!(join(suspended).await.code(), "SUSPENDED");
    let wrong = app
        .graphql(Some(person), JOIN, json!({"token": "nonsense"}))
        .await;
    assert_eq!(wrong.code(), "NOT_FOUND");
    app.sql("UPDATE campaign_contact SET message_status = 'messaged'")
        .await;
    let late = app.person().await;
    assert_eq!(join(late).await.code(), "CAMPAIGN_FULL");
    assert_eq!(join(person).await.code(), "OK", "who is in stays in");
    app.sql("UPDATE campaign SET status = 'ARCHIVED'").await;
    assert_eq!(join(person).await.code(), "CAMPAIGN_ARCHIVED");
}

#[tokio::test]
async fn texters_asking_at_once_never_get_the_same_contact() {
    let app = TestApp::new().await;
    let texting = pool(&app, 100).await;
    let mut texters = Vec::new();
    for _ in 0..5 {
        let texter = app.member(texting.organization, "TEXTER").await;
        texters.push((texter, app.assignment(texting.campaign, texter).await));
    }
    let ask = |number: usize| batch(&app, texters[number].0, texters[number].1, Some(30));
    let answers = futures::future::join_all((0..texters.len()).map(ask)).await;
    let counts: Vec<i64> = answers.iter().map(taken).collect();
    assert_eq!(counts.iter().sum::<i64>(), 100, "{counts:?}");
    assert!(counts.iter().all(|count| *count <= 30), "{counts:?}");
    let held = app
        .value("SELECT count(*) FROM campaign_contact WHERE assignment_id IS NOT NULL")
        .await;
    assert_eq!(held, "100");
}

#[tokio::test]
async fn one_texter_asking_twice_at_once_gets_one_batch() {
    let app = TestApp::new().await;
    let texting = pool(&app, 100).await;
    let ask = || batch(&app, texting.texter, texting.assignment, Some(10));
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    let mut counts = [taken(&first), taken(&second), taken(&third)];
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 10]);
}

#[tokio::test]
async fn a_batch_has_its_limits() {
    let app = TestApp::with(&[("DYNAMIC_ASSIGN_MAX_BATCH_SIZE", "20")]).await;
    let texting = pool(&app, 100).await;
    let ask = |count| batch(&app, texting.texter, texting.assignment, count);
    assert_eq!(taken(&ask(Some(500)).await), 20);
    assert_eq!(taken(&ask(None).await), 0, "twenty are still unsent");
    app.sql(
        "UPDATE campaign_contact SET message_status = 'messaged' WHERE assignment_id IS NOT NULL",
    )
    .await;
    app.sql("UPDATE assignment SET max_contacts = 25").await;
    assert_eq!(taken(&ask(None).await), 5);
    app.sql("UPDATE assignment SET max_contacts = 0").await;
    assert_eq!(taken(&ask(None).await), 0);
    app.sql("UPDATE assignment SET max_contacts = NULL").await;
    assert_eq!(taken(&ask(Some(-5)).await), 0);
}

#[tokio::test]
async fn a_batch_holds_only_people_who_may_be_texted_now() {
    let changes = [
        ("UPDATE campaign SET status = 'CLOSED_FOR_INITIAL_SENDS'", 0),
        ("UPDATE campaign SET status = 'CLOSED'", 0),
        ("UPDATE campaign SET due_by = '2026-11-01'", 0),
        (
            "UPDATE campaign_contact SET is_opted_out = true WHERE id <= 4",
            6,
        ),
        (
            "INSERT INTO opt_out (cell, organization_id) SELECT cell, 1 FROM campaign_contact WHERE id <= 3",
            7,
        ),
        (
            "UPDATE campaign_contact SET timezone = 'Pacific/Honolulu' WHERE id <= 2",
            8,
        ),
        (
            "UPDATE campaign SET timezone = 'Pacific/Honolulu'; UPDATE campaign_contact SET timezone = NULL WHERE id <= 2",
            8,
        ),
        ("UPDATE organization SET texting_hours_start = 13", 0),
        (
            "UPDATE organization SET texting_hours_start = 13, texting_hours_enforced = false",
            10,
        ),
    ];
    for (change, expected) in changes {
        let app = TestApp::new().await;
        let texting = pool(&app, 10).await;
        app.sql(change).await;
        let answer = batch(&app, texting.texter, texting.assignment, None).await;
        assert_eq!(taken(&answer), expected, "{change}");
    }
}

#[tokio::test]
async fn taking_a_batch_costs_the_same_statements_however_many_there_are() {
    let app = TestApp::new().await;
    let texting = pool(&app, 50).await;
    let statements = Statements::counted();
    batch(&app, texting.texter, texting.assignment, Some(50))
        .await
        .ok();
    // What there is to know, and the taking.
    assert_eq!(statements.count(), 2);
}

#[tokio::test]
async fn a_batch_is_given_back_but_not_what_was_sent() {
    let app = TestApp::new().await;
    let texting = app.texting(3).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let release = |by| {
        app.graphql(
            Some(by),
            RELEASE,
            json!({"id": texting.assignment.to_string()}),
        )
    };
    let other = app.member(texting.organization, "TEXTER").await;
    assert_eq!(release(other).await.code(), "FORBIDDEN");
    assert_eq!(
        release(texting.texter).await.ok()["releaseUnmessagedContacts"],
        2
    );
    assert_eq!(
        release(texting.texter).await.ok()["releaseUnmessagedContacts"],
        0
    );
    assert_eq!(
        taken(&batch(&app, texting.texter, texting.assignment, None).await),
        2
    );
}

#[tokio::test]
async fn contacts_are_marked_with_what_texters_may_say() {
    let app = TestApp::new().await;
    let texting = app.texting(2).await;
    let [texted, fresh] = texting.contacts[..] else {
        unreachable!()
    };
    app.send_first(&texting, texted).await.ok();
    let mark = |contact: i32, status: &str| {
        app.graphql(
            Some(texting.texter),
            MARK,
            json!({"id": contact.to_string(), "status": status}),
        )
    };
    for status in ["closed", "needsResponse", "convo"] {
        assert_eq!(
            mark(texted, status).await.ok()["editCampaignContactMessageStatus"]["messageStatus"],
            status
        );
    }
    for status in ["messaged", "needsMessage", "UPDATING", ""] {
        assert_eq!(
            mark(texted, status).await.code(),
            "BAD_USER_INPUT",
            "{status}"
        );
    }
    assert_eq!(mark(fresh, "needsResponse").await.code(), "BAD_USER_INPUT");
    assert_eq!(mark(fresh, "closed").await.code(), "OK");
    app.sql("UPDATE campaign_contact SET assignment_id = NULL")
        .await;
    assert_eq!(mark(texted, "closed").await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn opting_out_twice_is_opting_out_once() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let opt_out = |by: Person, cell: &str, assignment: i32| {
        let input =
            json!({"assignmentId": assignment.to_string(), "cell": cell, "reason": "asked"});
        app.graphql(
            Some(by),
            OPT_OUT,
            json!({"optOut": input, "id": texting.contacts[0].to_string()}),
        )
    };
    let other = app.member(texting.organization, "SUPERVOLUNTEER").await;
    assert_eq!(
        opt_out(other, "+15550000001", texting.assignment)
            .await
            .code(),
        "FORBIDDEN"
    );
    assert_eq!(
        opt_out(texting.texter, "+15550000009", texting.assignment)
            .await
            .code(),
        "BAD_USER_INPUT"
    );
    assert_eq!(
        opt_out(texting.texter, "+15550000001", 99).await.code(),
        "NOT_FOUND"
    );
    for by in [
        texting.texter,
        app.member(texting.organization, "ADMIN").await,
    ] {
        let answer = opt_out(by, "+15550000001", texting.assignment).await;
        let expected = json!({"isOptedOut": true, "optOut": {"cell": "+15550000001"}});
        assert_eq!(answer.ok()["createOptOut"], expected);
    }
    assert_eq!(
        app.value("SELECT count(*) || reason_code FROM opt_out GROUP BY reason_code")
            .await,
        "1asked"
    );
    assert_eq!(
        app.send_first(&texting, texting.contacts[0]).await.code(),
        "OPTED_OUT"
    );
}

const CONTACTS: &str = "query ($id: String!, $filter: ContactsFilter) {
    contactsForAssignment(assignmentId: $id, contactsFilter: $filter) { id messageStatus } }";

async fn listed(app: &TestApp, texting: &Texting, filter: Value) -> Vec<i32> {
    let variables = json!({"id": texting.assignment.to_string(), "filter": filter});
    let answer = app.graphql(Some(texting.texter), CONTACTS, variables).await;
    let rows = answer.ok()["contactsForAssignment"]
        .as_array()
        .unwrap()
        .clone();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn lists_are_filtered_and_paged_by_key() {
    let app = TestApp::new().await;
    let texting = app.texting(5).await;
    let [fresh, answered, closed, out, asleep] = texting.contacts[..] else {
        unreachable!()
    };
    app.sql(&format!(
        "UPDATE campaign_contact SET message_status = 'needsResponse' WHERE id = {answered};
         UPDATE campaign_contact SET message_status = 'closed' WHERE id = {closed};
         UPDATE campaign_contact SET is_opted_out = true WHERE id = {out};
         UPDATE campaign_contact SET timezone = 'Pacific/Honolulu' WHERE id = {asleep}"
    ))
    .await;
    let sorted = |mut ids: Vec<i32>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        sorted(listed(&app, &texting, json!(null)).await),
        [fresh, answered, out, asleep]
    );
    let open = json!({"messageStatus": "needsMessage", "isOptedOut": false, "validTimezone": true});
    assert_eq!(listed(&app, &texting, open).await, [fresh]);
    assert_eq!(
        listed(&app, &texting, json!({"validTimezone": false})).await,
        [asleep]
    );
    assert_eq!(
        listed(
            &app,
            &texting,
            json!({"messageStatus": "closed,needsResponse", "limit": 1})
        )
        .await,
        [answered]
    );
    let page = json!({"messageStatus": "needsMessage", "limit": 2, "afterId": fresh.to_string()});
    assert_eq!(listed(&app, &texting, page).await, [out, asleep]);
    assert_eq!(
        listed(&app, &texting, json!({"contactId": closed.to_string()})).await,
        [closed]
    );
    // Two days past due: only answers, unless one asks for more.
    app.sql("UPDATE campaign SET due_by = '2026-11-01'").await;
    assert_eq!(listed(&app, &texting, json!({})).await, [answered]);
    assert!(
        listed(&app, &texting, json!({"messageStatus": "needsMessage"}))
            .await
            .is_empty()
    );
    let past = json!({"messageStatus": "needsMessage", "includePastDue": true});
    assert_eq!(listed(&app, &texting, past).await.len(), 3);
}

#[tokio::test]
async fn a_texters_day_is_a_handful_of_statements() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let texter = app.member(organization, "TEXTER").await;
    for _ in 0..6 {
        let campaign = app.campaign(organization).await;
        app.contacts(campaign, 2).await;
        app.assignment(campaign, texter).await;
    }
    let query = "query ($id: String!) { currentUser { assignmentSummaries(organizationId: $id) {
        id hasUnassignedContactsForTexter contactCounts { needsMessage total }
        campaign { id title status dueBy organization { name textingHoursEnd } } } } }";
    let statements = Statements::counted();
    let answer = app
        .graphql(Some(texter), query, json!({"id": organization.to_string()}))
        .await;
    assert_eq!(
        answer.ok()["currentUser"]["assignmentSummaries"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    assert_eq!(
        statements.count(),
        6,
        "person, assignments, campaigns, counts, pools, organization"
    );
}
