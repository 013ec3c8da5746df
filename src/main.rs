//! The `xbuild` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    xbuild::sandbox::maybe_launch();
    ExitCode::from(xbuild::commands::main(std::env::args_os().collect()))
}
