//! The binary as somebody types it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn spokectl(arguments: &[&str]) -> Run {
    spokectl_in(env!("CARGO_MANIFEST_DIR"), arguments)
}

/// Without anything of the environment, so that a profile or an endpoint of the machine is not used.
pub(crate) fn spokectl_in(folder: &str, arguments: &[&str]) -> Run {
    spokectl_told(folder, arguments, "")
}

/// The same, with something on stdin.
pub(crate) fn spokectl_told(folder: &str, arguments: &[&str], stdin: &str) -> Run {
    spokectl_as(folder, &[], arguments, stdin)
}

/// The same, with something in the environment.
pub(crate) fn spokectl_as(
    folder: &str,
    environment: &[(&str, &str)],
    arguments: &[&str],
    stdin: &str,
) -> Run {
    let mut child = command(folder, environment, arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    Run {
        code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// The binary with its arguments; what it says is for whoever starts it.
pub(crate) fn command(folder: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spokectl"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("COLUMNS", "100")
        .envs(environment.iter().copied())
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A working copy with nothing in it but what a stage needs.
pub(crate) fn working_copy(stages: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("templates")).unwrap();
    std::fs::create_dir_all(folder.path().join("stages")).unwrap();
    std::fs::write(folder.path().join("templates/app.yaml.hbs"), "").unwrap();
    for (name, text) in stages {
        std::fs::write(folder.path().join(format!("stages/{name}.toml")), text).unwrap();
    }
    folder
}

const VERBS: [&[&str]; 35] = [
    &[],
    &["up"],
    &["down"],
    &["deploy"],
    &["rollback"],
    &["status"],
    &["explain"],
    &["bundle"],
    &["bundle", "list"],
    &["bundle", "show"],
    &["eject"],
    &["init"],
    &["config"],
    &["config", "explain"],
    &["secrets"],
    &["secrets", "list"],
    &["secrets", "set"],
    &["build"],
    &["plan"],
    &["sentry"],
    &["sentry", "create"],
    &["sentry", "finalize"],
    &["workflow"],
    &["scale"],
    &["scale", "status"],
    &["scale", "plan"],
    &["scale", "up"],
    &["scale", "down"],
    &["scale", "approve"],
    &["scale", "reject"],
    &["scale", "history"],
    &["logs"],
    &["lock"],
    &["lock", "status"],
    &["lock", "release"],
];

#[test]
fn the_whole_help() {
    let mut help = Vec::new();
    for verb in VERBS {
        let mut arguments = verb.to_vec();
        arguments.push("--help");
        let run = spokectl(&arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{verb:?}");
        help.push(format!(
            "$ spokectl {}\n{}",
            arguments.join(" "),
            run.stdout
        ));
    }
    insta::assert_snapshot!(help.join("\n"));
}

#[test]
fn wrong_input_is_an_error_and_not_a_finding() {
    for wrong in [
        &["fly"][..],
        &[],
        &["status", "--output", "xml"],
        &["rollback", "--to", "yesterday"],
        &["up", "--speed", "0"],
        &["logs", "--since", "soon"],
        &["logs", "--function", "api"],
    ] {
        let run = spokectl(wrong);
        assert_eq!(run.code, 1, "{wrong:?}");
        assert_eq!(run.stdout, "", "{wrong:?}");
        assert!(!run.stderr.is_empty(), "{wrong:?}");
    }
}

#[test]
fn an_unknown_stage_is_told_with_the_ones_there_are() {
    let run = spokectl(&["status", "--stage", "moon"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.stdout, "");
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn a_name_that_cannot_be_a_stage_reads_no_file() {
    let run = spokectl(&["status", "--stage", "../secrets"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("SPK-STG-0001"), "{}", run.stderr);
    assert!(!run.stderr.contains("No such file"), "{}", run.stderr);
}

#[test]
fn a_stage_whose_cloud_is_not_running_says_how_to_start_it() {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let path = folder.path().to_str().unwrap();
    let run = spokectl_in(path, &["status"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.stderr);
    let run = spokectl_in(path, &["deploy", "--output", "json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["failure"]["code"], "SPK-STG-0004");
    assert_eq!(answer["failure"]["next"][0], "spokectl up");
}

#[test]
fn a_stage_file_that_does_not_parse_is_shown_where() {
    let folder = working_copy(&[("local", "account = 12\n")]);
    let run = spokectl_in(folder.path().to_str().unwrap(), &["status"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("SPK-STG-0002"), "{}", run.stderr);
    assert!(run.stderr.contains("account = 12"), "{}", run.stderr);
}

#[test]
fn up_is_for_a_cloud_on_this_machine() {
    let folder = working_copy(&[("prod", include_str!("prod.toml"))]);
    let run = spokectl_in(folder.path().to_str().unwrap(), &["up", "--stage", "prod"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("spokectl deploy --stage prod"),
        "{}",
        run.stderr
    );
    assert!(!folder.path().join(".spoke").exists());
}

#[test]
fn down_with_nothing_running_is_fine() {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let run = spokectl_in(folder.path().to_str().unwrap(), &["down"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "nothing was running\n")
    );
}

#[test]
fn build_without_the_programs_it_needs_says_what_is_missing() {
    let folder = working_copy(&[("local", include_str!("../../../stages/local.toml"))]);
    let path = folder.path().to_str().unwrap();
    let mut said = Vec::new();
    for arguments in [&["build"][..], &["build", "--output", "json"]] {
        let run = spokectl_as(path, &[("PATH", path)], arguments, "");
        assert_eq!(run.code, 1);
        said.push(format!(
            "$ spokectl {}\n{}--- talk\n{}",
            arguments.join(" "),
            run.stdout,
            run.stderr
        ));
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b\d+:\d\d\b", "[clock]");
    let _same = settings.bind_to_scope();
    insta::assert_snapshot!(said.join("\n"));
}
