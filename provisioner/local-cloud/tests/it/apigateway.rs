//! HTTP APIs: requests through a socket, functions behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::client::{Answered, TestCloud};

/// An API with one function behind `$default`.
struct Api {
    id: String,
    url: String,
}

impl Api {
    async fn quick(cloud: &TestCloud, target: &str) -> Self {
        let input = json!({ "name": "web", "protocolType": "HTTP", "target": target });
        let api = cloud.aws("apigateway", "CreateApi", input).await;
        Self {
            id: api["apiId"].as_str().unwrap().to_owned(),
            url: api["apiEndpoint"].as_str().unwrap().to_owned(),
        }
    }

    /// The function may be invoked by this API.
    async fn permit(&self, cloud: &TestCloud, function: &str) {
        let source = format!("arn:aws:execute-api:us-east-1:000000000000:{}/*/*", self.id);
        let input = json!({
            "FunctionName": function,
            "StatementId": "api",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": source,
        });
        cloud.aws("lambda", "AddPermission", input).await;
    }

    async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(self.at(path)), "").await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url.replace("localhost", "127.0.0.1"))
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answered {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = request.body(Full::new(body.into())).unwrap();
        let (parts, body) = client.request(request).await.unwrap().into_parts();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}

async fn echo(cloud: &TestCloud) -> Api {
    let function = cloud.function("echo", json!({})).await;
    let api = Api::quick(cloud, function["FunctionArn"].as_str().unwrap()).await;
    api.permit(cloud, "echo").await;
    api
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_the_function_in_format_two() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let request = Request::post(api.at("/echo/a%20b?x=1&y=a%20b&x=2"))
        .header("content-type", "application/json")
        .header("X-Twice", "one")
        .header("X-Twice", "two")
        .header("cookie", "a=1; b=2")
        .header("user-agent", "test");
    let answered = api.send(request, "{\"hello\":1}").await;
    assert_eq!(answered.status, 200);
    let event = answered.json();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "$default");
    assert_eq!(event["rawPath"], "/echo/a b");
    assert_eq!(event["rawQueryString"], "x=1&y=a%20b&x=2");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "a b" })
    );
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-twice"], "one,two");
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert_eq!(event["body"], "{\"hello\":1}");
    assert_eq!(event["isBase64Encoded"], false);
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "POST");
    assert_eq!(context["http"]["path"], "/echo/a b");
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["http"]["userAgent"], "test");
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["apiId"], json!(api.id));
    assert!(context["timeEpoch"].as_i64().unwrap() > 1_700_000_000_000);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_text_travel_as_base64_both_ways() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let request = Request::post(api.at("/")).header("content-type", "application/octet-stream");
    let event = api.send(request, vec![0_u8, 159, 146, 150]).await.json();
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(event["body"], json!(STANDARD.encode([0_u8, 159, 146, 150])));
    let answered = api.get("/binary").await;
    assert_eq!(answered.body.as_ref(), [0, 1, 2, 3, 255]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_keep_status_headers_and_cookies() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let answered = api.get("/cookies").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("x-made-by"), "echo");
    assert_eq!(answered.header("content-type"), "text/html");
    let cookies: Vec<_> = answered.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(api.get("/status/418").await.status, 418);
    let plain = api.get("/plain").await;
    assert_eq!(plain.json(), json!({ "hello": "world" }));
    assert_eq!(plain.header("content-type"), "application/json");
    let head = api.send(Request::head(api.at("/cookies")), "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permission_the_function_is_not_invoked() {
    let cloud = TestCloud::start().await;
    let function = cloud.function("echo", json!({})).await;
    let api = Api::quick(&cloud, function["FunctionArn"].as_str().unwrap()).await;
    let answered = api.get("/").await;
    assert_eq!(answered.status, 500);
    assert_eq!(
        answered.json(),
        json!({ "message": "Internal Server Error" })
    );
    api.permit(&cloud, "echo").await;
    assert_eq!(api.get("/").await.status, 200);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_behind_the_gateway_gets_the_gateways_words() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let crashed = api.get("/crash").await;
    assert_eq!(crashed.status, 500);
    assert_eq!(
        crashed.json(),
        json!({ "message": "Internal Server Error" })
    );
    let none = json!({ "FunctionName": "echo", "ReservedConcurrentExecutions": 0 });
    cloud.aws("lambda", "PutFunctionConcurrency", none).await;
    let throttled = api.get("/").await;
    assert_eq!(throttled.status, 503);
    assert_eq!(
        throttled.json(),
        json!({ "message": "Service Unavailable" })
    );
    let huge = api
        .send(Request::post(api.at("/")), vec![b'x'; 11 * 1024 * 1024])
        .await;
    assert_eq!(huge.status, 413);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_takes_too_long_is_given_up() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let of = json!({ "apiId": api.id });
    let integrations = cloud.aws("apigateway", "GetIntegrations", of).await;
    let update = json!({
        "apiId": api.id,
        "integrationId": integrations["items"][0]["integrationId"],
        "timeoutInMillis": 300,
    });
    cloud.aws("apigateway", "UpdateIntegration", update).await;
    let answered = api.get("/sleep?ms=3000").await;
    assert_eq!(answered.status, 503);
    assert_eq!(answered.json(), json!({ "message": "Service Unavailable" }));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_choose_the_integration_and_an_alias_splits_it() {
    let cloud = TestCloud::start().await;
    cloud.function("web", json!({})).await;
    let one = cloud.publish("web", "one").await;
    let two = cloud.publish("web", "two").await;
    let alias = json!({
        "FunctionName": "web",
        "Name": "Live",
        "FunctionVersion": one,
        "RoutingConfig": { "AdditionalVersionWeights": { two: 0.5 } },
    });
    let alias = cloud.aws("lambda", "CreateAlias", alias).await;
    let input = json!({ "name": "routed", "protocolType": "HTTP" });
    let created = cloud.aws("apigateway", "CreateApi", input).await;
    let api = Api {
        id: created["apiId"].as_str().unwrap().to_owned(),
        url: created["apiEndpoint"].as_str().unwrap().to_owned(),
    };
    let uri = format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations",
        alias["AliasArn"].as_str().unwrap()
    );
    let integration = json!({
        "apiId": api.id,
        "integrationType": "AWS_PROXY",
        "integrationUri": uri,
        "payloadFormatVersion": "2.0",
    });
    let integration = cloud
        .aws("apigateway", "CreateIntegration", integration)
        .await;
    let target = format!(
        "integrations/{}",
        integration["integrationId"].as_str().unwrap()
    );
    let route = json!({ "apiId": api.id, "routeKey": "GET /version", "target": target });
    cloud.aws("apigateway", "CreateRoute", route.clone()).await;
    let twin = cloud.refusal("apigateway", "CreateRoute", route).await;
    assert_eq!(twin.code, "ConflictException");
    assert_eq!(api.get("/version").await.status, 404, "no stage yet");
    let stage = json!({ "apiId": api.id, "stageName": "$default", "autoDeploy": true });
    cloud.aws("apigateway", "CreateStage", stage).await;
    let named = json!({ "apiId": api.id, "stageName": "beta" });
    cloud.aws("apigateway", "CreateStage", named).await;
    api.permit(&cloud, "web:Live").await;
    let mut versions = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answered = api.get("/version").await;
        assert_eq!(answered.status, 200, "{}", answered.text());
        versions.insert(answered.json()["version"].as_str().unwrap().to_owned());
    }
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["1", "2"]);
    let other = api.get("/other").await;
    assert_eq!(other.status, 404);
    assert_eq!(other.json(), json!({ "message": "Not Found" }));
    assert_eq!(api.get("/beta/version").await.status, 404, "not deployed");
    let deploy = json!({ "apiId": api.id, "stageName": "beta" });
    cloud.aws("apigateway", "CreateDeployment", deploy).await;
    assert_eq!(api.get("/beta/version").await.status, 200);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_may_put_requests_into_a_queue() {
    let cloud = TestCloud::start().await;
    let queue = cloud
        .aws("sqs", "CreateQueue", json!({ "QueueName": "inbound" }))
        .await;
    let api = echo(&cloud).await;
    let integration = json!({
        "apiId": api.id,
        "integrationType": "AWS_PROXY",
        "integrationSubtype": "SQS-SendMessage",
        "payloadFormatVersion": "1.0",
        "credentialsArn": "arn:aws:iam::000000000000:role/api",
        "requestParameters": {
            "QueueUrl": queue["QueueUrl"],
            "MessageBody": "$request.body",
            "MessageAttributes": "{\"Signature\":{\"DataType\":\"String\",\"StringValue\":\"${request.header.x-signature}\"}}",
        },
    });
    let integration = cloud
        .aws("apigateway", "CreateIntegration", integration)
        .await;
    let target = format!(
        "integrations/{}",
        integration["integrationId"].as_str().unwrap()
    );
    let route = json!({ "apiId": api.id, "routeKey": "POST /fallback", "target": target });
    cloud.aws("apigateway", "CreateRoute", route).await;
    let request = Request::post(api.at("/fallback"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-signature", "s1");
    let answered = api.send(request, "From=%2B1&Body=hi").await;
    assert_eq!(answered.status, 200);
    assert!(
        answered.text().contains("<MessageId>"),
        "{}",
        answered.text()
    );
    let receive = json!({ "QueueUrl": queue["QueueUrl"], "MessageAttributeNames": ["All"] });
    let received = cloud.aws("sqs", "ReceiveMessage", receive).await;
    let message = &received["Messages"][0];
    assert_eq!(message["Body"], "From=%2B1&Body=hi");
    assert_eq!(
        message["MessageAttributes"]["Signature"]["StringValue"],
        "s1"
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_which_origins_may_ask() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let cors = json!({
        "apiId": api.id,
        "corsConfiguration": {
            "allowOrigins": ["https://campaign.example"],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["content-type"],
            "maxAge": 300,
        },
    });
    cloud.aws("apigateway", "UpdateApi", cors).await;
    let preflight = |origin: &str| {
        Request::options(api.at("/anything"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    let allowed = api.send(preflight("https://campaign.example"), "").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-methods"), "GET,POST");
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://campaign.example"
    );
    let refused = api.send(preflight("https://evil.example"), "").await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_throttles_at_its_limits() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let limits = json!({
        "apiId": api.id,
        "stageName": "$default",
        "defaultRouteSettings": { "throttlingBurstLimit": 2, "throttlingRateLimit": 0.001 },
    });
    cloud.aws("apigateway", "UpdateStage", limits).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(api.get("/plain").await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_keeps_its_port_over_a_restart_and_names_who_is_in_the_way() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    assert_eq!(api.get("/plain").await.status, 200);
    let root = cloud.stop().await;
    let cloud = TestCloud::resume(root, 1.0).await;
    assert_eq!(api.get("/plain").await.status, 200);
    let root = cloud.stop().await;
    let port = api.url.rsplit(':').next().unwrap().to_owned();
    let address = format!("127.0.0.1:{port}");
    let squatter = tokio::net::TcpListener::bind(&address).await.unwrap();
    let error = local_cloud::LocalCloud::start(local_cloud::Options::new(root.path()))
        .await
        .err()
        .unwrap();
    let error = format!("{error:#}");
    assert!(error.contains(&port) && error.contains("web"), "{error}");
    drop(squatter);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_api_answers_no_more() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let of = json!({ "apiId": api.id });
    cloud.aws("apigateway", "DeleteApi", of.clone()).await;
    let address = api.url.replace("http://localhost", "127.0.0.1");
    crate::functions::eventually("the port is closed", || async {
        tokio::net::TcpStream::connect(&address).await.is_err()
    })
    .await;
    let error = cloud.refusal("apigateway", "GetApi", of).await;
    assert_eq!(
        (error.code.as_str(), error.status),
        ("NotFoundException", 404)
    );
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_local_cloud_does_not_serve_is_refused_at_creation() {
    let cloud = TestCloud::start().await;
    let api = echo(&cloud).await;
    let refused: Vec<(&str, Value)> = vec![
        (
            "CreateApi",
            json!({ "name": "x", "protocolType": "WEBSOCKET" }),
        ),
        (
            "CreateIntegration",
            json!({ "integrationType": "HTTP_PROXY", "integrationUri": "http://x" }),
        ),
        (
            "CreateIntegration",
            json!({ "integrationType": "AWS_PROXY", "integrationUri": "arn:aws:lambda:us-east-1:0:function:x" }),
        ),
        ("CreateRoute", json!({ "routeKey": "FETCH /x" })),
        (
            "CreateRoute",
            json!({ "routeKey": "GET /x", "authorizationType": "JWT" }),
        ),
    ];
    for (operation, mut input) in refused {
        if operation != "CreateApi" {
            input["apiId"] = json!(api.id);
        }
        let error = cloud.refusal("apigateway", operation, input.clone()).await;
        assert_eq!(error.code, "BadRequestException", "{operation} {input}");
    }
    cloud.stop().await;
}
