//! How large the tables are: counted by the application now and then, read by whoever plans a migration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The largest tables of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableSizes {
    /// RFC 3339.
    pub counted_at: String,
    /// By name.
    pub tables: BTreeMap<String, TableSize>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSize {
    /// Rows, as the database's statistics have them.
    pub rows: u64,
    /// Bytes without indexes.
    pub bytes: u64,
}
