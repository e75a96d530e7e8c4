//! The socket: every route, who may use them, and connections that break.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, header};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::answers::{HangUp, hang_up, refuse};
use crate::plan::Outage;
use crate::{Shared, control, messages, numbers, services};

/// Requests that are remembered; a load of millions must not fill the memory.
const MAX_ASKED: usize = 10_000;
const MAX_BODY: usize = 1024 * 1024;

pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let router = router(&shared);
    let each = stop.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    tokio::spawn(serve(stream, router.clone(), each.clone()));
                }
            }
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn serve(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    drop(stream.set_nodelay(true));
    let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let answered: Result<Response, Infallible> =
                router.oneshot(request.map(Body::new)).await;
            let response = match answered {
                Ok(response) => response,
                Err(never) => match never {},
            };
            if response.extensions().get::<HangUp>().is_some() {
                return Err(std::io::Error::other("the plan says so"));
            }
            Ok(response)
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    tokio::select! {
        // A connection that breaks is the other side's business.
        served = connection => drop(served),
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

fn router(shared: &Arc<Shared>) -> Router {
    let account = format!("/2010-04-01/Accounts/{}", shared.account);
    let api = Router::new()
        .route(
            &format!("{account}/Messages.json"),
            post(messages::create).get(messages::list),
        )
        .route(
            &format!("{account}/AvailablePhoneNumbers/US/Local.json"),
            get(numbers::search),
        )
        .route(
            &format!("{account}/IncomingPhoneNumbers.json"),
            post(numbers::buy).get(numbers::list),
        )
        .route(
            &format!("{account}/IncomingPhoneNumbers/{{sid}}"),
            delete(numbers::release),
        )
        .route("/v1/Services", post(services::create).get(services::list))
        .route("/v1/Services/{sid}", delete(services::remove))
        .route(
            "/v1/Services/{sid}/PhoneNumbers",
            post(services::attach).get(services::senders),
        )
        .route(
            "/v1/Services/{sid}/PhoneNumbers/{number}",
            delete(services::detach),
        )
        .fallback(async || refuse(20_404))
        .layer(middleware::from_fn_with_state(shared.clone(), guard));
    let control = Router::new()
        .route("/_carrier", get(control::state))
        .route("/_carrier/texts", get(control::texts))
        .route("/_carrier/plan", post(control::plan))
        .route("/_carrier/rules", post(control::rule))
        .route("/_carrier/release", post(control::release))
        .route("/_carrier/reply", post(control::reply));
    control.merge(api).with_state(shared.clone())
}

/// Outages, credentials, and the record of what was asked.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (outage, latency) = {
        let plan = shared.plan();
        (plan.outage, plan.latency_ms)
    };
    match outage {
        Some(Outage::Unavailable) => return refuse(20_503),
        Some(Outage::HangUp) => return hang_up(),
        None => {}
    }
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let wanted = format!("{}:{}", shared.account, shared.token);
    let wanted = format!("Basic {}", STANDARD.encode(wanted));
    let given = request.headers().get(header::AUTHORIZATION);
    if given.and_then(|value| value.to_str().ok()) != Some(wanted.as_str()) {
        return refuse(20_003);
    }
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.method() == Method::POST && !is_form {
        return refuse(20_001);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = http_body_util::Limited::new(body, MAX_BODY).collect().await else {
        return refuse(20_001);
    };
    let body = body.to_bytes();
    remember(&shared, &parts, &body);
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn remember(shared: &Shared, parts: &http::request::Parts, body: &[u8]) {
    let mut state = shared.state();
    if state.asked.len() < MAX_ASKED {
        let line = format!(
            "{} {} {}",
            parts.method,
            parts.uri,
            String::from_utf8_lossy(body)
        );
        state.asked.push(line.trim_end().to_owned());
    }
    drop(state);
    shared.asked.send_modify(|count| *count += 1);
}
