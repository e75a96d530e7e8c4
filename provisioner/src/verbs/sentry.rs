//! `spokectl sentry`: Sentry learns of a release, so that errors find theirs.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{SecondsFormat, Utc};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde_json::{Value, json};

use crate::build::revision;
use crate::context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::ui::Ui;

/// Tell Sentry of a release: made, and live
///
/// Reads `SENTRY_ORG`, `SENTRY_PROJECT` and `SENTRY_AUTH_TOKEN` (a token with the scope
/// project:releases) from the environment; where one of them is missing nothing is told, and that is
/// no error. `SENTRY_URL` names a Sentry of one's own. The release is named by the commit of this
/// working copy, as `status` names it. To say it twice does no harm.
///
/// Examples:
///   spokectl sentry create      before the deploy
///   spokectl sentry finalize    after it
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Before the deploy: errors of the new version find their release from the first request on
    Create,
    /// After the deploy: the release is live
    Finalize,
}

impl Action {
    const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Finalize => "finalize",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Create => "Sentry knows release",
            Self::Finalize => "Sentry knows the time of release",
        }
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    told: bool,
    version: String,
    missing: Vec<&'static str>,
}

pub(super) async fn run(args: Args, ui: Ui) -> Result<Kind, Failure> {
    let action = args.action;
    let version = revision::of(&context::here()?).await;
    let mut answer = Answer {
        told: true,
        version,
        missing: Vec::new(),
    };
    match Settings::read() {
        Ok(settings) => {
            tell(&settings, action, &answer.version).await?;
            ui.data(&answer, || format!("{} {}", action.done(), answer.version));
        }
        Err(missing) => {
            answer.told = false;
            answer.missing = missing;
            ui.data(&answer, || {
                format!("Sentry is not told: {} not set", answer.missing.join(", "))
            });
        }
    }
    Ok(Kind::Ok)
}

struct Settings {
    organization: String,
    project: String,
    token: String,
    url: String,
}

impl Settings {
    /// From the environment, or the names that are missing there. GitHub writes a variable that is not set as an
    /// empty one.
    fn read() -> Result<Self, Vec<&'static str>> {
        const NEEDED: [&str; 3] = ["SENTRY_ORG", "SENTRY_PROJECT", "SENTRY_AUTH_TOKEN"];
        let [Some(organization), Some(project), Some(token)] = NEEDED.map(set) else {
            return Err(NEEDED
                .into_iter()
                .filter(|name| set(name).is_none())
                .collect());
        };
        Ok(Self {
            organization,
            project,
            token,
            url: set("SENTRY_URL").unwrap_or_else(|| "https://sentry.io".to_owned()),
        })
    }

    /// The address of the organization's releases, or of one of them.
    fn releases(&self, version: &str) -> anyhow::Result<Url> {
        let mut url = Url::parse(&self.url)
            .with_context(|| format!("SENTRY_URL is no address: {}", self.url))?;
        let parts = ["api", "0", "organizations", &self.organization, "releases"];
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("SENTRY_URL is no address: {}", self.url))?
            .pop_if_empty()
            .extend(parts)
            .extend((!version.is_empty()).then_some(version))
            .push("");
        Ok(url)
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn tell(settings: &Settings, action: Action, version: &str) -> Result<(), Failure> {
    ask(settings, action, version)
        .await
        .blame(codes::SENTRY, format!("Sentry did not take release {version}"))
        .map_err(|failure| {
            failure
                .state("the release itself does not need Sentry: nothing of it was touched")
                .next("look at SENTRY_ORG, SENTRY_PROJECT, SENTRY_URL and SENTRY_AUTH_TOKEN (scope project:releases)")
                .next(format!("spokectl sentry {}", action.word()))
        })
}

async fn ask(settings: &Settings, action: Action, version: &str) -> anyhow::Result<()> {
    // The crate wants a provider of cryptography; whoever came first is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()?;
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let request = match action {
        Action::Create => http
            .post(settings.releases("")?)
            .json(&json!({ "version": version, "projects": [settings.project] })),
        Action::Finalize => http
            .put(settings.releases(version)?)
            .json(&json!({ "dateReleased": now })),
    };
    answered(request.bearer_auth(&settings.token)).await
}

async fn answered(request: RequestBuilder) -> anyhow::Result<()> {
    let answer = request.send().await?;
    let status = answer.status();
    let said = answer.text().await.unwrap_or_default();
    ensure!(status.is_success(), refusal(status, &said));
    Ok(())
}

/// Sentry says why in `detail`, and which field was wrong in an object of lists.
fn refusal(status: StatusCode, said: &str) -> String {
    let said = match serde_json::from_str::<Value>(said) {
        Ok(Value::Object(object)) => match object.get("detail").and_then(Value::as_str) {
            Some(detail) => detail.to_owned(),
            None => Value::Object(object).to_string(),
        },
        _ => said.trim().chars().take(200).collect(),
    };
    format!("{status}: {said}")
        .trim_end_matches(": ")
        .to_owned()
}
