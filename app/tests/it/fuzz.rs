//! Bad input through every door: it gets a clear answer, and when the answer is no, nothing has changed.
//!
//! The cases are drawn from a fixed seed: a failure comes back until it is mended.

use async_graphql::parser::types::FieldDefinition;
use axum::body::Body;
use http::{Request, StatusCode, header};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use spoke::sms::twilio::Twilio;

use crate::access_matrix::every_operation;
use crate::app::{Answer, Person, TestApp, text_of};
use crate::builders::Texting;
use crate::uploads;

/// So many values of this strategy.
fn drawn<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// Text as nobody expects it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x1f\\x7f]{1,8}",
        "[0-9]{1,30}",
        "[-+ 0-9.eExX]{1,12}",
        "[{}a-z_$&\\\\<>'\";%]{0,40}",
        select(vec![
            "",
            " ",
            "\0",
            "a\0b",
            "-1",
            "+1",
            " 1",
            "0",
            "1e3",
            "2147483647",
            "2147483648",
            "9223372036854775808",
            "NaN",
            "null",
            "true",
            "\u{feff}",
            "\u{202e}abc",
            "\u{1f468}\u{200d}\u{1f469}",
            "'; DROP TABLE message; --",
            "../../etc/passwd",
            "{first_name",
            "{{first_name}}",
            "{a|b}",
            "0001-01-01",
            "9999-12-31T23:59:59Z",
            "+262000-01-01T00:00:00Z",
            "-0001-01-01",
            "America/New_York",
            "Mars/Olympus",
        ])
        .prop_map(str::to_owned),
        (0_usize..3).prop_map(|size| "x".repeat([1501, 70_000, 1_000_000][size])),
    ]
}

/// Likewise, in the length carriers let through.
fn short() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().take(1600).collect())
}

/// JSON as nobody expects it.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<i16>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => select(vec![json!(null), json!(true), json!([]), json!({}), json!([null]), json!([[["x"]]]), json!({"a": {"b": 1}}),
                         json!(-1), json!(25), json!(2_147_483_648_i64), json!(1e308)]),
        1 => proptest::collection::vec(text().prop_map(Value::String), 0..4).prop_map(Value::Array),
    ]
}

/// All that is written down, as one digest: equal digests mean that nothing has changed.
async fn everything(app: &TestApp) -> String {
    let tables = [
        "organization",
        "\"user\"",
        "user_organization",
        "campaign",
        "campaign_contact",
        "assignment",
        "interaction_step",
        "canned_response",
        "message",
        "inbound_message",
        "delivery_report",
        "opt_out",
        "opt_out_undone",
        "background_job",
        "twilio_phone_number",
    ];
    let rows = tables.map(|table| {
        format!("coalesce((SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} t), '')")
    });
    app.value(&format!("SELECT md5({})", rows.join(" || '#' || ")))
        .await
}

