//! ElastiCache types.

pub(super) mod parameter_group;
pub(super) mod replication_group;
pub(super) mod subnet_group;
