"""API Gateway HTTP APIs: requests through the port, events in payload format 2.0."""

import base64
import http.client
import json
import time
import urllib.parse

import pytest

from refusals import refused


@pytest.fixture
def api(cloud, two_versions):
    """An HTTP API whose default route is alias `live` of a function."""
    arn = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")["AliasArn"]
    made = cloud.apigatewayv2.create_api(Name=two_versions, ProtocolType="HTTP")
    add_route(cloud, made["ApiId"], arn, "$default")
    yield made
    cloud.apigatewayv2.delete_api(ApiId=made["ApiId"])


def add_route(cloud, api, function_arn, key, stage="$default"):
    integration = cloud.apigatewayv2.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function_arn,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    cloud.apigatewayv2.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
    cloud.apigatewayv2.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
    function = function_arn.split(":function:")[1]
    cloud.lambda_.add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api}/*",
    )


def ask(api, path, method="GET", body=None, headers=()):
    address = urllib.parse.urlsplit(api["ApiEndpoint"])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    connection.putrequest(method, path)
    for key, value in headers:
        connection.putheader(key, value)
    if body is not None:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer, answer.read()


def event_of(api, *arguments, **options):
    answer, body = ask(api, *arguments, **options)
    assert answer.status == 200, body
    return json.loads(body)["event"]


def test_a_request_reaches_the_version_behind_the_alias(cloud, api, two_versions):
    assert json.loads(ask(api, "/")[1])["version"] == "1"
    cloud.lambda_.update_alias(FunctionName=two_versions, Name="live", FunctionVersion="2")
    assert json.loads(ask(api, "/")[1])["version"] == "2"


def test_the_event_has_the_fields_of_format_2(api):
    event = event_of(
        api,
        "/some/path%20x?a=1&b=2&a=3&empty=",
        headers=[
            ("X-Two", "one"),
            ("X-Two", "two"),
            ("Cookie", "first=1; second=2"),
            ("User-Agent", "judge/1"),
        ],
    )
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert event["rawPath"] == "/some/path x"
    assert event["rawQueryString"] == "a=1&b=2&a=3&empty="
    assert event["queryStringParameters"] == {"a": "1,3", "b": "2", "empty": ""}
    assert event["cookies"] == ["first=1", "second=2"]
    assert event["headers"]["x-two"] == "one,two"
    assert "cookie" not in event["headers"]
    assert event["isBase64Encoded"] is False and "body" not in event
    context = event["requestContext"]
    assert context["http"]["method"] == "GET"
    assert context["http"]["path"] == "/some/path x"
    assert context["http"]["protocol"] == "HTTP/1.1"
    assert context["http"]["sourceIp"] in ("127.0.0.1", "::1")
    assert context["http"]["userAgent"] == "judge/1"
    assert (context["stage"], context["routeKey"]) == ("$default", "$default")
    assert context["apiId"] == api["ApiId"]
    assert context["requestId"] and context["domainName"]
    assert abs(context["timeEpoch"] / 1000 - time.time()) < 60


def test_text_arrives_as_text_and_bytes_as_base64(api):
    text = event_of(
        api, "/", "POST", '{"ä": 1}'.encode(), [("Content-Type", "application/json")]
    )
    assert (text["body"], text["isBase64Encoded"]) == ('{"ä": 1}', False)
    raw = bytes(range(256))
    binary = event_of(api, "/", "POST", raw, [("Content-Type", "application/octet-stream")])
    assert binary["isBase64Encoded"] is True
    assert base64.b64decode(binary["body"]) == raw


def test_status_headers_and_cookies_reach_the_client(api):
    answer, body = ask(api, "/teapot")
    assert (answer.status, body) == (418, b"short and stout")
    assert answer.getheader("x-judge") == "yes"
    assert answer.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]


def test_bytes_reach_the_client(api):
    answer, body = ask(api, "/bytes")
    assert (answer.status, body) == (200, bytes(range(256)))


def test_an_answer_without_a_status_is_json(api):
    answer, body = ask(api, "/bare")
    assert (answer.status, json.loads(body)) == (200, {"hello": "world"})
    assert answer.getheader("content-type") == "application/json"


def test_a_function_that_raises_is_an_internal_error(api):
    answer, body = ask(api, "/raise")
    assert (answer.status, json.loads(body)) == (500, {"message": "Internal Server Error"})


def test_a_path_without_a_route_is_not_found(cloud, two_versions):
    arn = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")["AliasArn"]
    api = cloud.apigatewayv2.create_api(Name="routes", ProtocolType="HTTP")
    add_route(cloud, api["ApiId"], arn, "GET /here/{proxy+}")
    event = event_of(api, "/here/and/there")
    assert event["routeKey"] == "GET /here/{proxy+}"
    assert event["pathParameters"] == {"proxy": "and/there"}
    for path, method in (("/elsewhere", "GET"), ("/here/x", "POST")):
        answer, body = ask(api, path, method)
        assert (answer.status, json.loads(body)) == (404, {"message": "Not Found"})


def test_an_api_is_described_as_it_was_made(cloud, api):
    found = cloud.apigatewayv2.get_api(ApiId=api["ApiId"])
    assert found["ApiEndpoint"] == api["ApiEndpoint"]
    assert found["ProtocolType"] == "HTTP"
    routes = cloud.apigatewayv2.get_routes(ApiId=api["ApiId"])["Items"]
    assert [each["RouteKey"] for each in routes] == ["$default"]


def test_a_deleted_api_answers_no_more(cloud, two_versions):
    arn = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")["AliasArn"]
    api = cloud.apigatewayv2.create_api(Name="gone", ProtocolType="HTTP")
    add_route(cloud, api["ApiId"], arn, "$default")
    assert ask(api, "/teapot")[0].status == 418
    cloud.apigatewayv2.delete_api(ApiId=api["ApiId"])
    with refused("NotFoundException", 404):
        cloud.apigatewayv2.get_api(ApiId=api["ApiId"])
    with pytest.raises(OSError):
        ask(api, "/teapot")


def test_the_aws_command_lists_apis(cloud, api):
    found = cloud.aws("apigatewayv2", "get-apis")
    assert api["ApiId"] in [each["ApiId"] for each in found["Items"]]
