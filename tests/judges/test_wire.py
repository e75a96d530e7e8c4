"""The wire itself: what is not offered is refused loudly, whatever protocol asks for it."""

import http.client
import urllib.parse

import cbor2
import pytest
from botocore.exceptions import ClientError

# One operation of each service that neither our templates nor our programs use.
NOT_OFFERED = [
    ("sts", "get_session_token", {}),
    ("iam", "list_mfa_devices", {"UserName": "u"}),
    ("ec2", "describe_spot_price_history", {}),
    ("s3", "get_bucket_accelerate_configuration", {"Bucket": "judge-wire"}),
    ("sqs", "remove_permission", {"QueueUrl": "http://127.0.0.1/000000000000/q", "Label": "l"}),
    ("sns", "list_phone_numbers_opted_out", {}),
    ("ssm", "list_documents", {}),
    ("secretsmanager", "validate_resource_policy", {"ResourcePolicy": "{}"}),
    ("logs", "list_anomalies", {}),
    ("lambda", "list_layers", {}),
    ("apigatewayv2", "get_vpc_links", {}),
    ("codedeploy", "list_on_premises_instances", {}),
    ("cloudwatch", "list_metric_streams", {}),
    ("cloudformation", "list_stack_sets", {}),
    ("rds", "describe_db_security_groups", {}),
    ("elasticache", "describe_reserved_cache_nodes", {}),
]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"), NOT_OFFERED, ids=[each[0] for each in NOT_OFFERED]
)
def test_an_operation_that_is_not_offered_is_refused(cloud, service, operation, parameters):
    if service == "s3":
        cloud.s3.create_bucket(**parameters)
    with pytest.raises(ClientError) as raised:
        getattr(cloud.client(service), operation)(**parameters)
    answer = raised.value.response
    assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 600, answer
    known = ("UnknownOperation", "InvalidAction", "NotImplemented")
    assert answer["Error"]["Code"].startswith(known), answer


def test_a_service_that_is_not_offered_is_refused(cloud):
    with pytest.raises(ClientError) as raised:
        cloud.client("dynamodb").list_tables()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 400


def ask(cloud, method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(cloud.endpoint).netloc, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def signed(service):
    return (
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/"
        f"{service}/aws4_request, SignedHeaders=host, Signature=00"
    )


def test_a_request_nobody_can_place_is_refused(cloud):
    answer, body = ask(cloud, "POST", "/", b"what is this")
    assert answer.status >= 400 and body, (answer.status, body)


@pytest.mark.parametrize(
    ("service", "target", "kind"),
    [
        ("ssm", "AmazonSSM.GetParameter", "application/x-amz-json-1.1"),
        ("sqs", "AmazonSQS.SendMessage", "application/x-amz-json-1.0"),
        ("codedeploy", "CodeDeploy_20141006.GetDeployment", "application/x-amz-json-1.1"),
    ],
)
@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"Surprise": 1}'], ids=["cut", "list", "unknown"])
def test_a_body_that_is_not_the_input_is_refused(cloud, service, target, kind, body):
    answer, text = ask(
        cloud,
        "POST",
        "/",
        body,
        {"X-Amz-Target": target, "Content-Type": kind, "Authorization": signed(service)},
    )
    assert answer.status == 400, text
    assert b"__type" in text


def cbor(cloud, operation, body):
    answer, text = ask(
        cloud,
        "POST",
        f"/service/GraniteServiceVersion20100801/operation/{operation}",
        body,
        {
            "smithy-protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
            "Accept": "application/cbor",
            "Authorization": signed("monitoring"),
        },
    )
    assert answer.getheader("smithy-protocol") == "rpc-v2-cbor"
    return answer.status, cbor2.loads(text)


def test_an_error_in_cbor_is_cbor(cloud):
    status, body = cbor(cloud, "NoSuchThing", cbor2.dumps({}))
    assert status == 400 and "__type" in body, body
    status, body = cbor(cloud, "PutMetricData", b"\xff\xff")
    assert status == 400 and "__type" in body, body


def test_a_time_in_cbor_is_tagged_as_time(cloud, name):
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Judge",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    answer, text = ask(
        cloud,
        "POST",
        "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        cbor2.dumps({"AlarmNames": [name]}),
        {
            "smithy-protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
            "Authorization": signed("monitoring"),
        },
    )
    assert answer.status == 200
    # cbor2 makes a date of what is tagged as one.
    alarm = cbor2.loads(text)["MetricAlarms"][0]
    assert hasattr(alarm["StateUpdatedTimestamp"], "year")


def test_every_answer_carries_its_request_id(cloud):
    for service, operation in (("sts", "get_caller_identity"), ("sqs", "list_queues")):
        answer = getattr(cloud.client(service), operation)()
        assert answer["ResponseMetadata"]["RequestId"]
