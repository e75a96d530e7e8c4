//! CodeDeploy types. The operations write members in camel case.

pub(super) mod application;
pub(super) mod deployment_config;
pub(super) mod deployment_group;
