//! People: signing in and up, passwords, profiles, organizations.

pub mod arrive;
pub mod demo;
pub mod organizations;
pub mod password;
pub mod profile;
pub mod sign_in;