/// Operations with variables that are right, for somebody who may do everything.
fn operations(texting: &Texting) -> Vec<(&'static str, Value)> {
    let organization = texting.organization.to_string();
    let campaign = texting.campaign.to_string();
    let assignment = texting.assignment.to_string();
    let contact = texting.contacts[0].to_string();
    let key = format!("contactUploads/{organization}/{}", "a".repeat(64));
    let section = json!({"title": "T", "description": "D", "dueBy": "2026-12-01", "logoImageUrl": "https://x.org/l.png",
        "primaryColor": "#112233", "introHtml": "<p>x</p>", "overrideOrganizationTextingHours": true,
        "textingHoursEnforced": true, "textingHoursStart": 9, "textingHoursEnd": 20, "timezone": "America/Chicago",
        "interactionSteps": {"id": "new", "script": "Hi {first_name}", "questionText": "Q", "interactionSteps":
            [{"id": "new1", "script": "S", "answerOption": "Yes", "parentInteractionId": "new"}]},
        "cannedResponses": [{"id": "new", "isNew": true, "title": "A", "text": "B"}],
        "phoneNumbers": [{"areaCode": "617", "count": 1}]});
    let mut created = section.clone();
    created["organizationId"] = json!(organization);
    created.as_object_mut().unwrap().remove("phoneNumbers");
    vec![
        ("query ($id: String!) { assignment(id: $id) { id } }", json!({"id": assignment})),
        ("query ($id: String!) { assignmentStamp(assignmentId: $id) }", json!({"id": assignment})),
        ("query ($id: String!) { contact(id: $id) { id messages { text } } }", json!({"id": contact})),
        ("query ($id: String!) { backgroundJob(jobId: $id) { id } }", json!({"id": "1"})),
        ("query ($id: String!, $s: String!) { campaign(id: $id) { title scriptPreview(script: $s) { text unknownFields missingFields segments } } }",
            json!({"id": campaign, "s": "Hi {first_name}"})),
        ("query ($id: String!, $r: String!) { currentUserWithAccess(organizationId: $id, role: $r) { id } }",
            json!({"id": organization, "r": "ADMIN"})),
        ("query ($id: String!, $c: OffsetLimitCursor, $f: CampaignsFilter, $s: SortCampaignsBy) {
            campaigns(organizationId: $id, cursor: $c, campaignsFilter: $f, sortBy: $s) { __typename ... on PaginatedCampaigns { pageInfo { total } } } }",
            json!({"id": organization, "c": {"offset": 0, "limit": 10}, "s": "ID_ASC",
                "f": {"campaignId": 1, "campaignIds": [1], "searchString": "x", "status": "ACTIVE"}})),
        ("query ($id: String!, $p: CampaignsPage, $c: Phone!) { organization(id: $id) { campaigns(page: $p, sortBy: TITLE) { campaigns { id } pageInfo { next total } } contactsWithNumber(cell: $c) { id } } }",
            json!({"id": organization, "p": {"limit": 5, "afterId": "1"}, "c": "+16175550100"})),
        ("query ($id: String!, $after: ID, $n: Int) { organization(id: $id) { optOuts(afterId: $after, limit: $n) { cell } unmatchedMessages(beforeId: $after, limit: $n) { id } } }",
            json!({"id": organization, "after": "1", "n": 10})),
        ("query ($id: String!, $f: ContactsFilter) { contactsForAssignment(assignmentId: $id, contactsFilter: $f) { id } }",
            json!({"id": assignment, "f": {"contactId": contact, "messageStatus": "needsMessage", "isOptedOut": false,
                "validTimezone": true, "includePastDue": true, "afterId": "1", "limit": 5}})),
        ("query ($null: Boolean) { currentUser(allowNull: $null) { id } }", json!({"null": true})),
        ("mutation ($n: String!) { createOrganization(name: $n) { id } }", json!({"n": "X"})),
        ("mutation ($c: CampaignInput!, $k: String!, $n: String) { createCampaign(campaign: $c, contactsS3Key: $k, contactFileName: $n) { id } }",
            json!({"c": created, "k": key, "n": "x.csv"})),
        ("mutation ($id: String!, $c: CampaignInput!) { editCampaign(id: $id, campaign: $c) { id interactionSteps { script } cannedResponses { text } } }",
            json!({"id": campaign, "c": section})),
        ("mutation ($id: String!, $k: String!, $n: String, $c: [ContactColumnInput!]) { uploadContacts(campaignId: $id, s3Key: $k, contactFileName: $n, contactColumns: $c) }",
            json!({"id": campaign, "k": key, "n": "x.csv", "c": [{"column": "a", "field": "CELL"}, {"column": "b", "field": "CUSTOM", "name": "c"}]})),
        ("mutation ($id: String!, $s: CampaignStatus!) { updateCampaignStatus(id: $id, status: $s) { id } }",
            json!({"id": campaign, "s": "ACTIVE"})),
        ("mutation ($id: String!) { startCampaign(id: $id) { id } }", json!({"id": campaign})),
        ("mutation ($id: String!) { archiveCampaign(id: $id) { id } }", json!({"id": campaign})),
        ("mutation ($ids: [String!]) { archiveCampaigns(ids: $ids) { id } }", json!({"ids": [campaign]})),
        ("mutation ($id: String!) { unarchiveCampaign(id: $id) { id } }", json!({"id": campaign})),
        ("mutation ($t: String!) { assignUserToCampaign(token: $t) { id } }", json!({"t": "the-token"})),
        ("mutation ($id: String!, $n: Int) { findNewCampaignContact(assignmentId: $id, numberContacts: $n) { found } }",
            json!({"id": assignment, "n": 1})),
        ("mutation ($id: String!, $c: [CampaignIdContactId!]!, $t: String!) { reassignCampaignContacts(organizationId: $id, campaignIdsContactIds: $c, newTexterUserId: $t) { campaignId } }",
            json!({"id": organization, "c": [{"campaignId": campaign, "campaignContactId": texting.contacts[0], "messageIds": [1]}], "t": texting.texter.id.to_string()})),
        ("mutation ($id: String!) { releaseUnmessagedContacts(assignmentId: $id) }", json!({"id": assignment})),
        ("mutation ($m: MessageInput!, $id: String!) { sendMessage(message: $m, campaignContactId: $id) { id } }",
            json!({"id": contact, "m": {"text": "Hi", "assignmentId": assignment, "isInitialMessage": false, "contactNumber": "+15550000001",
                "cannedResponseId": 1, "idempotencyKey": "1b4e28ba-2fa1-41d2-883f-0016d3cca427"}})),
        ("mutation ($o: OptOutInput!, $id: String!) { createOptOut(optOut: $o, campaignContactId: $id) { id } }",
            json!({"id": contact, "o": {"assignmentId": assignment, "cell": "+15550000001", "reason": "x"}})),
        ("mutation ($id: String!, $s: String!) { editCampaignContactMessageStatus(messageStatus: $s, campaignContactId: $id) { id } }",
            json!({"id": contact, "s": "closed"})),
        ("mutation ($id: String!, $m: String!) { sendReply(id: $id, message: $m) { id } }", json!({"id": contact, "m": "x"})),
        ("mutation ($c: [String!]!, $id: String!, $r: String!) { bulkCreateOptOuts(cells: $c, organizationId: $id, reasonCode: $r) }",
            json!({"id": organization, "c": ["617-555-0100"], "r": "x"})),
        ("mutation ($c: Phone!, $id: String!, $r: String!) { undoOptOut(organizationId: $id, cell: $c, reason: $r) }",
            json!({"id": organization, "c": "+16175550100", "r": "x"})),
        (
            "mutation ($k: String!, $id: String!, $r: String!) { importOptOuts(organizationId: $id, s3Key: $k, reasonCode: $r) { id } }",
            json!({"id": organization, "k": format!("contactUploads/{organization}/{}", "b".repeat(64)), "r": "x"}),
        ),
        ("mutation ($id: String!) { exportOptOuts(organizationId: $id) { id } }", json!({"id": organization})),
        ("mutation ($id: String!) { createPresignedUploadUrl(organizationId: $id) }", json!({"id": organization})),
        ("mutation ($m: String!, $id: String!) { assignUnmatchedMessage(messageId: $m, campaignContactId: $id) { id } }",
            json!({"id": contact, "m": "1"})),
        ("mutation ($a: String!, $n: Int!) { buyNumbers(areaCode: $a, limit: $n) { id } }", json!({"a": "617", "n": 1})),
        ("mutation ($id: String!) { enableCampaignPhoneNumbers(organizationId: $id) { id } }", json!({"id": organization})),
        ("mutation ($id: String!, $u: String!) { initiatePasswordReset(organizationId: $id, userId: $u) }",
            json!({"id": organization, "u": texting.texter.id.to_string()})),
        ("mutation ($u: UserSelfInput!) { editSelf(userData: $u) { id } }",
            json!({"u": {"firstName": "A", "lastName": "B", "subscribedToReminders": true}})),
        ("mutation ($id: String!, $f: UserPasswordChange!) { changeUserPassword(userId: $id, formData: $f) { id } }",
            json!({"id": "1", "f": {"email": "a@b.co", "password": "x", "newPassword": "12345678", "passwordConfirm": "12345678"}})),
    ]
}

