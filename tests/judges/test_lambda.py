"""Lambda: a real program behind the Runtime API; versions, aliases, weights, limits."""

import base64
import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config

from conftest import update_environment
from functions import archive, zipped
from refusals import refused
from waiting import until

# botocore would refuse some of what the cloud itself has to refuse.
UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})


def invoke(cloud, function, event=None, **options):
    """The answer of one invocation, its payload decoded under `payload`."""
    answer = cloud.lambda_.invoke(
        FunctionName=function, Payload=json.dumps(event or {}), **options
    )
    text = answer["Payload"].read()
    answer["payload"] = json.loads(text) if text else None
    return answer


def test_a_function_answers(cloud, make_function, name):
    made = make_function(name, env={"WHO": "me"}, MemorySize=256)
    assert made["FunctionArn"].endswith(f":function:{name}")
    assert made["Version"] == "$LATEST"
    answer = invoke(cloud, name)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert answer["payload"]["who"] == "me"
    environment = answer["payload"]["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["LAMBDA_TASK_ROOT"]
    # The caller's own environment is not the function's.
    assert "CARGO_TARGET_DIR" not in environment and "PYTEST_CURRENT_TEST" not in environment


def test_an_environment_is_used_again(cloud, make_function, name):
    make_function(name)
    first, second = (invoke(cloud, name)["payload"] for _ in range(2))
    assert first["pid"] == second["pid"]
    assert (first["invocations"], second["invocations"]) == (1, 2)


def test_an_environment_handles_one_request_at_a_time(cloud, make_function, name):
    make_function(name)
    with ThreadPoolExecutor(3) as pool:
        nap = {"do": "sleep", "seconds": 1}
        answers = list(pool.map(lambda _: invoke(cloud, name, nap), range(3)))
    assert len({answer["payload"]["pid"] for answer in answers}) == 3


def test_a_version_never_changes(cloud, make_function, name):
    make_function(name, env={"WHO": "old"})
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "1"
    # Nothing changed since: publishing again makes no new version.
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "1"
    update_environment(cloud, name, {"WHO": "new"})
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "2"
    assert invoke(cloud, name, Qualifier="1")["payload"]["who"] == "old"
    newer = invoke(cloud, name, Qualifier="2")
    assert (newer["payload"]["who"], newer["ExecutedVersion"]) == ("new", "2")
    assert newer["payload"]["version"] == "2"
    pinned = cloud.lambda_.get_function_configuration(FunctionName=name, Qualifier="1")
    assert pinned["Environment"]["Variables"] == {"WHO": "old"}
    listed = cloud.lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    assert [each["Version"] for each in listed] == ["$LATEST", "1", "2"]


def test_new_code_is_another_version(cloud, make_function, name):
    made = make_function(name)
    cloud.lambda_.publish_version(FunctionName=name)
    other = zipped({"bootstrap": "#!/bin/sh\nexit 9\n"})
    updated = cloud.lambda_.update_function_code(FunctionName=name, ZipFile=other)
    assert updated["CodeSha256"] != made["CodeSha256"]
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "2"
    assert "FunctionError" not in invoke(cloud, name, Qualifier="1")


def test_code_is_taken_from_a_bucket(cloud, make_function, name):
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_object(Bucket=name, Key="f.zip", Body=archive())
    make_function(name, Code={"S3Bucket": name, "S3Key": "f.zip"})
    assert "FunctionError" not in invoke(cloud, name)


def test_an_alias_is_one_version(cloud, two_versions):
    answer = invoke(cloud, two_versions, Qualifier="live")
    assert (answer["ExecutedVersion"], answer["payload"]["who"]) == ("1", "old")
    cloud.lambda_.update_alias(FunctionName=two_versions, Name="live", FunctionVersion="2")
    assert invoke(cloud, two_versions, Qualifier="live")["ExecutedVersion"] == "2"
    # By name with a colon and by ARN as well.
    alias = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")
    for function in (f"{two_versions}:live", alias["AliasArn"]):
        assert invoke(cloud, function)["ExecutedVersion"] == "2"


def test_weights_split_the_requests(cloud, two_versions):
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    cloud.lambda_.update_alias(FunctionName=two_versions, Name="live", RoutingConfig=weights)
    with ThreadPoolExecutor(4) as pool:
        versions = list(
            pool.map(
                lambda _: invoke(cloud, two_versions, Qualifier="live")["ExecutedVersion"],
                range(400),
            )
        )
    # 100 of 400 expected, standard deviation 8.7: five of them each way fail once in 1.7 million.
    assert 57 <= versions.count("2") <= 143, versions.count("2")
    assert versions.count("1") + versions.count("2") == 400


def test_routing_to_latest_is_refused(cloud, two_versions):
    update = cloud.lambda_.update_alias
    with refused("InvalidParameterValueException"):
        update(
            FunctionName=two_versions,
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.1}},
        )
    with refused("InvalidParameterValueException"):
        update(
            FunctionName=two_versions,
            Name="live",
            FunctionVersion="$LATEST",
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
        )
    alias = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")
    assert alias["FunctionVersion"] == "1" and not alias.get("RoutingConfig")


