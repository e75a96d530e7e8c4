//! A laptop's whole day, as the commands tell it: up, releases that go well, fail and are gone back from, down.

use std::process::Command;

use insta::Settings;
use serde_json::json;

use crate::laptop::Laptop;
use crate::outputs::same_every_time;

/// What differs from build to build and from release to release, beside what differs from run to run.
fn same_every_build(root: &str) -> Settings {
    let mut settings = Settings::clone_current();
    for (pattern, name) in [
        (r"\b(functions|scaler) [0-9a-f]{12}\b", "$1 [hash]"),
        (r"(functions +\d+:\d\d  )[0-9a-f]{12}\b", "$1[hash]"),
        (r"process \d+ on [^)]+\)", "[process])"),
        (r"local · [0-9a-f]{12} ·", "local · [commit] ·"),
        (r"revision   [0-9a-f]{12}\b", "revision   [commit]"),
        (r"· connections \d+", "· connections [number]"),
        (r"Max Memory Used: \d+", "Max Memory Used: [number]"),
        (r"Root=1-[0-9a-f-]+;Parent=[0-9a-f]+", "[trace]"),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r"\b\d+\.\d MB\b", "[size]"),
        (r"\x22bytes\x22: \d+", "\"bytes\": [bytes]"),
        (r"\x22seconds\x22: \d+", "\"seconds\": [seconds]"),
        (r"\bd-[0-9A-Z]{9}\b", "[deployment]"),
        // Seen or not between two looks.
        (r"(stopped the shift|failed) at \d+ %", "$1 at [share]"),
        // A shift that nobody watches is over or not by the time it is looked at.
        (
            r"\(deployment \[deployment\], (InProgress|Succeeded)\)",
            "(deployment [deployment], [state])",
        ),
        (r"\((up to )?[0-9a-f]{12}(-dirty)?\)", "([commit]$2)"),
        (r"\b[0-9a-f]{12}-dirty\b", "[commit]-dirty"),
        (
            r"\x22revision\x22: \x22[0-9a-f]{12}(-dirty)?\x22",
            "\"revision\": \"[commit]$1\"",
        ),
        (r"release (\d+) · [0-9a-f]{12}\b", "release $1 · [commit]"),
        (r"\b20\d{12}\b", "[schema]"),
        (r" \(taken: port [^)]*\)", ""),
        (r"(@example\.com +)[A-Za-z0-9]{12}\b", "$1[password]"),
        (
            r"\x22password\x22: \x22[A-Za-z0-9]{12}\x22",
            "\"password\": \"[password]\"",
        ),
        // The hook's words of the releases before, as far back as the clock happened to reach.
        (
            r"(?m)^ +\x22?INFO  the instance points at the bundle  bundle=[0-9a-f]{12}(\x22,)?\n",
            "",
        ),
        // The templates' own business; they have snapshots of their own.
        (r"\b\d+ added in ", "[many] added in "),
        (
            r"\b(\d+ added, )?\d+ changed(, \d+ removed)? in ",
            "[some] changed in ",
        ),
        (
            r"(?s)\x22changes\x22: \[\n.*?\n      \]",
            "\"changes\": [changes]",
        ),
    ] {
        settings.add_filter(pattern, name);
    }
    let _same = settings.bind_to_scope();
    same_every_time(root)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_releases() {
    let laptop = Laptop::new();
    let settings = same_every_build(laptop.root().to_str().unwrap());
    let _same = settings.bind_to_scope();

    insta::assert_snapshot!(
        "build",
        laptop.said(&["build", "build --output json", "status", "down"])
    );
    insta::assert_snapshot!(
        "up",
        laptop.said(&["up --detach", "up --detach --output json", "explain"])
    );
    logs(&laptop);

    laptop.bundle("4f1c9a2b7d10");
    laptop.commit();
    insta::assert_snapshot!(
        "release",
        laptop.said(&[
            "plan --save a.plan",
            "deploy --plan a.plan",
            "plan",
            "status"
        ])
    );
    laptop.bundle("77d1e0c4b5a6");
    insta::assert_snapshot!(
        "release_json",
        laptop.said(&["deploy --yes --output json --reason later", "bundle list"])
    );
    insta::assert_snapshot!(
        "going_back",
        laptop.said(&[
            "rollback --output json",
            "rollback --yes",
            "rollback --yes --output json",
            "rollback --yes"
        ])
    );

    a_hook_that_fails(&laptop).await;
    shifts_that_are_stopped_or_left(&laptop).await;
    a_template_aws_refuses(&laptop);
    a_session_that_ends(&laptop).await;
    too_few_requests(&laptop);
    insta::assert_snapshot!("down", laptop.said(&["down", "down --output json"]));
}

