//! How long a statement keeps others waiting, from the size of its table.

use serde::{Deserialize, Serialize};
use spoke_contract::tables::{TableSize, TableSizes};

use super::Migration;
use crate::ui::clock;

/// What a statement does with every row while others wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Reads it.
    Scan,
    /// Sorts it into an index.
    Index,
    /// Writes it anew, with every index of the table.
    Rewrite,
    /// Makes a new version of it, and of its index entries.
    Update,
}

impl Work {
    /// Bytes of table a second, deliberately low: a small instance whose disk others use as well.
    const fn bytes_a_second(self) -> u64 {
        match self {
            Self::Scan => 100 << 20,
            Self::Index => 25 << 20,
            Self::Rewrite => 10 << 20,
            Self::Update => 3 << 20,
        }
    }

    /// Rows a second, where rows are so short that not their bytes decide.
    const fn rows_a_second(self) -> u64 {
        match self {
            Self::Scan => 2_000_000,
            Self::Index => 500_000,
            Self::Rewrite => 200_000,
            Self::Update => 20_000,
        }
    }
}

/// A table others wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its name.
    pub table: String,
    /// What is done with its rows.
    pub work: Work,
}

/// How long others wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Rows of the table, when they were counted.
    pub rows: u64,
    /// Seconds, on a small instance.
    pub seconds: u64,
}

impl Estimate {
    fn of(size: TableSize, work: Work) -> Self {
        let by_bytes = size.bytes.div_ceil(work.bytes_a_second());
        let by_rows = size.rows.div_ceil(work.rows_a_second());
        Self {
            rows: size.rows,
            seconds: by_bytes.max(by_rows).max(1),
        }
    }

    /// For people.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!(
            "about {} for {} rows",
            clock(self.seconds),
            grouped(self.rows)
        )
    }
}

/// Gives every statement that holds a table of known size its estimate.
pub fn fill(migrations: &mut [Migration], sizes: &TableSizes) {
    let statements = migrations
        .iter_mut()
        .flat_map(|migration| &mut migration.statements);
    for statement in statements {
        let hold = statement.holds.as_ref();
        statement.estimate = hold.and_then(|hold| {
            let size = sizes.tables.get(&hold.table)?;
            Some(Estimate::of(*size, hold.work))
        });
    }
}

/// `3,100,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use spoke_contract::tables::{TableSize, TableSizes};

    use super::super::judge;
    use super::{fill, grouped};

    #[test]
    fn others_wait_longer_for_a_larger_table() {
        let sql = "CREATE INDEX i ON message (text);\nALTER TABLE message ALTER COLUMN id TYPE bigint;\n\
                   UPDATE zip_code SET city = '';\nCREATE INDEX CONCURRENTLY j ON message (id);";
        let mut judged = judge(&[("m.sql".to_owned(), sql.to_owned())]);
        let message = TableSize {
            rows: 3_100_000,
            bytes: 1 << 30,
        };
        let sizes = TableSizes {
            counted_at: "2026-11-22T06:00:00Z".to_owned(),
            tables: [("message".to_owned(), message)].into(),
        };
        fill(&mut judged, &sizes);
        let told: Vec<_> = judged[0]
            .statements
            .iter()
            .map(|one| one.estimate.map(|estimate| estimate.sentence()))
            .collect();
        assert_eq!(
            told,
            [
                Some("about 0:41 for 3,100,000 rows".to_owned()),
                Some("about 1:43 for 3,100,000 rows".to_owned()),
                None,
                None
            ]
        );
        assert_eq!(grouped(12), "12");
    }
}
