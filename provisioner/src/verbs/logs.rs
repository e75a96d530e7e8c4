//! `spokectl logs`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use spoke_contract::functions::Function;

use crate::cli::Global;
use crate::cloud::logs::Line;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind, codes};
use crate::ui::{Ui, dim};

/// The functions' log lines
///
/// Lambda's own lines (START, END, REPORT, ...) and metrics are left out unless --platform asks for them. What
/// our functions log as JSON is told as a sentence; --output json has each line as it was logged, in
/// one JSON object with its time and its function.
///
/// Examples:
///   spokectl logs
///   spokectl logs --function preflight --since 2h
///   spokectl logs --stage prod --function web --filter ERROR --follow
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Only this function: web, worker, inbound, reports, preflight, postflight, scheduled
    #[arg(long, value_name = "NAME", value_parser = function)]
    function: Option<Function>,
    /// How far back: 30s, 10m, 2h, 1d
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = span)]
    since: chrono::TimeDelta,
    /// Only lines that match, in CloudWatch's pattern language
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Lambda's own lines too
    #[arg(long)]
    platform: bool,
    /// Stay and show new lines
    #[arg(long, short)]
    follow: bool,
}

fn function(name: &str) -> Result<Function, String> {
    Function::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Function::ALL
            .iter()
            .map(|function| function.name())
            .collect();
        format!("one of {}", names.join(", "))
    })
}

fn span(text: &str) -> Result<chrono::TimeDelta, String> {
    let wrong = || "a number and s, m, h or d, such as 10m".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(seconds)
        .and_then(chrono::TimeDelta::try_seconds)
        .filter(|span| *span <= chrono::TimeDelta::days(3650))
        .ok_or_else(wrong)
}

pub(super) async fn run(global: &Global, args: Args, ui: Ui) -> Result<Kind, Failure> {
    let ctx = Context::connect(global, &ui).await?;
    ctx.interrupted.listen();
    let mut since = Utc::now() - args.since;
    let mut shown: Vec<String> = Vec::new();
    loop {
        let lines = read(&ctx, &args, since).await?;
        for (function, line) in &lines {
            if !shown.contains(&line.id) {
                show(&ui, *function, line);
            }
        }
        if !args.follow {
            if lines.is_empty() {
                ui.say("no lines in this time; --since looks further back");
            }
            return Ok(Kind::Ok);
        }
        // Lines arrive a little late and out of order: look back half a minute, and show nothing twice.
        let horizon = Utc::now() - chrono::TimeDelta::seconds(30);
        shown = lines
            .into_iter()
            .filter(|(_, line)| line.at >= horizon)
            .map(|(_, line)| line.id)
            .collect();
        since = since.max(horizon);
        for _ in 0..10 {
            if ctx.interrupted.seen() {
                return Ok(Kind::Ok);
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
}

async fn read(
    ctx: &Context,
    args: &Args,
    since: DateTime<Utc>,
) -> Result<Vec<(Function, Line)>, Failure> {
    let mut merged = Vec::new();
    for function in Function::ALL {
        if args.function.is_some_and(|wanted| wanted != function) {
            continue;
        }
        let group = format!("/aws/lambda/{}", function.lambda_name(&ctx.stage.name));
        let lines = ctx
            .cloud
            .logs
            .since(&group, since, args.filter.as_deref())
            .await
            .blame(
                codes::UNREADABLE,
                format!("the logs of {} cannot be read", function.name()),
            )?;
        merged.extend(
            lines
                .into_iter()
                .filter(|line| args.platform || !line.is_platform())
                .map(|line| (function, line)),
        );
    }
    merged.sort_by_key(|(_, line)| line.at);
    Ok(merged)
}

fn show(ui: &Ui, function: Function, line: &Line) {
    let at = line.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    ui.row(
        &json!({ "at": at, "function": function.name(), "line": line.text }),
        || format!("{} {:<10} {}", dim(&at), function.name(), line.plain()),
    );
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn times_are_a_number_and_a_unit() {
        assert_eq!(span("10m").unwrap(), chrono::TimeDelta::minutes(10));
        assert_eq!(span("1d").unwrap(), chrono::TimeDelta::days(1));
        for wrong in ["", "10", "m", "ten m", "10é", "99999999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
