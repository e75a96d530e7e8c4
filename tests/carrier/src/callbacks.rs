//! What the carrier tells its customer: reports and texts, signed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::Shared;
use crate::account::{Inbound, Service, Text, sid};
use crate::plan::Fault;

/// The reports, and perhaps the answer, that follow a text.
pub(crate) fn follow(shared: &Arc<Shared>, text: &Text, fault: Option<Fault>) {
    let (reports, report_after, reply, reply_after) = {
        let plan = shared.plan();
        (
            plan.reports && fault != Some(Fault::Silent),
            plan.report_after_ms,
            plan.reply.clone(),
            plan.reply_after_ms,
        )
    };
    if !reports && reply.is_none() {
        return;
    }
    let (shared, text) = (shared.clone(), text.clone());
    shared.under_way.send_modify(|count| *count += 1);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(report_after)).await;
        if reports {
            report_all(&shared, &text.sid, fault).await;
        }
        if let Some(reply) = reply {
            tokio::time::sleep(Duration::from_millis(reply_after)).await;
            inbound(&shared, &text.to, &text.service, &reply, &[]).await;
        }
        shared.under_way.send_modify(|count| *count -= 1);
    });
}

async fn report_all(shared: &Shared, sid: &str, fault: Option<Fault>) {
    let (order, code, times): (&[&str], Option<u32>, u32) = match fault {
        Some(Fault::Undelivered { code }) => (&["sent", "undelivered"], Some(code), 1),
        Some(Fault::Reorder) => (&["delivered", "sent"], None, 1),
        Some(Fault::Repeat { times }) => (&["sent", "delivered"], None, times),
        _ => (&["sent", "delivered"], None, 1),
    };
    for status in order {
        for _ in 0..times {
            let code = code.filter(|_| *status == "undelivered");
            report(shared, sid, status, code).await;
        }
    }
}

/// One report; whether it was taken.
pub(crate) async fn report(
    shared: &Shared,
    sid: &str,
    status: &str,
    error_code: Option<u32>,
) -> bool {
    let text = {
        let mut state = shared.state();
        let Some(text) = state.text_mut(sid) else {
            return false;
        };
        text.status = match status {
            "delivered" => "delivered",
            "undelivered" => "undelivered",
            "failed" => "failed",
            _ => text.status,
        };
        text.error_code = error_code.or(text.error_code);
        text.clone()
    };
    let mut parameters = vec![
        ("AccountSid", shared.account.clone()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", text.from),
        ("MessageSid", text.sid.clone()),
        ("MessageStatus", status.to_owned()),
        ("MessagingServiceSid", text.service),
        ("SmsSid", text.sid),
        ("SmsStatus", status.to_owned()),
        ("To", text.to),
    ];
    if let Some(code) = error_code {
        parameters.push(("ErrorCode", code.to_string()));
    }
    post(shared, &text.status_callback, owned(parameters)).await
}

fn owned(parameters: Vec<(&str, String)>) -> Vec<(String, String)> {
    parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A person's text; by the fallback when the webhook fails. Whether either took it.
pub(crate) async fn inbound(
    shared: &Shared,
    from: &str,
    service_sid: &str,
    body: &str,
    media: &[(&str, &str)],
) -> bool {
    let found = {
        let mut state = shared.state();
        let to = state.sender(service_sid, from);
        let service = state.find_service(service_sid).cloned();
        // The carrier's own opt-out handling, on by default.
        match body.trim().to_ascii_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => {
                let block = (from.to_owned(), service_sid.to_owned());
                state.blocked.insert(block);
            }
            "START" | "YES" | "UNSTOP" => {
                let block = (from.to_owned(), service_sid.to_owned());
                state.blocked.remove(&block);
            }
            _ => {}
        }
        to.zip(service)
    };
    let Some((to, service)) = found else {
        return false;
    };
    let sid = sid("SM");
    let mut parameters = owned(vec![
        ("AccountSid", shared.account.clone()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("Body", body.to_owned()),
        ("From", from.to_owned()),
        ("MessageSid", sid.clone()),
        ("MessagingServiceSid", service.sid.clone()),
        ("NumMedia", media.len().to_string()),
        ("NumSegments", "1".to_owned()),
        ("SmsMessageSid", sid.clone()),
        ("SmsSid", sid.clone()),
        ("SmsStatus", "received".to_owned()),
        ("To", to),
    ]);
    for (place, (url, kind)) in media.iter().enumerate() {
        parameters.push((format!("MediaUrl{place}"), (*url).to_owned()));
        parameters.push((format!("MediaContentType{place}"), (*kind).to_owned()));
    }
    let times = shared.plan().replies_come;
    let deliveries = (0..times).map(|_| deliver(shared, &service, parameters.clone()));
    let is_taken = futures::future::join_all(deliveries).await.contains(&true);
    shared.state().inbound.push(Inbound {
        sid,
        from: from.to_owned(),
        body: body.to_owned(),
        is_taken,
    });
    is_taken
}

/// To the webhook, else to its fallback; whether either took it.
async fn deliver(
    shared: &Shared,
    service: &Service,
    mut parameters: Vec<(String, String)>,
) -> bool {
    if post(shared, &service.inbound_request_url, parameters.clone()).await {
        return true;
    }
    parameters.push(("ErrorCode".to_owned(), "11200".to_owned()));
    parameters.push(("ErrorUrl".to_owned(), service.inbound_request_url.clone()));
    post(shared, &service.fallback_url, parameters).await
}

async fn post(shared: &Shared, url: &str, parameters: Vec<(String, String)>) -> bool {
    if url.is_empty() {
        return false;
    }
    let signature = signature(&shared.token, url, &parameters);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&parameters)
        .finish();
    let request = shared
        .web
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
        .body(body);
    match request.send().await {
        Ok(response) => response.status().is_success(),
        Err(_) => false,
    }
}

/// HMAC-SHA1 under the token of the address and every parameter in the order of their names.
/// Twilio: "Validating Signatures from Twilio".
pub(crate) fn signature(token: &str, url: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort();
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        return String::new();
    };
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}
