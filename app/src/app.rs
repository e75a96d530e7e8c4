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
use crate::db::grouped::Grouped;
use crate::db::{self, Db};
use crate::http::throttle::Throttle;
use crate::identity::Provider;
use crate::ids::{Ids, RandomIds};
use crate::sms::line::Line;
use crate::sms::twilio::Twilio;
use crate::storage::Storage;
use crate::texting::standings::Standings;

/// The application: made once per process.
pub struct App {
    pub config: Config,
    pub db: Db,
    pub grouped: Grouped,
    pub cache: Cache,
    pub aws: Aws,
    pub storage: Storage,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// None: no credentials, so nothing can be sent for real.
    pub twilio: Option<Twilio>,
    /// Whether the carrier is working, as far as this process has seen.
    pub carrier: Line,
    pub standings: Standings,
    /// None: people sign in with a password.
    pub provider: Option<Provider>,
    /// What our proxy sends along; none: whoever calls says nothing we believe.
    pub origin_secret: Option<String>,
    pub session_key: Key,
    pub throttle: Throttle,
    web: OnceCell<reqwest::Client>,
}

impl App {
    /// Reads the secrets this function needs and prepares the stores; connects to nothing else yet.
    ///
    /// # Errors
    /// When a secret cannot be read or a setting is missing.
    pub async fn start(config: Config) -> anyhow::Result<Arc<Self>> {
        let aws = Aws::default();
        let needs = Needs::of(config.function);
        let wanted = |is_needed: bool, arn: &Option<String>| arn.clone().filter(|_| is_needed);
        let session_arn = wanted(needs.session, &config.session_secret_arn);
        let redis_arn = wanted(needs.cache, &config.redis_secret_arn);
        let twilio_arn = wanted(needs.carrier, &config.twilio_secret_arn);
        let sign_in_arn = wanted(needs.session, &config.sign_in_secret_arn);
        let origin_arn = wanted(needs.session, &config.origin_secret_arn);
        let (database, session, redis, twilio, sign_in, origin) = tokio::try_join!(
            secret(
                &aws,
                config.database_url.as_deref(),
                config.database_secret_arn.as_deref()
            ),
            secret(
                &aws,
                config.session_secret.as_deref(),
                session_arn.as_deref()
            ),
            secret(&aws, None, redis_arn.as_deref()),
            secret(
                &aws,
                config.twilio_auth_token.as_deref(),
                twilio_arn.as_deref()
            ),
            secret(
                &aws,
                config.sign_in_secret.as_deref(),
                sign_in_arn.as_deref()
            ),
            secret(&aws, config.origin_secret.as_deref(), origin_arn.as_deref()),
        )?;
        let database = database.context("neither DATABASE_URL nor DATABASE_SECRET_ARN is set")?;
        let options = match &config.database_url {
            Some(url) => url
                .parse()
                .context("DATABASE_URL is not a PostgreSQL address")?,
            None => db::connection::options(&database, config.database_ssl)?,
        };
        let db = db::connect(options, config.connections());
        if needs.session && session.is_none() {
            anyhow::bail!("neither SESSION_SECRET nor SESSION_SECRET_ARN is set");
        }
        let redis_url = config.redis_url.as_deref().filter(|_| needs.cache);
        let cache = Cache::new(redis_url, redis.as_deref(), &config.stage)?;
        // A function without visitors seals nothing; its key is nobody's.
        let session = session.unwrap_or_else(|| RandomIds.token());
        let provider = if needs.session {
            Provider::of(&config, sign_in)?
        } else {
            None
        };
        let mut app = Self::assemble(config, db, cache, aws, &session, twilio);
        app.provider = provider;
        app.origin_secret = origin;
        Ok(Arc::new(app))
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
        let twilio = match &config.twilio_api_url {
            Some(url) => twilio.map(|twilio| twilio.at(url)),
            None => twilio,
        };
        Self {
            storage: Storage::new(&aws),
            grouped: Grouped::new(&db),
            db,
            cache,
            aws,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            twilio,
            carrier: Line::default(),
            standings: Standings::default(),
            provider: None,
            origin_secret: config.origin_secret.clone(),
            session_key: Key::from(&Sha512::digest(session_secret.as_bytes())),
            throttle: Throttle::default(),
            web: OnceCell::new(),
            config,
        }
    }

    /// Where uploads and exports are.
    ///
    /// # Errors
    /// When there is none.
    pub fn private_bucket(&self) -> anyhow::Result<&str> {
        self.config
            .private_bucket
            .as_deref()
            .context("AWS_S3_BUCKET_NAME is not set")
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
                    // What we send has secrets in it: nobody may pass it on to another address.
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .context("preparing the HTTP client")
            })
            .await
    }
}

/// Which secrets a function reads: its role lets it read no others.
struct Needs {
    session: bool,
    cache: bool,
    carrier: bool,
}

impl Needs {
    fn of(function: Option<Function>) -> Self {
        let is_hook = function.is_some_and(Function::is_hook);
        Self {
            session: matches!(function, None | Some(Function::Web)),
            cache: function != Some(Function::Preflight),
            carrier: !is_hook,
        }
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
