use std::process::ExitCode;

fn main() -> ExitCode {
    spokectl::run(std::env::args_os().collect())
}
