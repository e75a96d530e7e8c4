//! One texter with a browser: signs up, joins, asks for contacts, sends.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::documents::operation;
use crate::instance::{Instance, ask};

pub(crate) struct Texter {
    pub(crate) web: reqwest::Client,
    pub(crate) url: String,
    pub(crate) id: i32,
    pub(crate) assignment: String,
    operations: Operations,
    /// How long each text took.
    pub(crate) sends: Vec<Duration>,
    /// How long each page of contacts took.
    pub(crate) pages: Vec<Duration>,
}

/// What the client sends.
struct Operations {
    batch: String,
    page: String,
    send: String,
}

const JOIN: &str =
    "mutation ($token: String!) { assignUserToCampaign(token: $token) { id texter { id } } }";

impl Texter {
    pub(crate) async fn sign_up(instance: &Instance, number: u32) -> anyhow::Result<Self> {
        let web = reqwest::Client::builder().cookie_store(true).build()?;
        let form = json!({
            "authType": "signup", "email": format!("texter{number}@example.org"),
            "password": "a long password", "passwordConfirm": "a long password",
            "firstName": "Pat", "lastName": "Doe", "cell": "+16175550123",
        });
        let url = format!("{}/login-callback", instance.url);
        let answer = web.post(url).json(&form).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        anyhow::ensure!(status.is_success(), "signing up: {status} {text}");
        Ok(Self {
            web,
            url: instance.url.clone(),
            id: 0,
            assignment: String::new(),
            operations: Operations {
                batch: operation("FindNewCampaignContact")?,
                page: operation("NextContacts")?,
                send: operation("SendFirstMessage")?,
            },
            sends: Vec::new(),
            pages: Vec::new(),
        })
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        ask(&self.web, &self.url, query, variables).await
    }

    pub(crate) async fn join(&mut self, token: &str) -> anyhow::Result<()> {
        let answer = self.ask(JOIN, json!({"token": token})).await?;
        let assignment = &answer["assignUserToCampaign"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        self.assignment = text(&assignment["id"]).context("no assignment")?;
        self.id = text(&assignment["texter"]["id"])
            .and_then(|id| id.parse().ok())
            .context("no texter")?;
        Ok(())
    }

    /// The next contacts to text.
    pub(crate) async fn page(&mut self) -> anyhow::Result<Vec<String>> {
        let started = Instant::now();
        let wanted = json!({"assignmentId": self.assignment, "limit": 50});
        let answer = self.ask(&self.operations.page, wanted).await?;
        self.pages.push(started.elapsed());
        let contacts = answer["contactsForAssignment"]
            .as_array()
            .into_iter()
            .flatten();
        Ok(contacts
            .filter_map(|contact| contact["id"].as_str().map(str::to_owned))
            .collect())
    }

    /// Texts contacts, page by page and batch by batch, until the time is over.
    pub(crate) async fn work(&mut self, end: Instant, think: Duration) -> anyhow::Result<()> {
        while Instant::now() < end {
            let contacts = self.page().await?;
            if contacts.is_empty() {
                self.batch().await?;
            }
            for contact in contacts {
                if Instant::now() >= end {
                    return Ok(());
                }
                self.send(&contact).await?;
                if !think.is_zero() {
                    tokio::time::sleep(think).await;
                }
            }
        }
        Ok(())
    }

    /// Asks for contacts: 300, the most there are at once.
    pub(crate) async fn batch(&self) -> anyhow::Result<()> {
        let wanted = json!({"assignmentId": self.assignment});
        let batch = self.ask(&self.operations.batch, wanted).await?;
        let is_found = batch["findNewCampaignContact"]["found"] == true;
        anyhow::ensure!(is_found, "there are no contacts left; give it more");
        Ok(())
    }

    async fn send(&mut self, contact: &str) -> anyhow::Result<()> {
        let message = json!({
            "text": "Hi Ana, this is Pat with the campaign. Can we count on your vote on Tuesday?",
            "assignmentId": self.assignment, "isInitialMessage": true,
            "idempotencyKey": Uuid::new_v4().to_string(),
        });
        let started = Instant::now();
        let wanted = json!({"message": message, "contactId": contact});
        self.ask(&self.operations.send, wanted).await?;
        self.sends.push(started.elapsed());
        Ok(())
    }
}
