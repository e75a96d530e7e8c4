//! People at work: signed in, speaking the API the front end speaks.

use std::time::{Duration, Instant};

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
            self.batch().await?;
            self.next()
                .await?
                .context("no contact after asking for a batch")?
        };
        let id = contact["id"].as_str().context("a contact without id")?;
        let key = uuid::Uuid::new_v4().to_string();
        self.send(&contact, &key).await?;
        Ok(id.to_owned())
    }

    async fn batch(&self) -> anyhow::Result<()> {
        let asked = self.person.ask(
            "mutation($id: String!) { findNewCampaignContact(assignmentId: $id, numberContacts: 10) { found } }",
            json!({ "id": self.assignment }),
        );
        asked.await.map(drop)
    }

    async fn send(&self, contact: &Value, key: &str) -> anyhow::Result<()> {
        self.person
            .ask(
                "mutation($message: MessageInput!, $contact: String!) {
                   sendMessage(message: $message, campaignContactId: $contact) { id messageStatus }
                 }",
                json!({
                    "contact": contact["id"],
                    "message": {
                        "text": "Hello from the test",
                        "contactNumber": contact["cell"],
                        "assignmentId": self.assignment,
                        "isInitialMessage": true,
                        "idempotencyKey": key,
                    },
                }),
            )
            .await
            .map(drop)
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

    /// Sends the first message to one contact as a browser does: what was not answered is asked again, a text with the
    /// key of its click, until it is. None when there is nobody left to text.
    pub(crate) async fn send_surely(&self) -> anyhow::Result<Option<Sent>> {
        let Some(contact) = surely(|| self.next_or_batch()).await?.value else {
            return Ok(None);
        };
        let text = |key: &str| {
            let text = contact[key].as_str().map(str::to_owned);
            text.with_context(|| format!("no {key} in {contact}"))
        };
        let (id, cell) = (text("id")?, text("cell")?);
        let key = uuid::Uuid::new_v4().to_string();
        let answered = surely(|| self.send(&contact, &key)).await?;
        Ok(Some(Sent {
            contact: id,
            cell,
            repeats: answered.repeats,
        }))
    }

    async fn next_or_batch(&self) -> anyhow::Result<Option<Value>> {
        if let Some(contact) = self.next().await? {
            return Ok(Some(contact));
        }
        self.batch().await?;
        self.next().await
    }

    /// How many of the contact's messages came from the contact.
    pub(crate) async fn messages_from(&self, contact: &str) -> anyhow::Result<usize> {
        let messages = self.messages(contact).await?;
        Ok(messages
            .iter()
            .filter(|message| message["isFromContact"] == true)
            .count())
    }

    /// How many of the contact's messages have been sent by us.
    pub(crate) async fn messages_to(&self, contact: &str) -> anyhow::Result<usize> {
        let messages = self.messages(contact).await?;
        Ok(messages
            .iter()
            .filter(|message| message["isFromContact"] == false)
            .count())
    }

    async fn messages(&self, contact: &str) -> anyhow::Result<Vec<Value>> {
        let found = self
            .person
            .ask(
                "query($id: String!) { contact(id: $id) { messages { isFromContact } } }",
                json!({ "id": contact }),
            )
            .await?;
        let messages = found["contact"]["messages"].as_array();
        Ok(messages.context("no messages")?.clone())
    }
}

/// A text that was answered for.
pub(crate) struct Sent {
    pub(crate) contact: String,
    pub(crate) cell: String,
    /// How often it had to be asked again.
    pub(crate) repeats: usize,
}

/// What was answered, and how often it was asked in vain before.
struct Answered<T> {
    value: T,
    repeats: usize,
}

/// Asks until it is answered.
async fn surely<T, F>(mut ask: impl FnMut() -> F) -> anyhow::Result<Answered<T>>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let deadline = Instant::now() + Duration::from_mins(5);
    let mut repeats = 0;
    loop {
        match ask().await {
            Ok(value) => return Ok(Answered { value, repeats }),
            Err(error) if Instant::now() > deadline => {
                return Err(error.context("asked again and again, for five minutes"));
            }
            Err(_) => repeats += 1,
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
