//! The ports: each API has one, found when it is created and kept for its life.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::Cloud;

use super::serve;

/// How many ports after the first are tried.
const PORTS_TRIED: u16 = 200;

/// What listens, by API.
#[derive(Default)]
pub(super) struct Listeners {
    running: Mutex<HashMap<String, CancellationToken>>,
}

impl Listeners {
    pub(super) fn close(&self, api: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stop) = running.remove(api) {
            stop.cancel();
        }
    }
}

/// Opens the port of every API again.
///
/// # Errors
/// When another program has taken a port: the message names port and API.
pub(crate) async fn resume(cloud: &Arc<Cloud>) -> anyhow::Result<()> {
    let apis: Vec<(String, String, u16)> = {
        let model = cloud.services.apigateway.store.read();
        model
            .apis
            .values()
            .map(|api| (api.id.clone(), api.name.clone(), api.port))
            .collect()
    };
    for (id, name, port) in apis {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| {
                format!(
                    "HTTP API '{name}' ({id}) listens on port {port}, which cannot be taken: \
                     stop the program that has it and start again"
                )
            })?;
        serve_api(cloud, &id, listener).await;
    }
    Ok(())
}

/// Finds a free port for a new API.
pub(super) async fn bind(cloud: &Cloud) -> anyhow::Result<TcpListener> {
    let first = cloud.options.first_api_port;
    if first == 0 {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("opening a port for an HTTP API");
    }
    let used: Vec<u16> = {
        let model = cloud.services.apigateway.store.read();
        model.apis.values().map(|api| api.port).collect()
    };
    for port in (first..first.saturating_add(PORTS_TRIED)).filter(|port| !used.contains(port)) {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).with_context(|| format!("opening port {port}")),
        }
    }
    bail!(
        "no port is free for an HTTP API between {first} and {}",
        first.saturating_add(PORTS_TRIED)
    )
}

/// Serves an API until it is deleted or the cloud stops.
pub(super) async fn serve_api(cloud: &Arc<Cloud>, id: &str, listener: TcpListener) {
    let stop = CancellationToken::new();
    cloud
        .services
        .apigateway
        .listeners
        .running
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.to_owned(), stop.clone());
    // Clients that take `localhost` for its IPv6 address find the API, too, where there is one.
    if let Ok(address) = listener.local_addr()
        && let Ok(second) = TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await
    {
        let accepting = accept(Arc::clone(cloud), id.to_owned(), second, stop.clone());
        cloud.background.spawn(accepting);
    }
    let accepting = accept(Arc::clone(cloud), id.to_owned(), listener, stop);
    cloud.background.spawn(accepting);
}

async fn accept(cloud: Arc<Cloud>, api: String, listener: TcpListener, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        if let Ok((stream, from)) = accepted {
            let serving = connection(Arc::clone(&cloud), api.clone(), stream, from, stop.clone());
            cloud.background.spawn(serving);
        }
    }
}

async fn connection(
    cloud: Arc<Cloud>,
    api: String,
    stream: TcpStream,
    from: SocketAddr,
    stop: CancellationToken,
) {
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let (cloud, api) = (Arc::clone(&cloud), api.clone());
        async move {
            Ok::<_, std::convert::Infallible>(serve::request(&cloud, &api, from, request).await)
        }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A browser that goes away is nobody's error.
        _ended = serving => {}
        () = stop.cancelled() => {}
    }
}
