//! What tests begin with: people, campaigns, contacts; each takes only what matters.

use serde_json::{Value, json};
use spoke::db::Tx;
use uuid::Uuid;

use crate::app::{Answer, Person, TestApp};

/// A started campaign with a texter and their contacts.
pub(crate) struct Texting {
    pub(crate) organization: i32,
    pub(crate) campaign: i32,
    pub(crate) assignment: i32,
    pub(crate) texter: Person,
    pub(crate) contacts: Vec<i32>,
}

pub(crate) const SEND: &str = "mutation ($message: MessageInput!, $id: String!) {
    sendMessage(message: $message, campaignContactId: $id) { id messageStatus messages { text sendStatus errorCode } } }";

impl TestApp {
    pub(crate) async fn organization(&self) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO organization (name, uuid) VALUES ('Voters', $1) RETURNING id",
        )
        .bind(Uuid::new_v4())
        .fetch_one(&self.app.db)
        .await
        .unwrap()
    }

    /// Somebody without any organization.
    pub(crate) async fn person(&self) -> Person {
        let id = sqlx::query_scalar(
            "INSERT INTO \"user\" (first_name, last_name, email) VALUES ('Pat', 'Doe', $1) RETURNING id",
        )
        .bind(format!("{}@example.org", Uuid::new_v4()))
        .fetch_one(&self.app.db)
        .await
        .unwrap();
        Person { id, epoch: 0 }
    }

    pub(crate) async fn member(&self, organization: i32, role: &str) -> Person {
        let person = self.person().await;
        sqlx::query(
            "INSERT INTO user_organization (user_id, organization_id, role) VALUES ($1, $2, $3)",
        )
        .bind(person.id)
        .bind(organization)
        .bind(role)
        .execute(&self.app.db)
        .await
        .unwrap();
        person
    }

    pub(crate) async fn superadmin(&self) -> Person {
        let person = self.person().await;
        self.sql(&format!(
            "UPDATE \"user\" SET is_superadmin = true WHERE id = {}",
            person.id
        ))
        .await;
        person
    }

    /// An active campaign, due in a month; its token is its id.
    pub(crate) async fn campaign(&self, organization: i32) -> i32 {
        sqlx::query_scalar(
            "WITH made AS (
                 INSERT INTO campaign (organization_id, title, description, due_by, status, started_at, join_token)
                 VALUES ($1, 'Vote', 'Please', $2, 'ACTIVE', $3, $4) RETURNING id)
             INSERT INTO interaction_step (campaign_id, script) SELECT id, 'Hi {first_name}' FROM made
             RETURNING campaign_id",
        )
        .bind(organization)
        .bind(self.now() + chrono::TimeDelta::days(30))
        .bind(self.now())
        .bind(Uuid::new_v4().to_string())
        .fetch_one(&self.app.db)
        .await
        .unwrap()
    }

    /// Contacts nobody is assigned to, in New York.
    pub(crate) async fn contacts(&self, campaign: i32, count: i32) -> Vec<i32> {
        sqlx::query_scalar(
            "WITH noted AS (UPDATE campaign SET contacts_count = coalesce(contacts_count, 0) + $2 WHERE id = $1)
             INSERT INTO campaign_contact (campaign_id, first_name, last_name, cell, timezone, custom_fields)
             SELECT $1, 'Ana', 'Diaz', '+1555' || lpad((n + coalesce((SELECT count(*) FROM campaign_contact
                    WHERE campaign_id = $1), 0))::text, 7, '0'), 'America/New_York', '{\"city\": \"Boston\"}'
             FROM generate_series(1, $2) AS n RETURNING id",
        )
        .bind(campaign)
        .bind(count)
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    pub(crate) async fn assignment(&self, campaign: i32, texter: Person) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO assignment (user_id, campaign_id) VALUES ($1, $2) RETURNING id",
        )
        .bind(texter.id)
        .bind(campaign)
        .fetch_one(&self.app.db)
        .await
        .unwrap()
    }

    /// A texter with `count` contacts nobody has texted yet.
    pub(crate) async fn texting(&self, count: i32) -> Texting {
        let organization = self.organization().await;
        let texter = self.member(organization, "TEXTER").await;
        let campaign = self.campaign(organization).await;
        let contacts = self.contacts(campaign, count).await;
        let assignment = self.assignment(campaign, texter).await;
        self.sql(&format!(
            "UPDATE campaign_contact SET assignment_id = {assignment} WHERE campaign_id = {campaign}"
        ))
        .await;
        Texting {
            organization,
            campaign,
            assignment,
            texter,
            contacts,
        }
    }

    /// The texter sends a first message to a contact.
    pub(crate) async fn send_first(&self, texting: &Texting, contact: i32) -> Answer {
        self.send_text(
            texting.texter,
            texting.assignment,
            contact,
            "Hi Ana",
            true,
            None,
        )
        .await
    }

    pub(crate) async fn send_text(
        &self,
        by: Person,
        assignment: i32,
        contact: i32,
        text: &str,
        is_initial: bool,
        key: Option<Uuid>,
    ) -> Answer {
        let message = json!({
            "text": text,
            "assignmentId": assignment.to_string(),
            "isInitialMessage": is_initial,
            "idempotencyKey": key.map(|key| key.to_string()),
        });
        self.graphql(
            Some(by),
            SEND,
            json!({"message": message, "id": contact.to_string()}),
        )
        .await
    }

    /// Somebody else has the contact in hand until they let it go.
    pub(crate) async fn in_hand(&self, contact: i32) -> Tx {
        let mut hand = self.app.db.begin().await.unwrap();
        sqlx::query("SELECT FROM campaign_contact WHERE id = $1 FOR UPDATE")
            .bind(contact)
            .execute(&mut *hand)
            .await
            .unwrap();
        hand
    }

    /// What `errorCode` says of each contact, to their texter.
    pub(crate) async fn codes_of(&self, texting: &Texting) -> Value {
        let query = "query ($id: String!) { contact(id: $id) { errorCode } }";
        let mut codes = Vec::new();
        for contact in &texting.contacts {
            let contact = json!({"id": contact.to_string()});
            let answer = self.graphql(Some(texting.texter), query, contact).await;
            codes.push(answer.ok()["contact"]["errorCode"].clone());
        }
        codes.into()
    }

    /// An answer of the contact comes in.
    pub(crate) async fn reply(
        &self,
        contact: i32,
        text: &str,
    ) -> spoke::texting::inbound::Received {
        let cell = self
            .value(&format!(
                "SELECT cell FROM campaign_contact WHERE id = {contact}"
            ))
            .await;
        let webhook = spoke::texting::inbound::Webhook::of(&[
            ("From", &cell),
            ("To", "+15555555555"),
            ("Body", text),
            ("MessageSid", &Uuid::new_v4().to_string()),
            ("MessagingServiceSid", "mock-messaging-service"),
            ("NumMedia", "0"),
        ]);
        spoke::texting::inbound::receive(&self.app, "twilio", &webhook)
            .await
            .unwrap()
    }

    pub(crate) async fn status(&self, contact: i32) -> String {
        self.value(&format!(
            "SELECT message_status FROM campaign_contact WHERE id = {contact}"
        ))
        .await
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {table}"))
            .await
            .parse()
            .unwrap()
    }
}
