//! Campaigns: edited, previewed, started, watched, closed.

use serde_json::{Value, json};
use spoke::campaigns::stats;

use crate::app::{Person, TestApp};
use crate::invariants;

const EDIT: &str = "mutation ($id: String!, $campaign: CampaignInput!) { editCampaign(id: $id, campaign: $campaign) {
    title description dueBy logoImageUrl primaryColor timezone textingHoursStart textingHoursEnd
    interactionSteps { id script } cannedResponses { id title text order deleted } } }";
const START: &str =
    "mutation ($id: String!) { startCampaign(id: $id) { status startedAt joinUrl isStarted } }";

/// A campaign that is not started, and an admin of its organization.
async fn draft(app: &TestApp) -> (i32, i32, Person) {
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let campaign = app.campaign(organization).await;
    app.sql(&format!(
        "UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL, join_token = NULL, custom_fields = '{{city}}'
         WHERE id = {campaign}"
    ))
    .await;
    (organization, campaign, admin)
}

async fn edit(app: &TestApp, by: Person, campaign: i32, input: Value) -> crate::app::Answer {
    app.graphql(
        Some(by),
        EDIT,
        json!({"id": campaign.to_string(), "campaign": input}),
    )
    .await
}

#[tokio::test]
async fn saving_a_section_leaves_the_others_alone() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    let basics = json!({"title": "T", "description": "D", "dueBy": "2026-11-10", "logoImageUrl": "https://x.org/l.png",
        "primaryColor": "#123456", "introHtml": "<b>x</b>"});
    edit(&app, admin, campaign, basics).await.ok();
    let hours =
        json!({"textingHoursStart": 8, "textingHoursEnd": 20, "timezone": "America/Phoenix"});
    let answer = edit(&app, admin, campaign, hours).await;
    let found = &answer.ok()["editCampaign"];
    let expected = json!({"title": "T", "description": "D", "dueBy": "2026-11-10T00:00:00.000Z",
        "logoImageUrl": "https://x.org/l.png", "primaryColor": "#123456", "timezone": "America/Phoenix",
        "textingHoursStart": 8, "textingHoursEnd": 20});
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&found[field], value, "{field}");
    }
    let cleared = edit(&app, admin, campaign, json!({"dueBy": null})).await;
    assert!(cleared.ok()["editCampaign"]["dueBy"].is_null());
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_and_change_nothing() {
    let app = TestApp::new().await;
    let (organization, campaign, admin) = draft(&app).await;
    let other = app.organization().await;
    let cases = [
        (
            json!({"title": "x", "logoImageUrl": "javascript:x"}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "timezone": "US/Nowhere"}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "textingHoursStart": 22}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "textingHoursEnd": 99999}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "cannedResponses": [{"title": "", "text": "y", "isNew": true}]}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "interactionSteps": {"id": "9999", "script": "y"}}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"title": "x", "organizationId": other.to_string()}),
            "FORBIDDEN",
        ),
    ];
    for (input, code) in cases {
        assert_eq!(
            edit(&app, admin, campaign, input.clone()).await.code(),
            code,
            "{input}"
        );
    }
    let title = format!("SELECT title || organization_id FROM campaign WHERE id = {campaign}");
    assert_eq!(app.value(&title).await, format!("Vote{organization}"));
    let stranger = app.member(other, "OWNER").await;
    let steal = json!({"title": "x", "organizationId": other.to_string()});
    assert_eq!(
        edit(&app, stranger, campaign, steal).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        edit(&app, admin, 999_999, json!({"title": "x"}))
            .await
            .code(),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn steps_and_responses_of_other_campaigns_cannot_be_reached() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    let victim = app.texting(1).await.campaign;
    app.sql(&format!(
        "INSERT INTO canned_response (id, campaign_id, title, text) VALUES (77, {victim}, 'a', 'a')"
    ))
    .await;
    let step = app
        .value(&format!(
            "SELECT id FROM interaction_step WHERE campaign_id = {victim}"
        ))
        .await;
    let inputs = [
        json!({"interactionSteps": {"id": step, "script": "stolen"}}),
        json!({"cannedResponses": [{"id": "77", "title": "stolen", "text": "stolen", "isUpdated": true}]}),
    ];
    for input in inputs {
        assert_eq!(
            edit(&app, admin, campaign, input).await.code(),
            "BAD_USER_INPUT"
        );
    }
    let order = json!({"cannedResponses": [{"id": "1", "title": "x", "text": "x", "isUpdated": false},
        {"id": "77", "title": "x", "text": "x", "isUpdated": false}]});
    edit(&app, admin, campaign, order).await.ok();
    let kept = app
        .value("SELECT title || text || \"order\" FROM canned_response WHERE id = 77")
        .await;
    assert_eq!(kept, "aa0");
    assert_eq!(
        app.value("SELECT count(*) FROM interaction_step WHERE script = 'stolen'")
            .await,
        "0"
    );
}

