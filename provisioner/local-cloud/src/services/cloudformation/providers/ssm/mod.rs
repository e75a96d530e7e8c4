//! Parameter Store types.

pub(super) mod parameter;
