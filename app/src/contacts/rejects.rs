//! Rows that were turned away: the first hundred for the screen, all of them as a file.

use std::path::Path;

use anyhow::Context;
pub use tempfile_lite::TempFile;

use crate::db::contact_import::RejectedRow;

/// How many the screen shows.
const SHOWN: usize = 100;

/// Rejected rows, collected.
pub struct Rejects {
    first: Vec<RejectedRow>,
    count: usize,
    file: Option<csv::Writer<std::fs::File>>,
    path: TempFile,
}

impl Rejects {
    /// None yet. The file begins with the first one.
    pub fn new(path: std::path::PathBuf) -> Self {
        Self {
            first: Vec::new(),
            count: 0,
            file: None,
            path: TempFile(path),
        }
    }

    /// One more.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn push(&mut self, row: RejectedRow) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut writer =
                    csv::Writer::from_path(&self.path.0).context("writing rejected rows")?;
                writer.write_record(["line", "phone_number", "reason"])?;
                none.insert(writer)
            }
        };
        file.write_record([
            &row.line.to_string(),
            &without_formula(&row.cell),
            &row.reason,
        ])?;
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(row);
        }
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first hundred, by line.
    pub fn first(&self) -> Vec<RejectedRow> {
        let mut first = self.first.clone();
        first.sort_by_key(|row| row.line);
        first
    }

    /// The file with all of them; none when there are none.
    ///
    /// # Errors
    /// When the disk does not take the rest.
    pub fn file(&mut self) -> anyhow::Result<Option<&Path>> {
        match &mut self.file {
            Some(file) => {
                file.flush().context("writing rejected rows")?;
                Ok(Some(&self.path.0))
            }
            None => Ok(None),
        }
    }
}

/// A cell that spreadsheets would run as a formula is only text here.
pub fn without_formula(text: &str) -> String {
    if text.starts_with(['=', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

mod tempfile_lite {
    /// A file that goes away with its owner.
    pub struct TempFile(pub std::path::PathBuf);

    impl Drop for TempFile {
        fn drop(&mut self) {
            // It may never have been written.
            drop(std::fs::remove_file(&self.0));
        }
    }
}