#[tokio::test]
async fn responses_keep_the_order_of_the_list() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    let responses =
        |answer: &crate::app::Answer| answer.ok()["editCampaign"]["cannedResponses"].clone();
    let new = |title: &str| json!({"title": title, "text": "t", "isNew": true, "id": "new"});
    let first = responses(
        &edit(
            &app,
            admin,
            campaign,
            json!({"cannedResponses": [new("a"), new("b")]}),
        )
        .await,
    );
    let (a, b) = (first[0]["id"].clone(), first[1]["id"].clone());
    let list = json!({"cannedResponses": [
        {"id": b, "title": "b", "text": "t", "isUpdated": false},
        new("c"),
        {"id": a, "title": "a2", "text": "t", "isUpdated": true, "deleted": true},
    ]});
    let second = responses(&edit(&app, admin, campaign, list).await);
    let told: Vec<_> = second
        .as_array()
        .unwrap()
        .iter()
        .map(|response| {
            format!(
                "{}{}{}",
                response["title"].as_str().unwrap(),
                response["order"],
                response["deleted"]
            )
        })
        .collect();
    assert_eq!(told, ["b0false", "c1false", "a22true"]);
}

#[tokio::test]
async fn a_script_tree_is_inserted_updated_and_deleted() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    let root = app
        .value(&format!(
            "SELECT id FROM interaction_step WHERE campaign_id = {campaign}"
        ))
        .await;
    let tree = json!({"interactionSteps": {"id": root, "script": "Hi {first_name}", "questionText": "Will you?",
        "interactionSteps": [{"id": "new1", "script": "Great", "answerOption": "Yes"}]}});
    let answer = edit(&app, admin, campaign, tree).await;
    let steps = answer.ok()["editCampaign"]["interactionSteps"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(steps.len(), 2);
    let tree = json!({"interactionSteps": {"id": root, "script": "Hello", "interactionSteps": [
        {"id": steps[1]["id"], "script": "Great", "isDeleted": true}]}});
    let answer = edit(&app, admin, campaign, tree).await;
    assert_eq!(
        answer.ok()["editCampaign"]["interactionSteps"],
        json!([{"id": root, "script": "Hello"}])
    );
}

#[tokio::test]
async fn the_server_renders_the_script_for_real_contacts() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    app.contacts(campaign, 5).await;
    let query = "query ($id: String!, $script: String!) { campaign(id: $id) { customFields scriptPreview(script: $script) {
        text unknownFields missingFields segments contact { firstName } } } }";
    let variables = json!({"id": campaign.to_string(), "script": "Hi {first_name} from {city}, {state_code}{nope} {texter_first_name}"});
    let answer = app.graphql(Some(admin), query, variables).await;
    let campaign = &answer.ok()["campaign"];
    assert_eq!(campaign["customFields"], json!(["city"]));
    assert_eq!(campaign["scriptPreview"].as_array().unwrap().len(), 3);
    let expected = json!({"text": "Hi Ana from Boston, {nope} Pat", "unknownFields": ["nope"],
        "missingFields": ["state_code"], "segments": 1, "contact": {"firstName": "Ana"}});
    assert_eq!(campaign["scriptPreview"][0], expected);
}

async fn start(app: &TestApp, by: Person, campaign: i32) -> crate::app::Answer {
    app.graphql(Some(by), START, json!({"id": campaign.to_string()}))
        .await
}

