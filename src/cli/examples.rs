//! What stands first in each command's `--help`: lines to paste, and where to
//! read on. [pure]

use crate::cargo::Verb;

pub(super) const PROGRAM: &str = "\
Examples:
  xbuild build --release --target aarch64-unknown-linux-gnu.2.17
  xbuild run --target x86_64-unknown-linux-musl -- --help
  xbuild test --target armv7-unknown-linux-gnueabihf
  xbuild inspect target/aarch64-unknown-linux-gnu/release/hello
  xbuild choose --for debian-11 --for rhel-7

Cargo's own flags pass through as they are. A target is a triple, with a glibc
floor where you want one: TRIPLE.2.17 runs on glibc 2.17 and newer.

Files: xbuild.toml (docs/configuration.md). Exit codes: docs/exit-codes.md.";

pub(super) const INIT: &str = "\
Examples:
  xbuild init          # writes xbuild.toml, and /target into .gitignore
  xbuild init --print  # shows what it would write, and writes nothing

Read are Cross.toml, metadata.cross of Cargo.toml, .cargo/config.toml,
rust-toolchain.toml, and the workflows of GitHub, Forgejo, GitLab, CircleCI and
Travis. None of them is changed.";

pub(super) const SHELL: &str = "\
Examples:
  xbuild shell --target aarch64-unknown-linux-gnu
  xbuild shell --target aarch64-unknown-linux-gnu -- clang --version";

pub(super) const ENV: &str = "\
Examples:
  xbuild env --target aarch64-unknown-linux-gnu --format json
  xbuild env --target aarch64-unknown-linux-gnu --format cargo-config

In an .envrc: eval \"$(xbuild env --target TARGET --format direnv)\"
docs/editors.md";

