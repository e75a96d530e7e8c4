//! The only printer. Data goes to stdout, talk to stderr, and nothing is ever asked where
//! nobody can answer.

pub mod live;
pub mod table;
pub mod tasks;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use console::Style;
use serde::Serialize;

use crate::failure::Failure;

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs: one JSON document on stdout.
    Json,
}

/// Where a command speaks.
#[derive(Clone, Debug)]
pub struct Ui {
    output: Output,
    terminal: bool,
}

impl Ui {
    /// Speaks as `output` says.
    #[must_use]
    pub fn new(output: Output) -> Self {
        // NO_COLOR by its convention (any value but an empty one), on both streams.
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            console::set_colors_enabled(false);
            console::set_colors_enabled_stderr(false);
        }
        Self {
            output,
            terminal: io::stderr().is_terminal(),
        }
    }

    /// Whether somebody sees lines change in place.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether somebody can answer a question.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.terminal && io::stdin().is_terminal()
    }

    /// Whether stdout is for a program.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// A line of talk.
    pub fn say(&self, line: impl Display) {
        write_line(&mut io::stderr().lock(), &line);
    }

    /// A line of talk with a mark: something is done.
    pub fn done(&self, line: impl Display) {
        self.say(format!("{} {line}", green("✓")));
    }

    /// A line of talk that wants to be noticed.
    pub fn notice(&self, line: impl Display) {
        self.say(format!("{} {line}", yellow("!")));
    }

    /// A question with a yes or a no; only for where somebody [can answer](Self::can_ask).
    #[must_use]
    pub fn ask(&self, question: &str) -> bool {
        let mut err = io::stderr().lock();
        drop(write!(err, "{question} [y/N] "));
        drop(err.flush());
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).is_ok()
            && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// A question with a line for an answer; only for where somebody [can answer](Self::can_ask).
    #[must_use]
    pub fn line(&self, question: &str) -> String {
        let mut err = io::stderr().lock();
        drop(write!(err, "{question} "));
        drop(err.flush());
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer) {
            Ok(_) => answer.trim().to_owned(),
            Err(_) => String::new(),
        }
    }

    /// The answer: `text` for people, `value` for programs.
    pub fn data(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let mut out = io::stdout().lock();
        match self.output {
            Output::Json => write_line(&mut out, &json(value)),
            Output::Text => write_line(&mut out, &text().trim_end()),
        }
    }

    /// One of many answers: a line of text, or one line of JSON.
    pub fn row(&self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let mut out = io::stdout().lock();
        match self.output {
            Output::Json => write_line(&mut out, &serde_json::to_string(value).unwrap_or_default()),
            Output::Text => write_line(&mut out, &text()),
        }
    }

    /// A failure: what, why, state, next, code; in this order, always.
    pub fn failure(&self, failure: &Failure) {
        if self.is_json() {
            self.data(&serde_json::json!({ "failure": failure }), String::new);
        }
        self.say(describe(failure));
    }
}

/// The human form of a failure.
#[must_use]
pub fn describe(failure: &Failure) -> String {
    let mut lines = vec![format!("{} {}", red("Error:"), failure.what)];
    for (label, sentences) in [
        ("why", &failure.why),
        ("state", &failure.state),
        ("next", &failure.next),
    ] {
        let mut label = label;
        for line in sentences.iter().flat_map(|sentence| sentence.lines()) {
            lines.push(format!("  {} {line}", dim(&format!("{label:<5}"))));
            label = "";
        }
    }
    lines.push(format!(
        "  {} {} {}",
        dim("code "),
        dim(failure.code.id),
        dim(&format!("(exit {})", failure.kind.number()))
    ));
    lines.join("\n")
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string())
}

/// A closed pipe (`spokectl logs | head`) is the reader's good right.
fn write_line(out: &mut impl io::Write, line: &impl Display) {
    drop(writeln!(out, "{line}"));
    drop(out.flush());
}

/// Text in green, on a terminal that shows colours.
#[must_use]
pub fn green(text: &str) -> String {
    paint(Style::new().green(), text)
}

/// Text in yellow.
#[must_use]
pub fn yellow(text: &str) -> String {
    paint(Style::new().yellow(), text)
}

/// Text in red.
#[must_use]
pub fn red(text: &str) -> String {
    paint(Style::new().red().bold(), text)
}

/// Text that steps back.
#[must_use]
pub fn dim(text: &str) -> String {
    paint(Style::new().dim(), text)
}

/// Text that steps forward.
#[must_use]
pub fn bold(text: &str) -> String {
    paint(Style::new().bold(), text)
}

fn paint(style: Style, text: &str) -> String {
    style.for_stderr().apply_to(text).to_string()
}

/// `1:05`, `0:09`.
#[must_use]
pub fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// `3 min ago`, `2 h ago`.
#[must_use]
pub fn ago(since: chrono::DateTime<chrono::Utc>, now: chrono::DateTime<chrono::Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    match seconds {
        0..=89 => format!("{seconds} s ago"),
        90..=5399 => format!("{} min ago", seconds / 60),
        5400..=172_799 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{ago, clock, describe};
    use crate::failure::{Failure, codes};

    #[test]
    fn a_failure_is_told_in_one_order() {
        console::set_colors_enabled_stderr(false);
        let failure = Failure::new(
            codes::ALARM_STOPPED,
            "the shift to version 42 stopped at 30 %",
        )
        .next("spokectl explain --stage prod")
        .state("alias Live is back on 41")
        .why("alarm spoke-prod-web-errors rang\n2.4 % >= 1 %");
        insta::assert_snapshot!(describe(&failure), @r"
        Error: the shift to version 42 stopped at 30 %
          why   alarm spoke-prod-web-errors rang
                2.4 % >= 1 %
          state alias Live is back on 41
          next  spokectl explain --stage prod
          code  SPK-CD-0003 (exit 3)
        ");
    }

    #[test]
    fn time_is_told_as_people_tell_it() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let before = |seconds| now - chrono::TimeDelta::seconds(seconds);
        assert_eq!(ago(before(5), now), "5 s ago");
        assert_eq!(ago(before(600), now), "10 min ago");
        assert_eq!(ago(before(7200), now), "2 h ago");
        assert_eq!(ago(before(1_000_000), now), "11 days ago");
        assert_eq!(clock(65), "1:05");
    }
}
