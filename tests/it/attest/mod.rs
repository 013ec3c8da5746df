//! Signatures and attestations, shown to tools that are not ours.

mod derivation;
mod files;
mod packages;
mod provenance;
mod refused;
mod release;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use xbuild::process::Command;

use crate::support::{Outcome, run, temp, xbuild};
use crate::tools::tool;

/// What encrypted keys of these tests are opened with.
const PASSPHRASE: &str = "open sesame";

/// A folder with a file to sign.
pub struct Desk(TempDir);

/// Without it cosign would ask the network for the keys of services that
/// nothing here has to do with.
const EMPTY_ROOT: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

impl Desk {
    fn new() -> Self {
        let folder = temp();
        fs::write(folder.path().join("root.json"), EMPTY_ROOT).expect("a file");
        fs::write(folder.path().join("hello.bin"), [0, 159, 146, 150]).expect("a file");
        Desk(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A tool, in the folder.
    fn tool(&self, name: &str) -> Command {
        tool(name)
            .cwd(self.0.path())
            .env("HOME", self.0.path())
            .env("COSIGN_PASSWORD", PASSPHRASE)
    }

    /// A new ECDSA-P256 key in the folder, as openssl writes one.
    #[track_caller]
    fn ec_key(&self, name: &str) {
        let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let words = self.tool("openssl").arg("genpkey").args(curve);
        run(&words.args(["-out", name])).ok();
    }

    /// `xbuild sign` in the folder; it says nothing of the key, however
    /// much it is asked to say.
    #[track_caller]
    fn sign(&self, key: &str, file: &str) -> Outcome {
        let outcome = xbuild()
            .args(["sign", "-vv", "--key", key, file])
            .env("XBUILD_KEY_PASSPHRASE", PASSPHRASE)
            .cwd(self.0.path())
            .run();
        let text = fs::read_to_string(self.path(key)).unwrap_or_default();
        for line in text.lines().filter(|line| line.len() > 20) {
            // The armour is no secret.
            let said = outcome.stderr.contains(line) || outcome.stdout.contains(line);
            assert!(line.starts_with('-') || !said, "{outcome}");
        }
        assert!(!outcome.stderr.contains(PASSPHRASE), "{outcome}");
        outcome
    }

    /// A verifying subcommand of cosign, offline.
    fn cosign(&self, verb: &str, bundle: &str, public: &str) -> Command {
        let cosign = self.tool("cosign").args([verb, "--insecure-ignore-tlog"]);
        let cosign = cosign.args(["--new-bundle-format", "--trusted-root", "root.json"]);
        cosign.args(["--bundle", bundle, "--key", public])
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }
}
