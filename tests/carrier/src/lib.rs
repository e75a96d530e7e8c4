//! A carrier to test against: speaks Twilio's HTTP API for what Spoke uses, refuses what Twilio
//! documents that it refuses, signs its callbacks, and breaks by plan.
//!
//! One server answers for all of Twilio's hosts: paths do not overlap. Nothing is ever sent to
//! anybody. What it was asked and what it took can be read, and its faults set, from Rust or
//! under `/_carrier` over HTTP.

mod account;
mod answers;
mod callbacks;
mod control;
mod messages;
mod numbers;
mod pages;
pub mod plan;
mod server;
mod services;

pub use account::{Inbound, Number, Service, Text};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use account::Account;
use plan::{Fault, Outage, Plan, Rule};

/// Who the carrier's customer is.
#[derive(Clone, Debug)]
pub struct Options {
    /// `AC` and 32 hex digits.
    pub account: String,
    pub token: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: format!("AC{}", "0".repeat(32)),
            token: "the token of tests".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

/// What all of the carrier's tasks share.
pub(crate) struct Shared {
    pub(crate) account: String,
    pub(crate) token: String,
    /// Where it is itself.
    pub(crate) url: String,
    state: Mutex<Account>,
    plan: Mutex<Plan>,
    /// Callbacks decided on and not yet answered.
    under_way: watch::Sender<usize>,
    /// Counts what it was asked for, so that tests can wait for a request.
    asked: watch::Sender<usize>,
    /// Counts the texts it has.
    taken: watch::Sender<usize>,
    pub(crate) web: reqwest::Client,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, Account> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A carrier that is running; it stops with its runtime, or when it is told to.
#[derive(Clone)]
pub struct Carrier {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

/// How long a test waits for what must come; generous, as machines of two slow cores run tests.
const PATIENCE: Duration = Duration::from_mins(1);

impl Carrier {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        // Whoever else is in this process may have installed one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            account: options.account,
            token: options.token,
            url: format!("http://{address}"),
            state: Mutex::default(),
            plan: Mutex::default(),
            under_way: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            taken: watch::Sender::new(0),
            web: reqwest::Client::builder()
                .timeout(Duration::from_secs(15))
                .build()?,
        });
        let stop = watch::Sender::new(false);
        tokio::spawn(server::run(listener, shared.clone(), stop.subscribe()));
        Ok(Self {
            shared,
            address,
            stop,
        })
    }

    /// Stops taking connections: from here on nobody reaches it.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// `http://127.0.0.1:…`, in place of every host of Twilio's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn account(&self) -> &str {
        &self.shared.account
    }

    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// A messaging service with one sender, made without a request.
    pub fn service(&self, webhooks: &str) -> String {
        let mut state = self.shared.state();
        let sid = state.service(Service {
            friendly_name: "Shared".to_owned(),
            inbound_request_url: format!("{webhooks}/twilio"),
            fallback_url: format!("{webhooks}/twilio-fallback"),
            status_callback: format!("{webhooks}/twilio-message-report"),
            ..Service::default()
        });
        let number = state.number("+15005550006", "Shared");
        state.attach(&sid, &number);
        sid
    }

    /// Where a service brings texts, and where it does when that fails: told once its customer runs.
    pub fn webhooks(&self, service: &str, inbound: &str, fallback: &str) {
        let mut state = self.shared.state();
        for known in &mut state.services {
            if known.sid == service {
                inbound.clone_into(&mut known.inbound_request_url);
                fallback.clone_into(&mut known.fallback_url);
            }
        }
    }

    /// What it has taken, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        self.shared.state().texts.clone()
    }

    /// What people have sent to its customer, in the order in which they were answered for.
    pub fn inbound(&self) -> Vec<Inbound> {
        self.shared.state().inbound.clone()
    }

    /// The numbers its customer owns.
    pub fn numbers(&self) -> Vec<Number> {
        self.shared.state().numbers.clone()
    }

    /// The messaging services of its customer.
    pub fn services(&self) -> Vec<Service> {
        self.shared.state().services.clone()
    }

    /// Requests of the API, as `METHOD path?body`, oldest first.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state().asked.clone()
    }

    /// One more rule for what goes wrong; earlier rules are asked first.
    pub fn fault(&self, rule: Rule) {
        self.shared.plan().rules.push(rule);
    }

    /// The next text, whoever it is to, meets this fault.
    pub fn fault_next(&self, fault: Fault) {
        self.fault(Rule::of(fault).times(1));
    }

    /// From now on nothing works, until it is none again.
    pub fn set_outage(&self, outage: Option<Outage>) {
        self.shared.plan().outage = outage;
    }

    /// What it does with every text that meets no fault.
    pub fn set_plan(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.shared.plan());
    }

    /// Lets every text that is held go on.
    pub fn release(&self) {
        self.shared.plan().release();
    }

    /// A person texts the sender a text came from, or the first sender of that service. Whether
    /// it was delivered, by the webhook or by its fallback.
    ///
    /// # Panics
    /// When the service has no sender.
    pub async fn reply(&self, from: &str, service: &str, body: &str) -> bool {
        callbacks::inbound(&self.shared, from, service, body, &[]).await
    }

    /// Likewise, with pictures.
    pub async fn reply_with(
        &self,
        from: &str,
        service: &str,
        body: &str,
        media: &[(&str, &str)],
    ) -> bool {
        callbacks::inbound(&self.shared, from, service, body, media).await
    }

    /// Reports a text's status once more.
    pub async fn report(&self, sid: &str, status: &str, error_code: Option<u32>) -> bool {
        callbacks::report(&self.shared, sid, status, error_code).await
    }

    /// Waits until it was asked `count` times in all.
    ///
    /// # Panics
    /// When it was not in time.
    pub async fn wait_asked(&self, count: usize) {
        let mut asked = self.shared.asked.subscribe();
        let came = tokio::time::timeout(PATIENCE, asked.wait_for(|found| *found >= count)).await;
        assert!(came.is_ok(), "the carrier was not asked {count} times");
    }

    /// Waits until it has taken `count` texts in all.
    ///
    /// # Panics
    /// When it had not in time.
    pub async fn wait_taken(&self, count: usize) {
        let mut taken = self.shared.taken.subscribe();
        let came = tokio::time::timeout(PATIENCE, taken.wait_for(|found| *found >= count)).await;
        assert!(came.is_ok(), "the carrier has not taken {count} texts");
    }

    /// Sets its clock, which then stands still.
    pub fn set_time(&self, time: chrono::DateTime<chrono::Utc>) {
        self.shared.state().time = Some(time);
    }

    /// Waits until every callback under way has been answered.
    ///
    /// # Panics
    /// When they were not in time.
    pub async fn wait_idle(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        let came = tokio::time::timeout(PATIENCE, under_way.wait_for(|count| *count == 0)).await;
        assert!(came.is_ok(), "callbacks are still under way");
    }

    /// The signature Twilio would give this request.
    pub fn signature(&self, url: &str, parameters: &[(String, String)]) -> String {
        callbacks::signature(&self.shared.token, url, parameters)
    }
}
