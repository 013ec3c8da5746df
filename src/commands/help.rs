//! What `--help` says behind a verb of cargo's.

use crate::cargo::Verb;

/// The help of one verb.
pub fn of_verb(verb: Verb) -> String {
    let name = verb.name();
    let target = match verb {
        Verb::Metadata => "",
        _ => " --target TRIPLE[.FLOOR]",
    };
    format!(
        "\
Runs `cargo {name}` in the hermetic shell.

Usage: xbuild {name}{target} [OPTIONS] [CARGO'S OPTIONS]

Options of xbuild:
      --target TRIPLE[.FLOOR]  A target, with a glibc floor where wanted:
                               aarch64-unknown-linux-gnu.2.17. May stand
                               several times. `xbuild targets` lists them
      --allow CHECK            Let what a check finds pass (docs/checks.md)
      --format text|json       The report of the artefacts
      --isolation full|none    `none` builds outside the shell, and says so
      --mirror URL             A Debian mirror to ask first
      --nix auto|own|system    Whose Nix realises the toolchain
  -v, --verbose                Say every command, so that it can be pasted
  -q, --quiet                  Say only what went wrong

All other options are cargo's own and pass through as they are:
`cargo {name} --help` describes them.
"
    )
}
