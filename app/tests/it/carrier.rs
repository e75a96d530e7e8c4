//! The application with a carrier behind it, and reachable for the carrier's callbacks.

use std::time::Duration;

use carrier::Carrier;
use spoke::sms::twilio::Twilio;
use spoke::texting::{reconcile, settle};

use crate::app::TestApp;

/// Both, on addresses that know each other.
pub(crate) async fn app_with_carrier(environment: &[(&str, &str)]) -> (TestApp, Carrier) {
    // TLS is chosen by the parts.
    crate::parts::get();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let carrier = Carrier::start(carrier::Options::default()).await.unwrap();
    let service = carrier.service(&url);
    let api = carrier.url();
    let defaults = [
        ("SKIP_TWILIO_AND_AUTOREPLY", ""),
        ("TWILIO_MESSAGE_SERVICE_SID", service.as_str()),
        ("TWILIO_API_URL", api.as_str()),
        ("BASE_URL", url.as_str()),
    ];
    let environment: Vec<_> = environment.iter().chain(&defaults).copied().collect();
    let app = TestApp::build(&environment, |app| {
        let twilio = Twilio::new(carrier.account().to_owned(), carrier.token().to_owned());
        app.twilio = Some(twilio.at(&api));
    })
    .await;
    carrier.set_time(app.now());
    tokio::spawn(axum::serve(listener, app.router.clone()).into_future());
    (app, carrier)
}

impl TestApp {
    /// Another process of the same instance, with the same carrier.
    pub(crate) async fn twin(&self, carrier: &Carrier, environment: &[(&str, &str)]) -> Self {
        let config = &self.app.config;
        let database = crate::parts::get().url(&config.stage);
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (service, api) = (
            text(&config.twilio_messaging_service_sid),
            text(&config.twilio_api_url),
        );
        let defaults = [
            ("STAGE", config.stage.as_str()),
            ("DATABASE_URL", database.as_str()),
            ("SKIP_TWILIO_AND_AUTOREPLY", ""),
            ("TWILIO_MESSAGE_SERVICE_SID", service.as_str()),
            ("TWILIO_API_URL", api.as_str()),
            ("BASE_URL", config.base_url.as_str()),
        ];
        let environment: Vec<_> = environment.iter().chain(&defaults).copied().collect();
        let twilio = Twilio::new(carrier.account().to_owned(), carrier.token().to_owned());
        let twin = Self::build(&environment, |app| app.twilio = Some(twilio.at(&api))).await;
        twin.set_time(&self.now().to_rfc3339());
        twin
    }

    /// Rounds of the scheduled function, a few minutes apart, until no text is on its way and the carrier has
    /// said what became of each: a report may put a text back.
    pub(crate) async fn settle(&self, carrier: &Carrier) {
        for _ in 0..20 {
            self.advance(Duration::from_secs(241));
            reconcile::unknown_texts(&self.app, Duration::from_secs(5))
                .await
                .unwrap();
            self.advance(Duration::from_secs(481));
            settle::waiting_texts(&self.app, Duration::from_secs(20))
                .await
                .unwrap();
            carrier.wait_idle().await;
            let unsettled =
                "SELECT count(*) FROM message WHERE send_status IN ('QUEUED', 'SENDING')";
            if self.value(unsettled).await == "0" {
                return;
            }
        }
        panic!("texts are still on their way");
    }

    /// Every text's state, code and number of attempts, in order.
    pub(crate) async fn states(&self) -> String {
        self.value(
            "SELECT string_agg(send_status || ' ' || coalesce(error_code, 0) || ' ' || send_attempts, ', '
                               ORDER BY id)
             FROM message WHERE NOT is_from_contact",
        )
        .await
    }
}

/// How often the carrier has each number's text: what must be one.
pub(crate) fn counts(carrier: &Carrier) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for text in carrier.texts() {
        *counts.entry(text.to).or_default() += 1;
    }
    counts
}
