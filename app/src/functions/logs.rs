//! Logs: JSON lines in Lambda, text elsewhere.

use tracing_subscriber::EnvFilter;

/// Starts logging at `level`. Without effect when something else has.
pub fn start(level: &str, is_lambda: bool) {
    let filter = EnvFilter::try_new(format!("{level},sqlx=warn,hyper=warn,aws=warn,h2=warn"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false);
    let outcome = if is_lambda {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_ansi(false)
            .try_init()
    } else {
        builder.with_writer(std::io::stderr).try_init()
    };
    if outcome.is_err() {
        tracing::debug!("logging had been started before");
    }
}
