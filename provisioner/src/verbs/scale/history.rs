//! `spokectl scale history`: every change there was.

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::scale::{Scope, ledger};
use crate::ui::table::table;

pub(super) async fn show(ctx: &Context, scope: &Scope) -> Result<Kind, Failure> {
    let records = ledger::history(scope).await?;
    ctx.ui.data(&records, || {
        if records.is_empty() {
            return "the database was never changed".to_owned();
        }
        let percent = |value: Option<f64>| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.0} %"))
        };
        let rows = records
            .iter()
            .map(|record| {
                vec![
                    record.number.to_string(),
                    record.started.format("%Y-%m-%d %H:%M").to_string(),
                    format!("{} → {}", record.from, record.to),
                    record.by.clone(),
                    if record.failed.is_some() {
                        "failed".to_owned()
                    } else {
                        format!(
                            "CPU {} → {}",
                            percent(record.cpu_before),
                            percent(record.cpu_after)
                        )
                    },
                    record.why.join("; "),
                ]
            })
            .collect();
        let mut lines = vec![table(
            &["change", "began, UTC", "what", "by", "outcome", "why"],
            rows,
        )];
        // Reasons are long: not in a column.
        lines.extend(records.iter().filter_map(|record| {
            let why = record.failed.as_ref()?;
            Some(format!("change {} failed: {why}", record.number))
        }));
        lines.join("\n")
    });
    Ok(Kind::Ok)
}
