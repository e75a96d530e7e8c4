//! SNS types.

pub(super) mod subscription;
pub(super) mod topic;
pub(super) mod topic_policy;
