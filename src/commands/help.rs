//! What `--help` says behind a verb of cargo's.

use crate::cargo::Verb;

/// The help of one verb.
pub fn of_verb(verb: Verb) -> String {
    let name = verb.name();
    let target = match verb {
        Verb::Metadata => "",
        _ => " --target TRIPLE[.FLOOR]",
    };
    let runner = match verb {
        Verb::Test => {
            "      --runner NAME            Who runs the tests: cargo, nextest, insta, or one of
                               xbuild.toml (docs/testing.md)
      --test-jobs NUMBER       How many test programs run at once: as many as there are
                               processors, where nothing is said; 1 is cargo's own way\n"
        }
        _ => "",
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
{runner}  -v, --verbose                Say every command, so that it can be pasted
  -q, --quiet                  Say only what went wrong

All other options are cargo's own and pass through as they are:
`cargo {name} --help` describes them.
"
    )
}

/// The help of `xbuild verify`.
pub fn of_verify() -> String {
    let names = crate::rebuild::Variation::list(&crate::rebuild::Variation::ALL);
    let (first, second) = names.split_at(names.find("user_group").unwrap_or(0));
    format!(
        "\
Builds the release a second time, from scratch and in a hermetic shell that
differs from the first in every way a stranger's machine could, and compares
each artefact byte by byte. Says what causes a difference, and where it is.

Usage: xbuild verify [--target TRIPLE[.FLOOR]] [OPTIONS] [CARGO'S OPTIONS]

Options:
      --vary LIST              Vary only these, parted by commas
      --no-vary LIST           Vary all but these
      --against FILE           Build once, and compare with a published
                               SHA256SUMS, manifest or provenance
      --no-blame               Do not look for the cause of a difference
      --format text|json       The verdict (docs/json.md)
      --profile NAME           Another profile than `release`
and those of `xbuild build`.

Variations: {first}
  {second}

Exit code 90: something differs. docs/verify.md describes all of it.
"
    )
}
