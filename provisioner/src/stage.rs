//! A stage: who, where, how large. `stages/<name>.toml` as typed becomes a [`Stage`] in which
//! nothing is optional that has a default; nothing below knows that a file existed.

pub mod keys;
mod mistakes;
pub mod sizing;
pub mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use spoke_contract::vars;

use crate::failure::{Failure, codes, typed};
use crate::plan::connections;
use crate::repository::Repository;
use crate::scale::ledger::Active;
use crate::template::Kind;

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
    /// What stands in front: CloudFront, domain, web ACL.
    pub edge: Edge,
    /// How releases are made.
    pub release: ReleaseSettings,
    /// Who is told, and when.
    pub alerts: Alerts,
    /// How the database grows.
    pub scaling: Scaling,
    /// The database is larger than the file says: it was enlarged since.
    #[serde(skip)]
    pub enlarged: Option<Active>,
    /// Whether the carrier's token is needed: not when texts are simulated.
    pub twilio_secret: bool,
    /// Whether a client secret of Slack or Auth0 is needed: not where people sign in with a password.
    pub sign_in_secret: bool,
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
    /// A /16 of its own; not for a network that was here before.
    #[serde(default)]
    pub cidr: String,
    /// 2 or 3.
    #[serde(default = "two")]
    pub zones: u8,
    /// The way out; an existing network has its own.
    #[serde(default = "one_nat")]
    pub nat: Nat,
    /// AWS services with an interface endpoint.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// A network that was here before us.
    pub existing: Option<ExistingNetwork>,
}

/// `[network.existing]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExistingNetwork {
    /// `vpc-...`.
    pub vpc_id: String,
    /// Its addresses: database and cache are reached there.
    pub cidr: String,
    /// Two or more, in different zones, with a way out.
    pub private_subnets: Vec<String>,
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
    /// One that was here before us; we never change it.
    Existing,
}

/// `[database]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Which `PostgreSQL`.
    pub kind: DatabaseKind,
    /// Engine version: explicit, so that drift can be told. An existing database needs none.
    #[serde(default)]
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
    /// Connections at which the alarm rings; left out: four fifths of what the class can take.
    #[serde(default)]
    pub connections_alarm: u32,
    /// A database that was here before us.
    pub existing: Option<ExistingDatabase>,
}

/// `[database.existing]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExistingDatabase {
    /// Its identifier: of the cluster, or of the instance where there is no cluster.
    pub id: String,
    /// Whether it is an Aurora cluster.
    #[serde(default)]
    pub is_cluster: bool,
    /// The secret with host, port, username, password and dbname as JSON.
    pub secret_arn: String,
    /// Its security group, `sg-...`, in the network of this stage.
    pub security_group: String,
    /// What it takes: `SHOW max_connections`.
    pub max_connections: u32,
}

impl Database {
    /// The dimension its metrics are found under.
    #[must_use]
    pub fn dimension(&self) -> &'static str {
        let is_cluster = match self.kind {
            DatabaseKind::Rds => false,
            DatabaseKind::Aurora | DatabaseKind::AuroraServerless => true,
            DatabaseKind::Existing => self.existing.as_ref().is_some_and(|there| there.is_cluster),
        };
        if is_cluster {
            "DBClusterIdentifier"
        } else {
            "DBInstanceIdentifier"
        }
    }
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

/// The processors Lambda offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel's and AMD's.
    #[default]
    #[serde(rename = "x86_64")]
    X86,
    /// AWS's Graviton.
    Arm64,
}

impl Architecture {
    /// The word Lambda has for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// `[app]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// How the binary is built.
    #[serde(default = "release")]
    pub profile: Profile,
    /// The glibc of the machines the functions run on. None: they run on the machine that builds them.
    pub glibc: Option<String>,
    /// The processor of the machines the functions run on, where `glibc` names such machines.
    #[serde(default)]
    pub architecture: Architecture,
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
    /// A line for every request of the API.
    #[serde(default = "yes")]
    pub access_log: bool,
    /// The application's own settings.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// `[edge]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edge {
    /// CloudFront in front of API and assets.
    pub cdn: bool,
    /// The address people use; without one it is CloudFront's.
    pub domain: Option<String>,
    /// The Route 53 zone of the domain; without one the records are made by hand.
    pub hosted_zone: Option<String>,
    /// A web ACL in front of everything.
    pub waf: bool,
    /// Requests an address may send in five minutes before the web ACL turns it away.
    pub requests_per_address: u32,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            cdn: true,
            domain: None,
            hosted_zone: None,
            waf: false,
            requests_per_address: 3000,
        }
    }
}

/// `[release]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseSettings {
    /// How traffic moves.
    pub shift: String,
    /// Requests the new version has to meet during the shift for its verdict to mean something; 0 asks for none.
    #[serde(default = "hundred")]
    pub min_requests: u32,
    /// Whether `CodeDeploy` shifts traffic; without it the stacks are made and nothing is ever released.
    #[serde(default = "yes")]
    pub codedeploy: bool,
    /// Whether a deploy looks for what was changed by hand, and refuses.
    #[serde(default = "yes")]
    pub drift_check: bool,
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
    /// Whether notices are encrypted at rest, with a key of their own.
    #[serde(default = "yes")]
    pub encrypted: bool,
    /// Whether alarms look at what the functions say in their log lines.
    #[serde(default = "yes")]
    pub log_metrics: bool,
    /// Whether there are alarms over a ratio of two metrics; two of them stop a release.
    #[serde(default = "yes")]
    pub ratios: bool,
    /// Dollars a week `plan` warns above; left out: it never does.
    pub weekly_budget: Option<f64>,
}

