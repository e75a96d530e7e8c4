//! Contacts: their numbers, their time zones, and how they are loaded.

pub mod cells;
pub mod chunks;
pub mod file;
pub mod lines;
pub mod mapping;
pub mod phone;
pub mod reading;
pub mod rejects;
pub mod row;
pub mod upload;
pub mod zones;
