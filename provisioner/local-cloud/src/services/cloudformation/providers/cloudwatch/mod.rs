//! CloudWatch types.

pub(super) mod alarm;
pub(super) mod composite_alarm;
pub(super) mod dashboard;
