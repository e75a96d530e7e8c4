//! Bringing a stack to its template, over a real (local) CloudFormation.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use spokectl::context::Interrupt;
use spokectl::failure::{Kind as Ending, codes};
use spokectl::plan::{consequence, difference};
use spokectl::release::stack::{apply, apply_planned};
use spokectl::template::{Kind, WITH_REQUEST};
use spokectl::ui::describe;

use crate::command_line::spokectl_in;
use crate::working_copy::Setting;

const ONE_QUEUE: &str = "\
Resources:
  First:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: first
      VisibilityTimeout: 30
Outputs:
  Name:
    Value: !GetAtt First.QueueName
";

/// The second queue's time-out is more than the twelve hours SQS allows.
const ONE_GOOD_ONE_BAD: &str = "\
Resources:
  First:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: first
      VisibilityTimeout: 30
  Second:
    Type: AWS::SQS::Queue
    DependsOn: First
    Properties:
      QueueName: second
      VisibilityTimeout: 50000
";

fn nothing() -> BTreeMap<String, String> {
    BTreeMap::new()
}

#[tokio::test]
async fn a_stack_is_made_then_left_alone_then_changed() {
    let setting = Setting::new().await;
    setting.template("network", ONE_QUEUE);
    let made = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert_eq!(made.changes[0].action, "Add");
    assert_eq!(made.outputs["Name"], "first");

    let again = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert!(again.changes.is_empty());
    assert_eq!(again.outputs["Name"], "first");

    setting.template("network", &ONE_QUEUE.replace("30", "60"));
    let changed = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert_eq!(changed.changes[0].action, "Modify");
    setting.end().await;
}

#[tokio::test]
async fn a_stack_that_could_not_be_made_is_made_anew_by_the_next_run() {
    let setting = Setting::new().await;
    setting.template("network", ONE_GOOD_ONE_BAD);
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::STACK_CREATE);
    assert!(
        failure.why[0].starts_with("Second (AWS::SQS::Queue)"),
        "{failure:?}"
    );
    assert!(failure.state[0].contains("taken away"), "{failure:?}");

    setting.template("network", ONE_QUEUE);
    let made = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert_eq!(made.outputs["Name"], "first");
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_could_not_be_deleted_to_its_end_is_left_alone() {
    let setting = Setting::new().await;
    setting.template("network", ONE_QUEUE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    setting.fault(json!({
        "service": "sqs", "operation": "DeleteQueue",
        "error": {"code": "AccessDenied", "status": 403, "message": "not you"},
    }));
    let stacks = &setting.ctx.cloud.stacks;
    stacks.delete("spoke-local-network").await.unwrap();
    let failed = async || {
        let stack = stacks.find("spoke-local-network").await.unwrap().unwrap();
        stack.status == "DELETE_FAILED"
    };
    while !failed().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    setting.no_faults();
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::STACK_STUCK);
    insta::assert_snapshot!(describe(&failure));
    assert!(failed().await);
    // The plan says so too, and not that everything would be made anew.
    let run = spokectl_in(setting.root().to_str().unwrap(), &["plan"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    let refused =
        "refused: stack spoke-local-network was to be deleted, and not all of it could be";
    assert!(run.stdout.contains(refused), "{}", run.stdout);
    assert!(
        run.stdout.contains("infrastructure  no change"),
        "{}",
        run.stdout
    );
    let queue = setting.ctx.cloud.queues.depth("first").await.unwrap();
    assert_eq!(queue, Some(0));
    setting.end().await;
}

#[tokio::test]
async fn whoever_leaves_a_stack_at_work_finds_it_changed_by_the_next_run() {
    let mut setting = Setting::new().await;
    setting.template("network", ONE_QUEUE);
    // Whoever asks to leave before anything is begun begins nothing.
    setting.ctx.interrupted.press();
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::INTERRUPTED);
    setting.ctx.interrupted = Interrupt::default();
    setting.fault(json!({"service": "sqs", "operation": "CreateQueue", "delaySeconds": 3000}));
    let (interrupted, stacks) = (&setting.ctx.interrupted, &setting.ctx.cloud.stacks);
    let leave = async {
        let is_at_work = async || {
            let stack = stacks.find("spoke-local-network").await.unwrap();
            stack.is_some_and(|stack| stack.status == "CREATE_IN_PROGRESS")
        };
        while !is_at_work().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        interrupted.press();
    };
    let known = nothing();
    let (applied, ()) = tokio::join!(apply(&setting.ctx, Kind::Network, &known), leave);
    let failure = applied.unwrap_err();
    assert_eq!(
        (failure.code, failure.kind),
        (codes::DETACHED, Ending::Detached)
    );
    insta::assert_snapshot!(describe(&failure));
    // Somebody who leaves while they wait for it leaves it at work as well.
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::DETACHED);
    setting.ctx.interrupted = Interrupt::default();
    let again = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert!(again.changes.is_empty());
    assert_eq!(again.outputs["Name"], "first");
    setting.end().await;
}

