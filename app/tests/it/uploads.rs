//! Contacts: from the browser's file to the campaign.

use std::fmt::Write;

use serde_json::{Value, json};
use spoke::jobs;

use crate::app::{Person, TestApp};

pub(crate) const BUCKET: &str = "uploads-of-tests";

pub(crate) async fn app_with_bucket(environment: &[(&str, &str)]) -> TestApp {
    let environment: Vec<_> = environment
        .iter()
        .copied()
        .chain([
            ("AWS_S3_BUCKET_NAME", BUCKET),
            ("SUPPRESS_PHONE_VALIDATION", ""),
        ])
        .collect();
    let app = TestApp::with(&environment).await;
    make_bucket(&app).await;
    app
}

/// Every test wants it; the first one makes it.
pub(crate) async fn make_bucket(app: &TestApp) {
    drop(
        app.app
            .aws
            .s3()
            .await
            .create_bucket()
            .bucket(BUCKET)
            .send()
            .await,
    );
}

/// What a browser does: asks for a link, and puts the file there.
pub(crate) async fn put(app: &TestApp, by: Person, organization: i32, file: &str) -> String {
    put_bytes(app, by, organization, file.as_bytes().to_vec()).await
}

pub(crate) async fn put_bytes(
    app: &TestApp,
    by: Person,
    organization: i32,
    file: Vec<u8>,
) -> String {
    let query = "mutation ($id: String!) { createPresignedUploadUrl(organizationId: $id) }";
    let answer = app
        .graphql(Some(by), query, json!({"id": organization.to_string()}))
        .await;
    let link: Value =
        serde_json::from_str(answer.ok()["createPresignedUploadUrl"].as_str().unwrap()).unwrap();
    let key = link["s3Key"].as_str().unwrap().to_owned();
    assert!(key.starts_with(&format!("contactUploads/{organization}/")));
    let response = reqwest::Client::new()
        .put(link["presignedPutUrl"].as_str().unwrap())
        .header("content-type", "text/csv")
        .body(file)
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success(), "{response:?}");
    key
}

async fn create(app: &TestApp, by: Person, organization: i32, key: &str) -> crate::app::Answer {
    let query = "mutation ($campaign: CampaignInput!, $key: String!) {
        createCampaign(campaign: $campaign, contactsS3Key: $key, contactFileName: \"voters.csv\") {
            id status contactFileName contactsCount customFields contactImportJob { status progress resultMessage }
            contactImport { fileName rowsCount loadedCount invalidCount duplicateCount optedOutCount
                rejectedRows { line cell reason } rejectedRowsUrl } } }";
    let campaign = json!({"title": "New Campaign", "organizationId": organization.to_string()});
    app.graphql(Some(by), query, json!({"campaign": campaign, "key": key}))
        .await
}

const FILE: &str = "\u{feff}first_name,last_name,phone_number,van_statecode,Fav Color\n\
    Ana,Diaz,(617) 555-0101,MA,teal\n\
    Ben,Bad,12345,MA,red\n\
    Cal,Twice,+1 617 555 0101,MA,blue\n\
    Dee,Out,617-555-0102,MA,grey\n\
    Eve,Lost,617-555-0103,ZZ,pink\n\
    Flo,Sun,480-555-0104,,gold\n\
    Gus,Far,+44 20 7183 8750,,blue\n";

