//! `spokectl eject`: the plain templates, so that nobody is ever locked in.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::Global;
use crate::context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::plan::difference;
use crate::stage::{self, Stage};
use crate::template::{self, eject};
use crate::ui::Ui;

/// Write the plain CloudFormation templates, and how to deploy them without us
///
/// One file a stack, a script that deploys them in order with the aws command, and a page that says
/// how a release is made by hand. No account is needed and nothing is read from one.
///
/// Examples:
///   spokectl eject --stage prod --out prod-templates
///   spokectl eject --stage somewhere/else/prod.toml --out prod-templates
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The folder they are written into; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Ejected {
    stage: String,
    folder: PathBuf,
    files: Vec<String>,
}

pub(super) fn run(global: &Global, args: Args, ui: &Ui) -> Result<Kind, Failure> {
    let repository = context::here()?;
    let stage = stage::load(&repository, &global.stage)?;
    let files = files(&repository, &stage)?;
    check_folder(&args.out, &files, global.yes)?;
    for (name, text) in &files {
        write(&args.out, name, text).blame(
            codes::FOLDER,
            format!("{} could not be written", args.out.join(name).display()),
        )?;
    }
    let ejected = Ejected {
        stage: stage.name,
        folder: args.out,
        files: files.into_iter().map(|(name, _)| name).collect(),
    };
    ui.data(&ejected, || {
        let names: Vec<_> = ejected
            .files
            .iter()
            .map(|name| format!("  {name}"))
            .collect();
        format!("{}\n{}", ejected.folder.display(), names.join("\n"))
    });
    Ok(Kind::Ok)
}

fn files(
    repository: &crate::repository::Repository,
    stage: &Stage,
) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for kind in stage.stacks() {
        let text = template::render(repository, stage, kind)?;
        difference::parse(&text).map_err(|error| template::mistake::no_yaml(kind, &error))?;
        files.push((format!("{}.yaml", kind.name()), text));
    }
    files.push(("deploy.sh".to_owned(), eject::script(stage)));
    files.push(("README.md".to_owned(), eject::page(stage)));
    Ok(files)
}

/// What is ours may be written over; a folder with anything else in it is somebody's.
fn check_folder(folder: &Path, files: &[(String, String)], yes: bool) -> Result<(), Failure> {
    let strange = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find(|name| !files.iter().any(|(ours, _)| ours == name));
    let Some(strange) = strange.filter(|_| !yes) else {
        return Ok(());
    };
    Err(Failure::new(
        codes::NOT_EMPTY,
        format!("{} is not empty", folder.display()),
    )
    .why(format!("it holds {strange}, which is none of our files"))
    .state("nothing was written")
    .next("choose a new folder with --out, or say --yes"))
}

fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    #[cfg(unix)]
    if Path::new(name).extension().is_some_and(|kind| kind == "sh") {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
