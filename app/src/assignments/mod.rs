//! Assignments: joining a campaign, taking and giving back batches, marking contacts.

pub mod batch;
pub mod join;
pub mod list;
pub mod mark;
pub mod stamp;
