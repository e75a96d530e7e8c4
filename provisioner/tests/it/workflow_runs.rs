//! The release's workflow, its steps run as GitHub runs them, with programs that stand for the real ones.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use spokectl::build::archive;
use spokectl::plan::difference;
use spokectl::repository::Repository;
use spokectl::stage;

use crate::command_line::spokectl_in;
use crate::settings::with_workflows;

/// Stands for `spokectl`: a plan with changes, and a release that ends as `$ENDS` says.
const SPOKECTL: &str = "#!/bin/bash
echo \"$@\" >>\"$RUNNER_TEMP/called\"
case $1 in
plan)
    echo 'one thing changes'
    [[ $4 != --save ]] || echo '{}' >\"$5\"
    exit 2
    ;;
deploy)
    [[ $ENDS == 5 || $ENDS == untold ]] || echo 'release 4'
    exit \"${ENDS/untold/7}\"
    ;;
explain) echo 'because' ;;
esac
";

/// A clean checkout of a commit, and a folder beside it for what a job keeps.
struct Job {
    folder: tempfile::TempDir,
    kept: tempfile::TempDir,
    workflow: Value,
}

impl Job {
    fn new(file: &str) -> Self {
        let folder = with_workflows();
        let kept = tempfile::tempdir().unwrap();
        let root = folder.path();
        let path = root.to_str().unwrap();
        let arguments = ["workflow", "--stage", "prod", "--repository", "e/spoke"];
        assert_eq!(spokectl_in(path, &arguments).code, 0);
        let text = std::fs::read_to_string(root.join(".github/workflows").join(file)).unwrap();
        let ignored = include_str!("../../../.gitignore");
        std::fs::write(root.join(".gitignore"), ignored).unwrap();
        program(&root.join("target/release/spokectl"), SPOKECTL);
        program(&root.join("target/debug/spokectl"), SPOKECTL);
        program(
            &kept.path().join("bin/cargo"),
            "#!/bin/bash\nmkdir -p target\n",
        );
        let job = Self {
            folder,
            kept,
            workflow: difference::parse(&text).unwrap(),
        };
        for command in [
            "git init -q",
            "git add -A",
            "git -c user.name=t -c user.email=t@example.org commit -q -m all",
        ] {
            assert!(job.bash(command, "0").status.success(), "{command}");
        }
        job
    }

    fn steps(&self) -> &Vec<Value> {
        let jobs = self.workflow["jobs"].as_object().unwrap();
        jobs.values().next().unwrap()["steps"].as_array().unwrap()
    }

    fn step(&self, name: &str) -> &str {
        let step = self.steps().iter().find(|step| step["name"] == name);
        step.unwrap()["run"].as_str().unwrap()
    }

    /// As GitHub runs a step that names no shell.
    fn bash(&self, script: &str, ends: &str) -> Output {
        let kept = self.kept.path();
        let programs = std::env::var("PATH").unwrap();
        Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}/bin:{programs}", kept.display()))
            .env("RUNNER_TEMP", kept)
            .env("GITHUB_STEP_SUMMARY", kept.join("summary"))
            .env("REASON", "release-4 by somebody")
            .env("ENDS", ends)
            .output()
            .unwrap()
    }

    fn kept(&self, file: &str) -> String {
        std::fs::read_to_string(self.kept.path().join(file)).unwrap()
    }
}

fn program(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A file in it would make the plan one of changes no commit has, which no deploy executes.
#[test]
fn no_step_of_a_job_writes_into_the_checkout() {
    for file in ["plan.yml", "release.yml"] {
        let job = Job::new(file);
        let scripts = job.steps().iter().filter_map(|step| step["run"].as_str());
        for script in scripts {
            let ended = job.bash(script, "0");
            assert!(ended.status.success(), "{script}\n{ended:?}");
            let changed = job.bash("git status --porcelain", "0").stdout;
            assert_eq!(String::from_utf8(changed).unwrap(), "", "{script}");
        }
        assert!(job.kept("summary").contains("one thing changes"), "{file}");
    }
}

#[test]
fn a_release_is_told_to_sentry_before_it_has_errors_and_after_it_is_live() {
    let job = Job::new("release.yml");
    for step in job.steps().iter().filter_map(|step| step["run"].as_str()) {
        job.bash(step, "0");
    }
    let called = job.kept("called");
    let verbs: Vec<_> = called
        .lines()
        .map(|line| line.split(" --").next().unwrap())
        .collect();
    assert_eq!(
        verbs,
        [
            "plan",
            "sentry create",
            "deploy",
            "explain",
            "sentry finalize"
        ]
    );
    assert!(called.contains("--probes 100"), "{called}");
}

#[test]
fn a_live_release_that_proves_little_is_a_warning_and_every_other_end_is_the_jobs() {
    let job = Job::new("release.yml");
    let script = job.step("deploy");
    for (ends, code, warns) in [
        ("0", 0, false),
        ("7", 0, true),
        // Without a release on stdout nobody knows what is live.
        ("untold", 7, false),
        ("3", 3, false),
        ("5", 5, false),
    ] {
        let ended = job.bash(script, ends);
        assert_eq!(ended.status.code(), Some(code), "{ends}");
        let said = String::from_utf8(ended.stdout).unwrap();
        assert_eq!(said.contains("::warning"), warns, "{ends}: {said}");
    }
}

#[test]
fn what_is_attested_is_what_is_packed() {
    let job = Job::new("release.yml");
    let root = job.folder.path();
    let repository = Repository::find(root).unwrap();
    let mut app = stage::load(&repository, "prod").unwrap().app;
    app.glibc = None;
    let binary = root.join("target/spoke");
    std::fs::write(&binary, "binary").unwrap();
    let mut packed: Vec<PathBuf> = ["scaler", "spoke"]
        .iter()
        .map(|program| {
            archive::pack(&repository, program, &binary, &app)
                .unwrap()
                .path
        })
        .collect();
    packed.sort();
    let attested = job.steps().iter().find_map(|step| {
        let action = step["uses"].as_str()?;
        action
            .starts_with("actions/attest-build-provenance@")
            .then(|| step["with"]["subject-path"].as_str())?
    });
    let found = job.bash(&format!("printf '%s\\n' {}", attested.unwrap()), "0");
    let found = String::from_utf8(found.stdout).unwrap();
    let found: Vec<_> = found.lines().map(|line| root.join(line)).collect();
    assert_eq!(found, packed);
}
