//! The application through its door, on a real database, a real cache and the local cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_matrix;
mod app;
mod assignments;
mod builders;
mod campaign_pages;
mod campaigns;
mod carrier;
mod closing;
mod demonstration;
mod faults;
mod fuzz;
mod grouped;
mod inbound;
mod instance;
mod invariants;
mod jobs;
mod killed_jobs;
mod migrations;
mod numbers;
mod opt_outs;
mod outbox;
mod pages;
mod parts;
mod plans;
mod provider;
mod provider_sign_in;
mod races;
mod reassigning;
mod releases;
mod reports;
mod schema;
mod sending;
mod sign_in;
mod simulation;
mod stamps;
mod statements;
mod storms;
mod unmatched;
mod uploads;
