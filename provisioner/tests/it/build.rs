//! Functions cross-compiled for Lambda, by the real tools: a program of one line in place of Spoke.

use std::path::Path;

use spokectl::build::{elf, function};
use spokectl::failure::codes;
use spokectl::repository::Repository;
use spokectl::stage::{self, Architecture};
use spokectl::ui::tasks::Tasks;
use spokectl::ui::{Output, Ui};
use tempfile::TempDir;

use crate::command_line::working_copy;

/// A working copy whose functions are one line, with the tools of this one.
fn one_line() -> TempDir {
    let stage = include_str!("../../../stages/local.toml");
    let stage = stage.replace("profile = \"dev\"", "profile = \"dev\"\nglibc = \"2.28\"");
    let arm = stage.replace("profile =", "architecture = \"arm64\"\nprofile =");
    let folder = working_copy(&[("local", &stage), ("arm", &arm)]);
    let root = folder.path();
    std::fs::create_dir_all(root.join("src/bin")).unwrap();
    for program in ["src/main.rs", "src/bin/scaler.rs"] {
        let text = "fn main() { println!(\"hello\"); }";
        std::fs::write(root.join(program), text).unwrap();
    }
    let package =
        "[package]\nname = \"spoke\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(root.join("Cargo.toml"), package).unwrap();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.spoke/tools");
    std::fs::create_dir_all(&tools).unwrap();
    std::fs::create_dir(root.join(".spoke")).unwrap();
    std::os::unix::fs::symlink(tools.canonicalize().unwrap(), root.join(".spoke/tools")).unwrap();
    folder
}

/// One after the other: both install the same tools.
#[tokio::test(flavor = "multi_thread")]
async fn functions_are_compiled_for_the_machines_of_lambda() {
    let folder = one_line();
    let repository = Repository::find(folder.path()).unwrap();
    let tasks = Tasks::start(&Ui::new(Output::Text));
    let wanted = stage::load(&repository, "local").unwrap();
    let archive = function::build(&repository, &wanted, &tasks.begin("functions"))
        .await
        .unwrap();
    let packed = std::fs::File::open(&archive.spoke.path).unwrap();
    let mut packed = zip::ZipArchive::new(packed).unwrap();
    let mut binary = Vec::new();
    std::io::copy(&mut packed.by_name("bootstrap").unwrap(), &mut binary).unwrap();
    let needs = elf::needs(&binary).unwrap();
    assert_eq!(needs.architecture, Some(Architecture::X86));
    // This machine's own glibc is newer, or the binary would not need these tools.
    assert!(needs.glibc.unwrap() <= (2, 28), "{needs:?}");

    let arm = stage::load(&repository, "arm").unwrap();
    match function::build(&repository, &arm, &tasks.begin("functions")).await {
        Ok(archive) => assert!(archive.spoke.bytes > 0),
        // Without a way to Rust's standard library for it.
        Err(failure) => {
            assert_eq!(failure.code, codes::TOOLCHAIN, "{failure:?}");
            let add = "rustup target add aarch64-unknown-linux-gnu";
            assert_eq!(failure.next, [add], "{failure:?}");
        }
    }
}
