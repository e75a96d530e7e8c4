"""Our own deploy role, enforced: with all of its statements it deploys, and without any single one it is refused.

MiniStack asks for permission where `spokectl` calls it. What its CloudFormation makes it makes without asking for
anybody's permission, where AWS asks for that of whoever started it. Statements for that are tried by a call that
CloudFormation would make, under the role, once with and once without the statement: that proves what the statement says,
and of which names. That no action is missing, and that none is idle, is judged beside AWS's own lists, in
tests/templates/test_rights.py; so are, there alone, the statements in BY_LIST, which MiniStack cannot enforce. A statement
nobody thought of fails.
"""

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

from looking import resources
from ministack_server import ACCOUNT, Server
from working_copy import ROOT, WorkingCopy

BRANCH = "repo:example/spoke:environment:judge"
PULL_REQUEST = "repo:example/spoke:pull_request"

# The deploy role's statements: everything behind the plan role.
SIDS = re.findall(r"Sid: (\w+)", (ROOT / "templates/workflows/trust.yaml").read_text().split("ReleasePolicy:")[1])

# Taken away in tests/templates/test_rights.py only, and why not here.
BY_LIST = {
    "ShiftTraffic": "MiniStack has no CodeDeploy",
    "FollowShift": "MiniStack has no CodeDeploy",
    "ReadShiftConfigs": "MiniStack has no CodeDeploy",
    "MakeShift": "MiniStack has no CodeDeploy",
    "MoveAliases": "MiniStack asks for lambda:ListAliases where AWS asks for lambda:UpdateAlias",
    "MakeDashboard": "MiniStack asks for it of every dashboard, and the role may touch one",
    "OnePolicyOfAws": "it is for the role CodeDeploy takes, and this stage has none",
    "HandOwnRolesToServices": "iam:PassRole is asked for of CloudFormation's calls only",
    "RolesOfAwsServices": "AWS makes these roles once an account, in calls of its own",
    "MakeKeys": "a key's tags are not known to MiniStack before it is made",
    "DeliverAccessLogs": "MiniStack delivers access logs without being asked",
    "FeedFunctions": "MiniStack does not say of a request which function it is about",
    "ReadQuota": "MiniStack tells the account's quota to whoever asks",
    "NameEndpoints": "EC2 asks for it in the caller's name, never the caller",
}

# What `spokectl` itself does, and the action it is refused without the statement.
BY_SPOKECTL = {
    "ReadStacks": (["plan"], "cloudformation:DescribeStacks"),
    "FindDrift": (["plan", "--drift"], "cloudformation:DetectStackDrift"),
    "FollowDrift": (["plan", "--drift"], "cloudformation:DescribeStackDriftDetectionStatus"),
    "KeepRecords": (["plan"], "ssm:GetParameter"),
    "ChangeStacks": (["deploy", "--yes"], "cloudformation:CreateChangeSet"),
    "MakeBuckets": (["deploy", "--yes"], "s3:ListBucket"),
    "PutArtifacts": (["deploy", "--yes"], "s3:GetObject"),
    "MakeQueues": (["status"], "sqs:GetQueueUrl"),
}

WEB = "spoke-judge-web"

