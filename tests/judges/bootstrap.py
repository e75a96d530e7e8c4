"""A Lambda custom runtime in one file: speaks the Runtime API, does what its event tells."""

import base64
import http.client
import json
import os
import sys
import time
import urllib.parse

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
INVOCATIONS = 0


def handle(event):
    if "DeploymentId" in event:
        return hook(event)
    if "Records" in event:
        return records(event)
    if "requestContext" in event:
        return respond(event)
    return obey(event)


def obey(event):
    do = event.get("do", "tell")
    if do == "say":
        print(event["text"], flush=True)
        return "said"
    if do == "sleep":
        time.sleep(event["seconds"])
        return tell()
    if do == "exit":
        os._exit(event["code"])
    if do == "fail":
        raise ValueError(event["text"])
    if do == "big":
        return "x" * event["bytes"]
    return tell()


def tell():
    return {
        "who": os.environ.get("WHO"),
        "pid": os.getpid(),
        "invocations": INVOCATIONS,
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "environment": dict(os.environ),
    }


def hook(event):
    """A CodeDeploy hook: logs its event, answers with the verdict in VERDICT, or not at all."""
    print("HOOK " + json.dumps(event), flush=True)
    verdict = os.environ.get("VERDICT", "Succeeded")
    if verdict != "none":
        tell_codedeploy(
            {
                "deploymentId": event["DeploymentId"],
                "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
                "status": verdict,
            }
        )
    return "heard"


def tell_codedeploy(body):
    endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    connection = http.client.HTTPConnection(endpoint.netloc, timeout=30)
    connection.request(
        "POST",
        "/",
        json.dumps(body),
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus",
            "Authorization": "AWS4-HMAC-SHA256 Credential="
            f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/codedeploy/aws4_request, "
            "SignedHeaders=host, Signature=00",
        },
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise RuntimeError(f"the verdict was refused: {answer.status} {text}")


def records(event):
    """An SQS batch: bodies that start with `fail` are reported as failed, `raise` fails all."""
    failed = []
    for record in event["Records"]:
        print("RECORD " + json.dumps(record), flush=True)
        body = record.get("body", "")
        if body.startswith("raise"):
            raise ValueError(body)
        if body.startswith("fail"):
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def respond(event):
    path = event["rawPath"]
    if path == "/raise":
        raise ValueError("asked to")
    if path == "/teapot":
        return {
            "statusCode": 418,
            "headers": {"content-type": "text/plain", "x-judge": "yes"},
            "cookies": ["a=1; Path=/", "b=2; HttpOnly"],
            "body": "short and stout",
        }
    if path == "/bytes":
        return {
            "statusCode": 200,
            "headers": {"content-type": "application/octet-stream"},
            "isBase64Encoded": True,
            "body": base64.b64encode(bytes(range(256))).decode(),
        }
    if path == "/bare":
        return {"hello": "world"}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(
            {"event": event, "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")}
        ),
    }


def call(method, path, body=None):
    connection = http.client.HTTPConnection(API)
    connection.request(method, "/2018-06-01/runtime" + path, body)
    answer = connection.getresponse()
    return answer.headers, answer.read()


def main():
    global INVOCATIONS
    if "EXIT_AT_INIT" in os.environ:
        sys.exit(int(os.environ["EXIT_AT_INIT"]))
    while True:
        headers, body = call("GET", "/invocation/next")
        request = headers["Lambda-Runtime-Aws-Request-Id"]
        INVOCATIONS += 1
        try:
            answer = json.dumps(handle(json.loads(body or b"null") or {}))
            call("POST", f"/invocation/{request}/response", answer)
        except Exception as error:
            call(
                "POST",
                f"/invocation/{request}/error",
                json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}),
            )


main()
