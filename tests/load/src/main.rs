//! Drives texters through whole shifts, over HTTP like a browser, and says what a text costs.
//!
//! Everything runs on this machine: database and cache (the local cloud's parts), the carrier (in
//! this process) and the application, a process of its own. CPU time is read from the operating
//! system, for the application and for all of the database's processes.

mod documents;
mod figures;
mod instance;
mod measure;
mod polling;
mod questions;
mod seed;
mod texter;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use figures::{Figures, percentiles};
use instance::Instance;

/// Accounts of texters there are; people of other trades come after them.
pub(crate) const MOST_TEXTERS: u32 = 1000;
/// Contacts a texter is given at once, of which each must get some.
const BATCH: u32 = 300;
/// Process starts that are timed.
const STARTS: usize = 10;

/// Whom the texts are handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Carrying {
    /// Another server, which takes them and says nothing more.
    Silent,
    /// Another server, which reports each delivered at once.
    Reports,
    /// Nobody: a switch in the application.
    None,
}

/// Texters at work, and what they cost.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Args {
    /// The application: a release build.
    #[arg(long, default_value = "target/release/spoke")]
    spoke: PathBuf,
    /// How many texters send at once. They sign in 50 a minute: the application lets in no more from one address. A
    /// thousand keep 3,600 files open here and as many there (`ulimit -n`).
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_TEXTERS)))]
    texters: u32,
    /// How long they send.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Milliseconds a texter waits between two texts.
    #[arg(long, default_value_t = 0)]
    think_ms: u64,
    /// Contacts of the campaign they work in.
    #[arg(long, default_value_t = 200_000)]
    contacts: u32,
    /// Contacts of other campaigns that are in the database before, each texted twice.
    #[arg(long, default_value_t = 20_000)]
    before: u32,
    /// Whom the texts are handed to.
    #[arg(long, value_enum, default_value = "silent")]
    carrier: Carrying,
    /// Without Redis.
    #[arg(long)]
    no_redis: bool,
    /// Without the minute of polling and the uploads.
    #[arg(long)]
    short: bool,
    /// Rows of the files that are uploaded.
    #[arg(long, value_delimiter = ',', default_values_t = [200_000, 1_000_000])]
    uploads: Vec<u32>,
    /// The application's connections to the database.
    #[arg(long, default_value_t = 8)]
    pool: u32,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let args = Args::parse();
    anyhow::ensure!(
        args.contacts >= BATCH * args.texters,
        "each texter takes {BATCH} contacts at once: give --contacts {} at the least",
        BATCH * args.texters
    );
    let mut figures = Figures;
    let mut instance = Box::pin(Instance::start(&args)).await?;
    let seeded = seed::campaign(&instance, &args).await?;
    start(&mut instance, &mut figures).await?;
    let instance = Arc::new(instance);
    let mut texters = measure::signing_in(&instance, args.texters, &mut figures).await?;
    for texter in &mut texters {
        texter.join(&seeded.token).await?;
    }
    let time = Duration::from_secs(args.seconds);
    let think = Duration::from_millis(args.think_ms);
    let mut texters = measure::sending(&instance, texters, &args, time, &mut figures).await?;
    if args.carrier != Carrying::None {
        measure::receiving(&instance, args.texters, &mut figures).await?;
        texters = measure::conversing(&instance, texters, time / 2, think, &mut figures).await?;
    }
    questions::texters(&instance, &seeded, &mut figures).await?;
    let admin = questions::admin(&instance, &seeded).await?;
    questions::statistics(&admin, &seeded, &mut figures).await?;
    if !args.short {
        polling::measure(&instance, &texters, &mut figures).await?;
    }
    let mut instance = Arc::into_inner(instance).context("the instance is still in use")?;
    if !args.short {
        for rows in args.uploads {
            uploads::measure(&mut instance, &admin, rows, &mut figures).await?;
        }
    }
    instance.stop().await
}

/// How long the application takes to its first answer, and what it takes up then.
async fn start(instance: &mut Instance, figures: &mut Figures) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(instance.restart().await?);
    }
    figures.add("process start to first GraphQL answer", percentiles(times));
    figures.add("  resident then", instance.memory()?);
    Ok(())
}