@pytest.mark.parametrize("weights", [{"2": 1.5}, {"2": -0.1}, {"1": 0.5}, {"2": 0.1, "3": 0.1}])
def test_impossible_weights_are_refused(cloud, two_versions, weights):
    with refused(("InvalidParameterValueException", "ValidationException")):
        cloud.client("lambda", config=UNCHECKED).update_alias(
            FunctionName=two_versions,
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": weights},
        )


def test_an_alias_to_a_version_that_is_not_there_is_refused(cloud, two_versions):
    with refused("ResourceNotFoundException", 404):
        cloud.lambda_.update_alias(FunctionName=two_versions, Name="live", FunctionVersion="9")


def test_an_alias_changed_meanwhile_is_not_overwritten(cloud, two_versions):
    seen = cloud.lambda_.get_alias(FunctionName=two_versions, Name="live")["RevisionId"]
    cloud.lambda_.update_alias(FunctionName=two_versions, Name="live", FunctionVersion="2")
    with refused("PreconditionFailedException", 412):
        cloud.lambda_.update_alias(
            FunctionName=two_versions, Name="live", FunctionVersion="1", RevisionId=seen
        )
    assert invoke(cloud, two_versions, Qualifier="live")["ExecutedVersion"] == "2"


def test_a_version_an_alias_names_is_not_deleted(cloud, two_versions):
    with refused("ResourceConflictException", 409):
        cloud.lambda_.delete_function(FunctionName=two_versions, Qualifier="1")


def test_reserved_concurrency_is_a_ceiling(cloud, make_function, name):
    make_function(name)
    cloud.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def nap(_):
        try:
            return invoke(cloud, name, {"do": "sleep", "seconds": 2})
        except cloud.lambda_.exceptions.TooManyRequestsException as error:
            return error.response

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(nap, range(4)))
    throttled = [answer for answer in answers if "Error" in answer]
    assert 1 <= len(throttled) <= 3, answers
    for answer in throttled:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert all("FunctionError" not in answer for answer in answers)
    assert "FunctionError" not in invoke(cloud, name)


def test_a_ceiling_of_zero_is_a_kill_switch(cloud, make_function, name):
    make_function(name)
    cloud.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException", 429):
        invoke(cloud, name)
    cloud.lambda_.delete_function_concurrency(FunctionName=name)
    assert "FunctionError" not in invoke(cloud, name)


def test_a_function_that_fails_says_how(cloud, make_function, name):
    make_function(name)
    answer = invoke(cloud, name, {"do": "fail", "text": "no luck"})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["payload"]["errorType"] == "ValueError"
    assert answer["payload"]["errorMessage"] == "no luck"


def test_a_function_that_takes_too_long_is_stopped(cloud, make_function, name):
    make_function(name, Timeout=1)
    answer = invoke(cloud, name, {"do": "sleep", "seconds": 30})
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["payload"]["errorMessage"]
    # Its environment is gone with it: the next request starts a new one.
    assert invoke(cloud, name)["payload"]["invocations"] == 1


