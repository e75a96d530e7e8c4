//! Sending, receiving, and the rules around them.

pub mod hours;
pub mod inbound;
pub mod keywords;
pub mod opt_out;
pub mod opt_out_export;
pub mod opt_out_import;
pub mod outcome;
pub mod ratio;
pub mod reconcile;
pub mod reply;
pub mod reports;
pub mod segments;
pub mod send;
pub mod settle;
pub mod simulation;
pub mod standings;
pub mod status;
pub mod text;
