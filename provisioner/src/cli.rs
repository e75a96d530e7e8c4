//! The command line: help text is documentation.

use clap::{Args, Parser, Subcommand};

use crate::ui::Output;
use crate::verbs;

const EXIT_CODES: &str = "\
Exit codes:
  0 done · 1 error · 2 changes or findings · 3 failed, everything is back · 4 failed, needs repair
  5 refused by a guard · 6 locked · 7 inconclusive · 130 detached, the work goes on

stdout carries data, stderr carries talk; --output json makes stdout one JSON document.
NO_COLOR turns colours off. Nothing is asked where there is no terminal to answer.";

/// Deploys and operates Spoke: the whole system on this machine, releases with a canary, and what went wrong.
#[derive(Debug, Parser)]
#[command(name = "spokectl", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What holds for every verb.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The stage: the name of stages/<name>.toml, or a path to a .toml
    #[arg(long, global = true, default_value = "local", value_name = "NAME")]
    pub stage: String,
    /// How the answer is printed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub output: Output,
    /// Answer every question with yes
    #[arg(long, global = true)]
    pub yes: bool,
}

/// Every verb that works. What each does stands at its arguments: the first line in the list, all of it in its help.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Up(verbs::up::Args),
    Down(verbs::down::Args),
    Init(verbs::init::Args),
    Config(verbs::config::Args),
    Secrets(verbs::secrets::Args),
    Build(verbs::build::Args),
    Plan(verbs::plan::Args),
    Deploy(verbs::deploy::Args),
    Rollback(verbs::rollback::Args),
    Status(verbs::status::Args),
    Explain(verbs::explain::Args),
    Bundle(verbs::bundle::Args),
    Sentry(verbs::sentry::Args),
    Workflow(verbs::workflow::Args),
    Eject(verbs::eject::Args),
    Scale(verbs::scale::Args),
    Logs(verbs::logs::Args),
    Lock(verbs::lock::Args),
    #[command(hide = true)]
    LocalCloud(verbs::local_cloud::Args),
}