pub(super) const INSPECT: &str = "\
Examples:
  xbuild inspect target/release/hello
  xbuild inspect --format json /usr/bin/* | jq '.files[].glibc.needed'";

pub(super) const RELEASE: &str = "\
Example:
  xbuild release --target x86_64-unknown-linux-musl --key env:RELEASE_KEY \\
    -- --features cli

It is written to a folder: an archive a target, SHA256SUMS, a manifest, a bill
of materials (SPDX), and the provenance (in-toto, SLSA v1) as a DSSE
envelope and a Sigstore bundle. docs/provenance.md

With --derivation the bits are the same, and what made them is in a Nix store:
docs/derivations.md";

pub(super) const PACKAGE: &str = "\
Examples:
  xbuild package -o hello.tar.gz target/x86_64-unknown-linux-musl/release/hello
  xbuild package -o site.zip --prefix site public README.md
  xbuild package --oci -o hello.oci.tar target/*-musl/release/hello

docs/provenance.md, docs/containers.md";

pub(super) const SIGN: &str = "\
Examples:
  xbuild sign --key release.key SHA256SUMS
  xbuild sign --key env:RELEASE_KEY hello.tar.gz

What is written beside FILE:
  minisign             FILE.minisig              minisign -Vm FILE -p PUB
  SSH                  FILE.sig                  ssh-keygen -Y verify -n file
  PEM, cosign          FILE.sigstore.json        cosign verify-blob --bundle
  … of a statement     STEM.intoto.jsonl, STEM.intoto.sigstore.json
  Nix                  into FILE.narinfo itself  nix store verify

A key comes from a file, from a variable (env:NAME) or from standard input (-);
so does the passphrase of an encrypted one, by default from the variable
XBUILD_KEY_PASSPHRASE. Neither is ever an argument. docs/provenance.md";

pub(super) const ATTEST: &str = "\
Example:
  xbuild attest verify hello-1.0.0.intoto.jsonl hello-*.tar.gz --key release.pub";

pub(super) const ATTEST_VERIFY: &str = "\
Examples:
  xbuild attest verify hello-1.0.0.intoto.jsonl hello-*.tar.gz --key release.pub
  xbuild attest verify … --key release.pub --reproducible --hermetic --clean

Exit code 84: it is refused, and the message says why. docs/provenance.md";

pub(super) const TARGETS: &str = "\
Examples:
  xbuild targets
  xbuild targets --format json | jq -r '.targets[].triple'";

pub(super) const TOOLCHAIN: &str = "\
Examples:
  xbuild toolchain --target aarch64-unknown-linux-gnu.2.17
  xbuild toolchain --target aarch64-unknown-linux-gnu.2.17 --format json";

pub(super) const LOCK: &str = "\
Examples:
  xbuild lock           # after a change of xbuild.toml or rust-toolchain.toml
  xbuild lock --check   # in the CI: proves the lock, writes nothing

docs/system-libraries.md, docs/rust-versions.md";

pub(super) const FETCH: &str = "\
Examples:
  xbuild fetch --target aarch64-unknown-linux-gnu.2.17
  xbuild fetch --all-targets --verify";

pub(super) const GC: &str = "\
Examples:
  xbuild gc                    # what no run has used for 30 days
  xbuild gc --all --downloads  # all that no run works with now";

pub(super) const PINS: &str = "\
Examples:
  xbuild pins check
  xbuild pins update --root path/to/xbuild";

pub(super) const PINS_UPDATE: &str = "\
Example:
  xbuild pins update --root path/to/xbuild

docs/trust-chain.md";

pub(super) const PINS_CHECK: &str = "\
Example:
  xbuild pins check --root path/to/xbuild

docs/trust-chain.md";

pub(super) const CI: &str = "\
Examples:
  xbuild ci github               # .github/workflows/xbuild.yml
  xbuild ci gitlab forgejo shell # .gitlab-ci.yml, …
  xbuild ci --check              # in the pipeline: is it up to date?

A row a target of xbuild.toml: tests, a verified build, artefacts; and releases
with provenance. docs/ci.md";

pub(super) const COMPLETIONS: &str = "\
Examples:
  xbuild completions bash > ~/.local/share/bash-completion/completions/xbuild
  xbuild completions zsh > \"${fpath[1]}/_xbuild\"
  xbuild completions fish > ~/.config/fish/completions/xbuild.fish
  xbuild completions nushell > ~/.config/nushell/autoload/xbuild.nu";

pub(super) const MAN: &str = "\
Examples:
  xbuild man | man -l -
  xbuild man attest verify | man -l -
  xbuild man --out ~/.local/share/man/man1";

/// The examples of one verb of cargo's.
pub(super) fn of_verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Build => {
            "\
Examples:
  xbuild build --release --target aarch64-unknown-linux-gnu.2.17
  xbuild build --target x86_64-unknown-linux-musl -p server --features tls"
        }
        Verb::Check => {
            "\
Examples:
  xbuild check --target aarch64-unknown-linux-gnu
  xbuild check --target aarch64-unknown-linux-gnu --message-format json"
        }
        Verb::Clippy => {
            "\
Example:
  xbuild clippy --target aarch64-unknown-linux-gnu -- -D warnings"
        }
        Verb::Test => {
            "\
Examples:
  xbuild test --target armv7-unknown-linux-gnueabihf
  xbuild test --target aarch64-unknown-linux-gnu.2.17 --runner nextest
  xbuild test --target aarch64-unknown-linux-musl name -- --nocapture"
        }
        Verb::Bench => {
            "\
Example:
  xbuild bench --target x86_64-unknown-linux-musl"
        }
        Verb::Run => {
            "\
Examples:
  xbuild run --target aarch64-unknown-linux-gnu.2.17
  xbuild run --release --target x86_64-unknown-linux-musl -- --help"
        }
        Verb::Doc => {
            "\
Example:
  xbuild doc --target aarch64-unknown-linux-gnu --no-deps"
        }
        Verb::Rustc => {
            "\
Example:
  xbuild rustc --target aarch64-unknown-linux-gnu -- -C target-cpu=neoverse-n1"
        }
        Verb::Metadata => {
            "\
Example:
  xbuild metadata --format-version 1 --no-deps"
        }
        Verb::Install => {
            "\
Example:
  xbuild install --path . --root ~/.local --target x86_64-unknown-linux-musl"
        }
    }
}

pub(super) const VERIFY: &str = "\
Examples:
  xbuild verify --target x86_64-unknown-linux-musl
  xbuild verify --target x86_64-unknown-linux-musl --no-vary time
  xbuild verify --target x86_64-unknown-linux-musl --against SHA256SUMS

The release is built a second time, from scratch and in a hermetic shell that
differs from the first in every way a stranger's machine could, and each
artefact is compared byte by byte. What causes a difference is looked for, and
where it is.";
