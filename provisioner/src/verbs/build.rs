//! `spokectl build`: what a release is made of, made and checked.

use std::path::PathBuf;

use serde::Serialize;

use crate::build::{self, Artifacts};
use crate::cli::Global;
use crate::context;
use crate::failure::{Failure, Kind};
use crate::stage::{self, Architecture, Stage};
use crate::ui::Ui;

/// Build and check what a release is made of, without an account
///
/// That is the functions' archive and the front end. `deploy` does the same before it uploads
/// anything; here nothing is read from an account. A stage with app.glibc has its functions
/// cross-compiled for Lambda (cargo-zigbuild and zig, fetched once into .spoke/tools); size,
/// processor and the glibc they ask for are checked against the stage file.
///
/// Examples:
///   spokectl build --stage prod
///   spokectl build --stage prod --output json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Built {
    revision: String,
    schema: String,
    functions: Functions,
    front_end: FrontEnd,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Functions {
    archive: PathBuf,
    sha256: String,
    bytes: u64,
    /// None: for this machine, whatever it is.
    architecture: Option<Architecture>,
    /// The newest the binary may ask for; none: whatever this machine has.
    glibc: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FrontEnd {
    bundle: String,
    files: usize,
}

pub(super) async fn run(global: &Global, Args {}: Args, ui: Ui) -> Result<Kind, Failure> {
    let repository = context::here()?;
    let stage = stage::load(&repository, &global.stage)?;
    let made = build::all_shown(&repository, &stage, &ui).await?;
    let built = built(&stage, made);
    ui.data(&built, || {
        let functions = &built.functions;
        let machine = match (&functions.architecture, &functions.glibc) {
            (Some(architecture), Some(glibc)) => {
                format!("{}, glibc {glibc} or older", architecture.name())
            }
            _ => "this machine; Lambda is not asked for by the stage file (app.glibc)".to_owned(),
        };
        format!(
            "functions  {}  {}\n           for {machine}\nfront end  bundle {}, {} files\nrevision   {}, schema {}",
            repository.shown(&functions.archive),
            build::archive::megabytes(functions.bytes),
            built.front_end.bundle,
            built.front_end.files,
            built.revision,
            built.schema
        )
    });
    Ok(Kind::Ok)
}

fn built(stage: &Stage, made: Artifacts) -> Built {
    let glibc = stage.app.glibc.clone();
    Built {
        revision: made.revision,
        schema: made.schema,
        functions: Functions {
            archive: made.archive.path,
            sha256: made.archive.sha256,
            bytes: made.archive.bytes,
            architecture: glibc.is_some().then_some(stage.app.architecture),
            glibc,
        },
        front_end: FrontEnd {
            files: made.bundle.files.len(),
            bundle: made.bundle.manifest.bundle,
        },
    }
}
