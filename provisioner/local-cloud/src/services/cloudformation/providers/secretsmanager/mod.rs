//! Secrets Manager types.

pub(super) mod attachment;
pub(super) mod secret;
