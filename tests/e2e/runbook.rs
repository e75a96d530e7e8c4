//! A runbook's commands, run as the page writes them and expected to end as it says.

use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::instance::{Ended, Instance};

/// The page of an alarm, and what of it has not been run yet.
pub(crate) struct Runbook {
    name: &'static str,
    /// Commands with the exit codes they are to end with.
    commands: Vec<(String, i32)>,
    /// Statements for the database.
    pub(crate) statements: Vec<String>,
}

impl Runbook {
    pub(crate) fn read(name: &'static str) -> anyhow::Result<Self> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../runbooks/{name}.md"));
        let text = std::fs::read_to_string(page)?;
        let (mut kind, mut commands, mut statements) = ("", Vec::new(), Vec::new());
        for line in text.lines() {
            match (line.strip_prefix("```"), kind) {
                (Some(opened), _) => kind = opened,
                (None, "sh") => commands.push(read(line)?),
                (None, "sql") => statements.push(line.to_owned()),
                (None, _) => {}
            }
        }
        ensure!(!commands.is_empty(), "{name} has no commands");
        Ok(Self {
            name,
            commands,
            statements,
        })
    }

    /// Runs the command that begins so, with what a person fills in.
    pub(crate) async fn run(
        &mut self,
        instance: &Instance,
        start: &str,
        fill: &[(&str, &str)],
    ) -> anyhow::Result<Ended> {
        let place = self.commands.iter().position(|(line, _)| {
            let words = line.strip_prefix("spokectl ");
            words.is_some_and(|words| words.starts_with(start))
        });
        let place = place.with_context(|| format!("{}: no spokectl {start} left", self.name))?;
        let (mut line, code) = self.commands.remove(place);
        for (name, value) in [("<stage>", "local")].iter().chain(fill) {
            line = line.replace(name, value);
        }
        ensure!(!line.contains('<'), "who fills in {line}?");
        let words = words(&line);
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let ended = instance.spokectl(&words).await?;
        let ended = ended.with(code);
        ended.with_context(|| format!("runbooks/{}.md: {line}", self.name))
    }

    /// Nothing of the page may be left that nobody ran.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        let (name, left) = (self.name, self.commands);
        ensure!(left.is_empty(), "nobody ran {left:?} of runbooks/{name}.md");
        Ok(())
    }
}

/// A command, and what it is to end with: nought, or what stands behind it.
fn read(line: &str) -> anyhow::Result<(String, i32)> {
    let Some((command, told)) = line.split_once("  # exit code ") else {
        return Ok((line.to_owned(), 0));
    };
    let code = told.split(':').next().unwrap_or_default();
    let code = code.parse().with_context(|| line.to_owned())?;
    Ok((command.to_owned(), code))
}

/// Words as a shell takes them: what stands between quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, piece) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}
