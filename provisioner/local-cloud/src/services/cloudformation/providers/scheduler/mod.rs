//! EventBridge Scheduler types.

pub(super) mod schedule;
