//! The configuration, read from the environment by the rows of the contract, nowhere else.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use spoke_contract::functions::Function;
use spoke_contract::vars;

use crate::texting::ratio::DropRatio;

/// Who runs background jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobExecutor {
    /// The worker function, invoked asynchronously.
    Lambda,
    /// This process, before the mutation answers.
    InProcess,
    /// This process, after the mutation has answered: plain server only.
    InProcessAsync,
}

/// `SKIP_TWILIO_AND_AUTOREPLY`, with its two old meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulation {
    /// Unset: texts go to the carrier.
    Off,
    /// Any text but `1`: texts belong to the mock messaging service, and nothing is simulated.
    NoCarrier,
    /// Exactly `1`: reported delivered and answered by itself.
    AutoReply,
}

/// `PASSPORT_STRATEGY`: how people sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// E-mail address and password.
    Password,
    /// By a Slack workspace.
    Slack {
        /// The app's id at Slack.
        client_id: String,
        /// The workspace, `T...`.
        team: String,
    },
    /// By an Auth0 tenant.
    Auth0 {
        /// The tenant's host name.
        domain: String,
        /// The application's id there.
        client_id: String,
    },
}

impl Strategy {
    /// Its word for the front end.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Slack { .. } => "slack",
            Self::Auth0 { .. } => "auth0",
        }
    }
}

/// Everything the environment says, typed.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the environment"
)]
pub struct Config {
    pub function: Option<Function>,
    pub stage: String,
    pub release: u64,
    pub bundle: String,
    pub base_url: String,
    pub trusted_proxies: usize,
    pub origin_secret_arn: Option<String>,
    pub origin_secret: Option<String>,
    pub asset_bucket: Option<String>,
    pub asset_domain: Option<String>,
    pub private_bucket: Option<String>,
    pub database_secret_arn: Option<String>,
    pub database_url: Option<String>,
    pub database_ssl: bool,
    pub database_pool: u32,
    pub redis_url: Option<String>,
    pub redis_secret_arn: Option<String>,
    pub session_secret_arn: Option<String>,
    pub session_secret: Option<String>,
    pub pointer_parameter: Option<String>,
    pub pending_release_parameter: Option<String>,
    pub job_executor: JobExecutor,
    pub worker_function: Option<String>,
    pub inbound_queue_url: Option<String>,
    pub report_queue_url: Option<String>,
    pub strategy: Strategy,
    pub sign_in_url: Option<String>,
    pub sign_in_secret_arn: Option<String>,
    pub sign_in_secret: Option<String>,
    pub suppress_self_invite: bool,
    pub default_service: String,
    pub simulation: Simulation,
    pub drop_ratio: DropRatio,
    pub override_recipient: Option<String>,
    pub suppress_phone_validation: bool,
    /// How long every HTTP request waits before it is worked on.
    pub simulated_delay: Option<Duration>,
    pub phone_number_country: String,
    pub max_batch: u32,
    pub max_contacts: u32,
    pub max_contacts_per_texter: Option<i32>,
    pub max_message_length: usize,
    pub opt_out_message: String,
    pub opt_outs_shared: bool,
    pub reference_zone: Tz,
    pub twilio_account_sid: Option<String>,
    pub twilio_secret_arn: Option<String>,
    pub twilio_auth_token: Option<String>,
    pub twilio_api_url: Option<String>,
    pub twilio_voice_url: Option<String>,
    /// Where the carrier reaches us.
    pub callback_url: String,
    /// What the fallback's address ends in where the API serves it without any function of ours.
    pub twilio_fallback_key: Option<String>,
    pub contacts_per_phone_number: u32,
    pub twilio_messaging_service_sid: Option<String>,
    pub twilio_validity_period: Option<u32>,
    pub log_level: String,
    pub listen: String,
}

const OPT_OUT_SENTENCE: &str = "I'm opting you out of texts immediately. Have a great day.";

