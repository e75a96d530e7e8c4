//! How large the tables are.

use chrono::{DateTime, SecondsFormat, Utc};
use spoke_contract::tables::{TableSize, TableSizes};

use super::Db;

/// The forty largest tables, as the database's own statistics have them: nothing is counted for it.
///
/// # Errors
/// When the database does not answer.
pub async fn of_tables(db: &Db, now: DateTime<Utc>) -> sqlx::Result<TableSizes> {
    let rows = sqlx::query!(
        r#"SELECT relname::text AS "name!", n_live_tup AS "rows!", pg_table_size(relid) AS "bytes!"
           FROM pg_stat_user_tables
           ORDER BY 3 DESC
           LIMIT 40"#
    )
    .fetch_all(db)
    .await?;
    let tables = rows.into_iter().map(|row| {
        let size = TableSize {
            rows: row.rows.unsigned_abs(),
            bytes: row.bytes.unsigned_abs(),
        };
        (row.name, size)
    });
    Ok(TableSizes {
        counted_at: now.to_rfc3339_opts(SecondsFormat::Secs, true),
        tables: tables.collect(),
    })
}
