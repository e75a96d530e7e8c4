//! SQS types.

pub(super) mod queue;
pub(super) mod queue_policy;
