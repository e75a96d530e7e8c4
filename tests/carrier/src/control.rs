//! Reading the carrier's mind, and changing it, over HTTP: for tools outside this process.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Text;
use crate::plan::{Outage, Rule};
use crate::{Shared, callbacks};

/// What of the plan may be changed; absent stays.
#[derive(Deserialize)]
pub(crate) struct Changes {
    outage: Option<Outage>,
    #[serde(default)]
    outage_is_over: bool,
    reports: Option<bool>,
    report_after_ms: Option<u64>,
    latency_ms: Option<u64>,
    /// Empty: nobody answers.
    reply: Option<String>,
    reply_after_ms: Option<u64>,
}

#[derive(Deserialize)]
pub(crate) struct Reply {
    from: String,
    service: String,
    body: String,
}

pub(crate) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let state = shared.state();
    Json(json!({
        "texts": state.texts.len(),
        "numbers": state.numbers,
        "services": state.services,
    }))
}

pub(crate) async fn texts(State(shared): State<Arc<Shared>>) -> Json<Vec<Text>> {
    Json(shared.state().texts.clone())
}

pub(crate) async fn plan(State(shared): State<Arc<Shared>>, Json(changes): Json<Changes>) {
    let mut plan = shared.plan();
    if changes.outage.is_some() || changes.outage_is_over {
        plan.outage = changes.outage;
    }
    if let Some(reply) = changes.reply {
        plan.reply = Some(reply).filter(|text| !text.is_empty());
    }
    plan.reports = changes.reports.unwrap_or(plan.reports);
    plan.report_after_ms = changes.report_after_ms.unwrap_or(plan.report_after_ms);
    plan.latency_ms = changes.latency_ms.unwrap_or(plan.latency_ms);
    plan.reply_after_ms = changes.reply_after_ms.unwrap_or(plan.reply_after_ms);
}

pub(crate) async fn rule(State(shared): State<Arc<Shared>>, Json(rule): Json<Rule>) {
    shared.plan().rules.push(rule);
}

pub(crate) async fn release(State(shared): State<Arc<Shared>>) {
    shared.plan().release();
}

pub(crate) async fn reply(
    State(shared): State<Arc<Shared>>,
    Json(reply): Json<Reply>,
) -> Json<Value> {
    let Reply {
        from,
        service,
        body,
    } = reply;
    let taken = callbacks::inbound(&shared, &from, &service, &body, &[]).await;
    Json(json!({"taken": taken}))
}
