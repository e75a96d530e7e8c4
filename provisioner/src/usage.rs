//! A command line that is none of ours.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::failure::{Failure, Kind, codes};
use crate::ui::{Output, Ui};

/// Help and version are answers (0); wrong input is an error (1): 2 means "changes or findings" here.
pub(crate) fn answer(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let is_help = !error.use_stderr();
    if is_help || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Nothing is left to do when the terminal is gone.
        drop(error.print());
        let kind = if is_help { Kind::Ok } else { Kind::Error };
        return kind.exit_code();
    }
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let failure = if command(&words) == SET && error.kind() == ErrorKind::UnknownArgument {
        secret(&words)
    } else {
        failure(&error.to_string(), &words)
    };
    Ui::new(output(&words)).failure(&failure);
    failure.kind.exit_code()
}

const SET: &str = "spokectl secrets set";

/// What might be a secret is not said again.
fn secret(words: &[String]) -> Failure {
    let secret = words.get(3).map_or("<secret>", String::as_str);
    Failure::new(codes::USAGE, "a secret's value is no argument")
        .why("a command line stands in the shell's history and in every list of processes")
        .untouched()
        .next(format!(
            "{SET} {secret}, and the value when it is asked for or on stdin"
        ))
}

/// The parser's words in the shape of every failure.
fn failure(said: &str, words: &[String]) -> Failure {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let what = lines.next().unwrap_or_default();
    let what = what.trim_start_matches("error: ").trim_end_matches(':');
    let mut failure = Failure::new(codes::USAGE, what);
    let is_about_help = |line: &&str| line.starts_with("Usage: ") || line.starts_with("For more");
    for line in lines.take_while(|line| !is_about_help(line)) {
        failure = failure.why(line.trim_start_matches("tip: "));
    }
    failure
        .untouched()
        .next(format!("{} --help", command(words)))
}

/// As far as the words name a command.
fn command(words: &[String]) -> String {
    let mut known = Cli::command();
    let mut named = vec!["spokectl".to_owned()];
    for word in words.iter().skip(1) {
        let Some(below) = known.find_subcommand(word).cloned() else {
            break;
        };
        named.push(word.clone());
        known = below;
    }
    named.join(" ")
}

/// What was asked for, where the rest could not be read.
fn output(words: &[String]) -> Output {
    let asked = words.iter().any(|word| word == "--output=json")
        || words
            .windows(2)
            .any(|pair| pair[0] == "--output" && pair[1] == "json");
    if asked { Output::Json } else { Output::Text }
}
