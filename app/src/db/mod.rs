//! The database: one statement a function, one file a table. It decides nothing.

pub mod assignment;
pub mod batch;
pub mod campaign;
pub mod canned_response;
pub mod connection;
pub mod contact;
pub mod contact_import;
pub mod contact_line;
pub mod contact_tally;
pub mod delivery_report;
pub mod group;
pub mod grouped;
pub mod inbound_message;
pub mod interaction_step;
pub mod job;
pub mod membership;
pub mod message;
pub mod migrate;
pub mod new_text;
pub mod opened;
pub mod opt_out;
pub mod organization;
pub mod outcome;
pub mod phone_number;
pub mod pool;
pub mod sending;
pub mod size;
pub mod statements;
pub mod user;

pub use connection::connect;
pub use pool::{Db, Tx};

/// One connection, in a transaction or not.
pub type Connection = sqlx::PgConnection;
