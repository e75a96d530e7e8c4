//! Secrets Manager.

use serde_json::{Value, json};

use crate::client::TestCloud;

async fn ok(cloud: &TestCloud, operation: &str, input: Value) -> Value {
    cloud
        .ok(&format!("secretsmanager.{operation}"), input)
        .await
}

async fn refused(cloud: &TestCloud, operation: &str, input: Value) -> String {
    cloud
        .refused(&format!("secretsmanager.{operation}"), input)
        .await
}

#[tokio::test]
async fn a_new_value_makes_the_old_one_previous() {
    let cloud = TestCloud::start().await;
    let create = json!({ "Name": "app/db", "SecretString": "one" });
    let made = ok(&cloud, "CreateSecret", create.clone()).await;
    let arn = made["ARN"].as_str().unwrap().to_owned();
    let suffix = arn.strip_prefix("arn:aws:secretsmanager:us-east-1:000000000000:secret:app/db-");
    assert_eq!(suffix.unwrap().len(), 6);
    assert_eq!(
        refused(&cloud, "CreateSecret", create).await,
        "ResourceExistsException"
    );
    let put = json!({ "SecretId": "app/db", "SecretString": "two" });
    ok(&cloud, "PutSecretValue", put).await;
    let partial = arn.rsplit_once('-').unwrap().0;
    for id in ["app/db", &arn, partial] {
        let value = ok(&cloud, "GetSecretValue", json!({ "SecretId": id })).await;
        assert_eq!(value["SecretString"], "two", "{id}");
    }
    let previous = json!({ "SecretId": arn, "VersionStage": "AWSPREVIOUS" });
    let previous = ok(&cloud, "GetSecretValue", previous).await;
    assert_eq!(previous["SecretString"], "one");
    let pending = json!({ "SecretId": arn, "VersionStage": "AWSPENDING" });
    assert_eq!(
        refused(&cloud, "GetSecretValue", pending).await,
        "ResourceNotFoundException"
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_deleted_secret_is_there_until_its_window_ends() {
    let cloud = TestCloud::start().await;
    let create = json!({ "Name": "s", "SecretString": "v" });
    let named = json!({ "SecretId": "s" });
    ok(&cloud, "CreateSecret", create.clone()).await;
    let short = json!({ "SecretId": "s", "RecoveryWindowInDays": 1 });
    assert_eq!(
        refused(&cloud, "DeleteSecret", short).await,
        "InvalidParameterException"
    );
    ok(&cloud, "DeleteSecret", named.clone()).await;
    for (operation, input) in [
        ("GetSecretValue", named.clone()),
        ("CreateSecret", create.clone()),
        ("DeleteSecret", named.clone()),
    ] {
        let kind = refused(&cloud, operation, input).await;
        assert_eq!(kind, "InvalidRequestException", "{operation}");
    }
    let described = ok(&cloud, "DescribeSecret", named.clone()).await;
    assert!(described["DeletedDate"].is_number());
    ok(&cloud, "RestoreSecret", named.clone()).await;
    ok(&cloud, "GetSecretValue", named.clone()).await;
    let force = json!({ "SecretId": "s", "ForceDeleteWithoutRecovery": true });
    ok(&cloud, "DeleteSecret", force).await;
    assert_eq!(
        refused(&cloud, "DescribeSecret", named).await,
        "ResourceNotFoundException"
    );
    ok(&cloud, "CreateSecret", create).await;
    cloud.stop().await;
}

#[tokio::test]
async fn random_passwords_are_as_long_as_asked() {
    let cloud = TestCloud::start().await;
    let ask = json!({ "PasswordLength": 20, "ExcludePunctuation": true });
    let answer = ok(&cloud, "GetRandomPassword", ask.clone()).await;
    let password = answer["RandomPassword"].as_str().unwrap();
    assert_eq!(password.len(), 20);
    assert!(password.chars().all(char::is_alphanumeric));
    let other = ok(&cloud, "GetRandomPassword", ask).await;
    assert_ne!(answer, other);
    cloud.stop().await;
}