/// What a function said of the first release; what Lambda says of every call only when asked.
fn logs(laptop: &Laptop) {
    insta::assert_snapshot!(
        "log_lines",
        laptop.said(&[
            "logs --function postflight --since 1h",
            "logs --function postflight --since 1h --output json",
            "logs --function postflight --since 1h --platform",
        ])
    );
}

/// The manifest of the bundle cannot be read, which only the hook does, and only after the shift.
async fn a_hook_that_fails(laptop: &Laptop) {
    laptop
        .fault(&json!({
            "service": "s3", "operation": "GetObject",
            "error": {"code": "AccessDenied", "status": 403, "message": "Access Denied"},
        }))
        .await;
    let failed = laptop.said(&["deploy --yes --output json"]);
    laptop.no_faults().await;
    insta::assert_snapshot!("hook_failed", failed);
    insta::assert_snapshot!(
        "hook_explained",
        laptop.said(&["explain", "explain --output json", "status"])
    );
}

/// By an alarm, by a probe, and by nobody: whoever leaves lets it go on, and the next run finishes it first. Five
/// seconds with a tenth of the traffic are enough for all that.
async fn shifts_that_are_stopped_or_left(laptop: &Laptop) {
    const TENTH: &str = "10 % of the traffic";
    let shifts = ["1Minute", "5Minutes"].map(|wait| format!("shift = \"Canary10Percent{wait}\""));
    laptop.edit("stages/local.toml", &shifts[0], &shifts[1]);
    let rings = json!({
        "AlarmName": "spoke-local-web-5xx", "StateValue": "ALARM", "StateReason": "a person said so",
    });
    let alarm = laptop.said_while("deploy --yes", TENTH, async |_| {
        let target = "GraniteServiceVersion20100801.SetAlarmState";
        laptop.call(target, &rings).await;
    });
    insta::assert_snapshot!("alarm_stopped", alarm.await);
    let breaks = json!({
        "service": "lambda", "operation": "Invoke",
        "error": {"code": "AccessDeniedException", "status": 403, "message": "not you"},
    });
    let probe = laptop.said_while("deploy --yes --probes 500", TENTH, async |_| {
        laptop.fault(&breaks).await;
    });
    let probe = probe.await;
    laptop.no_faults().await;
    insta::assert_snapshot!("probe_failed", probe);
    let left = laptop.said_while("deploy --yes", TENTH, async |pid| {
        let kill = Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status();
        assert!(kill.unwrap().success());
    });
    insta::assert_snapshot!("detached", left.await);
    laptop.edit("stages/local.toml", &shifts[1], &shifts[0]);
}

fn a_template_aws_refuses(laptop: &Laptop) {
    let resources = "\nResources:\n";
    let nothing = "\nResources:\n  Moon:\n    Type: AWS::Moon::Base\n";
    laptop.edit("templates/network.yaml.hbs", resources, nothing);
    let refused = laptop.said(&["deploy --yes"]);
    // Twelve hours are the most SQS takes.
    let queue = "\nResources:\n  Moon:\n    Type: AWS::SQS::Queue\n    Properties:\n      VisibilityTimeout: 50000\n";
    laptop.edit("templates/network.yaml.hbs", nothing, queue);
    let failed = laptop.said(&["deploy --yes --output json", "explain"]);
    laptop.edit("templates/network.yaml.hbs", queue, resources);
    insta::assert_snapshot!("template_refused", format!("{refused}\n{failed}"));
}

/// Before anything moved, and while traffic shifts: then the shift goes on, and the next run finds what came of it.
async fn a_session_that_ends(laptop: &Laptop) {
    let expired = |service: &str, operation: &str| {
        json!({
            "service": service, "operation": operation,
            "error": {
                "code": "ExpiredTokenException", "status": 403,
                "message": "The security token included in the request is expired",
            },
        })
    };
    laptop.fault(&expired("lambda", "PublishVersion")).await;
    // Nothing is AWS's to be asked any more, the lock included.
    laptop.fault(&expired("ssm", "DeleteParameter")).await;
    let before = laptop.said(&["deploy --yes"]);
    laptop.no_faults().await;
    laptop.fault(&expired("codedeploy", "GetDeployment")).await;
    let during = laptop.said(&["deploy --yes"]);
    laptop.no_faults().await;
    insta::assert_snapshot!("session_ended", format!("{before}\n{during}"));
}

/// The shift that nobody watched is recorded first.
fn too_few_requests(laptop: &Laptop) {
    laptop.edit("stages/local.toml", "min_requests = 0", "min_requests = 50");
    laptop.bundle("c3d4e5f60718");
    insta::assert_snapshot!("inconclusive", laptop.said(&["deploy --yes", "status"]));
}
