//! `spokectl explain`: why, and what next.

use serde_json::{Value, json};

use crate::cli::Global;
use crate::context::Context;
use crate::failure::{Failure, Kind, codes};
use crate::release::attempt::{self, Attempt};
use crate::release::record;
use crate::ui::Ui;

/// Why the last release failed, and what to do next
///
/// Which migration and statement, which hook, which alarm with its datapoints, the last log lines,
/// what state things were left in, and the next command.
///
/// Examples:
///   spokectl explain
///   spokectl explain --stage prod --release 42
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The release; without it, the last one
    #[arg(long, value_name = "NUMBER")]
    release: Option<u64>,
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    let bucket = record::artifact_bucket(&ctx).await?;
    let failed = attempt::numbers(&ctx, &bucket).await?.into_iter().max();
    let current = record::current(&ctx).await?;
    let last = failed.max(current.as_ref().map(|release| release.number));
    let Some(number) = args.release.or(last) else {
        return Err(record::never(&ctx));
    };
    if let Some(attempt) = attempt::find(&ctx, &bucket, number).await? {
        ui.data(&attempt, || describe(&attempt));
        return Ok(Kind::Ok);
    }
    let history = record::history(&ctx).await?;
    let Some(release) = history.iter().find(|release| release.number == number) else {
        return Err(
            Failure::new(codes::NOT_FOUND, format!("there is no release {number}"))
                .next(format!("spokectl status{}", ctx.flag())),
        );
    };
    ui.data(&json!({ "release": release, "failure": null }), || {
        format!(
            "release {number} did not fail: {} by {}, {} ({})",
            release.at, release.by, release.reason, release.revision
        )
    });
    Ok(Kind::Ok)
}

fn describe(attempt: &Attempt) -> String {
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|line| line.as_str().map(ToOwned::to_owned))
            .collect()
    };
    let failure = &attempt.failure;
    let mut lines = vec![
        failure["what"].as_str().unwrap_or("unknown").to_owned(),
        format!(
            "  release {} ({}), {}, {}",
            attempt.number,
            attempt.revision,
            match attempt.deployment_id.as_str() {
                "" => "before any traffic moved".to_owned(),
                id => format!("deployment {id}"),
            },
            attempt.at
        ),
    ];
    let told = |label: &str, sentences: Vec<String>| -> Vec<String> {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        let lines = sentences.iter().flat_map(|sentence| sentence.lines());
        labels
            .zip(lines)
            .map(|(label, line)| format!("  {label:<5} {line}"))
            .collect()
    };
    lines.extend(told("why", texts(&failure["why"])));
    lines.extend(told("state", texts(&failure["state"])));
    for phase in attempt.phases.as_array().into_iter().flatten() {
        lines.push(format!(
            "  phase {:<19} {}",
            phase["name"].as_str().unwrap_or_default(),
            phase["status"].as_str().unwrap_or_default()
        ));
    }
    if !attempt.last_lines.is_empty() {
        lines.push("  the hook's last words:".to_owned());
        lines.extend(attempt.last_lines.iter().map(|line| format!("    {line}")));
    }
    // That much is done.
    let mut next = texts(&failure["next"]);
    next.retain(|command| !command.starts_with("spokectl explain"));
    lines.extend(told("next", next));
    lines.push(format!(
        "  code  {}",
        failure["code"].as_str().unwrap_or_default()
    ));
    lines.join("\n")
}