impl Config {
    /// Reads the environment through `get`.
    ///
    /// # Errors
    /// When a variable holds something it cannot; the message names it.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let env = Environment { get: &get };
        Ok(Self {
            function: env
                .text(vars::FUNCTION)
                .as_deref()
                .and_then(Function::from_name),
            stage: env.required(vars::STAGE),
            release: env.number(vars::RELEASE)?,
            bundle: env.required(vars::BUNDLE),
            base_url: env
                .required(vars::BASE_URL)
                .trim_end_matches('/')
                .to_owned(),
            trusted_proxies: env.number(vars::TRUSTED_PROXIES)?,
            origin_secret_arn: env.text(vars::ORIGIN_SECRET_ARN),
            origin_secret: env.text(vars::ORIGIN_SECRET),
            asset_bucket: env.text(vars::ASSET_BUCKET),
            asset_domain: env.text(vars::ASSET_DOMAIN),
            private_bucket: env.text(vars::PRIVATE_BUCKET),
            database_secret_arn: env.text(vars::DATABASE_SECRET_ARN),
            database_url: env.text(vars::DATABASE_URL),
            database_ssl: env.required(vars::DB_USE_SSL) != "0",
            database_pool: env.number(vars::DB_MAX_POOL)?,
            redis_url: env.text(vars::REDIS_URL),
            redis_secret_arn: env.text(vars::REDIS_SECRET_ARN),
            session_secret_arn: env.text(vars::SESSION_SECRET_ARN),
            session_secret: env.text(vars::SESSION_SECRET),
            pointer_parameter: env.text(vars::POINTER_PARAMETER),
            pending_release_parameter: env.text(vars::PENDING_RELEASE_PARAMETER),
            job_executor: env.job_executor()?,
            worker_function: env.text(vars::JOB_LAMBDA_WORKER_FUNCTION_NAME),
            inbound_queue_url: env.text(vars::INBOUND_QUEUE_URL),
            report_queue_url: env.text(vars::REPORT_QUEUE_URL),
            strategy: env.strategy()?,
            sign_in_url: env.text(vars::SIGN_IN_URL),
            sign_in_secret_arn: env.text(vars::SIGN_IN_SECRET_ARN),
            sign_in_secret: env.text(vars::SIGN_IN_SECRET),
            suppress_self_invite: env.text(vars::SUPPRESS_SELF_INVITE).is_some(),
            default_service: env.required(vars::DEFAULT_SERVICE),
            simulation: match env.text(vars::SKIP_TWILIO_AND_AUTOREPLY).as_deref() {
                None => Simulation::Off,
                Some("1") => Simulation::AutoReply,
                Some(_) => Simulation::NoCarrier,
            },
            drop_ratio: DropRatio::parse(&env.required(vars::DROP_MESSAGE_RATIO)),
            override_recipient: env.text(vars::OVERRIDE_RECIPIENT),
            suppress_phone_validation: env.required(vars::SUPPRESS_PHONE_VALIDATION) == "1",
            simulated_delay: env
                .optional_number(vars::SIMULATE_DELAY_MILLIS)?
                .map(Duration::from_millis),
            phone_number_country: env.required(vars::PHONE_NUMBER_COUNTRY),
            max_batch: env.number(vars::DYNAMIC_ASSIGN_MAX_BATCH_SIZE)?,
            max_contacts: env.number(vars::MAX_CONTACTS)?,
            max_contacts_per_texter: env.optional_number(vars::MAX_CONTACTS_PER_TEXTER)?,
            max_message_length: env.number(vars::MAX_MESSAGE_LENGTH)?,
            opt_out_message: env
                .text(vars::OPT_OUT_MESSAGE)
                .unwrap_or_else(|| OPT_OUT_SENTENCE.to_owned()),
            opt_outs_shared: env.text(vars::OPTOUTS_SHARE_ALL_ORGS).is_some(),
            reference_zone: env.zone(vars::DST_REFERENCE_TIMEZONE)?,
            twilio_account_sid: env.text(vars::TWILIO_ACCOUNT_SID),
            twilio_secret_arn: env.text(vars::TWILIO_SECRET_ARN),
            twilio_auth_token: env.text(vars::TWILIO_AUTH_TOKEN),
            twilio_api_url: env.text(vars::TWILIO_API_URL),
            twilio_voice_url: env.text(vars::TWILIO_VOICE_URL),
            twilio_fallback_key: env.text(vars::TWILIO_FALLBACK_KEY),
            callback_url: env
                .text(vars::TWILIO_BASE_CALLBACK_URL)
                .unwrap_or_else(|| env.required(vars::BASE_URL))
                .trim_end_matches('/')
                .to_owned(),
            contacts_per_phone_number: env.number::<u32>(vars::CONTACTS_PER_PHONE_NUMBER)?.max(1),
            twilio_messaging_service_sid: env.text(vars::TWILIO_MESSAGE_SERVICE_SID),
            twilio_validity_period: env.optional_number(vars::TWILIO_MESSAGE_VALIDITY_PERIOD)?,
            log_level: env.required(vars::LOG_LEVEL),
            listen: env.required(vars::LISTEN),
        })
    }

    /// How many connections to the database this process opens at most.
    #[must_use]
    pub fn connections(&self) -> u32 {
        let pool = self.database_pool;
        self.function
            .map_or(pool, |function| function.connections(pool))
    }

    /// Where the carrier brings a text that the first address did not take.
    #[must_use]
    pub fn fallback_url(&self) -> String {
        let mut url = format!("{}/twilio-fallback", self.callback_url);
        if let Some(key) = &self.twilio_fallback_key {
            url.push('/');
            url.push_str(key);
        }
        url
    }

    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn from_environment() -> anyhow::Result<Self> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Whether browsers reach us over TLS.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

