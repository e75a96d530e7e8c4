//! Phone numbers: bought, reserved, bound, given back.

use std::time::Duration;

use carrier::plan::{Fault, Outage, Rule};
use carrier::{Carrier, Number};
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

async fn archive(app: &TestApp, by: Person, campaigns: &[i32]) -> Answer {
    let query = "mutation ($ids: [String!]) { archiveCampaigns(ids: $ids) { id status } }";
    let ids: Vec<String> = campaigns.iter().map(i32::to_string).collect();
    app.graphql(Some(by), query, json!({"ids": ids})).await
}

/// All the numbers there are are a campaign's, and the carrier has broken its start off: some of them belong to the
/// messaging service it has made.
async fn half_started(app: &TestApp, carrier: &Carrier) -> (Person, i32) {
    let operator = app.superadmin().await;
    buy(app, operator, "952", 11).await.ok();
    let (admin, campaign) = waiting(app, 11).await;
    reserve_all(app, admin, campaign).await.ok();
    // Ten are bound at a time: this one when another has been.
    let last = "SELECT phone_number FROM twilio_phone_number ORDER BY sid DESC LIMIT 1";
    let last = app.value(last).await;
    carrier.fault(Rule::of(Fault::Refuse { code: 20_500 }).to(&last).times(1));
    let failed = start(app, admin, campaign).await;
    let job = &failed.ok()["startCampaign"]["startJob"];
    assert_eq!(job["status"], "FAILED", "{job}");
    let bound = bound(carrier);
    assert!((1..11).contains(&bound), "{bound}");
    assert_eq!(stock(app).await, "RESERVED11");
    (admin, campaign)
}

/// How many of the numbers that were bought belong to some messaging service.
fn bound(carrier: &Carrier) -> usize {
    let numbers = carrier.numbers();
    let is_bound =
        |number: &&Number| number.phone_number.starts_with("+1952") && number.service.is_some();
    numbers.iter().filter(is_bound).count()
}

async fn reserve_all(app: &TestApp, by: Person, campaign: i32) -> Answer {
    let wishes = json!([{"areaCode": "952", "count": 11}]);
    reserve(app, by, campaign, wishes).await
}