#[tokio::test]
async fn a_file_becomes_contacts_and_what_was_turned_away_says_why() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    app.sql("INSERT INTO opt_out (cell, organization_id) VALUES ('+16175550102', 1)")
        .await;
    let key = put(&app, admin, organization, FILE).await;
    let answer = create(&app, admin, organization, &key).await;
    let campaign = &answer.ok()["createCampaign"];
    assert_eq!(
        campaign["contactImportJob"],
        json!({"status": "DONE", "progress": 1.0,
        "resultMessage": "2 contacts loaded, 3 invalid, 1 duplicate, 1 opted out."})
    );
    assert_eq!(campaign["customFields"], json!(["Fav Color"]));
    let mut import = campaign["contactImport"].clone();
    let url = import["rejectedRowsUrl"].take();
    assert_eq!(
        import,
        json!({"fileName": "voters.csv", "rowsCount": 7, "loadedCount": 2, "invalidCount": 3,
        "duplicateCount": 1, "optedOutCount": 1, "rejectedRowsUrl": null, "rejectedRows": [
            {"line": 3, "cell": "12345", "reason": "This is not a valid phone number."},
            {"line": 4, "cell": "+16175550101", "reason": "This number is in the file already."},
            {"line": 5, "cell": "+16175550102", "reason": "This number has opted out."},
            {"line": 6, "cell": "617-555-0103", "reason": "\"ZZ\" is not a state."},
            {"line": 8, "cell": "+44 20 7183 8750",
             "reason": "This is a foreign phone number; only numbers that begin with +1 are loaded."},
        ]})
    );
    let rows = app
        .value("SELECT string_agg(first_name || cell || coalesce(state_code, '-') || timezone || custom_fields, ' ' ORDER BY id)
                FROM campaign_contact")
        .await;
    let expected = "Ana+16175550101MAAmerica/New_York{\"Fav Color\": \"teal\"} Flo+14805550104-America/Phoenix{\"Fav Color\": \"gold\"}";
    assert_eq!(rows, expected);
    assert_eq!(app.count("contact_line").await, 0);
    let all = reqwest::get(url.as_str().unwrap())
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(all.lines().count(), 6, "{all}");
    assert!(all.starts_with("line,phone_number,reason\n"), "{all}");
}

pub(crate) async fn replace(
    app: &TestApp,
    by: Person,
    campaign: i32,
    key: &str,
) -> crate::app::Answer {
    let query = "mutation ($id: String!, $key: String!) { uploadContacts(campaignId: $id, s3Key: $key, contactFileName: \"b.csv\") }";
    app.graphql(
        Some(by),
        query,
        json!({"id": campaign.to_string(), "key": key}),
    )
    .await
}