/// Whether the scaler acts or asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalingPolicy {
    /// It asks, and a person approves.
    Propose,
    /// It acts, within its ceilings.
    Act,
}

/// `[scaling]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scaling {
    /// Whether the scaler acts or asks.
    pub policy: ScalingPolicy,
    /// The largest class, or the most capacity units; left out: as far as the family goes.
    pub highest: Option<String>,
    /// Dollars a week the database may cost.
    pub weekly_budget: Option<f64>,
    /// Minutes between two changes.
    pub cool_down_minutes: u32,
    /// Days after which an enlarged database is to be looked at again.
    pub keep_days: u32,
    /// Times in which nothing is changed without a person.
    pub quiet: Vec<String>,
    /// The zone of `quiet`, and of the evenings.
    pub time_zone: String,
    /// The secret that holds a Slack webhook's address.
    pub slack_secret: Option<String>,
    /// Seconds one measured value stands for.
    pub period_seconds: u32,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            policy: ScalingPolicy::Propose,
            highest: None,
            weekly_budget: None,
            cool_down_minutes: 60,
            keep_days: 7,
            quiet: Vec::new(),
            time_zone: "America/New_York".to_owned(),
            slack_secret: None,
            period_seconds: 60,
        }
    }
}

const fn week() -> u8 {
    7
}
const fn one() -> u8 {
    1
}
const fn two() -> u8 {
    2
}
const fn one_nat() -> Nat {
    Nat::One
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
const fn hundred() -> u32 {
    100
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
    #[serde(default)]
    edge: Edge,
    release: ReleaseSettings,
    alerts: Alerts,
    #[serde(default)]
    scaling: Scaling,
}

impl Stage {
    /// What everything of the stage is tagged with.
    #[must_use]
    pub fn tags(&self) -> [(&'static str, String); 2] {
        [("stage", self.name.clone()), ("owner", self.owner.clone())]
    }

    /// Whether there is an edge stack: only for what CloudFront wants to find in us-east-1.
    #[must_use]
    pub fn has_edge(&self) -> bool {
        self.edge.domain.is_some() || self.edge.waf
    }

    /// The stacks of this stage, in the order in which they are made.
    #[must_use]
    pub fn stacks(&self) -> Vec<Kind> {
        Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::Edge || self.has_edge())
            .collect()
    }

    /// Where a stack of this stage lies: CloudFront reads its certificate and web ACL in us-east-1 only.
    #[must_use]
    pub fn region_of(&self, kind: Kind) -> &str {
        if kind == Kind::Edge {
            "us-east-1"
        } else {
            &self.region
        }
    }
}

/// Reads and resolves `stages/<name>.toml`, or the very file if a path to one is given.
pub fn load(repository: &Repository, name: &str) -> Result<Stage, Failure> {
    let (name, path) = place(repository, name)?;
    let text = read(repository, &name, &path)?;
    resolve(&name, &text).map_err(|failure| {
        let file = repository.shown(&path);
        failure
            .untouched()
            .next(format!("mend {file}, then: {}", typed()))
    })
}

/// A stage's name and where its file lies; a path to a file is taken as it is.
pub fn place(repository: &Repository, name: &str) -> Result<(String, PathBuf), Failure> {
    let given = std::path::Path::new(name);
    if given.extension().is_some_and(|kind| kind == "toml") {
        let stem = given
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        check_name(stem)?;
        return Ok((stem.to_owned(), given.to_owned()));
    }
    check_name(name)?;
    Ok((
        name.to_owned(),
        repository.path("stages").join(format!("{name}.toml")),
    ))
}

/// The text of a stage file.
pub fn read(
    repository: &Repository,
    name: &str,
    path: &std::path::Path,
) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let known = known(repository);
        Failure::new(
            codes::STAGE_MISSING,
            format!("there is no stage \"{name}\""),
        )
        .why(format!("{}: {error}", repository.shown(path)))
        .state(format!("stages here: {}", known.join(", ")))
        .next(format!(
            "spokectl status --stage {}",
            known.first().map_or("local", String::as_str)
        ))
    })
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
    .why("at most 16 lower-case letters, digits and hyphens, a letter first")
    .state("nothing was touched")
    .next("ls stages"))
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
    let mut stage = Stage {
        name: name.to_owned(),
        twilio_secret: !typed.app.env.contains_key(vars::SKIP_TWILIO_AND_AUTOREPLY),
        sign_in_secret: typed
            .app
            .env
            .get(vars::PASSPORT_STRATEGY)
            .is_some_and(|strategy| strategy != "local"),
        account: typed.account,
        region: typed.region,
        owner: typed.owner,
        endpoint_file: typed.endpoint_file,
        network: typed.network,
        database: typed.database,
        cache: typed.cache,
        app: typed.app,
        edge: typed.edge,
        release: typed.release,
        alerts: typed.alerts,
        scaling: typed.scaling,
        enlarged: None,
    };
    if stage.database.connections_alarm == 0 {
        stage.database.connections_alarm =
            connections::most(&stage.database).map_or(80, |most| most * 4 / 5);
    }
    let wrong = mistakes::of(&stage);
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
