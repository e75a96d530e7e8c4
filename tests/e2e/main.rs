//! The built programs from the outside: `spokectl` in a copy of the working tree, the instance
//! it deploys, and people who text meanwhile.

#![expect(
    clippy::print_stdout,
    reason = "whoever watches wants to know how far it is"
)]

mod database;
mod growth;
mod instance;
mod people;
mod releases;
mod runbook;
mod texting;
