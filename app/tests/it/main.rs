//! The application through its door, on a real PostgreSQL, a real Redis and the local cloud.

mod access_matrix;
mod app;
mod assignments;
mod builders;
mod campaigns;
mod demonstration;
mod inbound;
mod jobs;
mod migrations;
mod pages;
mod parts;
mod releases;
mod reports;
mod schema;
mod sending;
mod sign_in;
mod stamps;
mod uploads;
