//! CodeDeploy for Lambda: real hooks, real weights, real rollback.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::TestCloud;
use crate::functions::{ROLE, eventually};

/// A function `web` with versions 1 and 2, alias `Live` at 1, hooks, application and group.
struct Release {
    cloud: TestCloud,
}

struct Group<'a> {
    config: &'a str,
    /// What the hooks report.
    before: &'a str,
    after: &'a str,
    rollback: &'a [&'a str],
    alarms: &'a [&'a str],
}

impl Default for Group<'_> {
    fn default() -> Self {
        Self {
            config: "CodeDeployDefault.LambdaAllAtOnce",
            before: "Succeeded",
            after: "Succeeded",
            rollback: &["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            alarms: &[],
        }
    }
}

impl Release {
    async fn prepare(speed: f64, group: Group<'_>) -> Self {
        let cloud = TestCloud::at_speed(speed).await;
        let diary = |name: &str| cloud.root.path().join(name);
        cloud.function("web", json!({})).await;
        cloud.publish("web", "one").await;
        cloud.publish("web", "two").await;
        let live = json!({ "FunctionName": "web", "Name": "Live", "FunctionVersion": "1" });
        cloud.aws("lambda", "CreateAlias", live).await;
        for (name, verdict) in [("before", group.before), ("after", group.after)] {
            let variables = json!({ "HOOK": verdict, "DIARY": diary(name) });
            cloud
                .function(&format!("CodeDeployHook_{name}"), variables)
                .await;
        }
        let application = json!({ "applicationName": "app", "computePlatform": "Lambda" });
        cloud
            .aws("codedeploy", "CreateApplication", application)
            .await;
        let alarms: Vec<Value> = group
            .alarms
            .iter()
            .map(|name| json!({ "name": name }))
            .collect();
        let input = json!({
            "applicationName": "app",
            "deploymentGroupName": "web",
            "serviceRoleArn": ROLE,
            "deploymentConfigName": group.config,
            "alarmConfiguration": { "enabled": !alarms.is_empty(), "alarms": alarms },
            "autoRollbackConfiguration": {
                "enabled": !group.rollback.is_empty(),
                "events": group.rollback,
            },
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
        });
        cloud
            .aws("codedeploy", "CreateDeploymentGroup", input)
            .await;
        Self { cloud }
    }

