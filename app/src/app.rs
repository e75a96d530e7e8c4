//! What every floor shares: configuration, stores, clock and chance.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum_extra::extract::cookie::Key;
use sha2::{Digest, Sha512};
use spoke_contract::functions::Function;
use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::cache::Cache;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::db::{self, Db};
use crate::http::throttle::Throttle;
use crate::ids::{Ids, RandomIds};
use crate::sms::twilio::Twilio;
use crate::storage::Storage;

/// The application: made once per process.
pub struct App {
    pub config: Config,
    pub db: Db,
    pub cache: Cache,
    pub aws: Aws,
    pub storage: Storage,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// None: no credentials, so nothing can be sent for real.
    pub twilio: Option<Twilio>,
    pub session_key: Key,
    pub throttle: Throttle,
    web: OnceCell<reqwest::Client>,
}

impl App {
    /// Reads the secrets and prepares the stores; connects to nothing else yet.
    ///
    /// # Errors
    /// When a secret cannot be read or a setting is missing.
    pub async fn start(config: Config) -> anyhow::Result<Arc<Self>> {
        let aws = Aws::default();
        let (database, session, redis, twilio) = tokio::try_join!(
            secret(
                &aws,
                config.database_url.as_deref(),
                config.database_secret_arn.as_deref()
            ),
            secret(
                &aws,
                config.session_secret.as_deref(),
                config.session_secret_arn.as_deref()
            ),
            secret(&aws, None, config.redis_secret_arn.as_deref()),
            secret(&aws, None, config.twilio_secret_arn.as_deref()),
        )?;
        let database = database.context("neither DATABASE_URL nor DATABASE_SECRET_ARN is set")?;
        let options = match &config.database_url {
            Some(url) => url
                .parse()
                .context("DATABASE_URL is not a PostgreSQL address")?,
            None => db::connection::options(&database, config.database_ssl)?,
        };
        let db = db::connect(options, connections(&config));
        let session = session.context("neither SESSION_SECRET nor SESSION_SECRET_ARN is set")?;
        let cache = Cache::new(config.redis_url.as_deref(), redis.as_deref(), &config.stage)?;
        Ok(Arc::new(Self::assemble(
            config, db, cache, aws, &session, twilio,
        )))
    }

    /// Puts the parts together; tests do it with their own.
    pub fn assemble(
        config: Config,
        db: Db,
        cache: Cache,
        aws: Aws,
        session_secret: &str,
        twilio_token: Option<String>,
    ) -> Self {
        let twilio = config
            .twilio_account_sid
            .clone()
            .zip(twilio_token)
            .map(|(account, token)| Twilio::new(account, token));
        Self {
            storage: Storage::new(&aws),
            db,
            cache,
            aws,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            twilio,
            session_key: Key::from(&Sha512::digest(session_secret.as_bytes())),
            throttle: Throttle::default(),
            web: OnceCell::new(),
            config,
        }
    }

    /// The client for calls to others than AWS.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub async fn web(&self) -> anyhow::Result<&reqwest::Client> {
        self.web
            .get_or_try_init(|| async {
                reqwest::Client::builder()
                    .connect_timeout(Duration::from_secs(3))
                    .timeout(Duration::from_secs(10))
                    .build()
                    .context("preparing the HTTP client")
            })
            .await
    }
}

/// A worker says that it is alive while a long statement holds its other connection.
fn connections(config: &Config) -> u32 {
    match config.function {
        Some(Function::Worker) => config.database_pool.max(2),
        _ => config.database_pool,
    }
}

/// The value itself, else what the secret with that ARN holds.
async fn secret(
    aws: &Aws,
    value: Option<&str>,
    arn: Option<&str>,
) -> anyhow::Result<Option<String>> {
    if let Some(value) = value {
        return Ok(Some(value.to_owned()));
    }
    let Some(arn) = arn else {
        return Ok(None);
    };
    aws.secret(arn).await.map(Some)
}
