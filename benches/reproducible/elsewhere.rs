//! The same sources on what is another machine in every way that one machine
//! can be: another user, another folder, xbuild's own Nix and store.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use xbuild::process::Command;

use crate::{Result, TARGETS, machine, published};

pub struct Elsewhere {
    house: TempDir,
    user: u32,
}

impl Elsewhere {
    /// Makes a home for an ordinary user: `nobody` where the bench runs as
    /// root. The downloads are shared, nothing else.
    pub fn new(downloads: &Path) -> Result<Self> {
        let house = TempDir::new()?;
        let kept = house.path().join("kept/cache/downloads");
        for folder in [&kept, &house.path().join("home/.cargo")] {
            fs::create_dir_all(folder)?;
        }
        published::copy(downloads, &kept);
        machine::cargos_settings(&house.path().join("home/.cargo"));
        fs::copy(env!("CARGO_BIN_EXE_xbuild"), house.path().join("xbuild"))?;
        let user = machine::give_away(house.path());
        Ok(Elsewhere { house, user })
    }

    /// Builds a release for all targets; the artefacts as a build reports them.
    pub fn build(&self, source: &Path) -> Result<Vec<Built>> {
        let project = TempDir::new_in(self.house.path())?;
        published::copy(source, project.path());
        machine::give_away(project.path());
        let place = |name: &str| -> PathBuf { self.house.path().join(name) };
        let mut command = Command::new(place("xbuild"))
            .args(["build", "--release", "--locked", "--nix=own"])
            .args(["--format=json"])
            .cwd(project.path());
        for target in TARGETS {
            command = command.args(["--target", target]);
        }
        for (name, value) in machine::network() {
            command = command.env(name, value);
        }
        for (name, folder) in [("HOME", "home"), ("PATH", "empty"), ("XBUILD_HOME", "kept")] {
            command = command.env(name, place(folder));
        }
        let output = command.to_std().uid(self.user).gid(self.user).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{command}: {}\n{said}", output.status).into());
        }
        let mut built = Vec::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let report: Value = serde_json::from_str(line)?;
            for artifact in report["artifacts"].as_array().into_iter().flatten() {
                built.push(Built {
                    target: text(&report["target"]),
                    name: text(&artifact["name"]),
                    sha256: text(&artifact["sha256"]),
                });
            }
        }
        Ok(built)
    }
}

pub struct Built {
    pub target: String,
    pub name: String,
    pub sha256: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
