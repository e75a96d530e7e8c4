//! Opt-outs from a file: the `import_opt_outs` job. Once more changes nothing: a number opts out once.

use std::io::Read;

use anyhow::Context;
use csv::{ByteRecord, ReaderBuilder};
use serde::{Deserialize, Serialize};

use crate::access::Admin;
use crate::app::App;
use crate::contacts::chunks::Chunks;
use crate::contacts::lines::Lines;
use crate::contacts::reading::{self, Take};
use crate::contacts::rejects::Rejects;
use crate::contacts::{file, phone, upload};
use crate::db;
use crate::db::contact_import::RejectedRow;
use crate::db::job::{Job, NewJob};
use crate::error::{Error, Result};
use crate::jobs;
use crate::jobs::run::Running;

/// The job's type.
pub const KIND: &str = "import_opt_outs";
/// Longest reason, in characters.
const MAX_REASON: usize = 200;

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[serde(rename = "s3Key")]
    key: String,
    /// Of rows that give none.
    reason: String,
}

/// Enqueues the job.
///
/// # Errors
/// [`Error::Forbidden`] for another organization's file, [`Error::BadInput`] without a reason.
pub async fn order(app: &App, by: &Admin, key: &str, reason: &str) -> Result<Job> {
    upload::check_key(key, by.organization_id)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(Error::bad_input(
            "reasonCode",
            format!(
                "Say in 1 to {MAX_REASON} characters why these people are opted out; it is kept."
            ),
        ));
    }
    let order = Order {
        key: key.to_owned(),
        reason: reason.to_owned(),
    };
    let job = NewJob {
        kind: KIND,
        campaign_id: None,
        organization_id: Some(by.organization_id),
        user_id: Some(by.user_id),
        config: serde_json::to_value(&order).context("writing the job down")?,
    };
    let id = db::job::insert(&app.db, job).await?;
    jobs::dispatch(app, id).await;
    db::job::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such job."))
}

/// The job's work. What was opted out before a failure stays opted out: importing the file again does the rest.
///
/// # Errors
/// What is wrong with the file; when database or bucket fail.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let order: Order =
        serde_json::from_value(running.job.config.clone()).context("reading the job")?;
    let name = format!("rejected-{}-{}.csv", running.job.id, running.lease);
    let mut import = Import {
        app: running.app,
        organization_id: running
            .job
            .organization_id
            .context("the job has no organization")?,
        reason: order.reason,
        taken: 0,
        new: 0,
        rejects: Rejects::new(std::env::temp_dir().join(name)),
    };
    let country = running.app.config.phone_number_country.clone();
    let parse = move |chunks: Chunks, hand_over: &mut dyn FnMut(Vec<Line>) -> bool| {
        read(chunks, &country, hand_over)
    };
    reading::read(running, &order.key, 1.0, parse, &mut import).await?;
    let rejected = import.rejects.count();
    if import.taken == 0 && rejected == 0 {
        return Err(Error::bad_input(
            "s3Key",
            "The file holds no numbers; nothing was changed.",
        ));
    }
    if let Some(path) = import.rejects.file()? {
        let key = format!("{}.rejected.csv", order.key);
        running.keep_file(path, &key).await?;
    }
    let known = import.taken - import.new;
    let message = format!(
        "{} numbers opted out, {known} had opted out before, {rejected} rows rejected.",
        import.new
    );
    running.finish(&message).await
}

/// A line of the file: a number and perhaps its own reason, or why it is none.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    number: i32,
    cell: Result<String, String>,
    raw: String,
    reason: String,
}

struct Import<'a> {
    app: &'a App,
    organization_id: i32,
    reason: String,
    /// Lines that hold a number.
    taken: usize,
    /// Numbers that had not opted out before.
    new: usize,
    rejects: Rejects,
}

impl Take<Vec<Line>> for Import<'_> {
    async fn take(&mut self, lines: Vec<Line>) -> Result<()> {
        let (mut cells, mut reasons) = (Vec::new(), Vec::new());
        for line in lines {
            match line.cell {
                Ok(cell) => {
                    let is_own = !line.reason.is_empty();
                    reasons.push(if is_own {
                        line.reason
                    } else {
                        self.reason.clone()
                    });
                    cells.push(cell);
                }
                Err(reason) => self.rejects.push(RejectedRow {
                    line: line.number,
                    cell: line.raw,
                    reason,
                })?,
            }
        }
        self.taken += cells.len();
        let (app, organization) = (self.app, self.organization_id);
        let (shared, now) = (app.config.opt_outs_shared, app.clock.now());
        let inserted =
            db::opt_out::insert_many(&app.db, &cells, &reasons, organization, shared, now).await?;
        self.new += usize::try_from(inserted.new_count).unwrap_or(0);
        app.cache
            .bump(&inserted.assignments, &app.ids.token())
            .await;
        Ok(())
    }
}

