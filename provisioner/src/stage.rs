//! A stage: who, where, how large. `stages/<name>.toml` as typed becomes a [`Stage`] in which
//! nothing is optional that has a default; nothing below knows that a file existed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use spoke_contract::functions::Function;
use spoke_contract::vars::{self, Source};

use crate::failure::{Failure, codes};
use crate::repository::Repository;

/// A resolved stage.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// Its name: part of the names of stacks, functions and parameters.
    pub name: String,
    /// 12 digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// A tag on everything.
    pub owner: String,
    /// Where endpoint and access key are found, instead of AWS's own addresses.
    pub endpoint_file: Option<PathBuf>,
    /// VPC, subnets, ways out.
    pub network: Network,
    /// `PostgreSQL`.
    pub database: Database,
    /// Valkey.
    pub cache: Cache,
    /// The functions.
    pub app: App,
    /// How releases are made.
    pub release: ReleaseSettings,
    /// Who is told, and when.
    pub alerts: Alerts,
    /// Whether the carrier's token is needed: not when texts are simulated.
    pub twilio_secret: bool,
}

/// How the functions reach the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Nat {
    /// Not at all, but for the interface endpoints.
    None,
    /// One NAT gateway.
    One,
    /// One per zone.
    Each,
}

/// `[network]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// A /16.
    pub cidr: String,
    /// 2 or 3.
    pub zones: u8,
    /// The way out.
    pub nat: Nat,
    /// AWS services with an interface endpoint.
    #[serde(default)]
    pub endpoints: Vec<String>,
}

/// Which `PostgreSQL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseKind {
    /// One RDS instance.
    Rds,
    /// Aurora with instances of a class.
    Aurora,
    /// Aurora Serverless v2.
    AuroraServerless,
}

/// `[database]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Which `PostgreSQL`.
    pub kind: DatabaseKind,
    /// Engine version: explicit, so that drift can be told.
    pub version: String,
    /// Instance class; Aurora Serverless needs none.
    #[serde(default)]
    pub class: String,
    /// GiB; Aurora needs none.
    #[serde(default)]
    pub storage_gib: u32,
    /// A standby in another zone; Aurora: a second instance.
    #[serde(default)]
    pub multi_az: bool,
    /// Days automatic backups are kept.
    #[serde(default = "week")]
    pub backup_days: u8,
    /// Whether AWS refuses to delete it.
    #[serde(default = "yes")]
    pub deletion_protection: bool,
    /// TLS between functions and database.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Aurora capacity units, lowest.
    #[serde(default)]
    pub min_capacity: f64,
    /// Aurora capacity units, highest.
    #[serde(default)]
    pub max_capacity: f64,
    /// Connections at which the alarm rings.
    pub connections_alarm: u32,
}

/// `[cache]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Valkey version.
    pub version: String,
    /// Node type.
    pub class: String,
    /// Nodes.
    #[serde(default = "one")]
    pub nodes: u8,
    /// TLS and an auth token.
    #[serde(default = "yes")]
    pub tls: bool,
}

/// How the binary is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Compiles fastest.
    Dev,
    /// Runs fastest.
    Release,
}

/// `[app]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// How the binary is built.
    #[serde(default = "release")]
    pub profile: Profile,
    /// The newest glibc the binary may ask for; a stage whose functions run on the machine that builds needs none.
    pub glibc: Option<String>,
    /// Days logs are kept.
    #[serde(default = "month")]
    pub log_days: u32,
    /// MB.
    #[serde(default = "gigabyte")]
    pub web_memory: u32,
    /// MB.
    #[serde(default = "gigabyte")]
    pub worker_memory: u32,
    /// Reserved concurrency by function name.
    #[serde(default)]
    pub concurrency: BTreeMap<String, u32>,
    /// The application's own settings.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// `[release]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseSettings {
    /// How traffic moves.
    pub shift: String,
}

/// `[alerts]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// Addresses.
    #[serde(default)]
    pub email: Vec<String>,
    /// p95 at which the alarm rings.
    #[serde(default = "three_seconds")]
    pub latency_ms: u32,
}

const fn week() -> u8 {
    7
}
const fn one() -> u8 {
    1
}
const fn yes() -> bool {
    true
}
const fn release() -> Profile {
    Profile::Release
}
const fn month() -> u32 {
    30
}
const fn gigabyte() -> u32 {
    1024
}
const fn three_seconds() -> u32 {
    3000
}

/// The file as typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    account: String,
    region: String,
    owner: String,
    endpoint_file: Option<PathBuf>,
    network: Network,
    database: Database,
    cache: Cache,
    app: App,
    release: ReleaseSettings,
    alerts: Alerts,
}

/// Reads and resolves `stages/<name>.toml`.
pub fn load(repository: &Repository, name: &str) -> Result<Stage, Failure> {
    check_name(name)?;
    let path = repository.path("stages").join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let known = known(repository);
        Failure::new(
            codes::STAGE_MISSING,
            format!("there is no stage \"{name}\""),
        )
        .why(format!("{}: {error}", repository.shown(&path)))
        .state(format!("stages here: {}", known.join(", ")))
        .next(format!(
            "spokectl status --stage {}",
            known.first().map_or("local", String::as_str)
        ))
    })?;
    resolve(name, &text)
}