# A call CloudFormation or a shift would make: service, operation, what it is told, the action it takes.
BY_CALL = {
    "PublishVersions": ("lambda", "publish_version", {"FunctionName": WEB}, "lambda:PublishVersion"),
    "CallFunctions": ("lambda", "invoke", {"FunctionName": WEB, "InvocationType": "DryRun"}, "lambda:InvokeFunction"),
    "WatchAlarms": ("cloudwatch", "describe_alarms", {}, "cloudwatch:DescribeAlarms"),
    "ReadLogs": ("logs", "filter_log_events", {"logGroupName": f"/aws/lambda/{WEB}"}, "logs:FilterLogEvents"),
    "MakeNetwork": ("ec2", "describe_vpcs", {}, "ec2:DescribeVpcs"),
    "MakeDatabase": (
        "rds",
        "modify_db_instance",
        {"DBInstanceIdentifier": "spoke-judge", "BackupRetentionPeriod": 7},
        "rds:ModifyDBInstance",
    ),
    "MakeCache": (
        "elasticache",
        "modify_replication_group",
        {"ReplicationGroupId": "spoke-judge"},
        "elasticache:ModifyReplicationGroup",
    ),
    "LookAtDatabases": ("rds", "describe_db_instances", {}, "rds:DescribeDBInstances"),
    "MakeSecrets": ("secretsmanager", "describe_secret", {"SecretId": "spoke-judge-session"}, "secretsmanager:DescribeSecret"),
    "ThinkOfSecrets": ("secretsmanager", "get_random_password", {}, "secretsmanager:GetRandomPassword"),
    "MakeLogs": (
        "logs",
        "put_retention_policy",
        {"logGroupName": f"/aws/lambda/{WEB}", "retentionInDays": 7},
        "logs:PutRetentionPolicy",
    ),
    "MakeFunctions": (
        "lambda",
        "update_function_configuration",
        {"FunctionName": WEB, "Timeout": 29},
        "lambda:UpdateFunctionConfiguration",
    ),
    "TagFunctions": (
        "lambda",
        "list_tags",
        {"Resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{WEB}"},
        "lambda:ListTags",
    ),
    "MakeApi": ("apigatewayv2", "get_apis", {}, "apigateway:GET"),
    "MakeNotices": (
        "sns",
        "get_topic_attributes",
        {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:spoke-judge-notices"},
        "sns:GetTopicAttributes",
    ),
    "KeepSubscriptions": (
        "sns",
        "get_subscription_attributes",
        {"SubscriptionArn": "NoticesTo0"},
        "sns:GetSubscriptionAttributes",
    ),
    "KeepKeys": ("kms", "describe_key", {"KeyId": "NoticesKey"}, "kms:DescribeKey"),
    "MakeSchedules": ("scheduler", "get_schedule", {"Name": "spoke-judge-scheduled"}, "scheduler:GetSchedule"),
    "MakeAlarms": (
        "cloudwatch",
        "put_metric_alarm",
        {
            "AlarmName": "spoke-judge-by-role",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
        },
        "cloudwatch:PutMetricAlarm",
    ),
    "MakeCdn": ("cloudfront", "get_distribution", {"Id": "Cdn"}, "cloudfront:GetDistribution"),
    "MakeCertificate": (
        "acm",
        "request_certificate",
        {"DomainName": "text.example.org", "ValidationMethod": "DNS"},
        "acm:RequestCertificate",
    ),
    "MakeWebAcl": ("wafv2", "get_web_acl", {"ARN": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/spoke-judge/1"}, "wafv2:GetWebACL"),
    "FindZones": ("route53", "list_hosted_zones", {}, "route53:ListHostedZones"),
    "MakeAddress": ("route53", "get_hosted_zone", {"Id": "Z1"}, "route53:GetHostedZone"),
    "OwnRoles": ("iam", "get_role", {"RoleName": "WebRole"}, "iam:GetRole"),
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException"}


def token(subject):
    """What GitHub would sign; MiniStack reads who it is for and does not check the signature."""
    claims = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": subject}
    parts = [{"alg": "RS256"}, claims, {}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("enforced"), AUTH="true")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def trust(cloud, tmp_path_factory):
    """The working copy, and the stack of roles that `spokectl workflow` writes, made by the account's owner."""
    copy = WorkingCopy(tmp_path_factory.mktemp("copy") / "spoke", cloud.endpoint)
    text = copy.stage_file.read_text()
    # As for AWS, where the functions' glibc has to be said.
    copy.edit('endpoint_file = ".spoke/cloud.json"\n', "")
    copy.edit('profile = "dev"\n', 'profile = "dev"\nglibc = "2.34"\n')
    assert copy.run("workflow", "--repository", "example/spoke").code == 0
    copy.stage_file.write_text(text)
    # AWS::IAM::OIDCProvider is not offered: the account has one already, as the template allows.
    provider = cloud.iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )["OpenIDConnectProviderArn"]
    written = (copy.root / ".github/trust/judge.yaml").read_text()
    template = re.sub(r"\n  Provider:\n.*?(?=\n  PlanRole:)", "", written, flags=re.DOTALL)
    template = template.replace("!If [MakesProvider, !Ref Provider, !Ref ProviderArn]", "!Ref ProviderArn")
    cloud.cloudformation.create_stack(
        StackName="spoke-judge-trust",
        TemplateBody=template,
        Parameters=[{"ParameterKey": "ProviderArn", "ParameterValue": provider}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloud.cloudformation.get_waiter("stack_create_complete").wait(
        StackName="spoke-judge-trust", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    # MiniStack takes reading an alias for listing them, which AWS does not ask for.
    reading = {"Sid": "Mistaken", "Effect": "Allow", "Action": "lambda:ListAliases", "Resource": "*"}
    _put(cloud, "mistaken", {"Version": "2012-10-17", "Statement": [reading]})
    return copy


def taken(cloud, role, subject):
    return cloud.sts.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/spoke-judge-{role}", RoleSessionName="judge", WebIdentityToken=token(subject)
    )["Credentials"]


def speak_as(copy, cloud, credentials):
    copy.speak_to(cloud.endpoint, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


@pytest.fixture(scope="module")
def session(cloud, trust):
    return taken(cloud, "deploy", BRANCH)


@pytest.fixture(scope="module")
def deployed(cloud, trust, session):
    """Made from nothing by the deploy role alone."""
    speak_as(trust, cloud, session)
    # MiniStack speaks plain HTTP here, which the buckets' policies refuse, and so they should.
    trust.refused = trust.json("deploy", "--yes")
    for bucket in cloud.s3.list_buckets()["Buckets"]:
        cloud.s3.delete_bucket_policy(Bucket=bucket["Name"])
    trust.first = trust.deploy()
    return trust


@pytest.fixture
def without(cloud, request):
    """Takes one statement out of the role's policies (what is left of a managed one is its own for so long), and puts it back."""
    attached = cloud.iam.list_attached_role_policies(RoleName="spoke-judge-deploy")["AttachedPolicies"]
    back = []

    def take(sid):
        for one in attached:
            arn = one["PolicyArn"]
            version = cloud.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = cloud.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
            if len(left) < len(document["Statement"]):
                _put(cloud, "lesser", {**document, "Statement": left})
                cloud.iam.detach_role_policy(RoleName="spoke-judge-deploy", PolicyArn=arn)
                back.append(lambda: _attach_again(cloud, arn))
                return
        for name in cloud.iam.list_role_policies(RoleName="spoke-judge-deploy")["PolicyNames"]:
            document = cloud.iam.get_role_policy(RoleName="spoke-judge-deploy", PolicyName=name)["PolicyDocument"]
            left = [statement for statement in document["Statement"] if statement["Sid"] != sid]
            if len(left) < len(document["Statement"]):
                _put(cloud, name, {**document, "Statement": left})
                back.append(lambda: _put(cloud, name, document))
                return
        raise AssertionError(f"no policy of the role says {sid}")

    yield take
    for restore in back:
        restore()


def _attach_again(cloud, arn):
    cloud.iam.attach_role_policy(RoleName="spoke-judge-deploy", PolicyArn=arn)
    cloud.iam.delete_role_policy(RoleName="spoke-judge-deploy", PolicyName="lesser")


def _put(cloud, name, document):
    cloud.iam.put_role_policy(RoleName="spoke-judge-deploy", PolicyName=name, PolicyDocument=json.dumps(document))


def test_every_statement_has_a_case():
    assert len(SIDS) == len(set(SIDS))
    cases = [*BY_SPOKECTL, *BY_CALL, *BY_LIST]
    assert len(cases) == len(set(cases))
    assert set(SIDS) == set(cases)


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("deploy", PULL_REQUEST),
        ("deploy", "repo:example/spoke:environment:other"),
        ("deploy", "repo:somebody/spoke:environment:judge"),
        ("plan", BRANCH),
    ],
)
def test_nobody_else_takes_the_roles(cloud, trust, role, subject):
    with pytest.raises(ClientError) as refused:
        taken(cloud, role, subject)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_the_buckets_refuse_plain_http(deployed):
    assert deployed.refused.code == 1, deployed.refused
    assert "AccessDenied" in " ".join(deployed.refused.failure["why"])


def test_the_role_deploys_from_nothing_and_then_there_is_nothing_to_do(deployed):
    assert [bool(one["changes"]) for one in deployed.first["stacks"]] == [False, False, True]
    ended = deployed.run("plan", "--drift")
    assert ended.code == 0, ended
    assert ":assumed-role/spoke-judge-deploy/" in ended.err
    assert deployed.run("status").code == 0


def test_the_role_touches_nothing_of_another_stage(cloud, deployed, session):
    mine = {"access_key": session["AccessKeyId"], "secret": session["SecretAccessKey"], "token": session["SessionToken"]}
    strangers = [
        ("cloudformation", "describe_stacks", {"StackName": "spoke-other-app"}),
        ("cloudformation", "delete_stack", {"StackName": "spoke-judge-trust"}),
        ("ssm", "get_parameter", {"Name": "/spoke/other/release"}),
        ("iam", "put_role_policy", {"RoleName": "spoke-judge-deploy", "PolicyName": "more", "PolicyDocument": "{}"}),
        ("iam", "get_role", {"RoleName": "spoke-other-app-WebRole"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "other"}),
        ("lambda", "invoke", {"FunctionName": "spoke-other-web"}),
    ]
    for service, operation, told in strangers:
        with pytest.raises(ClientError) as refused:
            getattr(cloud.client(service, **mine), operation)(**told)
        assert refused.value.response["Error"]["Code"] in DENIED, (service, operation, refused.value)


@pytest.mark.parametrize("sid", BY_SPOKECTL)
def test_spokectl_is_refused_without(cloud, deployed, without, sid):
    arguments, action = BY_SPOKECTL[sid]
    if sid == "PutArtifacts":
        # Something new to upload.
        (deployed.root / "app/web/dist/assets/index-1.js").write_text(sid)
        cloud.s3.delete_object(Bucket=f"spoke-judge-assets-{ACCOUNT}-us-east-1", Key="assets/index-1.js")
    without(sid)
    ended = deployed.json(*arguments)
    assert ended.code in {1, 7}, ended
    failure = ended.failure
    assert action in " ".join(failure["why"]), failure
    assert any(one.startswith("ask for the action") for one in failure["next"]), failure


@pytest.mark.parametrize("sid", BY_CALL)
def test_a_call_of_cloudformations_is_refused_without(cloud, deployed, session, without, sid):
    service, operation, told, action = BY_CALL[sid]
    made = resources(cloud)
    told = {key: made.get(value, value) if isinstance(value, str) else value for key, value in told.items()}
    client = cloud.client(service, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])

    def refusal():
        try:
            getattr(client, operation)(**told)
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                return error.response["Error"]["Message"]
        return None

    assert refusal() is None
    without(sid)
    assert action in (refusal() or "it was allowed")


def test_a_pull_request_may_plan_and_no_more(cloud, deployed, session):
    speak_as(deployed, cloud, taken(cloud, "plan", PULL_REQUEST))
    assert deployed.run("plan").code == 0
    ended = deployed.json("deploy", "--yes", "--drift")
    speak_as(deployed, cloud, session)
    assert ended.code == 1, ended
    assert "ssm:PutParameter" in " ".join(ended.failure["why"])
