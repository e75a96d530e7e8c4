//! The built application as processes of its own, which can be killed; in front of them what a gateway is.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::{get, post};
use carrier::Carrier;
use chrono::Utc;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use spoke::sms::line::PAUSED_UNTIL;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::app::{Answer, Person, TestApp};
use crate::parts;

/// Generous: a machine of two slow cores builds and tests at once.
const PATIENCE: Duration = Duration::from_mins(2);
const A_MOMENT: Duration = Duration::from_millis(20);

/// Some web processes, a carrier, and somebody who looks into their database.
pub(crate) struct Instance {
    /// At the machine's time when the instance began; it sends nothing itself.
    pub(crate) app: TestApp,
    pub(crate) carrier: Carrier,
    pub(crate) service: String,
    environment: Vec<(String, String)>,
    front: Front,
    webs: Mutex<Vec<Web>>,
    client: reqwest::Client,
}

/// A web process; it ends with the test, however that ends.
struct Web {
    child: Child,
    port: u16,
}

impl Drop for Web {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Instance {
    /// Without any web process yet. `DATABASE_URL` among the variables names another server's database.
    pub(crate) async fn new(environment: &[(&str, &str)]) -> Self {
        let front = Front::open().await;
        let carrier = Carrier::start(carrier::Options::default()).await.unwrap();
        let service = carrier.service(&front.url);
        let api = carrier.url();
        let own = [
            ("SKIP_TWILIO_AND_AUTOREPLY", ""),
            ("DB_MAX_POOL", "10"),
            ("SESSION_SECRET", "a secret of tests"),
            ("SPOKE_RELEASE", "7"),
            ("LOG_LEVEL", "error"),
            ("JOB_EXECUTOR", "IN_PROCESS_ASYNC"),
            ("SUPPRESS_PHONE_VALIDATION", "1"),
            ("TWILIO_ACCOUNT_SID", carrier.account()),
            ("TWILIO_AUTH_TOKEN", carrier.token()),
            ("TWILIO_API_URL", api.as_str()),
            ("TWILIO_MESSAGE_SERVICE_SID", service.as_str()),
            ("BASE_URL", front.url.as_str()),
            ("AWS_ENDPOINT_URL", parts::get().aws.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("REDIS_URL", parts::get().redis.as_str()),
        ];
        // The last one of a name counts.
        let all: Vec<_> = own.iter().chain(environment).copied().collect();
        let latest: Vec<_> = all.iter().rev().copied().collect();
        let app = TestApp::with(&latest).await;
        app.set_time(&rfc3339(std::time::SystemTime::now()));
        let database = app.app.config.database_url.clone().unwrap();
        let mut environment: Vec<(String, String)> = all
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        environment.push(("STAGE".to_owned(), app.app.config.stage.clone()));
        environment.push(("DATABASE_URL".to_owned(), database));
        Self {
            app,
            carrier,
            service,
            environment,
            front,
            webs: Mutex::default(),
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spoke"));
        command
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// One more web process; answers when it serves.
    pub(crate) async fn start_web(&self) {
        let started = Instant::now();
        loop {
            // Free a moment ago; should somebody else have it now, the next one will do.
            let probe = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = probe.local_addr().unwrap().port();
            drop(probe);
            let child = self
                .command()
                .arg("serve")
                .env("LISTEN", format!("127.0.0.1:{port}"))
                .spawn()
                .unwrap();
            let mut web = Web { child, port };
            while web.child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                    self.webs.lock().unwrap().push(web);
                    self.front.set(self.ports());
                    return;
                }
                assert!(
                    started.elapsed() < PATIENCE,
                    "the application serves nobody"
                );
                tokio::time::sleep(A_MOMENT).await;
            }
            assert!(started.elapsed() < PATIENCE, "the application ends at once");
        }
    }

    fn ports(&self) -> Vec<u16> {
        let webs = self.webs.lock().unwrap();
        webs.iter().map(|web| web.port).collect()
    }

    /// kill -9 of the oldest web process.
    pub(crate) fn kill_web(&self) {
        let web = self.webs.lock().unwrap().remove(0);
        drop(web);
        self.front.set(self.ports());
    }

    pub(crate) fn is_serving(&self) -> bool {
        !self.webs.lock().unwrap().is_empty()
    }

    /// kill -9 of every web process.
    pub(crate) fn kill_webs(&self) {
        self.webs.lock().unwrap().clear();
        self.front.set(Vec::new());
    }

    /// One operation, tried once; none when nobody has answered for certain.
    pub(crate) async fn ask(&self, by: Person, query: &str, variables: &Value) -> Option<Answer> {
        let response = self
            .client
            .post(format!("{}/graphql", self.front.url))
            .header("cookie", self.app.cookie(by))
            .json(&json!({"query": query, "variables": variables}))
            .send()
            .await
            .ok()?;
        let answer = Answer(response.json().await.ok()?);
        let is_certain = !["INTERNAL_SERVER_ERROR", "BUSY"].contains(&answer.code());
        is_certain.then_some(answer)
    }

    /// What a browser does: asks again, with the same key, until somebody answers for certain.
    pub(crate) async fn insist(&self, by: Person, query: &str, variables: &Value) -> Answer {
        let started = Instant::now();
        loop {
            if let Some(answer) = self.ask(by, query, variables).await {
                return answer;
            }
            assert!(started.elapsed() < PATIENCE, "nobody answers {query}");
            tokio::time::sleep(A_MOMENT).await;
        }
    }

    /// One invocation of a function, made again as Lambda and its queues would until it has not failed.
    pub(crate) async fn invoke(&self, function: &str, event: Value) -> Value {
        let started = Instant::now();
        loop {
            match self.invoke_once(function, event.clone()).await {
                Ok(answer) => return answer,
                Err(error) => assert!(started.elapsed() < PATIENCE, "{function}: {error}"),
            }
        }
    }

    /// The function's process is killed when it is time; nobody hears an answer.
    pub(crate) async fn killed(
        &self,
        function: &str,
        event: Value,
        is_time: impl Future<Output = ()>,
    ) {
        tokio::select! {
            answer = self.invoke_once(function, event) => panic!("it came through: {answer:?}"),
            () = is_time => {}
        }
    }

    /// In a process of its own, as Lambda would start it.
    async fn invoke_once(&self, function: &str, event: Value) -> Result<Value, String> {
        let (api, answer) = runtime_api(event).await;
        let child = self
            .command()
            .env("SPOKE_FUNCTION", function)
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "tests")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "tests")
            .spawn()
            .unwrap();
        let _process = Web { child, port: 0 };
        let (end, body) = tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap()
            .unwrap();
        if end == "response" {
            Ok(serde_json::from_str(&body).unwrap())
        } else {
            Err(body)
        }
    }

