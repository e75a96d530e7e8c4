//! Phone numbers: bought, reserved, bound, given back.

use carrier::plan::{Fault, Outage, Rule};
use serde_json::{Value, json};
use spoke::functions::scheduled;

use crate::app::{Answer, Person, TestApp};
use crate::carrier::app_with_carrier;

/// Word for word as operators know it.
const ENABLE: &str = r#"mutation { enableCampaignPhoneNumbers(organizationId: "12345") { campaignPhoneNumbersEnabled } }"#;
const BUY: &str = r#"mutation { buyNumbers(areaCode: "952", limit: 3) { id } }"#;

async fn buy(app: &TestApp, by: Person, area: &str, limit: i32) -> Answer {
    let query = "mutation ($a: String!, $l: Int!) { buyNumbers(areaCode: $a, limit: $l) { id status resultMessage } }";
    app.graphql(Some(by), query, json!({"a": area, "l": limit}))
        .await
}

/// A campaign that lacks nothing but numbers, in an organization that has them, with its admin.
async fn waiting(app: &TestApp, contacts: i32) -> (Person, i32) {
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let campaign = app.campaign(organization).await;
    app.contacts(campaign, contacts).await;
    app.sql(&format!(
        "UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL, join_token = NULL WHERE id = {campaign};
         UPDATE organization SET features = '{{\"campaignPhoneNumbersEnabled\": true}}' WHERE id = {organization}"
    ))
    .await;
    (admin, campaign)
}

async fn reserve(app: &TestApp, by: Person, campaign: i32, wishes: Value) -> Answer {
    let query = "mutation ($id: String!, $n: [CampaignPhoneNumberInput!]) {
        editCampaign(id: $id, campaign: {phoneNumbers: $n}) { phoneNumbers { areaCode count reservedAt } } }";
    let variables = json!({"id": campaign.to_string(), "n": wishes});
    app.graphql(Some(by), query, variables).await
}

async fn start(app: &TestApp, by: Person, campaign: i32) -> Answer {
    let query = "mutation ($id: String!) { startCampaign(id: $id) { status startJob { status resultMessage } } }";
    app.graphql(Some(by), query, json!({"id": campaign.to_string()}))
        .await
}

async fn stock(app: &TestApp) -> String {
    app.value(
        "SELECT string_agg(status || count, ' ' ORDER BY status) FROM
               (SELECT status, count(*) FROM twilio_phone_number GROUP BY status) AS s",
    )
    .await
}

#[tokio::test]
async fn the_two_mutations_of_2020_work_word_for_word() {
    let (app, carrier) = app_with_carrier(&[]).await;
    app.sql(
        "INSERT INTO organization (id, name, uuid) VALUES (12345, 'Voters', gen_random_uuid())",
    )
    .await;
    let owner = app.member(12345, "OWNER").await;
    let enabled = app.graphql(Some(owner), ENABLE, json!({})).await;
    assert_eq!(
        enabled.ok()["enableCampaignPhoneNumbers"]["campaignPhoneNumbersEnabled"],
        true
    );
    assert_eq!(
        app.graphql(Some(owner), BUY, json!({})).await.code(),
        "FORBIDDEN"
    );
    let operator = app.superadmin().await;
    let job = app.graphql(Some(operator), BUY, json!({})).await;
    assert!(job.ok()["buyNumbers"]["id"].is_string());
    assert_eq!(stock(&app).await, "AVAILABLE3");
    let names: Vec<String> = carrier
        .numbers()
        .into_iter()
        .filter(|number| number.phone_number.starts_with("+1952"))
        .map(|number| number.friendly_name)
        .collect();
    let expected = format!(
        "Managed by Spoke [{}]: +19525550000",
        app.app.config.base_url
    );
    assert_eq!((names.len(), names[0].as_str()), (3, expected.as_str()));
}

#[tokio::test]
async fn no_number_that_was_paid_for_is_lost() {
    let (app, carrier) = app_with_carrier(&[]).await;
    carrier.set_plan(|plan| plan.page_size = 1);
    let operator = app.superadmin().await;
    // The carrier sells the second one, and its answer is lost.
    carrier.fault(Rule::of(Fault::LoseAnswer).to("+19525550001").times(1));
    let answer = buy(&app, operator, "952", 3).await;
    assert_eq!(answer.ok()["buyNumbers"]["status"], "FAILED");
    assert_eq!(stock(&app).await, "AVAILABLE2");
    // One is snatched away, and the next is taken instead.
    carrier.fault(
        Rule::of(Fault::Refuse { code: 21_422 })
            .to("+19525550002")
            .times(1),
    );
    let answer = buy(&app, operator, "952", 2).await;
    let job = &answer.ok()["buyNumbers"];
    assert_eq!(job["status"], "DONE", "{job}");
    assert_eq!(job["resultMessage"], "Bought 2 numbers of area code 952.");
    assert_eq!(stock(&app).await, "AVAILABLE4");
    let owned = carrier
        .numbers()
        .iter()
        .filter(|number| number.phone_number.starts_with("+1952"))
        .count();
    assert_eq!(owned, 4);
    for (area, limit) in [("052", 1), ("95", 1), ("952", 0)] {
        assert_eq!(
            buy(&app, operator, area, limit).await.code(),
            "BAD_USER_INPUT"
        );
    }
}

