//! What only cargo can tell of a project is told by cargo, and has the exit
//! code of its kind.

use crate::support::{turn_to_build, xbuild};

use super::{MANIFEST, contents, project};

#[test]
fn what_cargo_refuses_has_its_exit_code() {
    let _building = turn_to_build();
    let with = |more: &str| format!("{MANIFEST}{more}");
    let lock = "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.2.0\"\n";
    let (refused, unfetched) = (81, 83);
    for (files, flags, code, says) in [
        (
            [("Cargo.toml", String::new())],
            "",
            refused,
            &[
                "manifest is missing either a `[package]` or a `[workspace]`",
                "cargo cannot read the project in `PROJECT`",
                "hint: what cargo says of `/build/source` is about `PROJECT`",
            ][..],
        ),
        (
            [("Cargo.toml", MANIFEST.replace("0.1.0", "zero"))],
            "",
            refused,
            &["Cargo.toml:3", "cargo cannot read the project in `PROJECT`"],
        ),
        (
            [("Cargo.toml", with("[workspace]\nmembers = [\"a\"]\n"))],
            "",
            refused,
            &["`/build/source/a/Cargo.toml`", "is about `PROJECT`"],
        ),
        (
            [(
                "Cargo.toml",
                with("[dependencies]\ntool = { path = \"tool\", artifact = \"bin\" }\n"),
            )],
            "",
            refused,
            &[
                "requires `-Z bindeps`",
                "hint: artifact dependencies (`artifact = …`) are in no stable Rust",
            ],
        ),
        (
            [("Cargo.lock", format!("{lock}<<<<<<< HEAD\n"))],
            "",
            refused,
            &[
                "PROJECT/Cargo.lock:6: ",
                "hint: git checkout -- PROJECT/Cargo.lock",
            ],
        ),
        (
            [("Cargo.lock", lock.to_owned())],
            "--locked",
            unfetched,
            &[
                "because --locked was passed",
                "hint: if Cargo.lock is out of date",
            ],
        ),
        (
            [(
                "Cargo.toml",
                with("[dependencies]\nxbuild-has-no-such-crate = \"1\"\n"),
            )],
            "--offline",
            refused,
            &[
                "no matching package named `xbuild-has-no-such-crate`",
                "hint: leave out --offline",
            ],
        ),
        (
            [(
                "Cargo.toml",
                with("[dependencies]\nxbuild-has-no-such-crate = \"1\"\n"),
            )],
            "",
            unfetched,
            &[
                "127.0.0.1",
                "could not fetch the crates",
                "hint: ",
                "--offline",
            ],
        ),
    ] {
        let files = files
            .each_ref()
            .map(|(name, text)| (*name, Some(text.as_str())));
        let project = project(&files);
        let before = contents(project.path());
        let folder = project.path().canonicalize().expect("a folder");
        // Cargo alone reads this variable, so the toolchain can still come.
        let proxy = super::nobody();
        let outcome = xbuild()
            .cwd(project.path())
            .env("CARGO_HTTP_PROXY", proxy.trim_end_matches("/debian"))
            .env("CARGO_NET_RETRY", "0")
            .args(["build", "--target", "x86_64-unknown-linux-gnu.2.17"])
            .args(flags.split_whitespace())
            .run();
        let mut outcome = outcome.exits(code);
        for text in says {
            outcome = outcome.says(&text.replace("PROJECT", &folder.display().to_string()));
        }
        assert!(!outcome.stderr.contains("panicked"), "{outcome}");
        assert_eq!(contents(project.path()), before);
    }
}
