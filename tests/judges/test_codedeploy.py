"""CodeDeploy for Lambda: hooks really invoked, weights really shifted, alarms really watched."""

import json

import pytest

from refusals import refused
from test_lambda import invoke, log_of
from waiting import until

ALL_ROLLBACKS = {
    "enabled": True,
    "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
}
DONE = ("Succeeded", "Failed", "Stopped")


class Deploying:
    """One application with one group, and the function it deploys."""

    def __init__(self, cloud, function, role):
        self.cloud, self.function, self.role = cloud, function, role
        self.client = cloud.codedeploy
        self.client.create_application(applicationName=function, computePlatform="Lambda")

    def group(self, config="CodeDeployDefault.LambdaAllAtOnce", **options):
        self.client.create_deployment_group(
            **{
                "applicationName": self.function,
                "deploymentGroupName": "group",
                "serviceRoleArn": self.role,
                "deploymentConfigName": config,
                "deploymentStyle": {
                    "deploymentType": "BLUE_GREEN",
                    "deploymentOption": "WITH_TRAFFIC_CONTROL",
                },
                **options,
            }
        )

    def start(self, client=None, hooks=None, current="1", target="2", **options):
        appspec = {
            "version": 0.0,
            "Resources": [
                {
                    "web": {
                        "Type": "AWS::Lambda::Function",
                        "Properties": {
                            "Name": self.function,
                            "Alias": "live",
                            "CurrentVersion": current,
                            "TargetVersion": target,
                        },
                    }
                }
            ],
            "Hooks": [{event: function} for event, function in (hooks or {}).items()],
        }
        return (client or self.client).create_deployment(
            applicationName=self.function,
            deploymentGroupName="group",
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": json.dumps(appspec)},
            },
            **options,
        )["deploymentId"]

    def get(self, deployment):
        return self.client.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment, status):
        """The deployment once it has ended, which must be in `status`."""
        info = until(
            lambda: (found := self.get(deployment))["status"] in DONE and found,
            seconds=60,
            what=f"{deployment} ended",
        )
        assert info["status"] == status, info
        return info

    def events(self, deployment):
        """Lifecycle events and their statuses, in order."""
        [target] = self.client.list_deployment_targets(deploymentId=deployment)["targetIds"]
        found = self.client.get_deployment_target(deploymentId=deployment, targetId=target)
        events = found["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"]
        return {each["lifecycleEventName"]: each["status"] for each in events}

    def traffic(self):
        """(version, {other: weight}) of the alias now."""
        alias = self.cloud.lambda_.get_alias(FunctionName=self.function, Name="live")
        routing = alias.get("RoutingConfig") or {}
        return alias["FunctionVersion"], routing.get("AdditionalVersionWeights") or {}


@pytest.fixture
def deploying(cloud, two_versions, role):
    return Deploying(cloud, two_versions, role)


@pytest.fixture
def make_hook(cloud, make_function, name):
    def make(suffix, verdict="Succeeded", **options):
        # The managed role of CodeDeploy may invoke only names that start so.
        function = f"CodeDeployHook_{name}-{suffix}"
        make_function(function, env={"VERDICT": verdict}, **options)
        return function

    return make


@pytest.fixture(params=["smithy-rpc-v2-cbor", "json"])
def client(request, cloud):
    return cloud.client("codedeploy", protocol=request.param)


def test_a_whole_deployment_asks_both_hooks(cloud, client, deploying, make_hook):
    before, after = make_hook("before"), make_hook("after")
    deploying.group()
    deployment = deploying.start(client, {"BeforeAllowTraffic": before, "AfterAllowTraffic": after})
    assert deployment.startswith("d-")
    info = deploying.ended(deployment, "Succeeded")
    assert info["computePlatform"] == "Lambda" and info["completeTime"] > info["createTime"]
    assert deploying.traffic() == ("2", {})
    assert deploying.events(deployment) == {
        "BeforeAllowTraffic": "Succeeded",
        "AllowTraffic": "Succeeded",
        "AfterAllowTraffic": "Succeeded",
    }
    for hook in (before, after):
        line = until(
            lambda hook=hook: [
                each for each in log_of(cloud, hook).splitlines() if each.startswith("HOOK ")
            ]
        )
        event = json.loads(line[0].removeprefix("HOOK "))
        # Two fields and nothing else.
        assert set(event) == {"DeploymentId", "LifecycleEventHookExecutionId"}
        assert event["DeploymentId"] == deployment
    assert invoke(cloud, deploying.function, Qualifier="live")["payload"]["who"] == "new"


def watch(deploying, deployment):
    """Every state the alias is seen in until the deployment has ended."""
    seen = []

    def over():
        now = deploying.traffic()
        if not seen or seen[-1] != now:
            seen.append(now)
        return deploying.get(deployment)["status"] in DONE

    until(over, seconds=60)
    seen.append(deploying.traffic())
    return seen


