//! One at a time.

use spokectl::failure::{Kind, codes};
use spokectl::local::process;
use spokectl::release::lock;

use crate::working_copy::Setting;

const LOCK: &str = "/spoke/local/lock";

fn held_by(host: &str, pid: u32) -> String {
    serde_json::json!({
        "owner": "arn:aws:iam::000000000000:user/ana",
        "host": host,
        "pid": pid,
        "at": "2026-01-01T00:00:00Z",
        "verb": "deploy",
    })
    .to_string()
}

#[tokio::test]
async fn a_lock_is_taken_once_and_given_back() {
    let setting = Setting::new().await;
    let ctx = &setting.ctx;
    assert_eq!(lock::holder(ctx).await.unwrap(), None);
    lock::take(ctx, "deploy", "me").await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap().unwrap().owner, "me");
    lock::give_back(ctx).await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap(), None);
    setting.end().await;
}

#[tokio::test]
async fn a_lock_of_another_machine_is_never_waited_for() {
    let setting = Setting::new().await;
    let ctx = &setting.ctx;
    let text = held_by("another-machine", 1);
    ctx.cloud.parameters.put(LOCK, &text).await.unwrap();
    let failure = lock::take(ctx, "deploy", "me").await.unwrap_err();
    assert_eq!((failure.code, failure.kind), (codes::LOCKED, Kind::Locked));
    assert!(failure.why[0].contains("user/ana"), "{failure:?}");
    assert_eq!(failure.next, ["spokectl lock status"]);
    assert_eq!(ctx.cloud.parameters.find(LOCK).await.unwrap(), Some(text));
    setting.end().await;
}

#[tokio::test]
async fn a_lock_whose_process_is_gone_from_this_machine_is_taken_over() {
    let setting = Setting::new().await;
    let ctx = &setting.ctx;
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let text = held_by(&process::host(), child.id());
    ctx.cloud.parameters.put(LOCK, &text).await.unwrap();
    lock::take(ctx, "deploy", "me").await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap().unwrap().owner, "me");
    setting.end().await;
}
