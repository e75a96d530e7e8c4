//! Campaigns: made, edited, started, watched, closed.

pub mod create;
pub mod edit;
pub mod readiness;
pub mod script;
pub mod sections;
pub mod start;
pub mod stats;
pub mod status;
