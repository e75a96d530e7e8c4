//! What a verb works with: where it speaks, which working copy, which stage, which cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::Global;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::scale::ledger;
use crate::stage::{self, Stage};
use crate::ui::Ui;

/// A verb's surroundings.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where it speaks.
    pub ui: Ui,
    /// The working copy.
    pub repository: Repository,
    /// The stage.
    pub stage: Stage,
    /// AWS, or whoever speaks like it at the stage's endpoint.
    pub cloud: Cloud,
    /// Set when the user wants to go.
    pub interrupted: Interrupt,
}

impl Context {
    /// Reads the stage and connects. Account and identity are checked before anything else.
    pub async fn connect(global: &Global, ui: &Ui) -> Result<Self, Failure> {
        let repository = here()?;
        let mut stage = stage::load(&repository, &global.stage)?;
        let cloud = Cloud::connect(&repository, &stage).await?;
        cloud.check_identity(&stage).await?;
        // A database that was enlarged is as large as it is, whatever the file says.
        let ledger = ledger::read(&cloud.parameters, &stage.name).await?;
        ledger::enlarge(&mut stage, &ledger);
        Ok(Self {
            ui: ui.clone(),
            repository,
            stage,
            cloud,
            interrupted: Interrupt::default(),
        })
    }

    /// ` --stage prod`, or nothing for the default stage: for commands in messages.
    #[must_use]
    pub fn flag(&self) -> String {
        flag(&self.stage.name)
    }
}

/// ` --stage prod`, or nothing for the default stage.
#[must_use]
pub fn flag(stage: &str) -> String {
    if stage == "local" {
        String::new()
    } else {
        format!(" --stage {stage}")
    }
}

/// The working copy around the current directory.
pub fn here() -> Result<Repository, Failure> {
    let start = std::env::current_dir().map_err(anyhow::Error::from)?;
    Repository::find(&start)
}

/// Ctrl-C, noticed by whoever looks.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts listening.
    pub fn listen(&self) {
        let pressed = self.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                pressed.press();
            }
        });
    }

    /// What Ctrl-C does.
    pub fn press(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was pressed.
    #[must_use]
    pub fn seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
