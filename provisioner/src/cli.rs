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

/// Every verb that works.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the whole system on this machine: build, start the local cloud, deploy, open
    Up(verbs::up::Args),
    /// Stop what `up` started; what it keeps stays
    Down(verbs::down::Args),
    /// Ask a few questions and write the stage file
    Init(verbs::init::Args),
    /// The stage file's settings: what each is, and where its value comes from
    Config(verbs::config::Args),
    /// The instance's secrets: which are set, and a new value for one
    Secrets(verbs::secrets::Args),
    /// Build and check what a release is made of, without an account
    Build(verbs::build::Args),
    /// What a deploy would do, and what it means
    Plan(verbs::plan::Args),
    /// Make a release: build, upload, update the stacks, shift the traffic, move the bundle
    Deploy(verbs::deploy::Args),
    /// Go back to an earlier release: bundle first, then the other functions, then traffic
    Rollback(verbs::rollback::Args),
    /// One screen: release, traffic, bundle, alarms, database, queues
    Status(verbs::status::Args),
    /// Why the last release failed, and what to do next
    Explain(verbs::explain::Args),
    /// The front-end bundles that are uploaded, and which one pages name
    Bundle(verbs::bundle::Args),
    /// Write the GitHub Actions workflows, and the trust between GitHub and the account
    Workflow(verbs::workflow::Args),
    /// Write the plain CloudFormation templates, and how to deploy them without us
    Eject(verbs::eject::Args),
    /// The database's size: where it stands, what the next rung means, and taking it
    Scale(verbs::scale::Args),
    /// The functions' log lines
    Logs(verbs::logs::Args),
    /// Who is at work on the stage; take away a lock nobody holds any more
    Lock(verbs::lock::Args),
    /// The local cloud itself, as `up` starts it
    #[command(hide = true)]
    LocalCloud(verbs::local_cloud::Args),
}