#[tokio::test]
async fn a_failed_upload_leaves_the_old_contacts_and_a_better_one_replaces_them() {
    let app = app_with_bucket(&[("MAX_CONTACTS", "2")]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let key = put(&app, admin, organization, FILE).await;
    let answer = create(&app, admin, organization, &key).await;
    // Three of its rows are good, and two are the most here.
    let job = &answer.ok()["createCampaign"]["contactImportJob"];
    assert_eq!(job["status"], "FAILED");
    assert!(
        job["resultMessage"]
            .as_str()
            .unwrap()
            .contains("more than 2 contacts"),
        "{job}"
    );
    let campaign = answer.ok()["createCampaign"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    app.contacts(campaign, 2).await;
    let failing = [
        (
            "first_name,email\nx,y\n",
            "it lacks phone_number and last_name",
        ),
        ("", "The file is empty"),
        (
            "first_name,last_name,cell\nx,y,nope\n",
            "No row of the file could be loaded",
        ),
    ];
    for (file, reason) in failing {
        let key = put(&app, admin, organization, file).await;
        replace(&app, admin, campaign, &key).await.ok();
        let message = app
            .value("SELECT status || result_message FROM background_job ORDER BY id DESC LIMIT 1")
            .await;
        assert!(
            message.starts_with("FAILED") && message.contains(reason),
            "{message}"
        );
        assert_eq!(app.count("campaign_contact").await, 2);
        assert_eq!(app.count("contact_line").await, 0);
    }
    let missing = format!("contactUploads/{organization}/{}", "0".repeat(64));
    replace(&app, admin, campaign, &missing).await.ok();
    let message = app
        .value("SELECT status || result_message FROM background_job ORDER BY id DESC LIMIT 1")
        .await;
    assert!(message.starts_with("FAILED"), "{message}");
    // The database has crashed: what was read so far is gone, and nobody has said so.
    app.sql("CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        .await;
    app.sql("CREATE TRIGGER lost BEFORE INSERT ON contact_line FOR EACH ROW WHEN (new.line = 3) EXECUTE FUNCTION lose()")
        .await;
    let two = "first,last,cell\nYan,Y,6175550198\nZoe,Z,6175550199\n";
    let key = put(&app, admin, organization, two).await;
    replace(&app, admin, campaign, &key).await.ok();
    let state = "SELECT status FROM background_job ORDER BY id DESC LIMIT 1";
    assert_ne!(app.value(state).await, "DONE");
    assert_eq!(app.count("campaign_contact").await, 2);
    app.sql("DROP TRIGGER lost ON contact_line").await;
    app.sql("UPDATE background_job SET status = 'FAILED'").await;
    let good = put(
        &app,
        admin,
        organization,
        "first,last,cell,city\nZoe,Z,6175550199,Rome\n",
    )
    .await;
    replace(&app, admin, campaign, &good).await.ok();
    assert_eq!(
        app.value("SELECT string_agg(first_name, ' ') FROM campaign_contact")
            .await,
        "Zoe"
    );
    let facts = app
        .value(&format!(
            "SELECT contact_file_name || custom_fields::text FROM campaign WHERE id = {campaign}"
        ))
        .await;
    assert_eq!(facts, "b.csv{city}");
}

const MAPPED: &str = "mutation ($id: String!, $key: String!, $columns: [ContactColumnInput!]) {
    uploadContacts(campaignId: $id, s3Key: $key, contactFileName: \"b.csv\", contactColumns: $columns) }";

#[tokio::test]
async fn columns_are_what_the_admin_says() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let key = put(&app, admin, organization, FILE).await;
    let answer = create(&app, admin, organization, &key).await;
    let campaign = answer.ok()["createCampaign"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = "Who,cell,Mobile,Code,Color,Secret\nAna,landline,617-555-0150,85001,red,x\n";
    let key = put(&app, admin, organization, file).await;
    let upload = async |columns: &Value| {
        let variables = json!({"id": campaign, "key": key, "columns": columns});
        app.graphql(Some(admin), MAPPED, variables).await
    };
    // What cannot be is refused at once, or by the job when only the file can say so: nothing has changed.
    let jobs = app.count("background_job").await;
    for (columns, reason) in [
        (json!([]), "No column is the phone number."),
        (
            json!([{"column": "Mobile", "field": "CELL"}, {"column": "cell", "field": "CELL"}]),
            "Only one column can be the phone number.",
        ),
        (
            json!([{"column": "Mobile", "field": "CELL"}, {"column": "Color", "field": "CUSTOM", "name": "cell"}]),
            "\"cell\" means something else in scripts: give the column \"Color\" another name.",
        ),
    ] {
        let answer = upload(&columns).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert_eq!(answer.message(), reason);
    }
    assert_eq!(app.count("background_job").await, jobs);
    upload(&json!([{"column": "Mobil", "field": "CELL"}]))
        .await
        .ok();
    let newest =
        "SELECT status || ': ' || result_message FROM background_job ORDER BY id DESC LIMIT 1";
    assert_eq!(
        app.value(newest).await,
        "FAILED: The file's first line has no column \"Mobil\"."
    );
    assert_eq!(app.count("campaign_contact").await, 3);

    let columns = json!([
        {"column": "Mobile", "field": "CELL"},
        {"column": "Who", "field": "FIRST_NAME"},
        {"column": "Code", "field": "ZIP"},
        {"column": "cell", "field": "EXTERNAL_ID"},
        {"column": "Color", "field": "CUSTOM", "name": "favorite"},
    ]);
    upload(&columns).await.ok();
    assert_eq!(app.value(newest).await, "DONE: 1 contacts loaded.");
    let row = "SELECT first_name || cell || external_id || zip || timezone || custom_fields FROM campaign_contact";
    assert_eq!(
        app.value(row).await,
        "Ana+16175550150landline85001America/Phoenix{\"Code\": \"85001\", \"favorite\": \"red\"}"
    );
    let fields = "SELECT custom_fields::text FROM campaign";
    assert_eq!(app.value(fields).await, "{Code,favorite}");
}

#[tokio::test]
async fn a_campaign_is_not_made_of_columns_that_cannot_be() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let query =
        "mutation ($campaign: CampaignInput!, $key: String!, $columns: [ContactColumnInput!]) {
        createCampaign(campaign: $campaign, contactsS3Key: $key, contactColumns: $columns) {
            contactImportJob { resultMessage } contactsPreview { firstName cell customFields } } }";
    let key = put(&app, admin, organization, "Who,Mobile\nAna,617-555-0150\n").await;
    let create = async |columns: Value| {
        let campaign = json!({"title": "Doors", "organizationId": organization.to_string()});
        let variables = json!({"campaign": campaign, "key": key, "columns": columns});
        app.graphql(Some(admin), query, variables).await
    };
    let refused = create(json!([{"column": "Who", "field": "FIRST_NAME"}])).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert_eq!(app.count("campaign").await, 0);
    let both =
        json!([{"column": "Who", "field": "FIRST_NAME"}, {"column": "Mobile", "field": "CELL"}]);
    assert_eq!(
        create(both).await.ok()["createCampaign"],
        json!({"contactImportJob": {"resultMessage": "1 contacts loaded."},
            "contactsPreview": [{"firstName": "Ana", "cell": "+16175550150", "customFields": "{}"}]})
    );
}

#[tokio::test]
async fn only_ones_own_uploads_and_only_before_the_start() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let own = format!("contactUploads/{organization}/{}", "a".repeat(64));
    let foreign = [
        format!("contactUploads/{}/{}", organization + 1, "a".repeat(64)),
        format!(
            "contactUploads/{organization}/../{}/{}",
            organization + 1,
            "a".repeat(61)
        ),
        "campaign-exports/secret.csv".to_owned(),
        format!("contactUploads/{organization}/short"),
    ];
    for key in &foreign {
        assert_eq!(
            create(&app, admin, organization, key).await.code(),
            "FORBIDDEN",
            "{key}"
        );
    }
    assert_eq!(app.count("campaign").await, 0);
    let started = app.campaign(organization).await;
    assert_eq!(
        replace(&app, admin, started, &own).await.code(),
        "BAD_USER_INPUT"
    );
    let volunteer = app.member(organization, "SUPERVOLUNTEER").await;
    assert_eq!(
        replace(&app, volunteer, started, &own).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        create(&app, volunteer, organization, &own).await.code(),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn one_upload_of_a_campaign_at_a_time() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let key = put(&app, admin, organization, FILE).await;
    let answer = create(&app, admin, organization, &key).await;
    let campaign = answer.ok()["createCampaign"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    app.sql("UPDATE background_job SET status = 'RUNNING'")
        .await;
    assert_eq!(
        replace(&app, admin, campaign, &key).await.code(),
        "BAD_USER_INPUT"
    );
}

/// The campaign was started while its new contacts were being read: they stay outside.
#[tokio::test]
async fn a_start_wins_over_an_upload_under_way() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let key = put(&app, admin, organization, FILE).await;
    let campaign = app.campaign(organization).await;
    app.contacts(campaign, 1).await;
    app.sql(&format!(
        "INSERT INTO background_job (campaign_id, organization_id, type, config)
         VALUES ({campaign}, {organization}, 'upload_contacts', '{{\"s3Key\": \"{key}\"}}')"
    ))
    .await;
    assert_eq!(
        jobs::run::run(&app.app, 1).await.unwrap(),
        jobs::run::Ran::Failed
    );
    assert_eq!(app.count("campaign_contact").await, 1);
    assert!(
        app.value("SELECT result_message FROM background_job")
            .await
            .contains("started or archived meanwhile")
    );
}

#[tokio::test]
async fn thousands_of_rows_keep_their_lines() {
    let app = app_with_bucket(&[]).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let mut file = "first_name,last_name,cell\n".to_owned();
    for number in 0..5000 {
        // Every hundredth number comes twice, the second time in another batch.
        let digits = if number % 100 == 99 && number > 3000 {
            number - 3000
        } else {
            number
        };
        writeln!(file, "N{number},X,617{:07}", 2_000_000 + digits).unwrap();
    }
    let key = put(&app, admin, organization, &file).await;
    let answer = create(&app, admin, organization, &key).await;
    let import = &answer.ok()["createCampaign"]["contactImport"];
    assert_eq!(
        (
            import["loadedCount"].clone(),
            import["duplicateCount"].clone()
        ),
        (json!(4980), json!(20))
    );
    assert_eq!(import["rejectedRows"][0]["line"], 3101);
    assert_eq!(
        app.value("SELECT first_name FROM campaign_contact WHERE cell = '+16172000099'")
            .await,
        "N99"
    );
}