#[tokio::test]
async fn reservations_are_all_or_nothing_and_expire() {
    let (app, _carrier) = app_with_carrier(&[("CONTACTS_PER_PHONE_NUMBER", "2")]).await;
    let operator = app.superadmin().await;
    buy(&app, operator, "952", 3).await.ok();
    let (admin, campaign) = waiting(&app, 8).await;
    let wish = |area: &str, count: i32| json!([{"areaCode": area, "count": count}]);
    let refused = reserve(&app, admin, campaign, wish("952", 4)).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert!(
        refused.message().contains("Only 3 numbers"),
        "{}",
        refused.message()
    );
    assert_eq!(stock(&app).await, "AVAILABLE3");
    let reserved = reserve(&app, admin, campaign, wish("952", 3)).await;
    assert_eq!(reserved.ok()["editCampaign"]["phoneNumbers"][0]["count"], 3);
    // More than the contacts need is refused, and the earlier ones stay.
    let refused = reserve(&app, admin, campaign, wish("952", 5)).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert_eq!(stock(&app).await, "RESERVED3");
    let (other_admin, other) = waiting(&app, 2).await;
    assert_eq!(
        reserve(&app, other_admin, other, wish("952", 1))
            .await
            .code(),
        "BAD_USER_INPUT"
    );
    reserve(&app, admin, campaign, Value::Null).await.ok();
    assert_eq!(stock(&app).await, "AVAILABLE3");
    reserve(&app, admin, campaign, wish("952", 2)).await.ok();
    app.advance(std::time::Duration::from_hours(24));
    scheduled::answer(&app.app).await.unwrap();
    assert_eq!(
        stock(&app).await,
        "AVAILABLE1 RESERVED2",
        "a day is not over before it is over"
    );
    app.advance(std::time::Duration::from_secs(1));
    scheduled::answer(&app.app).await.unwrap();
    assert_eq!(stock(&app).await, "AVAILABLE3");
}

#[tokio::test]
async fn a_campaign_with_numbers_starts_with_a_service_of_its_own_and_gives_them_back() {
    let (app, carrier) = app_with_carrier(&[
        ("CONTACTS_PER_PHONE_NUMBER", "2"),
        ("TWILIO_FALLBACK_KEY", "k1"),
    ])
    .await;
    let operator = app.superadmin().await;
    buy(&app, operator, "952", 2).await.ok();
    let (admin, campaign) = waiting(&app, 4).await;
    let early = start(&app, admin, campaign).await;
    assert_eq!(early.code(), "BAD_USER_INPUT");
    assert!(
        early
            .message()
            .contains("2 phone numbers are needed; 0 are reserved")
    );
    reserve(
        &app,
        admin,
        campaign,
        json!([{"areaCode": "952", "count": 2}]),
    )
    .await
    .ok();
    app.sql(&format!(
        "INSERT INTO background_job (type, campaign_id, config) VALUES ('start_campaign', {campaign}, '{{}}')"
    ))
    .await;
    let meanwhile = reserve(&app, admin, campaign, json!([])).await;
    assert!(meanwhile.message().contains("is being started"));
    app.sql("DELETE FROM background_job WHERE status = 'PENDING'")
        .await;
    let started = start(&app, admin, campaign).await;
    let campaign_now = &started.ok()["startCampaign"];
    assert_eq!(campaign_now["status"], "ACTIVE", "{campaign_now}");
    assert_eq!(
        campaign_now["startJob"]["resultMessage"],
        "Started with 2 phone numbers."
    );
    assert_eq!(stock(&app).await, "ASSIGNED2");
    let service = app
        .value("SELECT messaging_service_sid FROM campaign")
        .await;
    let senders = || {
        carrier
            .numbers()
            .iter()
            .filter(|number| number.service.as_ref() == Some(&service))
            .count()
    };
    assert_eq!(senders(), 2);
    let services = carrier.services();
    let made = services.iter().find(|known| known.sid == service).unwrap();
    // Straight to the queue, past every function of ours.
    assert!(
        made.fallback_url.ends_with("/twilio-fallback/k1"),
        "{made:?}"
    );
    // Numbers of a running campaign cannot be changed, not even by giving them back.
    for wishes in [Value::Null, json!([])] {
        let refused = reserve(&app, admin, campaign, wishes).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
    }
    let archive = || {
        let archive = "mutation ($id: String!) { archiveCampaign(id: $id) { status } }";
        app.graphql(Some(admin), archive, json!({"id": campaign.to_string()}))
    };
    // The carrier refuses: the numbers stay the campaign's until it is archived once more.
    carrier.set_outage(Some(Outage::Unavailable));
    archive().await.ok();
    assert_eq!(stock(&app).await, "ASSIGNED2");
    carrier.set_outage(None);
    archive().await.ok();
    assert_eq!(stock(&app).await, "AVAILABLE2");
    assert_eq!(senders(), 0);
    assert!(carrier.services().iter().all(|known| known.sid != service));
    // Opened again it has no numbers, and texts by what campaigns without any text by.
    app.sql("UPDATE organization SET features = features || '{\"messaging_service_sid\": \"MGshared\"}'")
        .await;
    let unarchive = "mutation ($id: String!) { unarchiveCampaign(id: $id) { status } }";
    let id = json!({"id": campaign.to_string()});
    app.sql("UPDATE background_job SET status = 'PENDING' WHERE type = 'release_numbers' AND status = 'DONE'")
        .await;
    let refused = app.graphql(Some(admin), unarchive, id.clone()).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    app.sql("UPDATE background_job SET status = 'DONE' WHERE status = 'PENDING'")
        .await;
    let opened = app.graphql(Some(admin), unarchive, id).await;
    assert_eq!(opened.ok()["unarchiveCampaign"]["status"], "ACTIVE");
    assert_eq!(
        app.value("SELECT messaging_service_sid FROM campaign")
            .await,
        "MGshared"
    );
    assert_eq!(stock(&app).await, "AVAILABLE2");
}

