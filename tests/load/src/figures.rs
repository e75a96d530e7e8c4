//! Figures, and the table they are printed as.

use std::time::Duration;

#[derive(Default)]
pub(crate) struct Figures {
    rows: Vec<(String, String)>,
}

impl Figures {
    pub(crate) fn add(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.rows.push((what.into(), value.into()));
    }

    pub(crate) fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        let lines = self.rows.iter();
        let lines: Vec<String> = lines
            .map(|(what, value)| format!("{what:width$}  {value}").trim_end().to_owned())
            .collect();
        lines.join("\n")
    }
}

/// `1.23 ms`.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The median, the 95th and the 99th in a hundred, and the longest.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| {
        let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(place)
            .copied()
            .map_or_else(String::new, milliseconds)
    };
    format!(
        "p50 {}, p95 {}, p99 {}, max {}",
        at(50),
        at(95),
        at(99),
        at(100)
    )
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub(crate) fn rate(count: usize, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}

/// What each cost.
pub(crate) fn each(total: Duration, count: usize) -> String {
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    format!("{:.3} ms", (total / count).as_secs_f64() * 1000.0)
}