def test_a_linear_shift_goes_step_by_step(deploying):
    deploying.group("CodeDeployDefault.LambdaLinear10PercentEvery1Minute")
    seen = watch(deploying, deploying.start())
    assert seen[-1] == ("2", {})
    weights = [routing["2"] for version, routing in seen if version == "1" and routing]
    assert weights == pytest.approx(sorted(weights)) and len(weights) >= 7, seen
    assert all(round(weight * 100) % 10 == 0 for weight in weights), seen


def test_a_canary_holds_at_its_share(cloud, deploying, name):
    cloud.codedeploy.create_deployment_config(
        deploymentConfigName=name,
        computePlatform="Lambda",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 3},
        },
    )
    deploying.group(name)
    seen = watch(deploying, deploying.start())
    assert seen[-1] == ("2", {})
    shares = {round(routing["2"], 3) for version, routing in seen if version == "1" and routing}
    assert shares == {0.1}, seen


def test_predefined_configurations_are_known(cloud):
    names = [
        each
        for page in cloud.codedeploy.get_paginator("list_deployment_configs").paginate()
        for each in page["deploymentConfigsList"]
    ]
    wanted = ["LambdaAllAtOnce"]
    wanted += [f"LambdaCanary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)]
    wanted += ["LambdaLinear10PercentEvery1Minute"]
    wanted += [f"LambdaLinear10PercentEvery{minutes}Minutes" for minutes in (2, 3, 10)]
    assert {f"CodeDeployDefault.{each}" for each in wanted} <= set(names)
    found = cloud.codedeploy.get_deployment_config(
        deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent5Minutes"
    )["deploymentConfigInfo"]
    assert found["trafficRoutingConfig"] == {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5},
    }


def test_a_hook_that_says_no_leaves_the_traffic_alone(deploying, make_hook):
    hook = make_hook("before", "Failed")
    deploying.group(autoRollbackConfiguration=ALL_ROLLBACKS)
    deployment = deploying.start(hooks={"BeforeAllowTraffic": hook})
    info = deploying.ended(deployment, "Failed")
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert deploying.traffic() == ("1", {})
    events = deploying.events(deployment)
    assert events["BeforeAllowTraffic"] == "Failed"
    assert events.get("AllowTraffic") in (None, "Skipped", "Pending")


def test_a_hook_after_the_shift_that_says_no_brings_it_back(deploying, make_hook):
    hook = make_hook("after", "Failed")
    deploying.group(autoRollbackConfiguration=ALL_ROLLBACKS)
    deployment = deploying.start(hooks={"AfterAllowTraffic": hook})
    info = deploying.ended(deployment, "Failed")
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    back = until(
        lambda: deploying.get(deployment).get("rollbackInfo", {}).get("rollbackDeploymentId")
    )
    # Going back is a deployment of its own.
    assert back != deployment
    rollback = deploying.ended(back, "Succeeded")
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment
    assert deploying.traffic() == ("1", {})


def test_a_hook_that_never_reports_fails_after_its_hour(cloud, deploying, make_function, name):
    hook = f"CodeDeployHook_{name}-crash"
    make_function(hook, env={"EXIT_AT_INIT": "1"})
    deploying.group(autoRollbackConfiguration=ALL_ROLLBACKS)
    with cloud.at_speed(1200):
        deployment = deploying.start(hooks={"BeforeAllowTraffic": hook})
        info = deploying.ended(deployment, "Failed")
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert deploying.traffic() == ("1", {})


def test_a_verdict_may_come_from_anybody_within_the_hour(cloud, deploying, make_hook):
    hook = make_hook("before", "none")
    deploying.group()
    deployment = deploying.start(hooks={"BeforeAllowTraffic": hook})
    [line] = until(
        lambda: [each for each in log_of(cloud, hook).splitlines() if each.startswith("HOOK ")]
    )
    event = json.loads(line.removeprefix("HOOK "))
    assert deploying.get(deployment)["status"] == "InProgress"
    verdict = {
        "deploymentId": deployment,
        "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
    }
    cloud.codedeploy.put_lifecycle_event_hook_execution_status(**verdict, status="Succeeded")
    deploying.ended(deployment, "Succeeded")
    with refused("LifecycleEventAlreadyCompletedException"):
        cloud.codedeploy.put_lifecycle_event_hook_execution_status(**verdict, status="Failed")
    with refused("InvalidLifecycleEventHookExecutionIdException"):
        cloud.codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment, lifecycleEventHookExecutionId="guess", status="Failed"
        )


def alarm_on(cloud, name):
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Judge",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return {"enabled": True, "alarms": [{"name": name}], "ignorePollAlarmFailure": False}


def test_an_alarm_stops_the_shift_and_brings_it_back(cloud, deploying, name):
    deploying.group(
        "CodeDeployDefault.LambdaCanary10Percent30Minutes",
        autoRollbackConfiguration=ALL_ROLLBACKS,
        alarmConfiguration=alarm_on(cloud, name),
    )
    deployment = deploying.start()
    until(lambda: deploying.traffic() == ("1", {"2": 0.1}))

    def stopped():
        cloud.cloudwatch.put_metric_data(
            Namespace="Judge", MetricData=[{"MetricName": name, "Value": 1}]
        )
        return deploying.get(deployment)["status"] in DONE

    until(stopped)
    info = deploying.get(deployment)
    assert info["status"] in ("Stopped", "Failed")
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    back = until(
        lambda: deploying.get(deployment).get("rollbackInfo", {}).get("rollbackDeploymentId")
    )
    deploying.ended(back, "Succeeded")
    assert deploying.traffic() == ("1", {})


