//! The environment variables of the functions: one row each. `config.rs` of the application
//! reads by row, `templates/app.yaml.hbs` loops over the rows, documentation is made of them.

/// Where a variable's value comes from when the templates render it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The templates compute it from resources (a bucket's name, a secret's ARN).
    Template,
    /// The stage file's `[app.env]` may set it; absent means the default.
    Stage,
    /// Only for the plain server and tests; never in a function's environment.
    Plain,
}

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Var {
    /// Its name.
    pub name: &'static str,
    /// Where its value comes from.
    pub source: Source,
    /// What the application assumes when it is absent; empty means off or none.
    pub default: &'static str,
    /// What it means, for people.
    pub meaning: &'static str,
}

macro_rules! vars {
    ($($ident:ident = $name:literal, $source:ident, $default:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $ident: &str = $name;)*
        /// Every variable.
        pub const ALL: &[Var] = &[
            $(Var { name: $name, source: Source::$source, default: $default, meaning: $meaning },)*
        ];
    };
}

vars! {
    FUNCTION = "SPOKE_FUNCTION", Template, "", "Which function this is: web, worker, inbound, reports, preflight, postflight, scheduled.";
    STAGE = "STAGE", Template, "local", "The stage: part of names, Redis keys and log lines.";
    RELEASE = "SPOKE_RELEASE", Template, "0", "The release number this configuration belongs to; 0 until the first release.";
    BUNDLE = "SPOKE_BUNDLE", Template, "", "The bundle the postflight hook points the instance at.";
    BASE_URL = "BASE_URL", Template, "http://localhost:8080", "Links, webhook signatures and callbacks are built on it.";
    TRUSTED_PROXIES = "TRUSTED_PROXIES", Template, "0", "Proxies of ours in front of the API: 1 behind CloudFront. From one that shows our secret the caller's address is read that many places from the end of X-Forwarded-For.";
    ORIGIN_SECRET_ARN = "ORIGIN_SECRET_ARN", Template, "", "Secret our proxy sends along in x-spoke-origin; X-Forwarded-For is believed from nobody else.";
    ORIGIN_SECRET = "ORIGIN_SECRET", Plain, "", "That secret itself, for the plain server and tests.";
    ASSET_BUCKET = "ASSET_BUCKET", Template, "", "The bucket with the front-end bundles.";
    ASSET_DOMAIN = "ASSET_DOMAIN", Template, "", "Origin of the CDN in front of the bundles; empty: the web function serves /assets/ itself.";
    PRIVATE_BUCKET = "AWS_S3_BUCKET_NAME", Template, "", "The private bucket: uploads and exports.";
    DATABASE_SECRET_ARN = "DATABASE_SECRET_ARN", Template, "", "Secret with host, port, username, password, dbname as JSON.";
    DATABASE_URL = "DATABASE_URL", Plain, "", "Database for the plain server and tests; wins over the secret.";
    DB_USE_SSL = "DB_USE_SSL", Template, "1", "1: TLS with verified certificates to the database; 0: none (a laptop).";
    DB_MAX_POOL = "DB_MAX_POOL", Stage, "1", "Connections per execution environment.";
    REDIS_URL = "REDIS_URL", Template, "", "redis:// or rediss:// address of the cache; empty: no cache.";
    REDIS_SECRET_ARN = "REDIS_SECRET_ARN", Template, "", "Secret with the cache's auth token; empty: no password.";
    SESSION_SECRET_ARN = "SESSION_SECRET_ARN", Template, "", "Secret the session cookies are sealed with.";
    SESSION_SECRET = "SESSION_SECRET", Plain, "", "The session secret itself, for the plain server and tests.";
    POINTER_PARAMETER = "POINTER_PARAMETER", Template, "", "SSM parameter with the bundle pointer.";
    PENDING_RELEASE_PARAMETER = "PENDING_RELEASE_PARAMETER", Template, "", "SSM parameter with the release being made, for the postflight hook.";
    JOB_EXECUTOR = "JOB_EXECUTOR", Template, "IN_PROCESS_ASYNC", "`LAMBDA`, `IN_PROCESS` or `IN_PROCESS_ASYNC`.";
    JOB_LAMBDA_WORKER_FUNCTION_NAME = "JOB_LAMBDA_WORKER_FUNCTION_NAME", Template, "", "Function and alias background jobs are sent to.";
    INBOUND_QUEUE_URL = "INBOUND_QUEUE_URL", Template, "", "Queue of inbound texts: the carrier's fallback route, and simulated replies.";
    REPORT_QUEUE_URL = "REPORT_QUEUE_URL", Template, "", "Queue of delivery reports.";
    PASSPORT_STRATEGY = "PASSPORT_STRATEGY", Stage, "local", "How people sign in: local (e-mail and password), slack or auth0.";
    AUTH0_DOMAIN = "AUTH0_DOMAIN", Stage, "", "Auth0 tenant, for example campaign.us.auth0.com.";
    AUTH0_CLIENT_ID = "AUTH0_CLIENT_ID", Stage, "", "Client id of the Auth0 application.";
    SLACK_CLIENT_ID = "SLACK_CLIENT_ID", Stage, "", "Client id of the Slack app people sign in with.";
    SLACK_TEAM_ID = "SLACK_TEAM_ID", Stage, "", "Slack workspace (T...); people of no other get in.";
    SIGN_IN_URL = "SIGN_IN_URL", Stage, "", "In place of Slack's or Auth0's address: tests and demonstrations have a provider of their own.";
    SIGN_IN_SECRET_ARN = "SIGN_IN_SECRET_ARN", Template, "", "Secret with the client secret Slack or Auth0 gave.";
    SIGN_IN_SECRET = "SIGN_IN_SECRET", Plain, "", "The client secret itself, for the plain server and tests.";
    SUPPRESS_SELF_INVITE = "SUPPRESS_SELF_INVITE", Stage, "", "Hide sign-up without an invitation; only superadmins create organizations.";
    DEFAULT_SERVICE = "DEFAULT_SERVICE", Stage, "twilio", "twilio or fakeservice.";
    SKIP_TWILIO_AND_AUTOREPLY = "SKIP_TWILIO_AND_AUTOREPLY", Stage, "", "1: nothing is sent; each text is reported delivered and answered by itself.";
    DROP_MESSAGE_RATIO = "DROP_MESSAGE_RATIO", Stage, "", "0 to 1: share of numbers whose texts are dropped, chosen by hash; anything else drops all.";
    OVERRIDE_RECIPIENT = "OVERRIDE_RECIPIENT", Stage, "", "Every text goes to this number instead, tagged with the real one.";
    SUPPRESS_PHONE_VALIDATION = "SUPPRESS_PHONE_VALIDATION", Stage, "", "1: accept possible numbers of any country, not only valid ones of the home country.";
    SIMULATE_DELAY_MILLIS = "SIMULATE_DELAY_MILLIS", Stage, "", "Milliseconds every HTTP request waits before it is worked on.";
    PHONE_NUMBER_COUNTRY = "PHONE_NUMBER_COUNTRY", Stage, "US", "The home country, whose numbers contacts have; those without a country code belong to it.";
    DYNAMIC_ASSIGN_MAX_BATCH_SIZE = "DYNAMIC_ASSIGN_MAX_BATCH_SIZE", Stage, "300", "Most contacts one request for a batch hands out.";
    MAX_CONTACTS = "MAX_CONTACTS", Stage, "60000", "Most contacts one campaign may load; an organization's own setting wins.";
    MAX_CONTACTS_PER_TEXTER = "MAX_CONTACTS_PER_TEXTER", Stage, "", "Most contacts one texter gets in a campaign; empty: no limit.";
    MAX_MESSAGE_LENGTH = "MAX_MESSAGE_LENGTH", Stage, "1500", "Longest text, in UTF-16 units.";
    OPT_OUT_MESSAGE = "OPT_OUT_MESSAGE", Stage, "", "Text offered when a texter opts somebody out.";
    OPTOUTS_SHARE_ALL_ORGS = "OPTOUTS_SHARE_ALL_ORGS", Stage, "", "Anything: an opt-out in one organization holds in all.";
    DST_REFERENCE_TIMEZONE = "DST_REFERENCE_TIMEZONE", Stage, "America/New_York", "IANA zone for contacts of unknown zone outside a campaign's own hours.";
    TWILIO_ACCOUNT_SID = "TWILIO_ACCOUNT_SID", Stage, "", "Twilio account.";
    TWILIO_SECRET_ARN = "TWILIO_SECRET_ARN", Template, "", "Secret with Twilio's auth token.";
    TWILIO_AUTH_TOKEN = "TWILIO_AUTH_TOKEN", Plain, "", "Twilio's auth token itself, for the plain server and tests.";
    TWILIO_API_URL = "TWILIO_API_URL", Stage, "", "In place of every host of Twilio's: tests and demonstrations have a carrier of their own.";
    TWILIO_FALLBACK_KEY = "TWILIO_FALLBACK_KEY", Template, "", "End of the address at which the API hands texts straight to the queue; empty: the web function does it.";
    TWILIO_BASE_CALLBACK_URL = "TWILIO_BASE_CALLBACK_URL", Stage, "", "Where the carrier reaches this instance; empty: `BASE_URL`.";
    TWILIO_VOICE_URL = "TWILIO_VOICE_URL", Stage, "", "What answers calls to bought numbers.";
    CONTACTS_PER_PHONE_NUMBER = "CONTACTS_PER_PHONE_NUMBER", Stage, "150", "How many contacts one number may text, where campaigns have their own numbers.";
    TWILIO_MESSAGE_SERVICE_SID = "TWILIO_MESSAGE_SERVICE_SID", Stage, "", "Messaging service of campaigns without numbers of their own.";
    TWILIO_MESSAGE_VALIDITY_PERIOD = "TWILIO_MESSAGE_VALIDITY_PERIOD", Stage, "", "Seconds a text may wait at the carrier.";
    LOG_LEVEL = "LOG_LEVEL", Stage, "info", "error, warn, info, debug or trace.";
    LISTEN = "LISTEN", Plain, "127.0.0.1:3000", "Address of the plain server.";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn no_variable_is_listed_twice() {
        let mut names: Vec<_> = ALL.iter().map(|var| var.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