#[tokio::test]
async fn a_campaign_starts_once_and_only_when_nothing_is_missing() {
    let app = TestApp::new().await;
    let (_, campaign, admin) = draft(&app).await;
    assert!(
        start(&app, admin, campaign)
            .await
            .message()
            .contains("It has no contacts.")
    );
    app.contacts(campaign, 1).await;
    let gaps = [
        ("title = ''", "no title"),
        ("description = ' '", "no description"),
        ("due_by = NULL", "no due date"),
        ("custom_fields = '{}'", "city"),
    ];
    app.sql("UPDATE interaction_step SET script = 'Hi {first_name} {city}'")
        .await;
    for (gap, sentence) in gaps {
        let complete =
            "title = 't', description = 'd', due_by = '2026-12-01', custom_fields = '{city}'";
        app.sql(&format!(
            "UPDATE campaign SET {complete}; UPDATE campaign SET {gap}"
        ))
        .await;
        let answer = start(&app, admin, campaign).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert!(answer.message().contains(sentence), "{}", answer.message());
        app.sql(&format!("UPDATE campaign SET {complete}")).await;
    }
    app.sql("UPDATE interaction_step SET is_deleted = true")
        .await;
    assert!(
        start(&app, admin, campaign)
            .await
            .message()
            .contains("no initial message")
    );
    app.sql("UPDATE interaction_step SET is_deleted = false")
        .await;
    app.sql(&format!("INSERT INTO canned_response (campaign_id, title, text) VALUES ({campaign}, 'Where', '{{plaec}}')")).await;
    assert!(
        start(&app, admin, campaign)
            .await
            .message()
            .contains("plaec")
    );
    app.sql("UPDATE canned_response SET deleted = true").await;
    app.sql(&format!("INSERT INTO background_job (campaign_id, type, config) VALUES ({campaign}, 'upload_contacts', '{{}}')")).await;
    assert!(
        start(&app, admin, campaign)
            .await
            .message()
            .contains("still being loaded")
    );
    app.sql("UPDATE background_job SET status = 'DONE'").await;

    let (first, second) = tokio::join!(start(&app, admin, campaign), start(&app, admin, campaign));
    let mut codes = [first.code(), second.code()];
    codes.sort_unstable();
    assert_eq!(codes, ["DUPLICATE_CAMPAIGN_START", "OK"]);
    let won = if first.code() == "OK" { first } else { second };
    let started = &won.ok()["startCampaign"];
    assert_eq!(started["status"], "ACTIVE");
    assert_eq!(started["isStarted"], true);
    assert_eq!(started["startedAt"], "2026-11-03T17:00:00+00:00");
    let url = started["joinUrl"].as_str().unwrap();
    let token = url
        .strip_prefix("http://localhost:8080/join-campaign/")
        .unwrap();
    assert_eq!(token.len(), 64);
}

#[tokio::test]
async fn started_campaigns_open_and_close_and_are_archived() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let campaign = app.campaign(organization).await;
    let update = "mutation ($id: String!, $status: CampaignStatus!) { updateCampaignStatus(id: $id, status: $status) { status } }";
    let set = |status: &str| {
        app.graphql(
            Some(admin),
            update,
            json!({"id": campaign.to_string(), "status": status}),
        )
    };
    for status in ["CLOSED", "CLOSED_FOR_INITIAL_SENDS", "ACTIVE"] {
        assert_eq!(
            set(status).await.ok()["updateCampaignStatus"]["status"],
            status
        );
    }
    for status in ["ARCHIVED", "NOT_STARTED"] {
        assert_eq!(set(status).await.code(), "BAD_USER_INPUT");
    }
    app.sql("UPDATE campaign SET due_by = '2026-11-01'").await;
    assert_eq!(
        set("ACTIVE").await.ok()["updateCampaignStatus"]["status"],
        "CLOSED_FOR_INITIAL_SENDS"
    );
    let archive = "mutation ($id: String!) { archiveCampaign(id: $id) { status isArchived } }";
    for _ in 0..2 {
        let answer = app
            .graphql(Some(admin), archive, json!({"id": campaign.to_string()}))
            .await;
        assert_eq!(
            answer.ok()["archiveCampaign"],
            json!({"status": "ARCHIVED", "isArchived": true})
        );
    }
    assert_eq!(set("ACTIVE").await.code(), "BAD_USER_INPUT");
}

const ARCHIVE_ALL: &str =
    "mutation ($ids: [String!]) { archiveCampaigns(ids: $ids) { id status } }";
const UNARCHIVE: &str =
    "mutation ($id: String!) { unarchiveCampaign(id: $id) { status isArchived isStarted } }";