#[tokio::test]
async fn a_change_that_fails_leaves_the_stack_as_it_was() {
    let setting = Setting::new().await;
    setting.template("network", ONE_QUEUE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    setting.template("network", ONE_GOOD_ONE_BAD);
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::STACK_UPDATE);
    assert_eq!(failure.kind, Ending::RolledBack);
    assert!(
        failure.why[0].starts_with("Second (AWS::SQS::Queue)"),
        "{failure:?}"
    );
    assert_eq!(
        setting.ctx.cloud.queues.depth("second").await.unwrap(),
        None
    );

    setting.template("network", ONE_QUEUE);
    let again = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    assert_eq!(again.outputs["Name"], "first");
    setting.end().await;
}

#[tokio::test]
async fn a_change_set_that_is_not_the_plan_is_not_executed() {
    let setting = Setting::new().await;
    setting.template("network", ONE_QUEUE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    let live = difference::parse(ONE_QUEUE).unwrap();
    let renamed = ONE_QUEUE.replace("first", "other");
    setting.template("network", &renamed);
    let failure = apply_planned(&setting.ctx, Kind::Network, &nothing(), Some(&[]))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.code, failure.kind.number()),
        (codes::PLAN_STALE, 5)
    );
    insta::assert_snapshot!(describe(&failure));
    let stacks = &setting.ctx.cloud.stacks;
    let stack = stacks.find("spoke-local-network").await.unwrap().unwrap();
    assert_eq!(stack.status, "CREATE_COMPLETE");
    let wanted = difference::parse(&renamed).unwrap();
    let planned: Vec<_> = difference::of(Kind::Network, Some(&live), &wanted)
        .into_iter()
        .map(consequence::of)
        .collect();
    let applied = apply_planned(&setting.ctx, Kind::Network, &nothing(), Some(&planned))
        .await
        .unwrap();
    assert_eq!(applied.outputs["Name"], "other");
    setting.end().await;
}

#[tokio::test]
async fn a_change_cloudformation_refuses_touches_nothing() {
    let setting = Setting::new().await;
    setting.template(
        "network",
        "Resources:\n  First:\n    Type: AWS::Nothing::AtAll\n",
    );
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::CHANGE_SET);
    assert!(
        failure.why.join(" ").contains("AWS::Nothing::AtAll"),
        "{failure:?}"
    );

    setting.template("network", ONE_QUEUE);
    apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap();
    setting.end().await;
}

#[tokio::test]
async fn a_template_too_large_for_a_request_goes_by_way_of_the_bucket() {
    let setting = Setting::new().await;
    let large = format!("{ONE_QUEUE}# {}\n", "x".repeat(WITH_REQUEST));
    setting.template("app", &large);
    let failure = apply(&setting.ctx, Kind::App, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::TEMPLATE_SIZE);

    setting.template(
        "data",
        "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\nOutputs:\n  ArtifactBucket:\n    Value: !Ref Bucket\n",
    );
    let data = apply(&setting.ctx, Kind::Data, &nothing()).await.unwrap();
    let made = apply(&setting.ctx, Kind::App, &data.outputs).await.unwrap();
    assert_eq!(made.outputs["Name"], "first");
    let bucket = &data.outputs["ArtifactBucket"];
    let kept = setting
        .ctx
        .cloud
        .objects
        .list(bucket, "templates/")
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    setting.end().await;
}

#[tokio::test]
async fn a_parameter_nobody_knows_is_named() {
    let setting = Setting::new().await;
    setting.template(
        "network",
        &format!("Parameters:\n  Moon:\n    Type: String\n{ONE_QUEUE}"),
    );
    let failure = apply(&setting.ctx, Kind::Network, &nothing())
        .await
        .unwrap_err();
    assert_eq!(failure.code, codes::RENDER);
    assert!(failure.why[0].contains("Moon"), "{failure:?}");
    setting.end().await;
}
