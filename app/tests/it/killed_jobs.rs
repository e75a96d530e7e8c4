//! kill -9 of a real worker in the middle of its job. Another one takes the job over when the lease has run out, and
//! it ends as if nobody had died: nothing is lost, nothing is there twice.

use std::fmt::Write as _;

use carrier::plan::{Fault, Rule};
use serde_json::{Value, json};

use crate::instance::Instance;
use crate::uploads;

impl Instance {
    /// A job for the worker, in the words the application writes.
    async fn job(&self, kind: &str, campaign: Option<i32>, config: &Value) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO background_job (type, campaign_id, config) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(kind)
        .bind(campaign)
        .bind(config)
        .fetch_one(&self.app.app.db)
        .await
        .unwrap()
    }

    /// Another worker takes the job over; answers its sentence.
    async fn taken_over(&self, job: i32) -> String {
        let event = json!({"jobId": job});
        // Whoever comes while the dead worker's lease lasts leaves the job alone.
        let early = self.invoke("worker", event.clone()).await;
        assert_eq!(early["ran"], "NotMine");
        self.lease_runs_out().await;
        let ran = self.invoke("worker", event).await;
        let told = "SELECT status || ' ' || result_message || ' ' || attempts FROM background_job";
        let told = self.app.value(&format!("{told} WHERE id = {job}")).await;
        assert_eq!(ran["ran"], "Done", "{told}");
        told
    }

    async fn lease_runs_out(&self) {
        self.app
            .sql("UPDATE background_job SET lease_until = lease_until - interval '2 minutes'")
            .await;
    }

    /// The worker is killed as it comes to a row of this table, and its connection ends.
    async fn killed_at(&self, job: i32, table: &str) {
        let mut holder = self.app.app.db.begin().await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT FROM {table} FOR UPDATE"
        )))
        .execute(&mut *holder)
        .await
        .unwrap();
        let waits = "EXISTS (SELECT FROM pg_stat_activity
                             WHERE wait_event_type = 'Lock' AND datname = current_database())";
        self.killed("worker", json!({"jobId": job}), self.app.wait_until(waits))
            .await;
        // What the database does when it notices that a client has gone.
        self.app
            .value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND datname = current_database()",
            )
            .await;
        self.app.wait_until(&format!("NOT {waits}")).await;
        holder.rollback().await.unwrap();
    }

    async fn stock(&self) -> String {
        self.app
            .value(
                "SELECT coalesce(string_agg(status || count, ' ' ORDER BY status), '') FROM
                     (SELECT status, count(*) FROM twilio_phone_number GROUP BY status) AS s",
            )
            .await
    }

    /// The numbers of the carrier's that belong to a service.
    fn senders(&self, service: &str) -> usize {
        let numbers = self.carrier.numbers();
        let are_its = |sid: &Option<String>| sid.as_deref() == Some(service);
        numbers.iter().filter(|one| are_its(&one.service)).count()
    }
}

/// Waits until this is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    while !is_so().await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_upload_killed_while_it_replaces_the_contacts() {
    let instance = Instance::new(&[("AWS_S3_BUCKET_NAME", uploads::BUCKET)]).await;
    let app = &instance.app;
    uploads::make_bucket(app).await;
    let organization = app.organization().await;
    let admin = app.member(organization, "ADMIN").await;
    let campaign = app.campaign(organization).await;
    app.contacts(campaign, 3).await;
    app.sql("UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL, join_token = NULL")
        .await;
    let mut file = "first_name,last_name,phone_number\n".to_owned();
    for row in 0..20_000 {
        writeln!(file, "Ana,Diaz,+1617{:07}", 2_000_000 + row).unwrap();
    }
    file.push_str("Ben,Bad,12\n");
    let key = uploads::put(app, admin, organization, &file).await;
    uploads::replace(app, admin, campaign, &key).await.ok();
    let job: i32 = app
        .value("SELECT id FROM background_job")
        .await
        .parse()
        .unwrap();
    instance.killed_at(job, "campaign").await;
    assert_eq!(app.count("campaign_contact").await, 3);
    let told = instance.taken_over(job).await;
    assert_eq!(told, "DONE 20000 contacts loaded, 1 invalid. 2");
    assert_eq!(app.count("campaign_contact").await, 20_000);
    assert_eq!(app.count("contact_line").await, 0);
    assert_eq!(app.count("contact_import").await, 1);
}

