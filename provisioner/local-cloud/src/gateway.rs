//! One port for every service: tells the service and operation from host, path, headers and
//! signature scope, decodes, calls, encodes.

mod control;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures::FutureExt as _;
use http::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Cloud;
use crate::error::{Answer, AwsError};
use crate::protocol::{self, Protocol, Request, Target, identify};
use crate::services;

/// The largest body outside S3: a function's archive of 50 MB is about 70 MB as base64.
const LARGEST_BODY: usize = 128 * 1024 * 1024;

/// How long requests may go on once the endpoint closes.
const CLOSING: Duration = Duration::from_secs(2);

/// The running endpoint.
pub struct Gateway {
    connections: TaskTracker,
    closing: CancellationToken,
    abandoned: CancellationToken,
}

/// Takes the endpoint's port on 127.0.0.1; 0 picks a free one.
///
/// # Errors
/// When the port is taken: the message names it.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| {
            format!(
                "taking port {port} on 127.0.0.1 for the local cloud; \
                 if another one runs there, stop it or choose another port"
            )
        })
}

impl Gateway {
    /// Answers on `listener` until stopped.
    #[must_use]
    pub fn serve(listener: TcpListener, cloud: Arc<Cloud>) -> Self {
        let gateway = Self {
            connections: TaskTracker::new(),
            closing: CancellationToken::new(),
            abandoned: CancellationToken::new(),
        };
        let connections = gateway.connections.clone();
        let (closing, abandoned) = (gateway.closing.clone(), gateway.abandoned.clone());
        gateway.connections.spawn(async move {
            while let Some(stream) = accept(&listener, &closing).await {
                let cloud = Arc::clone(&cloud);
                let (closing, abandoned) = (closing.clone(), abandoned.clone());
                connections.spawn(async move {
                    tokio::select! {
                        () = connection(stream, cloud, closing) => {}
                        () = abandoned.cancelled() => {}
                    }
                });
            }
        });
        gateway
    }

    /// Closes the endpoint: no new requests, a moment for those under way.
    pub async fn stop(self) {
        self.closing.cancel();
        self.connections.close();
        if tokio::time::timeout(CLOSING, self.connections.wait())
            .await
            .is_err()
        {
            self.abandoned.cancel();
            self.connections.wait().await;
        }
    }
}

/// The next connection; none once the endpoint closes.
async fn accept(listener: &TcpListener, closing: &CancellationToken) -> Option<TcpStream> {
    loop {
        tokio::select! {
            () = closing.cancelled() => return None,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(error) => {
                    // Out of file descriptors, mostly: those in use will be given back.
                    tracing::warn!(%error, "accepting a connection failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, cloud: Arc<Cloud>, closing: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let service = service_fn(move |request| {
        let cloud = Arc::clone(&cloud);
        async move { Ok::<_, Infallible>(answer(&cloud, request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = closing.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}

async fn answer(cloud: &Arc<Cloud>, request: http::Request<Incoming>) -> Response<Body> {
    let head = identify::Head {
        method: request.method(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
    };
    if !control::is_control(head.path) && identify::is_s3(&head) {
        return to_s3(cloud, request).await;
    }
    // S3 answers pages by its buckets' CORS rules. The other services have none: what a page
    // could make a browser send to them, nobody asked for.
    if request.headers().contains_key(http::header::ORIGIN) {
        let error = AwsError::new("AccessDenied", "Web pages may ask S3 only.").status(403);
        return protocol::encode_error(&unidentified(), &error).map(Body::from);
    }
    let response = match read(request).await {
        Ok(request) if control::is_control(&request.path) => control::answer(cloud, &request).await,
        Ok(request) => perform(cloud, request).await,
        Err(error) => protocol::encode_error(&unidentified(), &error),
    };
    response.map(Body::from)
}

/// Where S3 refuses, it may not have read what was sent: then the connection is of no more use, and as with AWS the
/// answer says so, lest the next request be sent on it.
async fn to_s3(cloud: &Arc<Cloud>, request: http::Request<Incoming>) -> Response<Body> {
    let has_body = !request.body().is_end_stream();
    let mut response = services::s3::answer(cloud, request.map(Body::from)).await;
    if has_body && !response.status().is_success() {
        response.headers_mut().insert(
            http::header::CONNECTION,
            http::HeaderValue::from_static("close"),
        );
    }
    response
}

/// Reads the body.
async fn read(request: http::Request<Incoming>) -> Answer<Request> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(|error| {
            AwsError::new(
                "RequestEntityTooLargeException",
                format!("The body could not be read: {error}"),
            )
            .status(413)
        })?;
    Ok(Request {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        method: parts.method,
        headers: parts.headers,
        body: body.to_bytes(),
    })
}

async fn perform(cloud: &Arc<Cloud>, request: Request) -> Response<Bytes> {
    let target = match identify::target(&request) {
        Ok(target) => target,
        Err(error) => return protocol::encode_error(&unidentified(), &error),
    };
    let performed = AssertUnwindSafe(call(cloud, &target, &request))
        .catch_unwind()
        .await;
    let answered = performed.unwrap_or_else(|_| {
        Err(AwsError::internal(format!(
            "The local cloud failed in {}:{}; its own output says where.",
            target.service, target.operation
        )))
    });
    match answered {
        Ok(mut response) => {
            note(&target, &mut response);
            response
        }
        Err(error) => {
            tracing::debug!(service = target.service, operation = target.operation, %error, "refused");
            protocol::encode_error(&target, &error)
        }
    }
}

async fn call(cloud: &Arc<Cloud>, target: &Target, request: &Request) -> Answer<Response<Bytes>> {
    let input = protocol::decode(target, request)?;
    let answer = services::call(cloud, &target.service, &target.operation, input).await?;
    protocol::encode(target, answer)
}

/// IAM's answers say that nothing is enforced.
fn note(target: &Target, response: &mut Response<Bytes>) {
    if target.service == "iam" {
        response.headers_mut().insert(
            "x-local-cloud-note",
            http::HeaderValue::from_static("recorded, not enforced"),
        );
    }
}

/// For errors before anything is known of the request.
fn unidentified() -> Target {
    Target {
        service: "unknown".to_owned(),
        operation: String::new(),
        protocol: Protocol::RestJson(None),
    }
}
