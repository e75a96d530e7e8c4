//! `spokectl workflow`: releases from GitHub, without a stored key.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::Global;
use crate::context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::repository::Repository;
use crate::stage::{self, Stage};
use crate::ui::Ui;
use crate::verbs::deploy::MOST_PROBES;

/// Write the GitHub Actions workflows, and the trust between GitHub and the account
///
/// Tests run on every push; a pull request gets the plan of the stage; a tag `release-*` releases to
/// it, once the environment's reviewers agree. With --staging every push to main releases to that
/// stage first. Actions are pinned by commit, no key is stored anywhere, one release runs at a time
/// and none is cancelled half-way.
///
/// Examples:
///   spokectl workflow --stage prod --repository example/spoke
///   spokectl workflow --stage prod --staging staging --repository example/spoke
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// GitHub's name of this repository: owner/name
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository_name)]
    pub repository: String,
    /// A stage that every push to main is released to
    #[arg(long, value_name = "NAME")]
    pub staging: Option<String>,
    /// The folder they are written into
    #[arg(long, value_name = "DIR", default_value = ".github")]
    pub out: PathBuf,
}

fn repository_name(text: &str) -> Result<String, String> {
    let good = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    match text.split_once('/') {
        Some((owner, name)) if good(owner) && good(name) => Ok(text.to_owned()),
        _ => Err("owner/name, as in GitHub's address".to_owned()),
    }
}

#[derive(Debug, Serialize)]
struct Written {
    files: Vec<String>,
    next: Vec<String>,
}

const TAGS: &str = "    tags: [release-*]";
const MAIN: &str = "    branches: [main]";

pub(super) fn run(global: &Global, args: &Args, ui: &Ui) -> Result<Kind, Failure> {
    let repository = context::here()?;
    let stage = on_aws(stage::load(&repository, &global.stage)?)?;
    let staging = match &args.staging {
        Some(name) => Some(on_aws(stage::load(&repository, name)?)?),
        None => None,
    };
    let write = |file: &str, from: &str, stage: &Stage, more: &[(&str, &str)]| {
        let text = filled(&repository, from, stage, &args.repository, more)?;
        put(&repository, &args.out, file, &text)
    };
    let mut files = vec![
        write("workflows/ci.yml", "ci.yml", &stage, &[])?,
        write("workflows/plan.yml", "plan.yml", &stage, &[])?,
        write(
            "workflows/release.yml",
            "release.yml",
            &stage,
            &[("workflow", "release"), ("trigger", TAGS)],
        )?,
        write(
            &format!("trust/{}.yaml", stage.name),
            "trust.yaml",
            &stage,
            &[],
        )?,
    ];
    if let Some(staging) = &staging {
        files.push(write(
            "workflows/staging.yml",
            "release.yml",
            staging,
            &[("workflow", "staging"), ("trigger", MAIN)],
        )?);
        files.push(write(
            &format!("trust/{}.yaml", staging.name),
            "trust.yaml",
            staging,
            &[],
        )?);
    }
    let next = [Some(&stage), staging.as_ref()]
        .into_iter()
        .flatten()
        .map(|stage| {
            format!(
                "aws cloudformation deploy --region {} --stack-name spoke-{}-trust --template-file {}/trust/{}.yaml --capabilities CAPABILITY_NAMED_IAM",
                stage.region, stage.name, args.out.display(), stage.name
            )
        })
        .chain([stage.name.as_str()].into_iter().chain(staging.as_ref().map(|stage| stage.name.as_str())).map(|name| {
            format!("https://github.com/{}/settings/environments: make the environment {name}, with its reviewers", args.repository)
        }))
        .collect();
    let written = Written { files, next };
    ui.data(&written, || {
        format!(
            "{}\n\nthen  {}",
            written.files.join("\n"),
            written.next.join("\n      ")
        )
    });
    Ok(Kind::Ok)
}

/// GitHub's machines reach AWS, and no cloud on a laptop.
fn on_aws(stage: Stage) -> Result<Stage, Failure> {
    if stage.endpoint_file.is_none() {
        return Ok(stage);
    }
    Err(Failure::new(
        codes::STAGE_VALUE,
        format!("stage {} is not on AWS", stage.name),
    )
    .why("its cloud is on this machine, where GitHub cannot reach it")
    .state("nothing was written")
    .next("spokectl workflow --stage <a stage on AWS> --repository <owner/name>"))
}

fn filled(
    repository: &Repository,
    file: &str,
    stage: &Stage,
    name: &str,
    more: &[(&str, &str)],
) -> Result<String, Failure> {
    let path = repository.path("templates/workflows").join(file);
    let text = std::fs::read_to_string(&path).blame(
        codes::RENDER,
        format!("{} cannot be read", repository.shown(&path)),
    )?;
    let probes = stage.release.min_requests.min(MOST_PROBES).to_string();
    let values = [
        ("probes", probes.as_str()),
        ("stage", stage.name.as_str()),
        ("account", stage.account.as_str()),
        ("region", stage.region.as_str()),
        ("repository", name),
    ];
    Ok(values.iter().chain(more).fold(text, |text, (key, value)| {
        text.replace(&format!("@{key}@"), value)
    }))
}

fn put(repository: &Repository, out: &Path, file: &str, text: &str) -> Result<String, Failure> {
    let path = repository.path(out).join(file);
    let what = format!("{} cannot be written", repository.shown(&path));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).blame(codes::FOLDER, &what)?;
    }
    std::fs::write(&path, text).blame(codes::FOLDER, what)?;
    Ok(repository.shown(&path))
}