#[tokio::test]
async fn a_purchase_killed_with_a_sold_number_in_its_hands() {
    let instance = Instance::new(&[]).await;
    let order = json!({"areaCode": "952", "limit": 3});
    let job = instance.job("buy_numbers", None, &order).await;
    let hold = Rule::of(Fault::HoldAfter).to("+19525550001").times(1);
    instance.carrier.fault(hold);
    let owned = || {
        let numbers = instance.carrier.numbers();
        numbers
            .iter()
            .filter(|number| number.phone_number.starts_with("+1952"))
            .count()
    };
    instance
        .killed(
            "worker",
            json!({"jobId": job}),
            until(async || owned() == 2),
        )
        .await;
    instance.carrier.release();
    assert_eq!(instance.stock().await, "AVAILABLE1");
    let told = instance.taken_over(job).await;
    assert_eq!(told, "DONE Bought 3 numbers of area code 952. 2");
    assert_eq!(
        (owned(), instance.stock().await.as_str()),
        (3, "AVAILABLE3")
    );
}

#[tokio::test]
async fn a_start_and_an_archiving_killed_between_the_carrier_and_the_database() {
    let instance = Instance::new(&[("CONTACTS_PER_PHONE_NUMBER", "1")]).await;
    let app = &instance.app;
    instance.carrier.set_plan(|plan| plan.page_size = 1);
    let order = json!({"areaCode": "952", "limit": 3});
    let bought = instance.job("buy_numbers", None, &order).await;
    instance.invoke("worker", json!({"jobId": bought})).await;
    let organization = app.organization().await;
    let campaign = app.campaign(organization).await;
    app.contacts(campaign, 3).await;
    app.sql(&format!(
        "UPDATE campaign SET status = 'NOT_STARTED', started_at = NULL, join_token = NULL WHERE id = {campaign};
         UPDATE organization SET features = '{{\"campaignPhoneNumbersEnabled\": true}}';
         UPDATE twilio_phone_number SET status = 'RESERVED', campaign_id = {campaign}, reserved_at = now()"
    ))
    .await;
    // The carrier has made the service, and nobody has noted it.
    let start = instance
        .job("start_campaign", Some(campaign), &json!({}))
        .await;
    instance.killed_at(start, "campaign").await;
    assert_eq!(instance.carrier.services().len(), 2);
    let not_yet = "SELECT status || coalesce(messaging_service_sid, '') FROM campaign";
    assert_eq!(app.value(not_yet).await, "NOT_STARTED");
    // It is noted and has its numbers, and the campaign has not begun.
    instance.lease_runs_out().await;
    instance.killed_at(start, "twilio_phone_number").await;
    let service = app
        .value("SELECT messaging_service_sid FROM campaign")
        .await;
    assert_eq!(
        (instance.senders(&service), instance.stock().await.as_str()),
        (3, "RESERVED3")
    );
    let told = instance.taken_over(start).await;
    assert_eq!(told, "DONE Started with 3 phone numbers. 3");
    assert_eq!(instance.senders(&service), 3);
    assert_eq!(instance.carrier.services().len(), 2);
    assert_eq!(instance.stock().await, "ASSIGNED3");

    // The carrier's service is gone, and the numbers still count as the campaign's.
    app.sql("UPDATE campaign SET status = 'ARCHIVED'").await;
    let release = instance
        .job("release_numbers", Some(campaign), &json!({}))
        .await;
    instance.killed_at(release, "twilio_phone_number").await;
    assert_eq!(instance.carrier.services().len(), 1);
    assert_eq!(instance.stock().await, "ASSIGNED3");
    let told = instance.taken_over(release).await;
    assert_eq!(told, "DONE Gave 3 phone numbers back. 2");
    assert_eq!(instance.stock().await, "AVAILABLE3");
}
