//! The `cargo-xbuild` program, which `cargo xbuild` calls with the word
//! `xbuild` in front of the arguments.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    xbuild::sandbox::maybe_launch();
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|word| word == "xbuild") {
        args.remove(1);
    }
    ExitCode::from(xbuild::commands::main(args))
}