/// The stages there are files for.
#[must_use]
pub fn known(repository: &Repository) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(repository.path("stages"))
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            (path.extension()? == "toml")
                .then(|| path.file_stem()?.to_str().map(ToOwned::to_owned))?
        })
        .collect();
    names.sort();
    names
}

/// A stage's name is part of bucket names: short, lower case, no dots.
fn check_name(name: &str) -> Result<(), Failure> {
    let good = name.len() <= 16
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if good {
        return Ok(());
    }
    Err(Failure::new(
        codes::STAGE_MISSING,
        format!("\"{name}\" cannot be a stage's name"),
    )
    .why("at most 16 lower-case letters, digits and hyphens, a letter first"))
}

/// Resolves the text of a stage file.
pub fn resolve(name: &str, text: &str) -> Result<Stage, Failure> {
    let typed: Typed = toml::from_str(text).map_err(|error| {
        Failure::new(
            codes::STAGE_SYNTAX,
            format!("stages/{name}.toml does not parse"),
        )
        .why(error.to_string().trim_end())
    })?;
    let stage = Stage {
        name: name.to_owned(),
        twilio_secret: !typed.app.env.contains_key(vars::SKIP_TWILIO_AND_AUTOREPLY),
        account: typed.account,
        region: typed.region,
        owner: typed.owner,
        endpoint_file: typed.endpoint_file,
        network: typed.network,
        database: typed.database,
        cache: typed.cache,
        app: typed.app,
        release: typed.release,
        alerts: typed.alerts,
    };
    let wrong = mistakes(&stage);
    if wrong.is_empty() {
        return Ok(stage);
    }
    let mut failure = Failure::new(
        codes::STAGE_VALUE,
        format!("stages/{name}.toml asks for what cannot be"),
    );
    failure.why = wrong;
    Err(failure)
}

/// Every mistake at once: nobody wants to find them one by one.
fn mistakes(stage: &Stage) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |holds: bool, sentence: String| {
        if !holds {
            wrong.push(sentence);
        }
    };
    expect(
        stage.account.len() == 12 && stage.account.bytes().all(|b| b.is_ascii_digit()),
        format!("account: 12 digits, not \"{}\"", stage.account),
    );
    expect(
        stage.region.split('-').count() >= 3,
        format!("region: for example us-east-1, not \"{}\"", stage.region),
    );
    expect(
        (2..=3).contains(&stage.network.zones),
        format!("network.zones: 2 or 3, not {}", stage.network.zones),
    );
    expect(
        crate::template::values::first_two_octets(&stage.network.cidr).is_some(),
        format!(
            "network.cidr: a private /16 such as 10.20.0.0/16, not \"{}\"",
            stage.network.cidr
        ),
    );
    if stage.network.nat == Nat::None {
        for needed in ["codedeploy", "lambda", "secretsmanager", "sqs", "ssm"] {
            expect(
                stage.network.endpoints.iter().any(|e| e == needed),
                format!(
                    "network.endpoints: without NAT the functions need \"{needed}\"; a hook that cannot report hangs for an hour"
                ),
            );
        }
        expect(
            !stage.twilio_secret,
            "network.nat: without NAT the carrier cannot be reached; set app.env.SKIP_TWILIO_AND_AUTOREPLY or a NAT gateway".to_owned(),
        );
    }
    database_mistakes(&stage.database, &mut expect);
    app_mistakes(&stage.app, &mut expect);
    expect(
        crate::template::shift::parse(&stage.release.shift).is_some(),
        format!(
            "release.shift: AllAtOnce, Linear<p>PercentEvery<n>Minute(s) or Canary<p>Percent<n>Minutes, not \"{}\"",
            stage.release.shift
        ),
    );
    wrong
}

fn database_mistakes(database: &Database, expect: &mut impl FnMut(bool, String)) {
    let serverless = database.kind == DatabaseKind::AuroraServerless;
    expect(
        serverless || database.class.starts_with("db."),
        format!(
            "database.class: for example db.t4g.medium, not \"{}\"",
            database.class
        ),
    );
    expect(
        database.kind != DatabaseKind::Rds || database.storage_gib >= 20,
        format!(
            "database.storage_gib: 20 or more, not {}",
            database.storage_gib
        ),
    );
    expect(
        !serverless
            || (database.min_capacity >= 0.5
                && database.max_capacity >= database.min_capacity.max(1.0)),
        "database.min_capacity, database.max_capacity: 0.5 or more, in this order".to_owned(),
    );
    expect(
        (1..=35).contains(&database.backup_days),
        format!(
            "database.backup_days: 1 to 35, not {}",
            database.backup_days
        ),
    );
}

fn app_mistakes(app: &App, expect: &mut impl FnMut(bool, String)) {
    expect(
        app.glibc
            .as_deref()
            .is_none_or(|text| crate::build::elf::version(text).is_some()),
        "app.glibc: for example 2.34, which provided.al2023 has".to_owned(),
    );
    for name in app.concurrency.keys() {
        expect(
            Function::from_name(name).is_some_and(|function| !function.is_hook()),
            format!("app.concurrency.{name}: there is no such function, or it is a hook"),
        );
    }
    for name in app.env.keys() {
        let known = vars::ALL
            .iter()
            .find(|var| var.name == name && var.source == Source::Stage);
        expect(
            known.is_some(),
            format!("app.env.{name}: the application knows no such setting, or sets it itself"),
        );
    }
}