#[tokio::test]
async fn campaigns_are_archived_together_and_opened_again() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let elsewhere = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let (started, waiting) = (
        app.campaign(organization).await,
        app.campaign(organization).await,
    );
    let foreign = app.campaign(elsewhere).await;
    app.sql(&format!(
        "UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL WHERE id = {waiting}"
    ))
    .await;
    let archive = async |ids: &[i32]| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        app.graphql(Some(admin), ARCHIVE_ALL, json!({"ids": ids}))
            .await
    };
    let unarchive = async |id: i32| {
        app.graphql(Some(admin), UNARCHIVE, json!({"id": id.to_string()}))
            .await
    };
    // Somebody else's campaign among them: none is touched.
    assert_eq!(
        archive(&[started, waiting, foreign]).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(app.count("campaign WHERE status = 'ARCHIVED'").await, 0);
    assert_eq!(archive(&vec![started; 101]).await.code(), "BAD_USER_INPUT");
    assert_eq!(archive(&[]).await.ok()["archiveCampaigns"], json!([]));
    assert_eq!(unarchive(started).await.code(), "BAD_USER_INPUT");
    assert_eq!(
        archive(&[started, waiting]).await.ok()["archiveCampaigns"],
        json!([{"id": started.to_string(), "status": "ARCHIVED"}, {"id": waiting.to_string(), "status": "ARCHIVED"}])
    );
    assert_eq!(
        unarchive(started).await.ok()["unarchiveCampaign"],
        json!({"status": "ACTIVE", "isArchived": false, "isStarted": true})
    );
    assert_eq!(
        unarchive(waiting).await.ok()["unarchiveCampaign"],
        json!({"status": "NOT_STARTED", "isArchived": false, "isStarted": false})
    );
    assert_eq!(unarchive(foreign).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn numbers_add_up() {
    let app = TestApp::new().await;
    let texting = app.texting(5).await;
    let admin = app.member(texting.organization, "SUPERVOLUNTEER").await;
    app.contacts(texting.campaign, 2).await;
    for contact in &texting.contacts[..4] {
        app.send_first(&texting, *contact).await.ok();
    }
    app.reply(texting.contacts[0], "Yes").await;
    app.reply(texting.contacts[1], "STOP").await;
    app.sql(&format!(
        "UPDATE campaign_contact SET message_status = 'closed' WHERE id = {}",
        texting.contacts[2]
    ))
    .await;
    app.sql(&format!(
        "UPDATE message SET send_status = 'ERROR' WHERE campaign_contact_id = {}",
        texting.contacts[3]
    ))
    .await;
    let query = "query ($id: String!) { campaign(id: $id) { contactsCount hasUnassignedContacts hasUnsentInitialMessages
        stats { textersCount contactsCount messagedCount repliedCount skippedCount optOutsCount sentMessagesCount
            receivedMessagesCount needsMessageCount needsResponseCount errorCount }
        assignmentSummaries { assignmentId texterFirstName contactsCount unmessagedCount needsResponseCount convoCount skippedCount } } }";
    let answer = app
        .graphql(
            Some(admin),
            query,
            json!({"id": texting.campaign.to_string()}),
        )
        .await;
    let expected = json!({"campaign": {"contactsCount": 7, "hasUnassignedContacts": true, "hasUnsentInitialMessages": true,
        "stats": {"textersCount": 1, "contactsCount": 7, "messagedCount": 4, "repliedCount": 2, "skippedCount": 1,
            "optOutsCount": 1, "sentMessagesCount": 4, "receivedMessagesCount": 2, "needsMessageCount": 3,
            "needsResponseCount": 2, "errorCount": 1},
        "assignmentSummaries": [{"assignmentId": texting.assignment.to_string(), "texterFirstName": "Pat",
            "contactsCount": 5, "unmessagedCount": 1, "needsResponseCount": 2, "convoCount": 0, "skippedCount": 1}]}});
    assert_eq!(answer.ok(), &expected);
}