/// Its numbers are others' by now, and campaigns share no messaging service: who opens it hears so, and not its texters.
#[tokio::test]
async fn a_campaign_with_nothing_to_text_by_is_not_opened_again() {
    let (app, carrier) = app_with_carrier(&[("TWILIO_MESSAGE_SERVICE_SID", "")]).await;
    let texting = app.texting(1).await;
    let admin = app.member(texting.organization, "ADMIN").await;
    app.sql("UPDATE campaign SET status = 'ARCHIVED'").await;
    let unarchive = async |app: &TestApp| {
        let unarchive = "mutation ($id: String!) { unarchiveCampaign(id: $id) { status } }";
        let id = json!({"id": texting.campaign.to_string()});
        app.graphql(Some(admin), unarchive, id).await
    };
    let refused = unarchive(&app).await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert!(
        refused.message().contains("nothing to text by")
            && refused.message().contains("copy the campaign"),
        "{}",
        refused.message()
    );
    assert_eq!(app.value("SELECT status FROM campaign").await, "ARCHIVED");
    // Where nothing is really sent, nothing is missing.
    for nowhere in [
        ("SKIP_TWILIO_AND_AUTOREPLY", "1"),
        ("DEFAULT_SERVICE", "fakeservice"),
    ] {
        unarchive(&app.twin(&carrier, &[nowhere]).await).await.ok();
        app.sql("UPDATE campaign SET status = 'ARCHIVED'").await;
    }
    let shared = carrier.service(&app.app.config.base_url);
    app.sql(&format!(
        "UPDATE organization SET features = features || '{{\"messaging_service_sid\": \"{shared}\"}}'"
    ))
    .await;
    let opened = unarchive(&app).await;
    assert_eq!(opened.ok()["unarchiveCampaign"]["status"], "ACTIVE");
    app.send_first(&texting, texting.contacts[0]).await.ok();
    assert_eq!(carrier.texts()[0].service, shared);
}

#[tokio::test]
async fn a_start_that_failed_goes_on_with_the_same_service() {
    let (app, carrier) = app_with_carrier(&[("CONTACTS_PER_PHONE_NUMBER", "2")]).await;
    let operator = app.superadmin().await;
    buy(&app, operator, "952", 2).await.ok();
    let (admin, campaign) = waiting(&app, 4).await;
    reserve(
        &app,
        admin,
        campaign,
        json!([{"areaCode": "952", "count": 2}]),
    )
    .await
    .ok();
    // One number is unknown to the carrier.
    app.sql(
        "UPDATE twilio_phone_number SET sid = 'PNgone' || sid WHERE phone_number = '+19525550001'",
    )
    .await;
    let failed = start(&app, admin, campaign).await;
    assert_eq!(failed.ok()["startCampaign"]["startJob"]["status"], "FAILED");
    assert_eq!(failed.ok()["startCampaign"]["status"], "NOT_STARTED");
    assert_eq!(stock(&app).await, "RESERVED2");
    app.sql("UPDATE twilio_phone_number SET sid = substr(sid, 7) WHERE sid LIKE 'PNgone%'")
        .await;
    let started = start(&app, admin, campaign).await;
    assert_eq!(started.ok()["startCampaign"]["status"], "ACTIVE");
    let own = carrier
        .services()
        .iter()
        .filter(|service| service.friendly_name.starts_with("Campaign "))
        .count();
    assert_eq!(own, 1);
    assert_eq!(
        start(&app, admin, campaign).await.code(),
        "DUPLICATE_CAMPAIGN_START"
    );
}