def test_a_function_that_dies_is_started_again(cloud, make_function, name):
    make_function(name)
    before = invoke(cloud, name)["payload"]["pid"]
    answer = invoke(cloud, name, {"do": "exit", "code": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in answer["payload"]["errorMessage"]
    assert invoke(cloud, name)["payload"]["pid"] != before


def test_a_function_that_dies_while_starting_says_so(cloud, make_function, name):
    make_function(name, env={"EXIT_AT_INIT": "7"})
    answer = invoke(cloud, name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Runtime.ExitError"
    assert "exit status 7" in answer["payload"]["errorMessage"]


def test_a_package_without_a_bootstrap_says_so(cloud, make_function, name):
    make_function(name, Code={"ZipFile": zipped({"readme.txt": "nothing here"})})
    answer = invoke(cloud, name)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Runtime.InvalidEntrypoint"
    assert "bootstrap" in answer["payload"]["errorMessage"]


def test_an_answer_over_six_megabytes_is_refused(cloud, make_function, name):
    make_function(name)
    answer = invoke(cloud, name, {"do": "big", "bytes": 6 * 1024 * 1024 + 100_000})
    assert answer["FunctionError"] == "Unhandled"
    assert answer["payload"]["errorType"] == "Function.ResponseSizeTooLarge"
    assert "FunctionError" not in invoke(cloud, name)


def test_a_request_over_six_megabytes_is_refused(cloud, make_function, name):
    make_function(name)
    with refused(("RequestEntityTooLargeException", "RequestTooLargeException"), 413):
        invoke(cloud, name, {"pad": "x" * (6 * 1024 * 1024 + 100_000)})


def test_an_event_is_taken_now_and_handled_later(cloud, make_function, name):
    make_function(name)
    answer = invoke(cloud, name, {"do": "say", "text": "heard-it"}, InvocationType="Event")
    assert (answer["StatusCode"], answer["payload"]) == (202, None)
    until(lambda: "heard-it" in log_of(cloud, name), what="the event's log line")


def test_an_event_that_fails_is_tried_three_times(cloud, make_function, name):
    make_function(name)
    invoke(cloud, name, {"do": "fail", "text": "again"}, InvocationType="Event")
    # Twice more, after one and two minutes: seconds here.
    until(lambda: log_of(cloud, name).count("START RequestId") == 3, what="three tries")


def test_a_dry_run_runs_nothing(cloud, make_function, name):
    make_function(name)
    assert invoke(cloud, name, InvocationType="DryRun")["StatusCode"] == 204


def log_of(cloud, function):
    try:
        events = cloud.logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    except cloud.logs.exceptions.ResourceNotFoundException:
        return ""
    return "\n".join(each["message"] for each in events)


def test_what_it_prints_is_logged(cloud, make_function, name):
    make_function(name)
    answer = invoke(cloud, name, {"do": "say", "text": "a-line"}, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "a-line" in tail and "REPORT RequestId" in tail
    text = until(lambda: (found := log_of(cloud, name)) and "REPORT" in found and found)
    request = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    for line in (f"START RequestId: {request}", "a-line", f"END RequestId: {request}"):
        assert line in text


def test_it_is_measured_by_alias_and_version(cloud, two_versions):
    for _ in range(3):
        invoke(cloud, two_versions, Qualifier="live")
    invoke(cloud, two_versions, {"do": "fail", "text": "x"}, Qualifier="live")
    dimensions = {
        "FunctionName": two_versions,
        "Resource": f"{two_versions}:live",
        "ExecutedVersion": "1",
    }
    until(lambda: total(cloud, "Invocations", dimensions) == 4, what="four invocations")
    assert total(cloud, "Errors", dimensions) == 1
    assert total(cloud, "Invocations", {"FunctionName": two_versions}) == 4


def total(cloud, metric, dimensions):
    now = datetime.datetime.now(datetime.UTC)
    found = cloud.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - datetime.timedelta(minutes=10),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(each["Sum"] for each in found["Datapoints"])


def test_a_function_is_made_once(cloud, make_function, name):
    make_function(name)
    with refused("ResourceConflictException", 409):
        make_function(name)


def test_a_package_that_is_no_archive_is_refused(cloud, make_function, name):
    with refused("InvalidParameterValueException", text="unzip"):
        make_function(name, Code={"ZipFile": b"not a zip"})


def test_a_role_that_is_no_role_is_refused(cloud, name):
    with refused(("ValidationException", "InvalidParameterValueException")):
        cloud.lambda_.create_function(
            FunctionName=name,
            Role="nobody",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Code={"ZipFile": archive()},
        )


def test_a_deleted_function_is_gone(cloud, make_function, name):
    make_function(name)
    cloud.lambda_.delete_function(FunctionName=name)
    with refused("ResourceNotFoundException", 404):
        invoke(cloud, name)


def test_the_aws_command_invokes(cloud, make_function, name, tmp_path):
    make_function(name, env={"WHO": "me"})
    answer = cloud.aws("lambda", "invoke", "--function-name", name, str(tmp_path / "out"))
    assert answer["StatusCode"] == 200
    assert json.loads((tmp_path / "out").read_text())["who"] == "me"