#[tokio::test]
async fn numbers_are_those_of_the_contacts_whatever_becomes_of_them() {
    let app = TestApp::new().await;
    let texting = app.texting(6).await;
    let other = app
        .assignment(
            texting.campaign,
            app.member(texting.organization, "TEXTER").await,
        )
        .await;
    app.contacts(texting.campaign, 40).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.reply(texting.contacts[0], "Yes").await;
    app.send_first(&texting, texting.contacts[1]).await.ok();
    invariants::numbers_are_those_of_the_contacts(&app).await;
    // What is in the tally and what is still to come to it change both.
    assert!(stats::fold(&app.app).await.unwrap() > 0);
    assert_eq!(stats::fold(&app.app).await.unwrap(), 0);
    invariants::numbers_are_those_of_the_contacts(&app).await;
    for change in [
        format!("UPDATE campaign_contact SET assignment_id = {other} WHERE id % 3 = 0"),
        "UPDATE campaign_contact SET is_opted_out = NOT is_opted_out WHERE id % 2 = 0".to_owned(),
        "DELETE FROM campaign_contact WHERE id NOT IN (SELECT campaign_contact_id FROM message) AND id % 4 = 0".to_owned(),
    ] {
        app.sql(&change).await;
        invariants::numbers_are_those_of_the_contacts(&app).await;
    }
    // A change of nothing that is counted is none.
    let changes = app.value("SELECT count(*) FROM contact_change").await;
    app.sql("UPDATE campaign_contact SET updated_at = now()")
        .await;
    let (one, two) = tokio::join!(stats::fold(&app.app), stats::fold(&app.app));
    assert_eq!((one.unwrap() + two.unwrap()).to_string(), changes);
    invariants::numbers_are_those_of_the_contacts(&app).await;
    // A database from before there was a tally, at work while its contacts are counted.
    app.sql(
        "TRUNCATE contact_tally; UPDATE campaign_contact SET messages_sent = messages_sent + 1",
    )
    .await;
    app.sql(include_str!(
        "../../../migrations/20261123050100_count_contacts_into_tally.sql"
    ))
    .await;
    invariants::numbers_are_those_of_the_contacts(&app).await;
}

#[tokio::test]
async fn campaigns_are_listed_searched_sorted_and_paged() {
    let app = TestApp::new().await;
    let organization = app.organization().await;
    let admin = app.member(organization, "SUPERVOLUNTEER").await;
    let elsewhere = app.organization().await;
    app.campaign(elsewhere).await;
    for title in ["100% turnout", "Beta_test", "alpha"] {
        let id = app.campaign(organization).await;
        app.sql(&format!(
            "UPDATE campaign SET title = '{title}' WHERE id = {id}"
        ))
        .await;
    }
    let query = "query ($id: String!, $cursor: OffsetLimitCursor, $filter: CampaignsFilter, $sort: SortCampaignsBy) {
        campaigns(organizationId: $id, cursor: $cursor, campaignsFilter: $filter, sortBy: $sort) {
            ... on PaginatedCampaigns { campaigns { title } pageInfo { total next previous } }
            ... on CampaignsList { campaigns { title } } } }";
    let titles = async |extra: Value| {
        let mut variables = json!({"id": organization.to_string()});
        variables
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let answer = app.graphql(Some(admin), query, variables).await;
        let found = answer.ok()["campaigns"].clone();
        let titles: Vec<String> = found["campaigns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|campaign| campaign["title"].as_str().unwrap().to_owned())
            .collect();
        (titles, found["pageInfo"].clone())
    };
    assert_eq!(
        titles(json!({})).await.0,
        ["alpha", "Beta_test", "100% turnout"]
    );
    assert_eq!(
        titles(json!({"sort": "TITLE"})).await.0,
        ["100% turnout", "alpha", "Beta_test"]
    );
    assert_eq!(
        titles(json!({"filter": {"searchString": "%"}})).await.0,
        ["100% turnout"]
    );
    assert_eq!(
        titles(json!({"filter": {"searchString": "BETA_"}})).await.0,
        ["Beta_test"]
    );
    assert!(
        titles(json!({"filter": {"status": "CLOSED"}}))
            .await
            .0
            .is_empty()
    );
    let (page, info) = titles(json!({"cursor": {"offset": 1, "limit": 1}, "sort": "ID_ASC"})).await;
    assert_eq!(page, ["Beta_test"]);
    assert_eq!(info, json!({"total": 3, "next": 2, "previous": 0}));
    let wrong = json!({"id": organization.to_string(), "cursor": {"offset": -1, "limit": 1}});
    assert_eq!(
        app.graphql(Some(admin), query, wrong).await.code(),
        "BAD_USER_INPUT"
    );
}