struct Environment<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    /// The value, or the contract's default; empty counts as absent.
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name)
            .filter(|value| !value.is_empty())
            .or_else(|| {
                vars::ALL
                    .iter()
                    .find(|var| var.name == name)
                    .map(|var| var.default.to_owned())
            })
            .filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> anyhow::Result<N> {
        self.optional_number(name)?
            .with_context(|| format!("{name} must be a number; it is empty"))
    }

    fn optional_number<N: std::str::FromStr>(&self, name: &str) -> anyhow::Result<Option<N>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => bail!("{name} must be a number; it is \"{text}\""),
        }
    }

    fn zone(&self, name: &str) -> anyhow::Result<Tz> {
        let text = self.required(name);
        text.parse()
            .ok()
            .with_context(|| format!("{name} must be an IANA time zone; it is \"{text}\""))
    }

    fn strategy(&self) -> anyhow::Result<Strategy> {
        let text = self.required(vars::PASSPORT_STRATEGY);
        let needed = |name: &str| {
            self.text(name).with_context(|| {
                format!(
                    "{} is {text}, so {name} must be set",
                    vars::PASSPORT_STRATEGY
                )
            })
        };
        match text.as_str() {
            "local" => Ok(Strategy::Password),
            "slack" => Ok(Strategy::Slack {
                client_id: needed(vars::SLACK_CLIENT_ID)?,
                team: needed(vars::SLACK_TEAM_ID)?,
            }),
            "auth0" => Ok(Strategy::Auth0 {
                domain: needed(vars::AUTH0_DOMAIN)?,
                client_id: needed(vars::AUTH0_CLIENT_ID)?,
            }),
            other => bail!(
                "{} must be local, slack or auth0; it is \"{other}\"",
                vars::PASSPORT_STRATEGY
            ),
        }
    }

    fn job_executor(&self) -> anyhow::Result<JobExecutor> {
        let text = self.required(vars::JOB_EXECUTOR);
        let executor = match text.as_str() {
            "LAMBDA" => JobExecutor::Lambda,
            "IN_PROCESS" => JobExecutor::InProcess,
            "IN_PROCESS_ASYNC" => JobExecutor::InProcessAsync,
            other => bail!(
                "{} must be LAMBDA, IN_PROCESS or IN_PROCESS_ASYNC; it is \"{other}\"",
                vars::JOB_EXECUTOR
            ),
        };
        let is_lambda = executor == JobExecutor::Lambda;
        if is_lambda && self.text(vars::JOB_LAMBDA_WORKER_FUNCTION_NAME).is_none() {
            bail!(
                "{} is LAMBDA, so {} must name the worker function",
                vars::JOB_EXECUTOR,
                vars::JOB_LAMBDA_WORKER_FUNCTION_NAME
            );
        }
        Ok(executor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, JobExecutor, Simulation, Strategy};

    fn read(pairs: &[(&str, &str)]) -> anyhow::Result<Config> {
        Config::read(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_means_the_defaults_of_the_contract() {
        let config = read(&[]).unwrap();
        assert_eq!(config.stage, "local");
        assert_eq!(config.release, 0);
        assert_eq!(config.job_executor, JobExecutor::InProcessAsync);
        assert_eq!(config.strategy, Strategy::Password);
        assert_eq!(config.simulation, Simulation::Off);
        assert_eq!(config.max_message_length, 1500);
        assert_eq!(config.database_pool, 1);
    }

    #[test]
    fn only_the_exact_1_answers_by_itself() {
        let simulation = |value| {
            read(&[("SKIP_TWILIO_AND_AUTOREPLY", value)])
                .unwrap()
                .simulation
        };
        assert_eq!(simulation("1"), Simulation::AutoReply);
        assert_eq!(simulation("true"), Simulation::NoCarrier);
        assert_eq!(simulation(""), Simulation::Off);
    }

    #[test]
    fn only_the_exact_1_accepts_possible_numbers() {
        for (value, expected) in [("1", true), ("true", false), ("", false)] {
            let config = read(&[("SUPPRESS_PHONE_VALIDATION", value)]).unwrap();
            assert_eq!(config.suppress_phone_validation, expected, "{value:?}");
        }
    }

    #[test]
    fn a_broken_value_is_refused_by_its_name() {
        let error = read(&[("DB_MAX_POOL", "many")]).unwrap_err().to_string();
        assert!(error.contains("DB_MAX_POOL"), "{error}");
        let error = read(&[("JOB_EXECUTOR", "LAMBDA")]).unwrap_err().to_string();
        assert!(error.contains("JOB_LAMBDA_WORKER_FUNCTION_NAME"), "{error}");
        let slack = [("PASSPORT_STRATEGY", "slack"), ("SLACK_CLIENT_ID", "1.2")];
        let error = read(&slack).unwrap_err().to_string();
        assert!(error.contains("SLACK_TEAM_ID"), "{error}");
        let error = read(&[("PASSPORT_STRATEGY", "google")]).unwrap_err();
        assert!(error.to_string().contains("PASSPORT_STRATEGY"), "{error}");
    }
}
