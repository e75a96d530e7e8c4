//! One binary: every Lambda function, the plain server, and the schema.

use anyhow::{Context, bail};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use spoke::app::App;
use spoke::aws::Aws;
use spoke::config::Config;
use spoke::functions::hook::Reason;
use spoke::functions::{
    hook, inbound, logs, postflight, preflight, queue, reports, scheduled, serve, web, worker,
};
use spoke_contract::functions::Function;
use spoke_contract::hooks::HookEvent;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some("schema") {
        return print(&spoke::graphql::sdl());
    }
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        bail!("another TLS provider has been installed");
    }
    let mut config = Config::from_environment()?;
    let is_plain = argument.as_deref() == Some("serve");
    logs::start(&config.log_level, !is_plain);
    if is_plain {
        return serve::serve(config).await;
    }
    config.function = argument
        .as_deref()
        .and_then(Function::from_name)
        .or(config.function);
    let function = config
        .function
        .context("SPOKE_FUNCTION or the first argument must be web, worker, inbound, reports, preflight, postflight, scheduled, serve or schema")?;
    run(function, config)
        .await
        .map_err(|error| anyhow::anyhow!(error))
}

async fn run(function: Function, config: Config) -> Result<(), Error> {
    match function {
        Function::Web => run_web(config).await,
        Function::Preflight | Function::Postflight => run_hook(function, config).await,
        Function::Worker => {
            let app = &App::start(config).await.map_err(full)?;
            let answer = |event: LambdaEvent<worker::Order>| async move {
                worker::answer(app, event.payload).await.map_err(full)
            };
            lambda_runtime::run(service_fn(answer)).await
        }
        Function::Inbound => {
            let app = &App::start(config).await.map_err(full)?;
            let answer = |event: LambdaEvent<queue::Batch>| async move {
                Ok::<_, Error>(inbound::answer(app, &event.payload).await)
            };
            lambda_runtime::run(service_fn(answer)).await
        }
        Function::Reports => {
            let app = &App::start(config).await.map_err(full)?;
            let answer = |event: LambdaEvent<queue::Batch>| async move {
                Ok::<_, Error>(reports::answer(app, &event.payload).await)
            };
            lambda_runtime::run(service_fn(answer)).await
        }
        Function::Scheduled => {
            let app = &App::start(config).await.map_err(full)?;
            let answer = |_: LambdaEvent<serde_json::Value>| async move {
                scheduled::answer(app)
                    .await
                    .map_err(|error| full(error.into()))
            };
            lambda_runtime::run(service_fn(answer)).await
        }
    }
}

/// The whole chain of causes: Lambda writes down only what an error displays.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn full(error: anyhow::Error) -> Error {
    format!("{error:#}").into()
}

async fn run_web(config: Config) -> Result<(), Error> {
    let web = &web::Web::new(config);
    web.warm_up().await;
    lambda_runtime::run(service_fn(|event| web.answer_event(event))).await
}

/// A hook tells CodeDeploy what is wrong, also when it is its own configuration.
async fn run_hook(function: Function, config: Config) -> Result<(), Error> {
    let config = &config;
    let aws = &Aws::default();
    let answer = |event: LambdaEvent<HookEvent>| async move {
        let work = |until| async move {
            let app = App::start(config.clone())
                .await
                .map_err(|error| Reason::of("configuration", &error))?;
            if function == Function::Preflight {
                preflight::work(&app).await
            } else {
                postflight::work(&app, until).await
            }
        };
        hook::run(aws, event, work).await
    };
    lambda_runtime::run(service_fn(answer)).await
}

fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("writing the schema")
}
