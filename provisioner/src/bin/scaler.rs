//! The Lambda function that looks after the size of the database.

use anyhow::Context as _;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use spokectl::cloud::Cloud;
use spokectl::scale::wake::{self, Event, Told};
use spokectl::scale::{Scope, Settings};

/// Where it works, from the environment the app template gives it.
struct Place {
    scope: Scope,
    topic: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .json()
        .with_target(false)
        .without_time()
        .init();
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        return Err("another TLS provider has been installed".into());
    }
    let place = &place().await.map_err(full)?;
    let answer = |event: LambdaEvent<Value>| async move {
        let told = answer(place, &event.payload).await.map_err(full)?;
        Ok::<_, Error>(told)
    };
    lambda_runtime::run(service_fn(answer)).await
}

async fn place() -> anyhow::Result<Place> {
    let read = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let settings: Settings = serde_json::from_str(&read("SCALING")?).context("reading SCALING")?;
    Ok(Place {
        scope: Scope {
            cloud: Cloud::of_environment().await,
            settings,
            bucket: read("ARTIFACT_BUCKET")?,
        },
        topic: read("NOTICES_TOPIC")?,
    })
}

async fn answer(place: &Place, event: &Value) -> anyhow::Result<Told> {
    let event = Event::read(event)?;
    let told = wake::wake(&place.scope, &place.topic, event).await?;
    tracing::info!(did = told.did, why = told.why, event = ?event, "woke");
    Ok(told)
}

/// The whole chain of causes: Lambda writes down only what an error displays.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn full(error: anyhow::Error) -> Error {
    format!("{error:#}").into()
}