    /// Lets minutes pass for whatever is under way, as nobody wants to wait for them. Only while no web process
    /// holds a text: it would be taken for one whose process has died.
    pub(crate) async fn age(&self) {
        assert!(self.webs.lock().unwrap().is_empty(), "somebody is sending");
        self.app
            .sql(
                "UPDATE message SET queued_at = queued_at - interval '20 minutes'
                 WHERE send_status IN ('QUEUED', 'SENDING');
                 UPDATE inbound_message SET received_at = received_at - interval '20 minutes'
                 WHERE status = 'RECEIVED'",
            )
            .await;
        // A carrier that was left alone for a while may be asked again.
        let cache = &self.app.app.cache;
        cache.set(PAUSED_UNTIL, &Utc::now(), 1).await;
    }

    /// Rounds of the scheduled function, two at once, until nothing is on its way any more.
    pub(crate) async fn come_to_rest(&self) {
        self.carrier.wait_idle().await;
        self.kill_webs();
        let unsettled =
            "SELECT (SELECT count(*) FROM message WHERE send_status IN ('QUEUED', 'SENDING'))
                              + (SELECT count(*) FROM inbound_message WHERE status = 'RECEIVED')";
        for _ in 0..20 {
            self.age().await;
            let round = || self.invoke("scheduled", json!({}));
            tokio::join!(round(), round());
            self.carrier.wait_idle().await;
            if self.app.value(unsettled).await == "0" {
                return;
            }
        }
        panic!("texts are still on their way: {}", self.app.states().await);
    }
}

fn rfc3339(time: std::time::SystemTime) -> String {
    chrono::DateTime::<chrono::Utc>::from(time).to_rfc3339()
}

/// Lambda's runtime API with one event; what was answered to it, and whether it was a response or an error.
async fn runtime_api(event: Value) -> (String, oneshot::Receiver<(String, String)>) {
    let event = Arc::new(Mutex::new(Some(event)));
    let (answered, answer) = oneshot::channel();
    let answered = Arc::new(Mutex::new(Some(answered)));
    let next = async move || {
        let event = event.lock().unwrap().take();
        let Some(event) = event else {
            return std::future::pending::<Response<Body>>().await;
        };
        Response::builder()
            .header("lambda-runtime-aws-request-id", "one")
            .header("lambda-runtime-deadline-ms", "9999999999999")
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:0:function:f",
            )
            .body(Body::from(event.to_string()))
            .unwrap()
    };
    let end = async move |Path((_, end)): Path<(String, String)>, body: String| {
        if let Some(answered) = answered.lock().unwrap().take() {
            drop(answered.send((end, body)));
        }
        StatusCode::ACCEPTED
    };
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{end}", post(end));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, router).into_future());
    (address, answer)
}

/// One address for whatever processes there are: each connection goes to the next of them.
struct Front {
    url: String,
    ports: Arc<Mutex<Vec<u16>>>,
}

impl Front {
    async fn open() -> Self {
        // TLS is chosen by the parts.
        parts::get();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ports = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(pass_on(listener, ports.clone()));
        Self { url, ports }
    }

    fn set(&self, ports: Vec<u16>) {
        *self.ports.lock().unwrap() = ports;
    }
}

async fn pass_on(listener: TcpListener, ports: Arc<Mutex<Vec<u16>>>) {
    let mut turn = 0_usize;
    while let Ok((mut from, _)) = listener.accept().await {
        let port = {
            let ports = ports.lock().unwrap();
            turn = turn.wrapping_add(1);
            ports.get(turn % ports.len().max(1)).copied()
        };
        // Nobody there: the connection breaks.
        let Some(port) = port else { continue };
        tokio::spawn(async move {
            if let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await {
                drop(tokio::io::copy_bidirectional(&mut from, &mut to).await);
            }
        });
    }
}
