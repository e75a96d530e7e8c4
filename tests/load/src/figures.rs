//! Figures, and the table they are printed as.

use std::time::Duration;

/// Prints them as they are measured: what fails later takes none of them away.
pub(crate) struct Figures;

impl Figures {
    #[expect(
        clippy::print_stdout,
        clippy::unused_self,
        reason = "the figures are what the program is for; only who was given them prints"
    )]
    pub(crate) fn add(&mut self, what: impl std::fmt::Display, value: impl std::fmt::Display) {
        println!("{:WIDTH$}  {value}", what.to_string());
    }
}

const WIDTH: usize = 46;

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
