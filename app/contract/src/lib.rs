//! What the application, `spokectl` and the templates must agree on.
//!
//! Names and plain types only: no I/O, no async. Something enters only if it would
//! otherwise be typed twice, in two crates that never call each other.

pub mod functions;
pub mod hooks;
pub mod names;
pub mod release;
pub mod tables;
pub mod vars;