/// Every place in it that holds something, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Somebody who may do everything, in a campaign with a text in it.
async fn stage(environment: &[(&str, &str)]) -> (TestApp, Texting, Person) {
    let app = TestApp::with(environment).await;
    let texting = app.texting(2).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    app.sql(&format!(
        "UPDATE \"user\" SET is_superadmin = true WHERE id = {0};
         UPDATE user_organization SET role = 'OWNER' WHERE user_id = {0};
         UPDATE campaign SET join_token = 'the-token'",
        texting.texter.id
    ))
    .await;
    let by = texting.texter;
    (app, texting, by)
}

/// The code is a refusal's own; nobody is told that something went wrong.
fn is_clear(answer: &Answer) -> bool {
    let code = answer.code();
    code != "INTERNAL_SERVER_ERROR" && !answer.0["errors"].as_array().is_some_and(Vec::is_empty)
}

#[tokio::test]
async fn every_variable_of_every_operation_takes_anything() {
    let (app, texting, by) = stage(&[("AWS_S3_BUCKET_NAME", "x")]).await;
    let operations = operations(&texting);
    let is_listed = |field: &FieldDefinition| {
        let call = format!("{}(", field.name.node);
        operations.iter().any(|(query, _)| {
            let asked = query.split_once('{').unwrap().1;
            asked.trim_start().starts_with(&call)
        })
    };
    let with_arguments = every_operation()
        .into_iter()
        .filter(|field| !field.arguments.is_empty());
    let forgotten: Vec<_> = with_arguments
        .filter(|field| !is_listed(field))
        .map(|field| field.name.node)
        .collect();
    assert!(forgotten.is_empty(), "not among them: {forgotten:?}");
    let mut slots = Vec::new();
    for (number, (_, variables)) in operations.iter().enumerate() {
        let mut found = Vec::new();
        places(variables, "", &mut found);
        slots.extend(found.into_iter().map(|place| (number, place)));
    }
    let mut wrong = Vec::new();
    // Each place gets these, and a few of its own.
    let fixed = [
        json!("a\0b"),
        json!("99999999999"),
        json!(null),
        json!(["x"]),
    ];
    let mut values: Vec<Value> = fixed
        .iter()
        .flat_map(|value| std::iter::repeat_n(value.clone(), slots.len()))
        .collect();
    values.extend(drawn(value(), slots.len() * 3));
    for (round, bad) in values.into_iter().enumerate() {
        let (number, place) = &slots[round % slots.len()];
        let (query, variables) = &operations[*number];
        let mut variables = variables.clone();
        *variables.pointer_mut(place).unwrap() = bad.clone();
        let before = everything(&app).await;
        let answer = app.graphql(Some(by), query, variables).await;
        let said: String = bad.to_string().chars().take(60).collect();
        if !is_clear(&answer) {
            wrong.push(format!("{query} {place} = {said}: {}", answer.0));
        }
        if answer.code() != "OK" && everything(&app).await != before {
            wrong.push(format!(
                "{query} {place} = {said} has changed something and said {}",
                answer.code()
            ));
        }
        // What it was allowed to end must not end the test.
        if answer.code() == "OK" {
            app.sql("UPDATE campaign SET status = 'ACTIVE' WHERE id = 1; UPDATE \"user\" SET session_epoch = 0")
                .await;
        }
    }
    wrong.sort_unstable();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn bodies_and_addresses_that_are_none() {
    let (app, _, by) = stage(&[]).await;
    let before = everything(&app).await;
    let cookie = app.cookie(by);
    let bodies = drawn(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            text().prop_map(String::into_bytes),
            value().prop_map(|value| value.to_string().into_bytes()),
            value().prop_map(|value| {
                json!({"query": "{ currentUser { id } }", "variables": value})
                    .to_string()
                    .into_bytes()
            }),
            value().prop_map(|value| json!({"query": value, "operationName": value})
                .to_string()
                .into_bytes()),
            value().prop_map(|value| {
                json!({"authType": "login", "email": value, "password": value})
                    .to_string()
                    .into_bytes()
            }),
            (1_usize..4000).prop_map(|depth| "[".repeat(depth).into_bytes()),
            (1_usize..4000).prop_map(|depth| format!(
                "{{\"query\": \"{}\"}}",
                "{ a ".repeat(depth)
            )
            .into_bytes()),
        ],
        150,
    );
    for body in bodies {
        for path in [
            "/graphql",
            "/login-callback",
            "/twilio",
            "/twilio-fallback",
            "/twilio-message-report",
        ] {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::COOKIE, &cookie)
                .header("x-twilio-signature", "bm90IGl0")
                .body(Body::from(body.clone()))
                .unwrap();
            let response = app.send(request).await;
            let status = response.status();
            let said = text_of(response).await;
            let shown = String::from_utf8_lossy(&body)
                .chars()
                .take(80)
                .collect::<String>();
            assert!(!status.is_server_error(), "{path} {shown}: {status} {said}");
            assert!(
                !said.contains("INTERNAL_SERVER_ERROR"),
                "{path} {shown}: {said}"
            );
        }
    }
    let huge = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(vec![b' '; 3 << 20]))
        .unwrap();
    assert_eq!(app.send(huge).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for path in drawn("/[ -~]{0,40}", 200) {
        let Ok(request) = Request::get(path.replace(' ', "%20")).body(Body::empty()) else {
            continue;
        };
        let status = app.send(request).await.status();
        assert!(
            !status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE,
            "{path}: {status}"
        );
    }
    assert_eq!(everything(&app).await, before);
}

