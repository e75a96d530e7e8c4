//! S3: buckets and objects on disk, through `s3s`.

mod operations;

use std::sync::Arc;

use http::Response;
use s3s::Body;

use crate::Cloud;

/// Answers one HTTP request.
pub(crate) async fn answer(_cloud: &Arc<Cloud>, _request: http::Request<Body>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::NOT_IMPLEMENTED;
    response
}

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::state::Store;

pub(crate) use operations::call;

/// What survives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct Model {}

/// The service.
pub struct S3 {
    pub(crate) store: Store<Model>,
}

impl S3 {
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: Store::load(root, "s3")?,
        })
    }
}
