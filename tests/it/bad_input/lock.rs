//! Packages that no target can have, and locks that are not what they should.

use super::Case;

const ASKS: &str = "[target.aarch64-unknown-linux-gnu]\npackages = [\"libpci-dev\"]\n";

/// A lock of `libudev-dev`, with everything a lock has.
const LOCK: &str = r#"version = 1

[[target]]
triple = "aarch64-unknown-linux-gnu"
suite = "bullseye"
arch = "arm64"
asked = ["libudev-dev"]

[target.release]
inrelease = "0000000000000000000000000000000000000000000000000000000000000000"
date = "2024-08-31T10:00:00Z"
snapshot = "debian/20240901T100000Z"

[[target.package]]
arch = "arm64"
package = "libudev-dev"
path = "pool/main/s/systemd/libudev-dev_247_arm64.deb"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
size = 1000
suite = "bullseye"
version = "247"
"#;

#[test]
fn packages_that_no_target_can_have() {
    for (config, args, says) in [
        (
            "[build]\npackages = [\"libssl-dev\"]\n",
            &["build", "--target", "x86_64-unknown-linux-musl"][..],
            &[
                "PROJECT/xbuild.toml:2: x86_64-unknown-linux-musl can have no packages",
                "`vendored` (openssl)",
                "[target.x86_64-unknown-linux-gnu]",
            ][..],
        ),
        (
            "[target.x86_64-unknown-linux-musl]\npackages = [\"libssl-dev\"]\n",
            &["lock"],
            &["xbuild.toml:2: x86_64-unknown-linux-musl can have no packages"],
        ),
        (
            "[target.aarch64-unknown-linux-gnu]\npackages = [\"libssl-dev:armhf\"]\n",
            &["lock"],
            &[
                "xbuild.toml:2: `libssl-dev:armhf` is not of aarch64-unknown-linux-gnu's architecture",
                "which is arm64",
                "hint: write `libssl-dev`",
            ],
        ),
        (
            "[build]\npackages = [\"libssl-dev=1.1\"]\n",
            &["build"],
            &["xbuild.toml:2: `libssl-dev=1.1` asks for more than a name"],
        ),
        (
            "[build]\npackages = [\"OpenSSL\"]\n",
            &["build"],
            &["xbuild.toml:2: `OpenSSL` is not a name of a Debian package"],
        ),
    ] {
        Case {
            args,
            files: &[("xbuild.toml", Some(config))],
            code: 82,
            says,
            ..Case::default()
        }
        .check();
    }
}

#[test]
fn locks_that_are_not_what_is_asked_for() {
    let cut = &LOCK[..LOCK.len() - 20];
    let escaping = LOCK.replace("pool/main", "../../main");
    let newer = LOCK.replace("version = 1\n", "version = 9\n");
    let build = ["build", "--target=aarch64-unknown-linux-gnu"];
    let locked = ["build", "--locked", "--target=aarch64-unknown-linux-gnu"];
    let command = "hint: xbuild lock --target aarch64-unknown-linux-gnu.2.28";
    for (lock, args, says) in [
        (
            None,
            &build[..],
            &[
                "there is no `PROJECT/xbuild.lock`",
                "wants libpci-dev",
                command,
            ][..],
        ),
        (
            Some(LOCK),
            &locked,
            &[
                "`PROJECT/xbuild.lock` locks libudev-dev for",
                "where libpci-dev is wanted",
                command,
            ],
        ),
        (
            Some(LOCK),
            &["lock", "--check"],
            &["where libpci-dev is wanted", command],
        ),
        (
            None,
            &["lock", "--check"],
            &["there is no `PROJECT/xbuild.lock`"],
        ),
        (
            Some(cut),
            &build,
            &[
                "xbuild.lock:",
                "is no lock of xbuild's",
                "git checkout -- xbuild.lock",
            ],
        ),
        (
            Some(cut),
            &["lock"],
            &["is no lock of xbuild's", "remove it, then xbuild lock"],
        ),
        (Some(&escaping), &build, &["odd path for `libudev-dev`"]),
        (
            Some(&newer),
            &build,
            &["is of version 9", "xbuild lock --update"],
        ),
    ] {
        let mut files = vec![("xbuild.toml", Some(ASKS))];
        if lock.is_some() {
            files.push(("xbuild.lock", lock));
        }
        Case {
            args,
            files: &files,
            code: 82,
            says,
            ..Case::default()
        }
        .check();
    }
    // Without a network nothing can be resolved, and nothing is written.
    Case {
        args: &["lock", "--offline"],
        files: &[("xbuild.toml", Some(ASKS))],
        code: 83,
        says: &["bullseye/main/binary-arm64/Packages.xz"],
        ..Case::default()
    }
    .check();
}
