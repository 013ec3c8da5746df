//! What `--help` says behind a verb of cargo's, and behind `xbuild help`.

use std::ffi::OsString;

use crate::cli::described;

/// Prints the help of a command, which is told by its words.
pub fn of(words: &[&str]) -> u8 {
    let words = ["xbuild"].iter().chain(words).chain(&["--help"]);
    print(words.map(OsString::from))
}

/// Answers a command line that asks for help in some way.
pub fn print(line: impl IntoIterator<Item = OsString>) -> u8 {
    match described().try_get_matches_from(line) {
        Ok(_) => 0,
        Err(answer) => {
            // Clap knows where each belongs, and terminals with colour.
            let _ = answer.print();
            answer.exit_code().try_into().unwrap_or(2)
        }
    }
}
