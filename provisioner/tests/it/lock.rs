//! One at a time.

use chrono::Utc;
use spokectl::failure::{Kind, codes};
use spokectl::local::process;
use spokectl::release::lock::{self, Holder, Standing};

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
    let why = Some("fixes the join link");
    let mine = lock::take(ctx, "deploy", why, "me").await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap().as_ref(), Some(&mine));
    let sentence = mine.sentence(Utc::now());
    assert!(
        sentence.starts_with("deploy (\"fixes the join link\") by me (process "),
        "{sentence}"
    );
    lock::ended(ctx, &mine, Ok(())).await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap(), None);
    setting.end().await;
}

#[tokio::test]
async fn a_lock_that_is_somebody_elses_by_now_is_not_given_back() {
    let setting = Setting::new().await;
    let ctx = &setting.ctx;
    let mine = lock::take(ctx, "deploy", None, "me").await.unwrap();
    let text = held_by("another-machine", 1);
    ctx.cloud.parameters.put(LOCK, &text).await.unwrap();
    lock::ended(ctx, &mine, Ok(())).await.unwrap();
    assert_eq!(ctx.cloud.parameters.find(LOCK).await.unwrap(), Some(text));
    setting.end().await;
}

/// Both have read the same stale lock; the second one to write finds the first one's words under its own.
#[tokio::test]
async fn of_two_who_take_a_stale_lock_over_only_the_first_has_it() {
    let setting = Setting::new().await;
    let parameters = &setting.ctx.cloud.parameters;
    let holder = |text: &str| serde_json::from_str::<Holder>(text).unwrap();
    let stale = holder(&held_by("here", 1));
    parameters.put(LOCK, &held_by("here", 1)).await.unwrap();
    let rivals = [2, 3, 4].map(|pid| holder(&held_by("here", pid)));
    let mut outcomes = Vec::new();
    for rival in &rivals {
        let outcome = lock::take_over(parameters, "local", &stale, rival).await;
        outcomes.push(outcome.unwrap());
    }
    let first = Some(rivals[0].clone());
    assert_eq!(outcomes, [None, first.clone(), first.clone()]);
    assert_eq!(lock::holder(&setting.ctx).await.unwrap(), first);
    // At once it is the same, whoever the first is.
    parameters.delete(LOCK).await.unwrap();
    parameters.put(LOCK, &held_by("here", 1)).await.unwrap();
    let [a, b, c] = rivals
        .each_ref()
        .map(|rival| lock::take_over(parameters, "local", &stale, rival));
    let outcomes = tokio::join!(a, b, c);
    let outcomes = [outcomes.0, outcomes.1, outcomes.2].map(Result::unwrap);
    let winners = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(winners, 1, "{outcomes:?}");
    let won = outcomes.iter().position(Option::is_none).unwrap();
    assert_eq!(
        lock::holder(&setting.ctx).await.unwrap().as_ref(),
        Some(&rivals[won])
    );
    setting.end().await;
}

#[test]
fn a_lock_says_whether_somebody_stands_behind_it_and_what_to_do() {
    let now = "2026-01-01T00:10:00Z".parse().unwrap();
    let holder = |host: &str, pid| serde_json::from_str::<Holder>(&held_by(host, pid)).unwrap();
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    // A process that is at work is known by its number and its name.
    let mut working = std::process::Command::new("sh")
        .args(["-c", "sleep 60; true", "spokectl"])
        .spawn()
        .unwrap();
    let (here, gone, at_work) = (process::host(), child.id(), working.id());
    while !process::is_running(at_work, "spokectl") {
        std::thread::yield_now();
    }
    let mut told = Vec::new();
    for (holder, standing) in [
        (holder(&here, at_work), Standing::Held),
        (holder(&here, gone), Standing::Stale),
        (holder("another-machine", 7), Standing::Unknown),
        (holder("lambda", 0), Standing::Stale),
    ] {
        assert_eq!(holder.standing(now), standing);
        told.push(format!("{}\n{}", holder.why(now), holder.next(now, "")));
    }
    let fresh = "2026-01-01T00:01:00Z".parse().unwrap();
    assert_eq!(holder("lambda", 0).standing(fresh), Standing::Held);
    let told = told
        .join("\n\n")
        .replace(&at_work.to_string(), "[at work]")
        .replace(&gone.to_string(), "[gone]");
    working.kill().unwrap();
    working.wait().unwrap();
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_lock_of_another_machine_is_never_waited_for() {
    let setting = Setting::new().await;
    let ctx = &setting.ctx;
    let text = held_by("another-machine", 1);
    ctx.cloud.parameters.put(LOCK, &text).await.unwrap();
    let failure = lock::take(ctx, "deploy", None, "me").await.unwrap_err();
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
    lock::take(ctx, "deploy", None, "me").await.unwrap();
    assert_eq!(lock::holder(ctx).await.unwrap().unwrap().owner, "me");
    setting.end().await;
}
