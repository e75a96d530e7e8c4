//! The web: every route in one chain. Lambda, the plain server and the tests share this router.

pub mod answers;
pub mod assets;
pub mod bundle;
pub mod failed;
pub mod graphiql;
pub mod graphql;
pub mod pages;
pub mod provider;
pub mod requests;
pub mod session;
pub mod sign_in;
pub mod throttle;
pub mod webhooks;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use axum_extra::extract::cookie::Key;
use tower_http::compression::predicate::{DefaultPredicate, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::app::App;
use crate::graphql::Api;
use crate::graphql::documents::Documents;

/// Largest body of a request: scripts and canned responses are the largest there are; files of
/// contacts do not come this way.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// Answers of this many bytes travel in one packet, compressed or not.
const ONE_PACKET: u16 = 1400;

/// What handlers share.
#[derive(Clone)]
pub struct Web {
    pub app: Arc<App>,
    pub api: Api,
    pub documents: Arc<Documents>,
    pub bundles: Arc<bundle::Bundles>,
    pub assets: Arc<assets::Assets>,
}

impl axum::extract::FromRef<Web> for Key {
    fn from_ref(web: &Web) -> Self {
        web.app.session_key.clone()
    }
}

/// Every route.
pub fn router(app: &Arc<App>) -> axum::Router {
    let web = Web {
        app: app.clone(),
        api: crate::graphql::api(app.clone()),
        documents: Arc::default(),
        bundles: Arc::default(),
        assets: Arc::default(),
    };
    axum::Router::new()
        .route("/graphql", post(graphql::answer))
        .route("/graphiql", get(graphiql::page))
        .route(
            "/login-callback",
            post(sign_in::sign_in).get(provider::finish),
        )
        .route("/login/slack-redirect", get(provider::start))
        .route("/login/auth0-redirect", get(provider::start))
        .route("/logout-callback", get(sign_in::sign_out))
        .route("/twilio", post(webhooks::inbound))
        .route("/twilio-fallback", post(webhooks::fallback))
        .route("/twilio-message-report", post(webhooks::report))
        .route("/assets/{*path}", get(assets::serve))
        .route("/health", get(pages::health))
        .fallback(get(pages::page))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            web.clone(),
            answers::headers,
        ))
        .layer(compression())
        .layer(middleware::from_fn_with_state(web.clone(), requests::trace))
        .with_state(web)
}

/// Quick rather than thorough: an answer is read once, and packing takes longer than the rest of the request.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(ONE_PACKET)))
}