/// Signed by the carrier, so it is listened to, whatever it says.
#[tokio::test]
async fn webhooks_say_anything() {
    crate::parts::get();
    let carrier = carrier::Carrier::start(carrier::Options::default())
        .await
        .unwrap();
    let app = TestApp::build(&[("BASE_URL", "https://spoke.example.org")], |app| {
        let twilio = Twilio::new(carrier.account().to_owned(), carrier.token().to_owned());
        app.twilio = Some(twilio);
    })
    .await;
    let texting = app.texting(2).await;
    app.send_first(&texting, texting.contacts[0]).await.ok();
    let names = select(vec![
        "From",
        "To",
        "Body",
        "MessageSid",
        "MessagingServiceSid",
        "NumMedia",
        "MediaUrl0",
        "MediaContentType0",
        "MessageStatus",
        "ErrorCode",
        "SpokeMessage",
        "SpokeAttempt",
    ]);
    let right = || {
        [
            ("From", "+15550000001"),
            ("To", "+15555555555"),
            ("Body", "Hi"),
            ("MessageSid", "SM1"),
            ("MessagingServiceSid", "mock-messaging-service"),
            ("NumMedia", "1"),
            ("MediaUrl0", "https://x/1"),
            ("MediaContentType0", "image/png"),
            ("MessageStatus", "undelivered"),
            ("ErrorCode", "30003"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let addresses = prop_oneof![
        5 => select(vec![
            "/twilio",
            "/twilio-fallback",
            "/twilio-message-report",
            "/twilio-message-report?message=1&attempt=1",
            "/twilio-message-report?message=99999999999999999999&attempt=70000",
            "/twilio-message-report?message=-1&attempt=-1&message=2",
        ])
        .prop_map(str::to_owned),
        1 => "[a-z=&0-9%]{0,20}".prop_map(|query| format!("/twilio-message-report?{query}")),
    ];
    let changes = proptest::collection::vec((names, proptest::option::of(short())), 1..4);
    for (number, (path, changes)) in drawn((addresses, changes), 150).into_iter().enumerate() {
        let mut parameters = right().to_vec();
        parameters[3].1 = format!("SM{number}");
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend(value.map(|value| (name.to_owned(), value)));
        }
        let signature = carrier.signature(&format!("https://spoke.example.org{path}"), &parameters);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&parameters)
            .finish();
        let post = |signature: &str| {
            let request = Request::post(&path).header("x-twilio-signature", signature);
            app.send(request.body(Body::from(body.clone())).unwrap())
        };
        let before = everything(&app).await;
        assert_eq!(post("bm90IGl0").await.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            everything(&app).await,
            before,
            "an unsigned webhook has changed something"
        );
        let response = post(&signature).await;
        let shown: String = body.chars().take(400).collect();
        assert_eq!(response.status(), StatusCode::OK, "{path} {shown}");
        // Once more, as carriers do: nothing happens.
        let after = everything(&app).await;
        assert_eq!(post(&signature).await.status(), StatusCode::OK);
        assert_eq!(everything(&app).await, after, "{path} {shown}");
    }
    assert!(
        app.count("inbound_message").await > 20,
        "most of them are texts"
    );
}

/// Files, through the browser's way: contacts are replaced by a file that holds some, else they stay, and the job
/// says why.
#[tokio::test]
async fn files_hold_anything() {
    let app = uploads::app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let campaign = app.campaign(organization).await;
    app.sql("UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL")
        .await;
    let field = || {
        prop_oneof![
            3 => short(),
            3 => select(vec!["Ana", "617-555-0101", "(617) 555-0102", "+16175550103", "MA", "02134", "\"", "\"a,b\"", "=1+1"]).prop_map(str::to_owned),
        ]
    };
    let row = || proptest::collection::vec(field(), 0..8).prop_map(|fields| fields.join(","));
    let header = prop_oneof![
        4 => Just("first_name,last_name,cell,zip,state_code,a".to_owned()),
        1 => row().prop_map(|row| format!("first,last,cell,{row}")),
        1 => row(),
    ];
    let lines = (
        header,
        proptest::collection::vec(row(), 0..12),
        select(vec!["\n", "\r\n", "\r"]),
    )
        .prop_map(|(header, rows, end)| [vec![header], rows].concat().join(end).into_bytes());
    let files = prop_oneof![4 => lines, 1 => proptest::collection::vec(any::<u8>(), 0..400)];
    let mut outcomes = std::collections::BTreeSet::new();
    for file in drawn(files, 60) {
        app.sql("DELETE FROM campaign_contact").await;
        app.contacts(campaign, 1).await;
        let key = uploads::put_bytes(&app, admin, organization, file.clone()).await;
        uploads::replace(&app, admin, campaign, &key).await.ok();
        let job = "SELECT status || ' ' || coalesce(result_message, '') FROM background_job ORDER BY id DESC LIMIT 1";
        let job = app.value(job).await;
        let shown = String::from_utf8_lossy(&file)
            .chars()
            .take(300)
            .collect::<String>();
        assert!(!job.contains("Something went wrong"), "{job}: {shown}");
        let kept = app
            .count("campaign_contact WHERE cell = '+15550000001'")
            .await;
        match job.split_once(' ').unwrap() {
            ("DONE", _) => assert_eq!(kept, 0, "{job}: {shown}"),
            ("FAILED", why) => assert!(kept == 1 && why.len() > 20, "{job}: {shown}"),
            _ => panic!("{job}"),
        }
        assert_eq!(app.count("contact_line").await, 0);
        outcomes.insert(job.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(outcomes.len(), 2, "files of both kinds");
}
