//! IAM: recorded, checked for form, and it says that nothing is enforced.

use crate::client::TestCloud;

const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A\
    %22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22\
    %3A%22sts%3AAssumeRole%22%7D%5D%7D";
const POLICY: &str = "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3A\
    %2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D";

async fn iam(cloud: &TestCloud, form: &str) -> (u16, String) {
    let form = format!("Action={form}&Version=2010-05-08");
    let answered = cloud.query("iam", &form).await;
    (answered.status.as_u16(), answered.text())
}

#[tokio::test]
async fn a_role_is_kept_with_its_policies_and_goes_last() {
    let cloud = TestCloud::start().await;
    let create = format!(
        "CreateRole&RoleName=web&AssumeRolePolicyDocument={TRUST}\
         &Tags.member.1.Key=stage&Tags.member.1.Value=local"
    );
    let (status, text) = iam(&cloud, &create).await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("<Arn>arn:aws:iam::000000000000:role/web</Arn>"));
    assert_eq!(iam(&cloud, &create).await.0, 409);
    let put = format!("PutRolePolicy&RoleName=web&PolicyName=p&PolicyDocument={POLICY}");
    assert_eq!(iam(&cloud, &put).await.0, 200);
    let (_, text) = iam(&cloud, "GetRolePolicy&RoleName=web&PolicyName=p").await;
    assert!(text.contains("%22s3%3A%2A%22"), "{text}");
    let attach = "&RoleName=web&PolicyArn=arn:aws:iam::aws:policy/Basic";
    iam(&cloud, &format!("AttachRolePolicy{attach}")).await;
    let (status, text) = iam(&cloud, "DeleteRole&RoleName=web").await;
    assert_eq!(status, 409);
    assert!(text.contains("<Code>DeleteConflict</Code>"));
    iam(&cloud, &format!("DetachRolePolicy{attach}")).await;
    iam(&cloud, "DeleteRolePolicy&RoleName=web&PolicyName=p").await;
    assert_eq!(iam(&cloud, "DeleteRole&RoleName=web").await.0, 200);
    assert_eq!(iam(&cloud, "GetRole&RoleName=web").await.0, 404);
    cloud.stop().await;
}

#[tokio::test]
async fn malformed_documents_are_refused_and_answers_say_nothing_is_enforced() {
    let cloud = TestCloud::start().await;
    let broken = "CreateRole&RoleName=web&AssumeRolePolicyDocument=%7B%7D";
    let (status, text) = iam(&cloud, broken).await;
    assert_eq!(status, 400);
    assert!(text.contains("<Code>MalformedPolicyDocument</Code>"));
    let answered = cloud
        .query("iam", "Action=ListRoles&Version=2010-05-08")
        .await;
    assert_eq!(
        answered.header("x-local-cloud-note"),
        "recorded, not enforced"
    );
    cloud.stop().await;
}
