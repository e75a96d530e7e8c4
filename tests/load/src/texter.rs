//! One texter with a browser: signs in, joins, asks for contacts, sends, polls, replies, opts out.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::MOST_TEXTERS;
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
    /// How long each reply took, the thread looked at before included.
    pub(crate) replies: Vec<Duration>,
    /// How long each opt-out took.
    pub(crate) opt_outs: Vec<Duration>,
}

/// What the client sends.
struct Operations {
    batch: String,
    page: String,
    send: String,
    list: String,
    thread: String,
    reply: String,
    opt_out: String,
    poll: String,
}

/// One conversation in so many ends with an opt-out, and not with a reply.
const OPT_OUTS: usize = 20;
/// A texter's screen asks for news after so many conversations.
const POLLS: usize = 5;

const JOIN: &str =
    "mutation ($token: String!) { assignUserToCampaign(token: $token) { id texter { id } } }";

const PASSWORD: &str = "a long password";

/// Somebody who texts alone.
pub(crate) const ALONE: u32 = MOST_TEXTERS;
/// Somebody who may do everything in the organization.
pub(crate) const ADMIN: u32 = MOST_TEXTERS + 1;

pub(crate) fn email(number: u32) -> String {
    format!("texter{number}@example.org")
}

/// A new browser, and what it was let in by.
async fn enter(instance: &Instance, form: &Value) -> anyhow::Result<reqwest::Client> {
    let web = reqwest::Client::builder().cookie_store(true).build()?;
    let url = format!("{}/login-callback", instance.url);
    let answer = web.post(url).json(form).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    anyhow::ensure!(status.is_success(), "signing in: {status} {text}");
    Ok(web)
}

impl Texter {
    /// Makes the accounts: the first by the form, the others after it. One address may not sign up so many at once.
    pub(crate) async fn sign_up_all(instance: &Instance) -> anyhow::Result<()> {
        let form = json!({
            "authType": "signup", "email": email(0), "password": PASSWORD, "passwordConfirm": PASSWORD,
            "firstName": "Pat", "lastName": "Doe", "cell": "+16175550123",
        });
        enter(instance, &form).await?;
        sqlx::query(
            "INSERT INTO \"user\" (email, password_hash, first_name, last_name, cell)
             SELECT 'texter' || n || '@example.org', password_hash, first_name, last_name, cell
             FROM \"user\", generate_series(1, $2) AS n WHERE email = $1",
        )
        .bind(email(0))
        .bind(i32::try_from(ADMIN)?)
        .execute(&instance.db)
        .await?;
        Ok(())
    }

    pub(crate) async fn sign_in(instance: &Instance, number: u32) -> anyhow::Result<Self> {
        let form = json!({"authType": "login", "email": email(number), "password": PASSWORD});
        let web = enter(instance, &form).await?;
        Ok(Self {
            web,
            url: instance.url.clone(),
            id: 0,
            assignment: String::new(),
            operations: Operations {
                batch: operation("FindNewCampaignContact")?,
                page: operation("NextContacts")?,
                send: operation("SendFirstMessage")?,
                list: operation("ConversationList")?,
                thread: operation("Thread")?,
                reply: operation("SendReply")?,
                opt_out: operation("CreateOptOut")?,
                poll: operation("Stamp")?,
            },
            sends: Vec::new(),
            pages: Vec::new(),
            replies: Vec::new(),
            opt_outs: Vec::new(),
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

    /// Goes through everybody who has answered, page by page, until the time is over.
    pub(crate) async fn converse(&mut self, end: Instant, think: Duration) -> anyhow::Result<()> {
        let mut after = Value::Null;
        loop {
            let wanted = json!({"assignmentId": self.assignment, "afterId": after});
            let answer = self.ask(&self.operations.list, wanted).await?;
            let page = answer["contactsForAssignment"].as_array();
            let contacts: Vec<&Value> = page.into_iter().flatten().collect();
            let Some(last) = contacts.last() else {
                return Ok(());
            };
            after = last["id"].clone();
            let waiting = contacts
                .iter()
                .filter(|contact| contact["messageStatus"] == "needsResponse");
            for (place, contact) in waiting.enumerate() {
                if Instant::now() >= end {
                    return Ok(());
                }
                if place % OPT_OUTS == OPT_OUTS - 1 {
                    self.opt_out(&contact["id"]).await?;
                } else {
                    self.reply(&contact["id"]).await?;
                }
                if !think.is_zero() {
                    tokio::time::sleep(think).await;
                }
                if place % POLLS == 0 {
                    let wanted = json!({"assignmentId": self.assignment});
                    self.ask(&self.operations.poll, wanted).await?;
                }
            }
        }
    }

    async fn reply(&mut self, contact: &Value) -> anyhow::Result<()> {
        let started = Instant::now();
        let wanted = json!({"contactId": contact});
        self.ask(&self.operations.thread, wanted).await?;
        let message = json!({
            "text": "Wonderful! The polls are open from seven to eight.",
            "assignmentId": self.assignment,
            "idempotencyKey": Uuid::new_v4().to_string(),
        });
        let wanted = json!({"message": message, "contactId": contact});
        self.ask(&self.operations.reply, wanted).await?;
        self.replies.push(started.elapsed());
        Ok(())
    }

    async fn opt_out(&mut self, contact: &Value) -> anyhow::Result<()> {
        let wanted = json!({"contactId": contact});
        let thread = self.ask(&self.operations.thread, wanted).await?;
        let opt_out = json!({
            "assignmentId": self.assignment, "cell": thread["contact"]["cell"], "reason": "asked",
        });
        let started = Instant::now();
        let wanted = json!({"contactId": contact, "optOut": opt_out});
        self.ask(&self.operations.opt_out, wanted).await?;
        self.opt_outs.push(started.elapsed());
        Ok(())
    }
}