/// Where the two columns are.
struct Columns {
    cell: usize,
    reason: Option<usize>,
}

impl Columns {
    fn of(header: &[String]) -> Option<Self> {
        let find = |names: &[&str]| {
            header.iter().position(|column| {
                let name = column.trim().trim_start_matches('\u{feff}').to_lowercase();
                names.contains(&name.replace([' ', '-'], "_").as_str())
            })
        };
        Some(Self {
            cell: find(&["cell", "phone_number", "phone", "number"])?,
            reason: find(&["reason", "reason_code"]),
        })
    }

    fn line(&self, number: i32, fields: &[String], rules: phone::Rules<'_>) -> Line {
        let text = |place: usize| fields.get(place).map_or("", |text| text.trim());
        let raw = text(self.cell);
        let cell = if raw.is_empty() {
            Err("There is no phone number.".to_owned())
        } else {
            phone::parse(raw, rules).map_err(|_| "This is not a phone number.".to_owned())
        };
        let reason = self.reason.map_or("", text);
        Line {
            number,
            cell,
            raw: raw.chars().take(40).collect(),
            reason: reason.chars().take(MAX_REASON).collect(),
        }
    }
}

/// Reads the file; one whose first line names no column is a list of numbers.
fn read(
    source: impl Read,
    country: &str,
    hand_over: &mut dyn FnMut(Vec<Line>) -> bool,
) -> Result<(), String> {
    // Whoever wants no texts is believed: a number that is only possible opts out as well.
    let rules = phone::Rules {
        accepts_possible: true,
        country,
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(Lines::new(source));
    let mut record = ByteRecord::new();
    let unreadable = |error: csv::Error| format!("The file cannot be read as CSV: {error}.");
    let mut columns = None;
    let mut lines = Vec::new();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let mut fields = file::texts(&record);
        let Some(columns) = &columns else {
            if let Some(named) = Columns::of(&fields) {
                columns = Some(named);
                continue;
            }
            if let Some(first) = fields.first_mut() {
                *first = first.trim_start_matches('\u{feff}').to_owned();
            }
            let list = Columns {
                cell: 0,
                reason: None,
            };
            let first = list.line(1, &fields, rules);
            if first.cell.is_err() {
                return Err(
                    "The file's first line must name a column cell or phone_number, or hold a number."
                        .to_owned(),
                );
            }
            lines.push(first);
            columns = Some(list);
            continue;
        };
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        lines.push(columns.line(file::first_line(&reader, &record), &fields, rules));
        if lines.len() == file::BATCH && !hand_over(std::mem::take(&mut lines)) {
            return Ok(());
        }
    }
    if !lines.is_empty() {
        hand_over(lines);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Line, read};

    fn lines(file: &str) -> Result<Vec<(i32, String)>, String> {
        let mut found = Vec::new();
        let show = |line: Line| {
            let said = line
                .cell
                .unwrap_or_else(|reason| format!("{} {reason}", line.raw));
            (
                line.number,
                format!("{said} {}", line.reason).trim().to_owned(),
            )
        };
        read(file.as_bytes(), "US", &mut |part| {
            found.extend(part.into_iter().map(show));
            true
        })?;
        Ok(found)
    }

    #[test]
    fn columns_are_named_or_the_file_is_a_list() {
        let named =
            lines("\u{feff}Name,Phone Number,reason\r\nAna,617-555-0100,asked\n\nBob,nope,\n,,\n")
                .unwrap();
        let expected = [
            (2, "+16175550100 asked"),
            (4, "nope This is not a phone number."),
        ];
        assert_eq!(named, expected.map(|(line, text)| (line, text.to_owned())));
        let list = lines("6175550100\n(617) 555-0101\n").unwrap();
        assert_eq!(list[1], (2, "+16175550101".to_owned()));
        assert!(
            lines("name,email\nx,y\n")
                .unwrap_err()
                .contains("first line")
        );
        assert_eq!(lines("").unwrap(), []);
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read_or_refused(file: Vec<u8>) {
            let mut last = 0;
            let read = read(file.as_slice(), "US", &mut |part| {
                last = part.last().map_or(last, |line| line.number);
                true
            });
            let ends = file.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
            proptest::prop_assert!(read.is_err() || usize::try_from(last).unwrap() <= ends + 1);
        }
    }
}
