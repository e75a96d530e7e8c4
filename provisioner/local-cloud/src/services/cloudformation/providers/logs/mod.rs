//! CloudWatch Logs types.

pub(super) mod log_group;
