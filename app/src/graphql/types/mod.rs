//! The API's types.

pub mod assignment;
pub mod campaign;
pub mod contact;
pub mod inputs;
pub mod job;
pub mod organization;
pub mod scalars;
pub mod statistics;
pub mod user;
