//! EC2 networking: recorded and checked, carrying nothing. On this machine everything is on
//! loopback; what a network must get right on AWS (addresses inside the VPC, no overlaps,
//! gateways attached before routes) is checked here as there.

pub(crate) mod cidr;
mod describe;
mod endpoints;
mod gateways;
mod groups;
mod model;
mod operations;
mod routes;
mod vpcs;

use std::path::Path;

use crate::state::Store;

pub use model::Model;
pub(crate) use operations::call;

/// The service.
pub struct Ec2 {
    pub(crate) store: Store<Model>,
}

impl Ec2 {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "ec2")?,
        })
    }
}
