//! One application a test: its own database, its own prefix in Redis, a clock that stands still.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use axum_extra::extract::PrivateCookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use spoke::access::Session;
use spoke::app::App;
use spoke::aws::Aws;
use spoke::cache::Cache;
use spoke::clock::Clock;
use spoke::config::Config;
use tower::ServiceExt;
use tracing_subscriber::layer::Context;

use crate::parts;

/// Noon of an election day on the East Coast.
pub(crate) const NOON: &str = "2026-11-03T17:00:00Z";

pub(crate) struct FixedClock(Mutex<DateTime<Utc>>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) router: axum::Router,
    clock: Arc<FixedClock>,
}

/// Somebody signed in, or nobody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) id: i32,
    pub(crate) epoch: i32,
}

/// The answer to a GraphQL operation.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With these environment variables.
    pub(crate) async fn with(environment: &[(&str, &str)]) -> Self {
        Self::build(environment, |_| {}).await
    }

    /// With these environment variables, and changed before it is shared.
    pub(crate) async fn build(environment: &[(&str, &str)], change: impl FnOnce(&mut App)) -> Self {
        let parts = parts::get();
        let own_server = environment.iter().find(|(name, _)| *name == "DATABASE_URL");
        let (database, url) = if let Some((_, url)) = own_server {
            ("own".to_owned(), (*url).to_owned())
        } else {
            let database = parts.database().await;
            let url = parts.url(&database);
            (database, url)
        };
        let defaults = [
            ("STAGE", database.as_str()),
            ("SPOKE_RELEASE", "7"),
            ("JOB_EXECUTOR", "IN_PROCESS"),
            ("SKIP_TWILIO_AND_AUTOREPLY", "1"),
            ("SUPPRESS_PHONE_VALIDATION", "1"),
            ("REDIS_URL", parts.redis.as_str()),
            ("DATABASE_URL", url.as_str()),
        ];
        let get = |name: &str| {
            environment
                .iter()
                .chain(&defaults)
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let config = Config::read(get).unwrap();
        let options = url.parse().unwrap();
        let db = spoke::db::connect(options, 10);
        let cache = Cache::new(config.redis_url.as_deref(), None, &config.stage).unwrap();
        let mut app = App::assemble(config, db, cache, aws().await, "a secret of tests", None);
        let clock = Arc::new(FixedClock(Mutex::new(NOON.parse().unwrap())));
        app.clock = clock.clone();
        change(&mut app);
        let app = Arc::new(app);
        Self {
            router: spoke::http::router(&app),
            app,
            clock,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn set_time(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.clock.0.lock().unwrap() += TimeDelta::from_std(time).unwrap();
    }

    /// Waits until the database answers again.
    pub(crate) async fn wait_for_database(&self) {
        let started = std::time::Instant::now();
        while sqlx::query("SELECT 1").execute(&self.app.db).await.is_err() {
            assert!(started.elapsed() < Duration::from_mins(1), "no database");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until this condition holds in the database.
    pub(crate) async fn wait_until(&self, condition: &str) {
        let started = std::time::Instant::now();
        while self.value(&format!("SELECT {condition}")).await != "true" {
            assert!(
                started.elapsed() < Duration::from_mins(2),
                "never: {condition}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// One statement, without its answer.
    pub(crate) async fn sql(&self, statement: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&self.app.db)
            .await
            .unwrap();
    }

    /// The first column of the first row, as text.
    pub(crate) async fn value(&self, query: &str) -> String {
        let query = format!("SELECT coalesce(x::text, 'NULL') FROM ({query}) AS q (x)");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, by: Option<Person>) -> Response<Body> {
        let mut request = Request::get(path);
        if let Some(person) = by {
            request = request.header(header::COOKIE, self.cookie(person));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response<Body> {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// The cookie a browser of this person would send.
    pub(crate) fn cookie(&self, person: Person) -> String {
        let session = Session {
            user_id: person.id,
            epoch: person.epoch,
        };
        let jar = PrivateCookieJar::new(self.app.session_key.clone());
        let answer = spoke::http::session::write(&self.app, jar, session).into_response();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// One GraphQL operation.
    pub(crate) async fn graphql(
        &self,
        by: Option<Person>,
        query: &str,
        variables: Value,
    ) -> Answer {
        let mut request =
            Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        if let Some(person) = by {
            request = request.header(header::COOKIE, self.cookie(person));
        }
        let body = json!({"query": query, "variables": variables});
        let response = self
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        Answer(json_of(response).await)
    }
}

pub(crate) async fn json_of(response: Response<Body>) -> Value {
    serde_json::from_str(&text_of(response).await).unwrap()
}

pub(crate) async fn text_of(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

impl Answer {
    /// What the operation answered, which must not have failed.
    pub(crate) fn ok(&self) -> &Value {
        assert!(self.0["errors"].is_null(), "{}", self.0);
        &self.0["data"]
    }

    /// The code it failed with; `OK` when it did not.
    pub(crate) fn code(&self) -> &str {
        let error = &self.0["errors"][0];
        assert_eq!(error["code"], error["extensions"]["code"], "{}", self.0);
        error["code"].as_str().unwrap_or("OK")
    }

    pub(crate) fn message(&self) -> &str {
        self.0["errors"][0]["message"].as_str().unwrap_or("")
    }
}

pub(crate) async fn aws() -> Aws {
    aws_at(&parts::get().aws).await
}

/// The clients of the cloud at this address.
pub(crate) async fn aws_at(endpoint: &str) -> Aws {
    let credentials = aws_sdk_s3::config::Credentials::new("local", "local", None, None, "tests");
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(aws_config::Region::from_static("us-east-1"))
        .credentials_provider(credentials)
        .http_client(http)
        .load()
        .await;
    Aws::of(config)
}

thread_local! {
    static SENT: Cell<usize> = const { Cell::new(0) };
}

/// Counts the statements each thread sends: a test's runtime is one thread.
pub(crate) struct Counter;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            SENT.set(SENT.get() + 1);
        }
    }
}

/// The statements of this test since it was made.
pub(crate) struct Statements(usize);

impl Statements {
    pub(crate) fn counted() -> Self {
        Self(SENT.get())
    }

    pub(crate) fn count(&self) -> usize {
        SENT.get() - self.0
    }
}
