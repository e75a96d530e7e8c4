//! Parameter Store.

use serde_json::{Value, json};

use crate::client::TestCloud;

async fn ok(cloud: &TestCloud, operation: &str, input: Value) -> Value {
    cloud.ok(&format!("AmazonSSM.{operation}"), input).await
}

async fn refused(cloud: &TestCloud, operation: &str, input: Value) -> String {
    cloud
        .refused(&format!("AmazonSSM.{operation}"), input)
        .await
}

fn put(name: &str, value: &str) -> Value {
    json!({ "Name": name, "Value": value, "Type": "String" })
}

#[tokio::test]
async fn a_parameter_keeps_its_versions_over_a_restart() {
    let cloud = TestCloud::start().await;
    let first = ok(&cloud, "PutParameter", put("/a/b", "1")).await;
    assert_eq!(first, json!({ "Version": 1, "Tier": "Standard" }));
    let again = refused(&cloud, "PutParameter", put("/a/b", "2")).await;
    assert_eq!(again, "ParameterAlreadyExists");
    let overwrite = json!({ "Name": "/a/b", "Value": "2", "Overwrite": true });
    assert_eq!(ok(&cloud, "PutParameter", overwrite).await["Version"], 2);
    let cloud = TestCloud::resume(cloud.stop().await, 1.0).await;
    let get = |name: &str| json!({ "Name": name });
    let current = ok(&cloud, "GetParameter", get("/a/b")).await;
    assert_eq!(current["Parameter"]["Value"], "2");
    assert_eq!(
        current["Parameter"]["ARN"],
        "arn:aws:ssm:us-east-1:000000000000:parameter/a/b"
    );
    assert!(current["Parameter"]["LastModifiedDate"].is_number());
    let first = ok(&cloud, "GetParameter", get("/a/b:1")).await;
    assert_eq!(first["Parameter"]["Value"], "1");
    let history = ok(&cloud, "GetParameterHistory", get("/a/b")).await;
    assert_eq!(history["Parameters"].as_array().unwrap().len(), 2);
    let missing = refused(&cloud, "GetParameter", get("/a/c")).await;
    assert_eq!(missing, "ParameterNotFound");
    let version = refused(&cloud, "GetParameter", get("/a/b:9")).await;
    assert_eq!(version, "ParameterVersionNotFound");
    cloud.stop().await;
}

#[tokio::test]
async fn secure_strings_are_shown_only_decrypted() {
    let cloud = TestCloud::start().await;
    let secret = json!({ "Name": "s", "Value": "hidden", "Type": "SecureString" });
    ok(&cloud, "PutParameter", secret).await;
    let sealed = ok(&cloud, "GetParameter", json!({ "Name": "s" })).await;
    assert_ne!(sealed["Parameter"]["Value"], "hidden");
    let open = json!({ "Name": "s", "WithDecryption": true });
    let open = ok(&cloud, "GetParameter", open).await;
    assert_eq!(open["Parameter"]["Value"], "hidden");
    cloud.stop().await;
}

#[tokio::test]
async fn paths_are_walked_in_pages() {
    let cloud = TestCloud::start().await;
    for name in ["/p/a", "/p/b", "/p/c/d", "/q/a"] {
        ok(&cloud, "PutParameter", put(name, "v")).await;
    }
    let flat = ok(&cloud, "GetParametersByPath", json!({ "Path": "/p" })).await;
    assert_eq!(flat["Parameters"].as_array().unwrap().len(), 2);
    let mut ask = json!({ "Path": "/p/", "Recursive": true, "MaxResults": 2 });
    let first = ok(&cloud, "GetParametersByPath", ask.clone()).await;
    ask["NextToken"] = first["NextToken"].clone();
    let second = ok(&cloud, "GetParametersByPath", ask).await;
    assert_eq!(second["Parameters"][0]["Name"], "/p/c/d");
    assert!(second["NextToken"].is_null());
    let both = json!({ "Names": ["/p/a", "/nope"] });
    let both = ok(&cloud, "GetParameters", both).await;
    assert_eq!(both["InvalidParameters"], json!(["/nope"]));
    cloud.stop().await;
}

#[tokio::test]
async fn names_sizes_and_unknown_members_are_refused() {
    let cloud = TestCloud::start().await;
    let large = "x".repeat(4097);
    for input in [
        put("a/b", "v"),
        put("/aws/x", "v"),
        put("a b", "v"),
        put("x", ""),
        put("x", &large),
        json!({ "Name": "x", "Value": "v" }),
        json!({ "Name": "x", "Value": "v", "Type": "String", "Colour": "red" }),
    ] {
        let kind = refused(&cloud, "PutParameter", input.clone()).await;
        assert_eq!(kind, "ValidationException", "{input}");
    }
    let mut digits = put("digits", "12");
    digits["AllowedPattern"] = "^\\d+$".into();
    ok(&cloud, "PutParameter", digits.clone()).await;
    digits["Value"] = "x".into();
    digits["Overwrite"] = true.into();
    let mismatch = refused(&cloud, "PutParameter", digits).await;
    assert_eq!(mismatch, "ParameterPatternMismatchException");
    let mut advanced = put("x", &large);
    advanced["Tier"] = "Intelligent-Tiering".into();
    let advanced = ok(&cloud, "PutParameter", advanced).await;
    assert_eq!(advanced["Tier"], "Advanced");
    cloud.stop().await;
}
