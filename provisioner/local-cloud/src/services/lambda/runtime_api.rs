//! The Runtime API: how a function's process asks for work and hands in results.
//! Facts: "Using the Lambda runtime API for custom runtimes" of AWS's Lambda guide.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

/// The largest answer of a function, in bytes.
const ANSWER_LIMIT: usize = 6_291_556;
const PREFIX: &str = "/2018-06-01/runtime/";

/// One invocation on its way to a process.
pub(super) struct Work {
    pub request_id: String,
    pub payload: Bytes,
    pub deadline: DateTime<Utc>,
    pub function_arn: String,
    pub trace_id: String,
    pub client_context: Option<String>,
    pub answer: oneshot::Sender<Reply>,
}

/// What the process handed in.
pub(super) enum Reply {
    Response(Bytes),
    Error { body: Bytes, kind: Option<String> },
    TooLarge,
}

/// Where a process stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// It has not asked for work yet.
    Starting,
    /// It asks for work.
    Ready,
    /// It reported that it cannot start, with this error.
    Failed(Bytes),
    /// It ended, for this reason.
    Exited(String),
}

/// The end of the Runtime API that one environment's process talks to.
pub(super) struct RuntimeApi {
    queue: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    current: Mutex<Option<(String, oneshot::Sender<Reply>)>>,
    phase: watch::Sender<Phase>,
    /// Counts requests for work: one more says that the last invocation is over.
    asked: watch::Sender<u64>,
}

type Answered = Response<Full<Bytes>>;

impl RuntimeApi {
    pub(super) fn new(queue: mpsc::Receiver<Work>) -> Self {
        Self {
            queue: tokio::sync::Mutex::new(queue),
            current: Mutex::new(None),
            phase: watch::Sender::new(Phase::Starting),
            asked: watch::Sender::new(0),
        }
    }

    pub(super) fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(super) fn asked(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    /// A process is started (again): what the one before left is forgotten.
    pub(super) fn restarted(&self) {
        self.forget_current();
        self.phase.send_replace(Phase::Starting);
    }

    /// The process ended; whoever waits for its answer learns it.
    pub(super) fn exited(&self, reason: String) {
        self.phase.send_if_modified(|phase| {
            let first = !matches!(phase, Phase::Failed(_));
            if first {
                *phase = Phase::Exited(reason);
            }
            first
        });
        self.forget_current();
    }

    /// Serves until dropped.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(Arc::clone(&self).connection(stream));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        drop(stream.set_nodelay(true));
        let service = service_fn(move |request| {
            let api = Arc::clone(&self);
            async move { Ok::<_, std::convert::Infallible>(api.answer(request).await) }
        });
        // A process that goes away in the middle of a request is seen by its exit, not here.
        drop(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await,
        );
    }

    async fn answer(&self, request: Request<Incoming>) -> Answered {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix(PREFIX) else {
            return refuse(StatusCode::NOT_FOUND, "UnknownPath", "no such path");
        };
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request).await,
            (&Method::POST, ["invocation", id, "error"]) => self.error(id, request).await,
            (&Method::POST, ["init", "error"]) => self.init_error(request).await,
            _ => refuse(StatusCode::NOT_FOUND, "UnknownPath", "no such path"),
        }
    }

    async fn next(&self) -> Answered {
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Starting;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        self.asked.send_modify(|count| *count += 1);
        let Some(work) = self.queue.lock().await.recv().await else {
            return refuse(StatusCode::GONE, "Shutdown", "the environment shuts down");
        };
        let headers = work_headers(&work);
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace((work.request_id, work.answer));
        let mut response = Response::new(Full::new(work.payload));
        *response.headers_mut() = headers;
        response
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> Answered {
        let Some(answer) = self.take_current(id) else {
            return invalid_request_id();
        };
        if let Ok(body) = Limited::new(request.into_body(), ANSWER_LIMIT)
            .collect()
            .await
        {
            drop(answer.send(Reply::Response(body.to_bytes())));
            return accepted();
        }
        drop(answer.send(Reply::TooLarge));
        refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            "Exceeded maximum allowed payload size (6291556 bytes).",
        )
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Answered {
        let Some(answer) = self.take_current(id) else {
            return invalid_request_id();
        };
        let kind = error_kind(request.headers());
        let body = body_of(request).await;
        drop(answer.send(Reply::Error { body, kind }));
        accepted()
    }

    async fn init_error(&self, request: Request<Incoming>) -> Answered {
        let body = body_of(request).await;
        self.phase.send_replace(Phase::Failed(body));
        accepted()
    }

    fn take_current(&self, id: &str) -> Option<oneshot::Sender<Reply>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|(held, _)| held == id) {
            return current.take().map(|(_, answer)| answer);
        }
        None
    }

    fn forget_current(&self) {
        drop(
            self.current
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

fn work_headers(work: &Work) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put("content-type", "application/json");
    put("lambda-runtime-aws-request-id", &work.request_id);
    put("lambda-runtime-invoked-function-arn", &work.function_arn);
    put("lambda-runtime-trace-id", &work.trace_id);
    let deadline = work.deadline.timestamp_millis().to_string();
    put("lambda-runtime-deadline-ms", &deadline);
    if let Some(context) = &work.client_context {
        put("lambda-runtime-client-context", context);
    }
    headers
}

fn error_kind(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get("lambda-runtime-function-error-type")?;
    kind.to_str().ok().map(str::to_owned)
}

async fn body_of(request: Request<Incoming>) -> Bytes {
    let body = Limited::new(request.into_body(), ANSWER_LIMIT)
        .collect()
        .await;
    body.map(http_body_util::Collected::to_bytes)
        .unwrap_or_default()
}

fn accepted() -> Answered {
    json_response(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn invalid_request_id() -> Answered {
    refuse(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Answered {
    json_response(
        status,
        &json!({ "errorType": kind, "errorMessage": message }),
    )
}

fn json_response(status: StatusCode, body: &Value) -> Answered {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
