//! S3: signatures, objects, configuration, cross-origin requests.

use std::fmt::Write as _;

use chrono::{TimeDelta, Utc};
use local_cloud::services;
use serde_json::json;

use crate::client::{Answered, Ask, TestCloud};

const CORS: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>http://app.test</AllowedOrigin>\
    <AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule></CORSConfiguration>";

async fn s3(cloud: &TestCloud, method: &str, path: &str, body: &str) -> Answered {
    let ask = Ask {
        method,
        path,
        body: body.as_bytes().to_vec(),
        ..Ask::default()
    };
    cloud.signed("s3", ask).await
}

async fn with_bucket() -> TestCloud {
    let cloud = TestCloud::start().await;
    assert_eq!(s3(&cloud, "PUT", "/files", "").await.status, 200);
    cloud
}

#[tokio::test]
async fn a_signed_object_is_kept_with_its_headers_over_a_restart() {
    let cloud = with_bucket().await;
    let put = Ask {
        method: "PUT",
        path: "/files/a/b%20c.txt",
        headers: vec![
            ("content-type", "text/plain".to_owned()),
            ("cache-control", "max-age=7".to_owned()),
        ],
        body: b"hello".to_vec(),
    };
    let put = cloud.signed("s3", put).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    let got = s3(&cloud, "GET", "/files/a/b%20c.txt", "").await;
    assert_eq!(got.text(), "hello");
    assert_eq!(got.header("content-type"), "text/plain");
    assert_eq!(got.header("cache-control"), "max-age=7");
    assert_eq!(got.header("etag"), put.header("etag"));
    let bytes = services::s3::read_object(cloud.cloud.cloud(), "files", "a/b c.txt")
        .await
        .unwrap();
    assert_eq!(&bytes[..], b"hello");
    cloud.stop().await;
}

