//! Pages and the files of the bundle.

use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_ssm::types::ParameterType;
use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::json;

use crate::app::{TestApp, text_of};

fn manifest(bundle: &str) -> String {
    json!({"bundle": bundle, "script": format!("assets/index-{bundle}.js"), "styles": ["assets/index.css"]}).to_string()
}

#[tokio::test]
async fn before_the_first_release_pages_say_so() {
    let app = TestApp::with(&[("SPOKE_RELEASE", "0")]).await;
    for path in ["/", "/login", "/app/1"] {
        let response = app.get(path, None).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(text_of(response).await.contains("Not released yet"));
    }
    assert_eq!(app.get("/health", None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_simulated_delay_holds_for_every_request() {
    let app = TestApp::with(&[("SIMULATE_DELAY_MILLIS", "120")]).await;
    for path in ["/health", "/login", "/assets/none.js"] {
        let started = Instant::now();
        app.get(path, None).await;
        assert!(started.elapsed() >= Duration::from_millis(120), "{path}");
    }
}

#[tokio::test]
async fn visitors_are_sent_to_sign_in_and_back() {
    let app = TestApp::new().await;
    let response = app.get("/admin/1/campaigns?status=ACTIVE", None).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(
        response.headers()[header::LOCATION],
        "/login?nextUrl=%2Fadmin%2F1%2Fcampaigns%3Fstatus%3DACTIVE"
    );
}

#[tokio::test]
async fn pages_name_the_bundle_the_cache_points_at() {
    let app = TestApp::new().await;
    let person = app.person().await;
    assert_eq!(
        app.get("/", None).await.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "nobody knows a bundle"
    );
    for bundle in ["aaa", "bbb"] {
        assert!(app.app.cache.set_pointer(&manifest(bundle)).await);
        for (path, by) in [
            ("/", None),
            ("/login", None),
            ("/404", None),
            ("/app/1/todos", Some(person)),
        ] {
            let response = app.get(path, by).await;
            assert_eq!(response.status(), StatusCode::OK);
            let headers = response.headers().clone();
            let page = text_of(response).await;
            assert!(
                page.contains(&format!("src=\"/assets/index-{bundle}.js\"")),
                "{page}"
            );
            assert!(page.contains("href=\"/assets/index.css\""), "{page}");
            assert!(
                headers[header::CACHE_CONTROL]
                    .to_str()
                    .unwrap()
                    .contains("no-store")
            );
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("script-src 'self'")
                    && !policy.contains("script-src 'self' 'unsafe"),
                "{policy}"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert!(headers.contains_key("x-request-id"));
        }
    }
}

#[tokio::test]
async fn pages_tell_the_front_end_what_it_needs() {
    let app = TestApp::with(&[
        ("SUPPRESS_SELF_INVITE", "1"),
        ("ASSET_DOMAIN", "cdn.example.org"),
    ])
    .await;
    let person = app.person().await;
    app.app.cache.set_pointer(&manifest("aaa")).await;
    let page = text_of(app.get("/app", Some(person)).await).await;
    assert!(
        page.contains("src=\"https://cdn.example.org/assets/index-aaa.js\""),
        "{page}"
    );
    let facts = page
        .split("id=\"spoke-config\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let facts: serde_json::Value = serde_json::from_str(facts).unwrap();
    let expected = json!({"stage": app.app.config.stage, "release": "7", "bundle": "aaa", "maxMessageLength": 1500,
        "signIn": "password", "suppressSelfInvite": true, "userId": person.id.to_string()});
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn without_the_cache_pages_name_the_recorded_bundle_and_keep_doing_so() {
    let name = "/spoke/pages-test/pointer";
    let dead = [
        ("REDIS_URL", "redis://127.0.0.1:1/"),
        ("POINTER_PARAMETER", name),
    ];
    let app = TestApp::with(&dead).await;
    let ssm = app.app.aws.ssm().await;
    let put = ssm
        .put_parameter()
        .name(name)
        .value(manifest("recorded"))
        .r#type(ParameterType::String)
        .overwrite(true);
    put.send().await.unwrap();
    for _ in 0..2 {
        let page = text_of(app.get("/", None).await).await;
        assert!(page.contains("index-recorded.js"), "{page}");
        // The second page is made of what this process remembers.
        drop(ssm.delete_parameter().name(name).send().await);
    }
}

#[tokio::test]
async fn an_empty_cache_is_filled_from_the_record_but_never_overwritten() {
    let name = "/spoke/pages-fill/pointer";
    let app = TestApp::with(&[("POINTER_PARAMETER", name)]).await;
    let ssm = app.app.aws.ssm().await;
    let put = ssm
        .put_parameter()
        .name(name)
        .value(manifest("old"))
        .r#type(ParameterType::String)
        .overwrite(true);
    put.send().await.unwrap();
    assert!(
        text_of(app.get("/", None).await)
            .await
            .contains("index-old.js")
    );
    assert_eq!(app.app.cache.pointer().await.unwrap(), manifest("old"));
    app.app.cache.set_pointer(&manifest("new")).await;
    app.app.cache.fill_pointer(&manifest("old")).await;
    assert!(
        text_of(app.get("/", None).await)
            .await
            .contains("index-new.js")
    );
}

#[tokio::test]
async fn files_of_the_bundle_never_change() {
    let bucket = "assets-of-tests";
    let app = TestApp::with(&[("ASSET_BUCKET", bucket)]).await;
    let s3 = app.app.aws.s3().await;
    drop(s3.create_bucket().bucket(bucket).send().await);
    let script = "x".repeat(5000);
    let put = s3.put_object().bucket(bucket).key("assets/index-1.js");
    put.body(ByteStream::from(script.clone().into_bytes()))
        .send()
        .await
        .unwrap();
    s3.put_object()
        .bucket(bucket)
        .key("secret.txt")
        .body(ByteStream::from_static(b"secret"))
        .send()
        .await
        .unwrap();

    let response = app.get("/assets/index-1.js", None).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        response.headers()[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    let etag = response.headers()[header::ETAG].clone();
    assert_eq!(text_of(response).await, script);

    let again = Request::get("/assets/index-1.js")
        .header(header::IF_NONE_MATCH, etag)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(again).await.status(), StatusCode::NOT_MODIFIED);
    let zipped = Request::get("/assets/index-1.js")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        app.send(zipped).await.headers()[header::CONTENT_ENCODING],
        "gzip"
    );
    for path in [
        "/assets/none.js",
        "/assets/../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/.hidden",
    ] {
        assert_eq!(
            app.get(path, None).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