    fn revision(current: &str, target: &str) -> Value {
        let spec = json!({
            "version": 0.0,
            "Resources": [{ "web": { "Type": "AWS::Lambda::Function", "Properties": {
                "Name": "web",
                "Alias": "Live",
                "CurrentVersion": current,
                "TargetVersion": target,
            } } }],
            "Hooks": [
                { "BeforeAllowTraffic": "CodeDeployHook_before" },
                { "AfterAllowTraffic": "CodeDeployHook_after" },
            ],
        });
        json!({
            "applicationName": "app",
            "deploymentGroupName": "web",
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": { "content": spec.to_string() },
            },
        })
    }

    async fn deploy(&self) -> String {
        let answer = self
            .cloud
            .aws("codedeploy", "CreateDeployment", Self::revision("1", "2"))
            .await;
        answer["deploymentId"].as_str().unwrap().to_owned()
    }

    async fn info(&self, id: &str) -> Value {
        let input = json!({ "deploymentId": id });
        let answer = self.cloud.aws("codedeploy", "GetDeployment", input).await;
        answer["deploymentInfo"].clone()
    }

    async fn ended(&self, id: &str) -> Value {
        eventually("the deployment ends", || async {
            let status = self.info(id).await["status"].clone();
            ["Succeeded", "Failed", "Stopped"]
                .iter()
                .any(|end| status == *end)
        })
        .await;
        self.info(id).await
    }

    /// Main version, other version's weight.
    async fn alias(&self) -> (String, f64) {
        let input = json!({ "FunctionName": "web", "Name": "Live" });
        let alias = self.cloud.aws("lambda", "GetAlias", input).await;
        let weight = alias["RoutingConfig"]["AdditionalVersionWeights"]["2"].as_f64();
        let version = alias["FunctionVersion"].as_str().unwrap().to_owned();
        (version, weight.unwrap_or(0.0))
    }

    /// The weights the alias shows until the deployment ends, without repetitions.
    async fn weights(&self, id: &str) -> Vec<(String, f64)> {
        let mut seen = Vec::new();
        loop {
            let over = self.info(id).await["completeTime"].is_object();
            let now = self.alias().await;
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            if over {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn events(&self, id: &str) -> Vec<(String, String)> {
        let input = json!({ "deploymentId": id });
        let ids = self
            .cloud
            .aws("codedeploy", "ListDeploymentTargets", input)
            .await;
        let input = json!({ "deploymentId": id, "targetId": ids["targetIds"][0] });
        let target = self
            .cloud
            .aws("codedeploy", "GetDeploymentTarget", input)
            .await;
        let events = &target["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| (text(&event["lifecycleEventName"]), text(&event["status"])))
            .collect()
    }

    /// The events a hook was invoked with.
    fn diary(&self, hook: &str) -> Vec<Value> {
        let path = self.cloud.root.path().join(hook);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn statuses(events: &[(String, String)]) -> Vec<&str> {
    events.iter().map(|(_, status)| status.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_shifts_a_tenth_then_all_with_hooks_around() {
    let group = Group {
        config: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        ..Group::default()
    };
    let release = Release::prepare(600.0, group).await;
    let id = release.deploy().await;
    let started = Instant::now();
    let weights = release.weights(&id).await;
    let expected = [("1", 0.0), ("1", 0.1), ("2", 0.0)];
    assert_eq!(
        weights,
        expected.map(|(version, weight)| (version.to_owned(), weight))
    );
    // Five minutes at this speed.
    assert!(started.elapsed() >= Duration::from_millis(500));
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Succeeded");
    assert_eq!(info["creator"], "user");
    assert_eq!(info["deploymentOverview"]["Succeeded"], 1);
    assert_eq!(statuses(&release.events(&id).await), ["Succeeded"; 3]);
    for hook in ["before", "after"] {
        let events = release.diary(hook);
        let [event] = events.as_slice() else {
            panic!("{hook} was invoked {} times", events.len())
        };
        assert_eq!(event["DeploymentId"], json!(id));
        assert!(event["LifecycleEventHookExecutionId"].is_string());
        assert_eq!(event.as_object().unwrap().len(), 2);
    }
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linear_shift_grows_by_equal_steps() {
    let group = Group {
        config: "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
        ..Group::default()
    };
    let release = Release::prepare(600.0, group).await;
    let id = release.deploy().await;
    let weights: Vec<f64> = release
        .weights(&id)
        .await
        .iter()
        .map(|(_, weight)| (weight * 10.0).round())
        .collect();
    assert_eq!(
        weights,
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 0.0]
    );
    assert_eq!(release.alias().await, ("2".to_owned(), 0.0));
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_hook_before_traffic_shifts_nothing() {
    let group = Group {
        before: "Failed",
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let id = release.deploy().await;
    let weights = release.weights(&id).await;
    assert_eq!(weights, [("1".to_owned(), 0.0)]);
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Failed");
    assert_eq!(info["errorInformation"]["code"], "HOOK_EXECUTION_FAILURE");
    assert_eq!(
        statuses(&release.events(&id).await),
        ["Failed", "Skipped", "Skipped"]
    );
    assert!(release.diary("after").is_empty());
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_hook_after_traffic_rolls_back_as_a_new_deployment() {
    let group = Group {
        after: "Failed",
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let id = release.deploy().await;
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Failed");
    let rollback = info["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap();
    let undone = release.ended(rollback).await;
    assert_eq!(undone["status"], "Succeeded");
    assert_eq!(undone["creator"], "codeDeployRollback");
    assert_eq!(
        undone["rollbackInfo"]["rollbackTriggeringDeploymentId"],
        json!(id)
    );
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    assert_eq!(release.diary("before").len(), 1, "no hooks on the way back");
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rollback_a_failure_leaves_the_alias_where_it_was() {
    let group = Group {
        after: "Failed",
        rollback: &[],
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let id = release.deploy().await;
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Failed");
    assert!(info.get("rollbackInfo").is_none());
    assert_eq!(release.alias().await, ("2".to_owned(), 0.0));
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_hook_is_given_an_hour() {
    let group = Group {
        before: "silent",
        ..Group::default()
    };
    // An hour in two seconds.
    let release = Release::prepare(1800.0, group).await;
    let id = release.deploy().await;
    let started = Instant::now();
    let info = release.ended(&id).await;
    let seconds = started.elapsed().as_secs_f64();
    assert!((1.9..6.0).contains(&seconds), "{seconds}");
    assert_eq!(info["errorInformation"]["code"], "HOOK_EXECUTION_FAILURE");
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_may_come_from_anybody_once() {
    let group = Group {
        before: "silent",
        ..Group::default()
    };
    let release = Release::prepare(1.0, group).await;
    let id = release.deploy().await;
    eventually("the hook is invoked", || async {
        !release.diary("before").is_empty()
    })
    .await;
    let execution = release.diary("before")[0]["LifecycleEventHookExecutionId"].clone();
    let report = |status: &str, execution: &Value| {
        json!({
            "deploymentId": id,
            "lifecycleEventHookExecutionId": execution,
            "status": status,
        })
    };
    let put = "PutLifecycleEventHookExecutionStatus";
    for (input, code) in [
        (
            report("Skipped", &execution),
            "InvalidLifecycleEventHookExecutionStatusException",
        ),
        (
            report("Succeeded", &json!("made up")),
            "InvalidLifecycleEventHookExecutionIdException",
        ),
        (
            json!({ "deploymentId": "d-AAAAAAAAA", "status": "Succeeded" }),
            "DeploymentDoesNotExistException",
        ),
    ] {
        let error = release.cloud.refusal("codedeploy", put, input).await;
        assert_eq!(error.code, code);
    }
    release
        .cloud
        .aws("codedeploy", put, report("Succeeded", &execution))
        .await;
    let again = release
        .cloud
        .refusal("codedeploy", put, report("Failed", &execution))
        .await;
    assert_eq!(again.code, "LifecycleEventAlreadyCompletedException");
    assert_eq!(release.ended(&id).await["status"], "Succeeded");
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deployment_per_group() {
    let group = Group {
        config: "CodeDeployDefault.LambdaCanary10Percent30Minutes",
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let first = release.deploy().await;
    let error = release
        .cloud
        .refusal(
            "codedeploy",
            "CreateDeployment",
            Release::revision("1", "2"),
        )
        .await;
    assert_eq!(error.code, "DeploymentLimitExceededException");
    assert!(error.message.contains(&first), "{error}");
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_without_rollback_the_alias_stays_split_and_blocks_the_next() {
    let group = Group {
        config: "CodeDeployDefault.LambdaCanary10Percent30Minutes",
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let id = release.deploy().await;
    let split = ("1".to_owned(), 0.1);
    eventually("a tenth is shifted", || async {
        release.alias().await == split
    })
    .await;
    let stop = json!({ "deploymentId": id, "autoRollbackEnabled": false });
    let answer = release
        .cloud
        .aws("codedeploy", "StopDeployment", stop.clone())
        .await;
    assert_eq!(answer["status"], "Pending");
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Stopped");
    assert_eq!(release.alias().await, split);
    let error = release
        .cloud
        .refusal("codedeploy", "StopDeployment", stop)
        .await;
    assert_eq!(error.code, "DeploymentAlreadyCompletedException");
    let next = release.deploy().await;
    let info = release.ended(&next).await;
    assert_eq!(
        info["errorInformation"]["code"],
        "INVALID_LAMBDA_CONFIGURATION"
    );
    assert!(info.get("rollbackInfo").is_none());
    assert_eq!(release.alias().await, split, "a misfit touches nothing");
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_with_rollback_the_alias_goes_back() {
    let group = Group {
        config: "CodeDeployDefault.LambdaCanary10Percent30Minutes",
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let id = release.deploy().await;
    eventually("a tenth is shifted", || async {
        release.alias().await.1 > 0.0
    })
    .await;
    let stop = json!({ "deploymentId": id, "autoRollbackEnabled": true });
    release
        .cloud
        .aws("codedeploy", "StopDeployment", stop)
        .await;
    let info = release.ended(&id).await;
    let rollback = info["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap();
    assert_eq!(release.ended(rollback).await["status"], "Succeeded");
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_does_not_fit_fails_and_touches_nothing() {
    let release = Release::prepare(60.0, Group::default()).await;
    for (current, target) in [("2", "1"), ("1", "9")] {
        let input = Release::revision(current, target);
        let answer = release
            .cloud
            .aws("codedeploy", "CreateDeployment", input)
            .await;
        let info = release
            .ended(answer["deploymentId"].as_str().unwrap())
            .await;
        assert_eq!(info["status"], "Failed");
        assert_eq!(
            info["errorInformation"]["code"], "INVALID_LAMBDA_CONFIGURATION",
            "{current} -> {target}"
        );
    }
    assert!(release.diary("before").is_empty());
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    let error = release
        .cloud
        .refusal(
            "codedeploy",
            "CreateDeployment",
            Release::revision("1", "$LATEST"),
        )
        .await;
    assert_eq!(error.code, "InvalidRevisionException");
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_goes_on_after_a_restart_of_the_cloud() {
    let group = Group {
        config: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        ..Group::default()
    };
    let release = Release::prepare(150.0, group).await;
    let id = release.deploy().await;
    eventually("a tenth is shifted", || async {
        release.alias().await.1 > 0.0
    })
    .await;
    let root = release.cloud.stop().await;
    // Slower from here on: what is left of the five minutes must not pass while the cloud comes up.
    let release = Release {
        cloud: TestCloud::resume(root, 30.0).await,
    };
    assert_eq!(release.alias().await, ("1".to_owned(), 0.1));
    assert_eq!(release.ended(&id).await["status"], "Succeeded");
    assert_eq!(release.alias().await, ("2".to_owned(), 0.0));
    assert_eq!(release.diary("before").len(), 1);
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_of_the_deployment_s_own_stops_it_during_the_shift_and_rolls_back() {
    let group = Group {
        config: "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
        ..Group::default()
    };
    // A minute in half a second.
    let release = Release::prepare(120.0, group).await;
    let cloud = &release.cloud;
    // The alarm AWS recommends: the error rate of the new version behind the alias.
    let stat = |id: &str, metric: &str| {
        json!({
            "Id": id,
            "ReturnData": false,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [
                        { "Name": "FunctionName", "Value": "web" },
                        { "Name": "Resource", "Value": "web:Live" },
                        { "Name": "ExecutedVersion", "Value": "2" },
                    ],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        })
    };
    let alarm = json!({
        "AlarmName": "errors",
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Metrics": [
            { "Id": "rate", "Expression": "IF(calls > 0, errors * 100 / calls, 0)" },
            stat("errors", "Errors"),
            stat("calls", "Invocations"),
        ],
    });
    cloud.aws("cloudwatch", "PutMetricAlarm", alarm).await;
    // The group knows of no alarm.
    let own = json!({ "enabled": true, "ignorePollAlarmFailure": false, "alarms": [{ "name": "errors" }] });
    let mut input = Release::revision("1", "2");
    input["overrideAlarmConfiguration"] = own.clone();
    let created = cloud.aws("codedeploy", "CreateDeployment", input).await;
    let id = created["deploymentId"].as_str().unwrap().to_owned();
    assert_eq!(release.info(&id).await["overrideAlarmConfiguration"], own);
    eventually("three steps are made", || async {
        release.alias().await.1 >= 0.3
    })
    .await;
    // From now on whoever reaches the new version gets an error.
    while release.info(&id).await["completeTime"].is_null() {
        let invocations = (0..8).map(|_| cloud.invoke("web:Live", json!({ "do": "error" })));
        futures::future::join_all(invocations).await;
    }
    let info = release.ended(&id).await;
    assert_eq!(info["status"], "Stopped");
    assert_eq!(info["errorInformation"]["code"], "ALARM_ACTIVE");
    let message = info["errorInformation"]["message"].as_str().unwrap();
    assert!(message.contains("<errors>"), "{message}");
    let rollback = info["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap();
    assert_eq!(release.ended(rollback).await["status"], "Succeeded");
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    assert!(release.diary("after").is_empty());
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_before_the_shift_lets_nothing_begin() {
    let group = Group {
        alarms: &["errors", "missing"],
        ..Group::default()
    };
    let release = Release::prepare(60.0, group).await;
    let cloud = &release.cloud;
    let id = release.deploy().await;
    let info = release.ended(&id).await;
    let message = info["errorInformation"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("could not be retrieved"), "{message}");
    let update = json!({
        "applicationName": "app",
        "currentDeploymentGroupName": "web",
        "alarmConfiguration": {
            "enabled": true,
            "ignorePollAlarmFailure": true,
            "alarms": [{ "name": "errors" }, { "name": "missing" }],
        },
    });
    cloud
        .aws("codedeploy", "UpdateDeploymentGroup", update)
        .await;
    let alarm = json!({
        "AlarmName": "errors",
        "Namespace": "Test",
        "MetricName": "errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "breaching",
    });
    cloud.aws("cloudwatch", "PutMetricAlarm", alarm).await;
    let set = json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "by hand" });
    cloud.aws("cloudwatch", "SetAlarmState", set).await;
    let rollback = info["rollbackInfo"]["rollbackDeploymentId"]
        .as_str()
        .unwrap();
    release.ended(rollback).await;
    let id = release.deploy().await;
    let info = release.ended(&id).await;
    assert_eq!(info["errorInformation"]["code"], "ALARM_ACTIVE");
    assert!(release.diary("before").is_empty());
    assert_eq!(release.alias().await, ("1".to_owned(), 0.0));
    release.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_are_the_predefined_and_ones_own() {
    let cloud = TestCloud::start().await;
    let list = cloud
        .aws("codedeploy", "ListDeploymentConfigs", json!({}))
        .await;
    assert_eq!(list["deploymentConfigsList"].as_array().unwrap().len(), 9);
    let config = |name: &str, routing: Value| {
        json!({
            "deploymentConfigName": name,
            "computePlatform": "Lambda",
            "trafficRoutingConfig": routing,
        })
    };
    let canary = |percentage: i64, minutes: i64| {
        json!({
            "type": "TimeBasedCanary",
            "timeBasedCanary": { "canaryPercentage": percentage, "canaryInterval": minutes },
        })
    };
    let linear = json!({
        "type": "TimeBasedLinear",
        "timeBasedLinear": { "linearPercentage": 1, "linearInterval": 60 },
    });
    for (input, code) in [
        (
            config("mine", canary(100, 5)),
            "InvalidTrafficRoutingConfigurationException",
        ),
        (
            config("mine", canary(10, 0)),
            "InvalidTrafficRoutingConfigurationException",
        ),
        (
            config("mine", canary(10, 2881)),
            "InvalidTrafficRoutingConfigurationException",
        ),
        (
            config("mine", linear),
            "InvalidTrafficRoutingConfigurationException",
        ),
        (
            config("CodeDeployDefault.Mine", canary(10, 5)),
            "InvalidDeploymentConfigNameException",
        ),
    ] {
        let error = cloud
            .refusal("codedeploy", "CreateDeploymentConfig", input)
            .await;
        assert_eq!(error.code, code);
    }
    let mine = config("mine", canary(25, 2));
    cloud
        .aws("codedeploy", "CreateDeploymentConfig", mine.clone())
        .await;
    let error = cloud
        .refusal("codedeploy", "CreateDeploymentConfig", mine)
        .await;
    assert_eq!(error.code, "DeploymentConfigAlreadyExistsException");
    let get = json!({ "deploymentConfigName": "mine" });
    let got = cloud.aws("codedeploy", "GetDeploymentConfig", get).await;
    let routing = &got["deploymentConfigInfo"]["trafficRoutingConfig"];
    assert_eq!(routing["timeBasedCanary"]["canaryPercentage"], 25);
    cloud.stop().await;
}