def test_an_alarm_that_is_up_already_lets_nothing_start(cloud, deploying, name):
    alarms = alarm_on(cloud, name)
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Judge",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",
    )
    until(
        lambda: cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0][
            "StateValue"
        ]
        == "ALARM"
    )
    deploying.group(autoRollbackConfiguration=ALL_ROLLBACKS, alarmConfiguration=alarms)
    deployment = deploying.start()
    until(lambda: deploying.get(deployment)["status"] in DONE)
    assert deploying.get(deployment)["status"] != "Succeeded"
    assert deploying.get(deployment)["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert deploying.traffic() == ("1", {})


@pytest.mark.parametrize("back", [True, False])
def test_a_stopped_deployment_goes_back_or_stays_split(deploying, back):
    deploying.group("CodeDeployDefault.LambdaCanary10Percent30Minutes")
    deployment = deploying.start()
    until(lambda: deploying.traffic() == ("1", {"2": 0.1}))
    answer = deploying.client.stop_deployment(
        deploymentId=deployment, autoRollbackEnabled=back
    )
    assert answer["status"] in ("Pending", "Succeeded")
    info = deploying.ended(deployment, "Stopped")
    if back:
        rollback = until(
            lambda: deploying.get(deployment).get("rollbackInfo", {}).get("rollbackDeploymentId")
        )
        deploying.ended(rollback, "Succeeded")
        assert deploying.traffic() == ("1", {})
    else:
        assert not info.get("rollbackInfo", {}).get("rollbackDeploymentId")
        assert deploying.traffic() == ("1", {"2": 0.1})


def test_a_group_deploys_one_thing_at_a_time(deploying):
    deploying.group("CodeDeployDefault.LambdaCanary10Percent30Minutes")
    first = deploying.start()
    with refused("DeploymentLimitExceededException", text=first):
        deploying.start()
    deploying.client.stop_deployment(deploymentId=first, autoRollbackEnabled=True)
    deploying.ended(first, "Stopped")


def test_an_ended_deployment_is_not_stopped(deploying):
    deploying.group()
    deployment = deploying.start()
    deploying.ended(deployment, "Succeeded")
    with refused("DeploymentAlreadyCompletedException"):
        deploying.client.stop_deployment(deploymentId=deployment)


@pytest.mark.parametrize(
    "wrong", [{"current": "2"}, {"target": "9"}], ids=["current is elsewhere", "no such target"]
)
def test_a_deployment_that_does_not_fit_the_alias_moves_nothing(deploying, wrong):
    deploying.group()
    deployment = deploying.start(**wrong)
    until(lambda: deploying.get(deployment)["status"] in DONE)
    info = deploying.get(deployment)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["message"]
    assert deploying.traffic() == ("1", {})


@pytest.mark.parametrize("content", ["not an appspec: [", "{}", '{"version": 0.0, "Resources": []}'])
def test_an_appspec_that_says_nothing_is_refused(deploying, content):
    deploying.group()
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
    try:
        deployment = deploying.client.create_deployment(
            applicationName=deploying.function, deploymentGroupName="group", revision=revision
        )["deploymentId"]
    except deploying.client.exceptions.InvalidRevisionException:
        return
    until(lambda: deploying.get(deployment)["status"] in DONE)
    assert deploying.get(deployment)["status"] == "Failed"
    assert deploying.traffic() == ("1", {})


def test_deployments_are_listed_by_group(deploying):
    deploying.group()
    deployment = deploying.start()
    deploying.ended(deployment, "Succeeded")
    found = deploying.client.list_deployments(
        applicationName=deploying.function, deploymentGroupName="group"
    )
    assert found["deployments"] == [deployment]


def test_names_are_taken_once(cloud, deploying):
    with refused("ApplicationAlreadyExistsException"):
        cloud.codedeploy.create_application(
            applicationName=deploying.function, computePlatform="Lambda"
        )
    deploying.group()
    with refused("DeploymentGroupAlreadyExistsException"):
        deploying.group()


def test_the_names_of_predefined_configurations_are_not_for_us(cloud):
    with refused("InvalidDeploymentConfigNameException"):
        cloud.codedeploy.create_deployment_config(
            deploymentConfigName="CodeDeployDefault.Mine",
            computePlatform="Lambda",
            trafficRoutingConfig={"type": "AllAtOnce"},
        )


def test_the_aws_command_follows_a_deployment(cloud, deploying):
    deploying.group()
    deployment = deploying.start()
    done = cloud.run_aws("deploy", "wait", "deployment-successful", "--deployment-id", deployment)
    assert done.returncode == 0, done.stderr
    found = cloud.aws("deploy", "get-deployment", "--deployment-id", deployment)
    assert found["deploymentInfo"]["status"] == "Succeeded"
