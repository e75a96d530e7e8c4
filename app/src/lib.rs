//! Spoke: volunteers text supporters, one person at a time.
//!
//! Four floors, and calls go down only: the door (`http`, `graphql`, `functions`), the work
//! (`texting`, `campaigns`, `assignments`, `contacts`, `people`, `numbers`, `jobs`), the stores (`db`, `cache`,
//! `storage`, `queues`, `sms`, `identity`) and the base (`error`, `access`, `clock`, `config`, `ids`).

pub mod access;
pub mod app;
pub mod assignments;
pub mod aws;
pub mod cache;
pub mod campaigns;
pub mod clock;
pub mod config;
pub mod contacts;
pub mod db;
pub mod error;
pub mod functions;
pub mod graphql;
pub mod http;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod numbers;
pub mod people;
pub mod queues;
pub mod releases;
pub mod sms;
pub mod storage;
pub mod texting;