/// The numbers are free, in the inventory and at the carrier: another campaign starts with them.
async fn others_start_with_them(app: &TestApp) {
    assert_eq!(stock(app).await, "AVAILABLE11");
    let (admin, campaign) = waiting(app, 11).await;
    reserve_all(app, admin, campaign).await.ok();
    let started = start(app, admin, campaign).await;
    let campaign = &started.ok()["startCampaign"];
    assert_eq!(campaign["status"], "ACTIVE", "{campaign}");
    assert_eq!(stock(app).await, "ASSIGNED11");
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
    app.advance(Duration::from_hours(24));
    scheduled::answer(&app.app).await.unwrap();
    assert_eq!(
        stock(&app).await,
        "AVAILABLE1 RESERVED2",
        "a day is not over before it is over"
    );
    app.advance(Duration::from_secs(1));
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

const ONE_EACH: (&str, &str) = ("CONTACTS_PER_PHONE_NUMBER", "1");

#[tokio::test]
async fn reservations_that_expire_after_a_failed_start_are_free_at_the_carrier_too() {
    let (app, carrier) = app_with_carrier(&[ONE_EACH]).await;
    half_started(&app, &carrier).await;
    app.advance(Duration::from_secs(24 * 3600 + 1));
    carrier.set_outage(Some(Outage::Unavailable));
    scheduled::answer(&app.app).await.unwrap();
    let releases = "background_job WHERE type = 'release_numbers'";
    assert_eq!(stock(&app).await, "RESERVED11");
    assert_eq!(app.count(releases).await, 1);
    carrier.set_outage(None);
    // Tried once an hour.
    app.advance(Duration::from_mins(59));
    scheduled::answer(&app.app).await.unwrap();
    assert_eq!(app.count(releases).await, 1);
    app.advance(Duration::from_mins(1));
    scheduled::answer(&app.app).await.unwrap();
    assert_eq!(app.count(releases).await, 2);
    others_start_with_them(&app).await;
}

#[tokio::test]
async fn reservations_given_back_after_a_failed_start_are_free_at_the_carrier_too() {
    let (app, carrier) = app_with_carrier(&[ONE_EACH]).await;
    let (admin, campaign) = half_started(&app, &carrier).await;
    carrier.set_outage(Some(Outage::Unavailable));
    let refused = reserve(&app, admin, campaign, json!([])).await;
    assert_eq!(refused.code(), "CARRIER_REFUSED");
    assert_eq!(stock(&app).await, "RESERVED11");
    carrier.set_outage(None);
    // What cannot be reserved leaves the campaign its numbers, and it can be started with them.
    let refused = reserve(
        &app,
        admin,
        campaign,
        json!([{"areaCode": "612", "count": 1}]),
    )
    .await;
    assert_eq!(refused.code(), "BAD_USER_INPUT");
    assert_eq!(
        (stock(&app).await.as_str(), bound(&carrier)),
        ("RESERVED11", 0)
    );
    carrier.fault(Rule::of(Fault::Refuse { code: 20_500 }).times(1));
    let failed = start(&app, admin, campaign).await;
    assert_eq!(failed.ok()["startCampaign"]["startJob"]["status"], "FAILED");
    reserve(&app, admin, campaign, json!([])).await.ok();
    others_start_with_them(&app).await;
}

#[tokio::test]
async fn a_campaign_is_not_archived_while_it_is_being_started_and_gives_back_what_a_failed_start_has_bound()
 {
    let (app, carrier) = app_with_carrier(&[ONE_EACH]).await;
    let (admin, campaign) = half_started(&app, &carrier).await;
    // Two of one organization are archived together, or not at all.
    let organization = app.value("SELECT organization_id FROM campaign").await;
    let other = app.campaign(organization.parse().unwrap()).await;
    for status in ["PENDING", "RUNNING"] {
        app.sql(&format!(
            "UPDATE background_job SET status = '{status}' WHERE type = 'start_campaign'"
        ))
        .await;
        let refused = archive(&app, admin, &[other, campaign]).await;
        assert_eq!(refused.code(), "BAD_USER_INPUT");
        let said = refused.message();
        assert!(said.contains("\"Vote\" is being started"), "{said}");
        assert_eq!(app.count("campaign WHERE status = 'ARCHIVED'").await, 0);
    }
    app.sql("UPDATE background_job SET status = 'FAILED' WHERE type = 'start_campaign'")
        .await;
    // While numbers are given back nothing else becomes of them, and the campaign can be archived all the same.
    app.sql(&format!(
        "INSERT INTO background_job (type, campaign_id, config) VALUES ('release_numbers', {campaign}, '{{}}')"
    ))
    .await;
    let refused = [
        start(&app, admin, campaign).await,
        reserve(&app, admin, campaign, json!([])).await,
    ];
    for refused in refused {
        let said = refused.message();
        assert!(said.contains("are still being given back"), "{said}");
    }
    let archived = archive(&app, admin, &[campaign, other]).await;
    assert_eq!(archived.ok()["archiveCampaigns"][0]["status"], "ARCHIVED");
    assert_eq!(stock(&app).await, "RESERVED11");
    app.sql("DELETE FROM background_job WHERE status = 'PENDING'")
        .await;
    // Once more gives back what is left, be it the service alone.
    app.sql("UPDATE twilio_phone_number SET status = 'AVAILABLE', campaign_id = NULL, reserved_at = NULL")
        .await;
    archive(&app, admin, &[campaign]).await.ok();
    assert_eq!(bound(&carrier), 0);
    others_start_with_them(&app).await;
}

#[tokio::test]
async fn a_service_that_several_campaigns_text_by_stays_when_one_is_archived() {
    let (app, carrier) = app_with_carrier(&[ONE_EACH]).await;
    let operator = app.superadmin().await;
    buy(&app, operator, "952", 1).await.ok();
    let (admin, campaign) = waiting(&app, 1).await;
    app.sql("UPDATE organization SET features = '{}'").await;
    // It has no use for numbers, and may ask for some.
    let wishes = json!([{"areaCode": "952", "count": 1}]);
    reserve(&app, admin, campaign, wishes).await.ok();
    start(&app, admin, campaign).await.ok();
    assert_eq!(stock(&app).await, "AVAILABLE1");
    archive(&app, admin, &[campaign]).await.ok();
    assert_eq!(
        app.count("background_job WHERE type = 'release_numbers'")
            .await,
        0
    );
    assert_eq!(carrier.services().len(), 1);
}
