//! What a deploy would do and mean. Deciding is pure (`difference`, `consequence`, `migrations`, `connections`, `cost`,
//! `report`); `read` and `pending` look at what is live, `gate`, `saved` and `held` hold a deploy to it.

pub mod connections;
pub mod consequence;
pub mod cost;
pub mod difference;
mod enlarged;
mod fixed;
pub mod gate;
pub mod held;
pub mod migrations;
pub mod pending;
pub mod prices;
pub mod read;
pub mod report;
pub mod saved;
pub mod signals;
pub mod usual;
