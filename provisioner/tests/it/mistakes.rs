//! Wrong input of every kind: what failed, why, what state things are in, what to do next.

use serde_json::json;

use crate::aws::{KEY, NO_MACHINE, on_aws, told};
use crate::command_line::{spokectl_as, spokectl_in, working_copy};
use crate::outputs::{said, same_every_time};
use crate::working_copy::Setting;

const LOCAL: &str = include_str!("../../../stages/local.toml");

/// What commands say in a folder with this one stage.
fn with_stage(stage: &str, commands: &[&str]) -> String {
    let folder = working_copy(&[("local", stage), ("prod", include_str!("prod.toml"))]);
    let path = folder.path().to_str().unwrap();
    let said = commands.iter().map(|command| {
        let arguments: Vec<_> = command.split(' ').collect();
        told(command, &spokectl_in(path, &arguments))
    });
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_stage_file_with_a_mistake() {
    let unknown = LOCAL.replace("web_memory = 512", "web_memry = 512");
    let wrong_kind = LOCAL.replace("web_memory = 512", "web_memory = \"much\"");
    let impossible = LOCAL
        .replace("zones = 2", "zones = 5")
        .replace("account = \"000000000000\"", "account = \"12345\"");
    let cases = [
        ("a key there is not", unknown),
        ("a word for a number", wrong_kind),
        ("values that cannot be", impossible),
        ("no TOML", "account = ".to_owned()),
    ];
    let said = cases.map(|(what, stage)| {
        let said = with_stage(&stage, &["plan", "deploy --yes --output json"]);
        format!("# {what}\n\n{said}")
    });
    insta::assert_snapshot!("stage_file", said.join("\n"));
}

#[test]
fn a_command_line_with_a_mistake() {
    let commands = [
        "fly",
        "deploi",
        "status --stage moon",
        "status --stage ../secrets",
        "status --output xml",
        "deploy --probes many --output json",
        "rollback --to yesterday",
        "logs --function api",
        "plan --save prod.json",
        "up --speed 0",
        "up --stage prod",
        "scale up --to",
        "secrets set twilio 0123456789abcdef0123456789abcdef",
        "init --stage prod --output json",
        "workflow",
        "workflow --repository nonsense --stage prod",
    ];
    insta::assert_snapshot!("command_line", with_stage(LOCAL, &commands));
}

/// A file lies where the folder belongs.
#[test]
fn up_without_a_folder_to_keep_things_in() {
    let folder = working_copy(&[("local", LOCAL)]);
    let path = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join(".spoke"), "").unwrap();
    let settings = same_every_time(path);
    let _same = settings.bind_to_scope();
    let run = |arguments: &[&str]| told(&arguments.join(" "), &spokectl_in(path, arguments));
    insta::assert_snapshot!(
        "no_folder",
        [run(&["up"]), run(&["up", "--output", "json"])].join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_than_the_stage_files() {
    let setting = Setting::new().await;
    let stage = LOCAL.replace("account = \"000000000000\"", "account = \"123456789012\"");
    std::fs::write(setting.root().join("stages/local.toml"), stage).unwrap();
    let settings = same_every_time(setting.root().to_str().unwrap());
    let _same = settings.bind_to_scope();
    let commands = ["status", "deploy --yes --output json"];
    insta::assert_snapshot!("wrong_account", said(&setting, &commands));
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_with_a_mistake() {
    let setting = Setting::new().await;
    let cases = [
        (
            "a block that is not closed",
            "{{#if stage.name}}\nResources: {}\n",
        ),
        (
            "a value nobody gives",
            "Resources:\n  One:\n    Type: \"{{stage.nmae}}\"\n",
        ),
        ("a partial there is not", "{{> moon}}\n"),
        ("no YAML", "Resources: {\n"),
    ];
    let told = cases.map(|(what, text)| {
        setting.real_templates();
        setting.template("network", text);
        let said = said(&setting, &["plan", "deploy --yes", "eject --out out"]);
        format!("# {what}\n\n{said}")
    });
    insta::assert_snapshot!("template", told.join("\n"));
    setting.end().await;
}

/// AWS throttles, refuses, or ends the session: at the door, and in the middle of a look.
#[tokio::test(flavor = "multi_thread")]
async fn what_aws_says_no_to() {
    let setting = Setting::new().await;
    setting.real_templates();
    let endpoint = on_aws(&setting, ToOwned::to_owned);
    let path = setting.root().to_str().unwrap();
    let settings = same_every_time(path);
    let _same = settings.bind_to_scope();
    let mut environment = vec![
        NO_MACHINE,
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_MAX_ATTEMPTS", "2"),
    ];
    environment.extend(KEY);
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message, "status": 403}});
    let denied = error(
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/local is not authorized to perform: cloudformation:DescribeStacks",
    );
    let expired = error(
        "ExpiredToken",
        "The security token included in the request is expired",
    );
    let mut heard = Vec::new();
    for (what, service, operation, kind) in [
        (
            "throttled at the door",
            "sts",
            "GetCallerIdentity",
            json!({"throttle": true}),
        ),
        (
            "throttled",
            "cloudformation",
            "DescribeStacks",
            json!({"throttle": true}),
        ),
        ("not allowed", "cloudformation", "DescribeStacks", denied),
        (
            "a session that ended since",
            "cloudformation",
            "DescribeStacks",
            expired.clone(),
        ),
        (
            "a session that had ended",
            "sts",
            "GetCallerIdentity",
            expired,
        ),
    ] {
        let mut fault = json!({"service": service, "operation": operation});
        for (key, value) in kind.as_object().unwrap() {
            fault[key] = value.clone();
        }
        setting.fault(fault);
        heard.push(format!("# {what}\n"));
        for command in [
            "status --stage field",
            "deploy --stage field --yes --output json",
        ] {
            let arguments: Vec<_> = command.split(' ').collect();
            let run = spokectl_as(path, &environment, &arguments, "");
            heard.push(told(command, &run));
        }
        setting.no_faults();
    }
    insta::assert_snapshot!("aws_says_no", heard.join("\n"));
    setting.end().await;
}
