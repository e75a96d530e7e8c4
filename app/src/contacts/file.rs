//! Reading the uploaded file: CSV, row by row, in constant memory.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::contacts::lines::Lines;
use crate::contacts::mapping::Mapped;
use crate::contacts::phone::Rules;
use crate::contacts::row::{Columns, Rejection, Row};

/// Rows that go to the database together.
pub const BATCH: usize = 1000;

/// What the reader hands over.
#[derive(Debug)]
pub enum Part {
    /// What scripts call the columns they have fields of.
    Header(Vec<String>),
    /// Some rows, each with its line in the file.
    Rows(Vec<(i32, Result<Row, Rejection>)>),
}

/// Reads the whole file and hands it over in parts; stops early when nobody takes them any more. Without a mapping
/// the columns' names say what they are.
///
/// # Errors
/// A sentence for the person who uploaded the file.
pub fn read(
    source: impl Read,
    mapping: Option<&[Mapped]>,
    rules: Rules<'_>,
    mut hand_over: impl FnMut(Part) -> bool,
) -> Result<(), String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::None)
        .from_reader(Lines::new(source));
    let mut record = ByteRecord::new();
    let unreadable = |error: csv::Error| format!("The file cannot be read as CSV: {error}.");
    if !reader.read_byte_record(&mut record).map_err(unreadable)? {
        return Err("The file is empty.".to_owned());
    }
    let mut header = texts(&record);
    if let Some(first) = header.first_mut() {
        // Spreadsheets begin their files with a byte-order mark.
        *first = first.trim_start_matches('\u{feff}').to_owned();
    }
    let columns = match mapping {
        Some(mapping) => Columns::mapped(&header, mapping)?,
        None => Columns::read(&header)?,
    };
    if !hand_over(Part::Header(columns.custom_names())) {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(BATCH);
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        let fields = texts(&record);
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = first_line(&reader, &record);
        rows.push((line, columns.row(&fields, rules)));
        if rows.len() == BATCH
            && !hand_over(Part::Rows(std::mem::replace(
                &mut rows,
                Vec::with_capacity(BATCH),
            )))
        {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        hand_over(Part::Rows(rows));
    }
    Ok(())
}

/// The line the record begins in: the reader stands behind its end, and its fields may hold line ends.
pub fn first_line<R: Read>(reader: &csv::Reader<R>, record: &ByteRecord) -> i32 {
    let inside = record.as_slice().split(|byte| *byte == b'\n').count() - 1;
    let behind = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
    i32::try_from(behind.saturating_sub(inside + 1)).unwrap_or(i32::MAX)
}

/// The record's fields.
pub fn texts(record: &ByteRecord) -> Vec<String> {
    record.iter().map(text).collect()
}

/// UTF-8, else Latin-1, which every other spreadsheet file is near enough to. The database takes no NUL.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace('\0', ""),
        Err(_) => bytes
            .iter()
            .filter(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, read};
    use crate::contacts::phone::Rules;

    const RULES: Rules<'_> = Rules {
        accepts_possible: false,
        country: "US",
    };

    /// The header, and of each row its line, whether it is good, and a name or a reason.
    type Parts = (Vec<String>, Vec<(i32, bool, String)>);

    fn parts(file: &[u8]) -> Result<Parts, String> {
        let mut header = Vec::new();
        let mut rows = Vec::new();
        read(file, None, RULES, |part| {
            match part {
                Part::Header(names) => header = names,
                Part::Rows(batch) => rows.extend(batch.into_iter().map(|(line, row)| match row {
                    Ok(row) => (line, true, row.first_name),
                    Err(rejection) => (line, false, rejection.reason),
                })),
            }
            true
        })?;
        Ok((header, rows))
    }

    #[test]
    fn files_as_spreadsheets_write_them() {
        let file = b"\xef\xbb\xbffirst_name,last_name,cell,Note\r\nAna,\"Diaz, Jr.\",6175550123,\"two\nlines\"\r\n\r\nJos\xe9,X,6175550124\r\nBob,Y,nope,z\r\n";
        let (header, rows) = parts(file).unwrap();
        assert_eq!(header, ["Note"]);
        assert_eq!(
            rows,
            [
                (2, true, "Ana".to_owned()),
                (5, true, "Jos\u{e9}".to_owned()),
                (6, false, "This is not a valid phone number.".to_owned()),
            ]
        );
    }

    #[test]
    fn a_file_that_is_none_says_so() {
        assert_eq!(parts(b"").unwrap_err(), "The file is empty.");
        assert!(parts(b"<html>").unwrap_err().contains("it lacks"));
    }

    #[test]
    fn reading_stops_when_nobody_listens() {
        let file = format!("first,last,cell\n{}", "a,b,6175550123\n".repeat(3000));
        let mut taken = 0;
        read(file.as_bytes(), None, RULES, |_| {
            taken += 1;
            taken < 2
        })
        .unwrap();
        assert_eq!(taken, 2);
    }
}
