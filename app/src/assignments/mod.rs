//! Assignments: joining a campaign, taking and giving back batches, marking contacts, giving them to others.

pub mod batch;
pub mod join;
pub mod list;
pub mod mark;
pub mod reassign;
pub mod stamp;