#[tokio::test]
async fn wrong_expired_and_missing_signatures_are_refused() {
    let cloud = with_bucket().await;
    let code = |answered: &Answered| {
        let text = answered.text();
        let start = text.find("<Code>").unwrap() + 6;
        text[start..text.find("</Code>").unwrap()].to_owned()
    };
    let get = || Ask {
        method: "GET",
        path: "/files",
        ..Ask::default()
    };
    let forged = cloud.sign("s3", get(), "guess", Utc::now());
    let forged = cloud.send(forged).await;
    assert_eq!(forged.status, 403);
    assert_eq!(code(&forged), "SignatureDoesNotMatch");
    assert!(forged.text().contains("<Message>The request signature"));
    let unsigned = cloud.send(get()).await;
    assert_eq!(unsigned.status, 403);
    assert_eq!(code(&unsigned), "AccessDenied");

    let old = Ask {
        method: "PUT",
        path: "/files/a?AWSAccessKeyId=local&Signature=x&Expires=99999999999",
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: b"x".to_vec(),
    };
    let old = cloud.send(old).await;
    assert_eq!(old.status, 400);
    assert_eq!(code(&old), "InvalidRequest");

    let put = |path: String| {
        let cloud = &cloud;
        async move {
            let ask = Ask {
                method: "PUT",
                path: &path,
                body: b"x".to_vec(),
                ..Ask::default()
            };
            cloud.send(ask).await
        }
    };
    let now = Utc::now();
    let good = cloud.presigned("PUT", "/files/up", "local", now, 60);
    let other = good.replace("/files/up?", "/files/other?");
    assert_eq!(put(good).await.status, 200);
    let other = put(other).await;
    assert_eq!(other.status, 403);
    assert_eq!(code(&other), "SignatureDoesNotMatch");
    let late = cloud.presigned("PUT", "/files/up", "local", now - TimeDelta::minutes(5), 60);
    let late = put(late).await;
    assert_eq!(late.status, 403);
    assert_eq!(code(&late), "AccessDenied");
    cloud.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_what_was_signed_is_refused_and_nothing_is_kept() {
    let cloud = with_bucket().await;
    let ask = Ask {
        method: "PUT",
        path: "/files/a",
        body: b"signed".to_vec(),
        ..Ask::default()
    };
    let mut ask = cloud.sign("s3", ask, "local", Utc::now());
    ask.body = b"forged".to_vec();
    assert!(!cloud.send(ask).await.status.is_success());
    assert_eq!(s3(&cloud, "GET", "/files/a", "").await.status, 404);
    cloud.stop().await;
}

#[tokio::test]
async fn a_checksum_after_the_body_is_verified() {
    let cloud = with_bucket().await;
    let put = |checksum: &str| Ask {
        method: "PUT",
        path: "/files/streamed",
        headers: vec![
            (
                "x-amz-content-sha256",
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned(),
            ),
            ("x-amz-decoded-content-length", "5".to_owned()),
            ("content-encoding", "aws-chunked".to_owned()),
            ("x-amz-trailer", "x-amz-checksum-crc32".to_owned()),
            ("x-amz-sdk-checksum-algorithm", "CRC32".to_owned()),
        ],
        body: format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n").into_bytes(),
    };
    let wrong = cloud.signed("s3", put("AAAAAA==")).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert_eq!(s3(&cloud, "GET", "/files/streamed", "").await.status, 404);
    let right = cloud.signed("s3", put("NhCmhg==")).await;
    assert_eq!(right.status, 200, "{}", right.text());
    let got = s3(&cloud, "GET", "/files/streamed", "").await;
    assert_eq!(got.text(), "hello");
    assert_eq!(got.header("content-encoding"), "");
    cloud.stop().await;
}

#[tokio::test]
async fn parts_become_one_object_in_order() {
    let cloud = with_bucket().await;
    let tag = |text: &str, name: &str| {
        let rest = text.split(&format!("<{name}>")).nth(1).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let begun = s3(&cloud, "POST", "/files/big?uploads", "").await.text();
    let id = tag(&begun, "UploadId");
    let large = "a".repeat(5 * 1024 * 1024);
    let mut list = String::new();
    for (number, body) in [(1, large.as_str()), (2, "end")] {
        let path = format!("/files/big?partNumber={number}&uploadId={id}");
        let put = s3(&cloud, "PUT", &path, body).await;
        assert_eq!(put.status, 200);
        let etag = put.header("etag");
        write!(
            list,
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        )
        .unwrap();
    }
    assert_eq!(s3(&cloud, "GET", "/files/big", "").await.status, 404);
    let path = format!("/files/big?uploadId={id}");
    let none = "<CompleteMultipartUpload><Part><PartNumber>9</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    let refused = s3(&cloud, "POST", &path, none).await;
    assert!(refused.text().contains("InvalidPart"), "{}", refused.text());
    let all = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    let done = s3(&cloud, "POST", &path, &all).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let range = Ask {
        method: "GET",
        path: "/files/big",
        headers: vec![("range", "bytes=-4".to_owned())],
        ..Ask::default()
    };
    let tail = cloud.signed("s3", range).await;
    assert_eq!(tail.status, 206);
    assert_eq!(tail.text(), "aend");
    let again = s3(&cloud, "POST", &path, &all).await;
    assert!(again.text().contains("NoSuchUpload"));
    cloud.stop().await;
}

#[tokio::test]
async fn an_object_is_made_once_with_if_none_match() {
    let cloud = with_bucket().await;
    let put = || Ask {
        method: "PUT",
        path: "/files/lock",
        headers: vec![("if-none-match", "*".to_owned())],
        body: b"1".to_vec(),
    };
    assert_eq!(cloud.signed("s3", put()).await.status, 200);
    assert_eq!(cloud.signed("s3", put()).await.status, 412);
    cloud.stop().await;
}

#[tokio::test]
async fn browsers_may_put_from_the_origins_the_bucket_names() {
    let cloud = with_bucket().await;
    assert_eq!(s3(&cloud, "PUT", "/files?cors", CORS).await.status, 200);
    let path = cloud.presigned("PUT", "/files/up", "local", Utc::now(), 60);
    let preflight = |origin: &str| Ask {
        method: "OPTIONS",
        path: &path,
        headers: vec![
            ("origin", origin.to_owned()),
            ("access-control-request-method", "PUT".to_owned()),
            ("access-control-request-headers", "content-type".to_owned()),
        ],
        ..Ask::default()
    };
    let allowed = cloud.send(preflight("http://app.test")).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "http://app.test"
    );
    assert_eq!(
        allowed.header("access-control-allow-headers"),
        "content-type"
    );
    assert_eq!(cloud.send(preflight("http://evil.test")).await.status, 403);
    let put = Ask {
        method: "PUT",
        path: &path,
        headers: vec![("origin", "http://app.test".to_owned())],
        body: b"a,b".to_vec(),
    };
    let put = cloud.send(put).await;
    assert_eq!(put.status, 200);
    assert_eq!(put.header("access-control-allow-origin"), "http://app.test");
    cloud.stop().await;
}

#[tokio::test]
async fn a_bucket_is_deleted_only_when_empty() {
    let cloud = with_bucket().await;
    s3(&cloud, "PUT", "/files/a", "1").await;
    let refused = s3(&cloud, "DELETE", "/files", "").await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("BucketNotEmpty"));
    assert_eq!(s3(&cloud, "DELETE", "/files/a", "").await.status, 204);
    assert_eq!(s3(&cloud, "DELETE", "/files", "").await.status, 204);
    assert_eq!(s3(&cloud, "GET", "/files/a", "").await.status, 404);
    cloud.stop().await;
}

