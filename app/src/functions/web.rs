//! The web function.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode, header};
use lambda_http::Adapter;
use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::{Service, ServiceExt};

use crate::app::App;
use crate::config::Config;
use crate::functions::events;
use crate::http::failed;

/// What the gateway gets back.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<A> {
    Answered(A),
    /// The event was no request anybody could answer.
    Refused(Value),
}

/// The router, made when it can be: a function whose secrets cannot be read answers 500 at once,
/// and tries again with the next request.
#[derive(Clone)]
pub struct Web {
    config: Config,
    router: Arc<OnceCell<axum::Router>>,
}

impl Web {
    /// For this configuration.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            router: Arc::default(),
        }
    }

    /// Gets ready while Lambda still counts the time as initialisation.
    pub async fn warm_up(&self) {
        if let Err(error) = self.router().await {
            let cause = format!("{error:#}");
            tracing::error!(
                cause,
                "the web function cannot start; requests are answered with 500"
            );
        }
    }

    async fn router(&self) -> anyhow::Result<&axum::Router> {
        self.router
            .get_or_try_init(|| async {
                let app = App::start(self.config.clone()).await?;
                Ok(crate::http::router(&app))
            })
            .await
    }

    /// Answers an event of the HTTP API, whatever a visitor has put into it.
    ///
    /// # Errors
    /// Never: an error would count against the release.
    pub async fn answer_event(
        &self,
        event: LambdaEvent<Value>,
    ) -> Result<impl Serialize + use<>, Error> {
        let Some(request) = events::request(event.payload) else {
            tracing::warn!("an event is no request; answered with 400");
            let headers = json!({"content-type": "text/plain"});
            return Ok(Answer::Refused(
                json!({"statusCode": 400, "headers": headers, "body": "Bad request."}),
            ));
        };
        let web = self.clone();
        let function = event.context.env_config.clone();
        let mut adapter = Adapter::from(lambda_http::service_fn(
            move |request: lambda_http::Request| {
                let (web, function) = (web.clone(), function.clone());
                async move {
                    let response = web.answer(request.map(Body::new)).await;
                    let has_failed = failed::is_failed(&response);
                    failed::count(&function.function_name, &function.version, has_failed);
                    Ok::<_, Error>(response)
                }
            },
        ));
        adapter
            .call(LambdaEvent::new(request, event.context))
            .await
            .map(Answer::Answered)
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        match self.router().await {
            Ok(router) => router.clone().oneshot(request).await.into_response(),
            Err(error) => {
                tracing::error!(cause = %format!("{error:#}"), "the web function cannot start");
                let body = r#"{"code":"INTERNAL_SERVER_ERROR","error":"Something went wrong."}"#;
                let kind = [(header::CONTENT_TYPE, "application/json")];
                (StatusCode::INTERNAL_SERVER_ERROR, kind, body).into_response()
            }
        }
    }
}
