//! The carrier as a program of its own: for demonstrations and loads.

use std::net::SocketAddr;

use carrier::{Carrier, Options};
use clap::Parser;

/// A carrier to test against. Prints where it is, as one line of JSON, and runs until it is stopped.
#[derive(Parser)]
struct Args {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The account's id.
    #[arg(long, default_value = "AC00000000000000000000000000000000")]
    account: String,
    /// The account's token: requests carry it, callbacks are signed with it.
    #[arg(long, default_value = "00000000000000000000000000000000")]
    token: String,
    /// Spoke's address: a messaging service with one sender is made for it.
    #[arg(long)]
    webhooks: Option<String>,
    /// What everybody answers who gets a text; nobody answers without it.
    #[arg(long)]
    reply: Option<String>,
    /// Milliseconds until a text is reported delivered, and again until it is answered.
    #[arg(long, default_value_t = 500)]
    after: u64,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the one line others read")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let carrier = Carrier::start(Options {
        account: args.account,
        token: args.token,
        listen: args.listen,
    })
    .await?;
    carrier.set_plan(|plan| {
        plan.reply = args.reply;
        plan.report_after_ms = args.after;
        plan.reply_after_ms = args.after;
    });
    let service = args.webhooks.map(|webhooks| carrier.service(&webhooks));
    let line =
        serde_json::json!({"url": carrier.url(), "account": carrier.account(), "service": service});
    println!("{line}");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