#[tokio::test]
async fn a_bucket_whose_folder_is_gone_is_an_empty_one() {
    let cloud = with_bucket().await;
    s3(&cloud, "PUT", "/files/a", "1").await;
    let root = cloud.stop().await;
    std::fs::remove_dir_all(root.path().join("s3/files")).unwrap();
    let cloud = TestCloud::resume(root, 1.0).await;
    assert_eq!(s3(&cloud, "GET", "/files/a", "").await.status, 404);
    assert_eq!(s3(&cloud, "PUT", "/files/b", "2").await.status, 200);
    cloud.stop().await;
}

#[tokio::test]
async fn configuration_is_the_same_on_the_wire_and_from_inside() {
    let cloud = with_bucket().await;
    let inside = cloud.cloud.cloud();
    let block = json!({
        "BlockPublicAcls": true,
        "IgnorePublicAcls": true,
        "BlockPublicPolicy": true,
        "RestrictPublicBuckets": true,
    });
    let input = json!({ "Bucket": "files", "PublicAccessBlockConfiguration": block });
    services::call(inside, "s3", "PutPublicAccessBlock", input)
        .await
        .unwrap();
    let wire = s3(&cloud, "GET", "/files?publicAccessBlock", "").await;
    assert!(
        wire.text()
            .contains("<BlockPublicAcls>true</BlockPublicAcls>"),
        "{}",
        wire.text()
    );
    s3(&cloud, "PUT", "/files?cors", CORS).await;
    let cors = services::call(inside, "s3", "GetBucketCors", json!({ "Bucket": "files" }))
        .await
        .unwrap();
    assert_eq!(cors["CORSRules"][0]["AllowedMethods"], json!(["PUT"]));
    let unknown = json!({ "Bucket": "files", "VersioningConfiguration": { "Statuss": "Enabled" } });
    let error = services::call(inside, "s3", "PutBucketVersioning", unknown)
        .await
        .unwrap_err();
    assert_eq!(error.code, "MalformedXML");
    let absent = s3(&cloud, "GET", "/files?policy", "").await;
    assert_eq!(absent.status, 404);
    assert!(absent.text().contains("NoSuchBucketPolicy"));
    cloud.stop().await;
}

#[tokio::test]
async fn listing_groups_by_delimiter_and_pages() {
    let cloud = with_bucket().await;
    for key in ["a", "d/1", "d/2", "e/1", "f"] {
        s3(&cloud, "PUT", &format!("/files/{key}"), "1").await;
    }
    let first = s3(
        &cloud,
        "GET",
        "/files?delimiter=%2F&list-type=2&max-keys=2",
        "",
    )
    .await;
    let text = first.text();
    assert!(text.contains("<Key>a</Key>") && text.contains("<Prefix>d/</Prefix>"));
    assert!(!text.contains("e/") && text.contains("<IsTruncated>true</IsTruncated>"));
    let token = text
        .split("<NextContinuationToken>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .unwrap();
    let path = format!("/files?continuation-token={token}&delimiter=%2F&list-type=2&max-keys=2");
    let second = s3(&cloud, "GET", &path, "").await.text();
    assert!(second.contains("<Prefix>e/</Prefix>") && second.contains("<Key>f</Key>"));
    assert!(!second.contains("<Prefix>d/</Prefix>"), "{second}");
    cloud.stop().await;
}

#[tokio::test]
async fn an_injected_fault_meets_s3_too() {
    let cloud = with_bucket().await;
    let fault = json!({ "service": "s3", "operation": "GetObject", "throttle": true, "times": 1 });
    cloud
        .cloud
        .cloud()
        .faults
        .add(serde_json::from_value(fault).unwrap());
    let answered = s3(&cloud, "GET", "/files/a", "").await;
    assert!(answered.text().contains("ThrottlingException"));
    assert_eq!(s3(&cloud, "GET", "/files/a", "").await.status, 404);
    cloud.stop().await;
}
