//! People at work: signed in, speaking the API the front end speaks.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// Somebody signed in.
#[derive(Clone)]
pub(crate) struct Person {
    http: reqwest::Client,
    url: String,
}

impl Person {
    /// Signs in.
    pub(crate) async fn sign_in(url: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let person = Self {
            http: crate::instance::client().cookie_store(true).build()?,
            url: url.trim_end_matches('/').to_owned(),
        };
        let answer = person
            .http
            .post(format!("{}/login-callback", person.url))
            .json(&json!({
                "authType": "login",
                "email": email,
                "password": password,
                "nextUrl": "/",
            }))
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!(
                "{email} cannot sign in: {} {}",
                answer.status(),
                answer.text().await?
            );
        }
        Ok(person)
    }

    /// One operation; an error of any kind is an error here.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let answer = self
            .http
            .post(format!("{}/graphql", self.url))
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        let mut body: Value =
            serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        if !status.is_success() || !body["errors"].is_null() {
            bail!("{status}: {body}\nof {query}");
        }
        Ok(body["data"].take())
    }
}

/// A texter with an assignment in the demonstration campaign.
pub(crate) struct Texter {
    person: Person,
    assignment: String,
}

impl Texter {
    /// The first assignment the person has anywhere.
    pub(crate) async fn of(person: Person) -> anyhow::Result<Self> {
        let found = person
            .ask("{ currentUser { organizations { id } } }", Value::Null)
            .await?;
        let organization = &found["currentUser"]["organizations"][0]["id"];
        let found = person
            .ask(
                "query($id: String!) { currentUser { assignmentSummaries(organizationId: $id) { id } } }",
                json!({ "id": organization }),
            )
            .await?;
        let assignment = found["currentUser"]["assignmentSummaries"][0]["id"]
            .as_str()
            .with_context(|| format!("no assignment: {found}"))?
            .to_owned();
        Ok(Self { person, assignment })
    }

    /// Sends the first message to one contact, asking for a batch when there is none left.
    /// Gives back the contact's id.
    pub(crate) async fn send_one(&self) -> anyhow::Result<String> {
        let contact = if let Some(contact) = self.next().await? {
            contact
        } else {
            self.person
                .ask(
                    "mutation($id: String!) { findNewCampaignContact(assignmentId: $id, numberContacts: 10) { found } }",
                    json!({ "id": self.assignment }),
                )
                .await?;
            self.next()
                .await?
                .context("no contact after asking for a batch")?
        };
        let id = contact["id"].as_str().context("a contact without id")?;
        self.person
            .ask(
                "mutation($message: MessageInput!, $contact: String!) {
                   sendMessage(message: $message, campaignContactId: $contact) { id messageStatus }
                 }",
                json!({
                    "contact": id,
                    "message": {
                        "text": "Hello from the test",
                        "contactNumber": contact["cell"],
                        "assignmentId": self.assignment,
                        "isInitialMessage": true,
                        "idempotencyKey": uuid::Uuid::new_v4(),
                    },
                }),
            )
            .await?;
        Ok(id.to_owned())
    }

    async fn next(&self) -> anyhow::Result<Option<Value>> {
        let found = self
            .person
            .ask(
                "query($id: String!) {
                   contactsForAssignment(assignmentId: $id, contactsFilter: {
                     messageStatus: \"needsMessage\", isOptedOut: false, validTimezone: true, limit: 1
                   }) { id cell }
                 }",
                json!({ "id": self.assignment }),
            )
            .await?;
        Ok(found["contactsForAssignment"].get(0).cloned())
    }

    /// How many of the contact's messages have been sent by us.
    pub(crate) async fn messages_to(&self, contact: &str) -> anyhow::Result<usize> {
        let found = self
            .person
            .ask(
                "query($id: String!) { contact(id: $id) { messages { isFromContact } } }",
                json!({ "id": contact }),
            )
            .await?;
        let messages = found["contact"]["messages"]
            .as_array()
            .context("no messages")?;
        Ok(messages
            .iter()
            .filter(|message| message["isFromContact"] == false)
            .count())
    }
}
