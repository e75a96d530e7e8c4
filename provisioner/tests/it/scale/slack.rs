//! A Slack that writes down what it is sent.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::call;
use crate::working_copy::Setting;

pub(super) struct Slack {
    address: String,
    cards: Arc<Mutex<Vec<Value>>>,
}

impl Slack {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cards = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&cards);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let card = taken(stream).await;
                kept.lock().unwrap().push(card);
            }
        });
        Self {
            address: format!("http://127.0.0.1:{port}/services/T0/B0/secret"),
            cards,
        }
    }

    /// Its address becomes a secret.
    pub(super) async fn webhook(&self, setting: &Setting, secret: &str) {
        call(
            setting,
            "secretsmanager.CreateSecret",
            &json!({
                "Name": secret, "SecretString": self.address,
                "ClientRequestToken": "00000000-0000-4000-8000-000000000000",
            }),
        )
        .await;
    }

    /// What it was sent, oldest first.
    pub(super) fn cards(&self) -> Vec<Value> {
        self.cards.lock().unwrap().clone()
    }
}

/// One POST of JSON.
async fn taken(stream: TcpStream) -> Value {
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("POST /services/T0/B0/secret "), "{line}");
    while line.trim() != "" {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    stream.write_all(answer).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
