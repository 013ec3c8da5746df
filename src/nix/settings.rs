//! The settings that Nix runs with, the machine's as much as our own: nothing
//! of the machine's configuration is read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{IoContext, Result};
use crate::host::Folders;

/// Written settings, and the folders that Nix may use as its own.
#[derive(Debug, Clone)]
pub struct Settings {
    conf_dir: PathBuf,
    home: PathBuf,
    tmp: PathBuf,
}

impl Settings {
    /// Writes the settings below [`Folders::own_nix`], where they are not
    /// there yet.
    ///
    /// # Errors
    /// Where that folder cannot be written.
    pub fn write(folders: &Folders) -> Result<Self> {
        let settings = Settings {
            conf_dir: folders.own_nix().join("conf"),
            home: folders.own_nix().join("home"),
            tmp: folders.own_nix().join("tmp"),
        };
        for folder in [&settings.conf_dir, &settings.home, &settings.tmp] {
            fs::create_dir_all(folder).at("make the folder", folder)?;
        }
        let registry = settings.conf_dir.join("registry.json");
        write_if_different(&registry, "{\"flakes\":[],\"version\":2}\n")?;
        write_if_different(&settings.conf_dir.join("nix.conf"), &conf(&registry))?;
        write_if_different(&settings.probe(), include_str!("probe.nix"))?;
        Ok(settings)
    }

    /// Empties the folder that builders work in. Only where none runs.
    ///
    /// # Errors
    /// Where something in it cannot be removed.
    pub fn clear_tmp(&self) -> Result<()> {
        let entries = fs::read_dir(&self.tmp).at("read the folder", &self.tmp)?;
        for entry in entries {
            let path = entry.at("read the folder", &self.tmp)?.path();
            super::remove_tree(&path)?;
        }
        Ok(())
    }

    /// The expression that shows whether a Nix can build, in its sandbox.
    pub fn probe(&self) -> PathBuf {
        self.conf_dir.join("probe.nix")
    }

    /// The whole environment that Nix gets.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.home.clone()),
            ("NIX_CONF_DIR", self.conf_dir.clone()),
            // Set and empty: no file of a user or of /etc/xdg is read.
            ("NIX_USER_CONF_FILES", PathBuf::new()),
            ("PATH", PathBuf::new()),
            // Builders work here; killed runs leave their folders behind.
            ("TMPDIR", self.tmp.clone()),
        ]
    }
}

/// `nix.conf`: its manual page explains each setting.
fn conf(registry: &Path) -> String {
    let registry = registry.display();
    format!(
        "# Written by xbuild at each run.
experimental-features = nix-command flakes
sandbox = true
sandbox-fallback = false
sandbox-paths =
sandbox-build-dir = /build
# The build users of Debian's package need root and are not needed by it.
build-users-group =
# In a rootless container, root may not do that, and has no groups to drop.
require-drop-supplementary-groups = false
# Every file is pinned and fetched by hash; nothing is taken ready-made.
substitute = false
substituters =
builders =
flake-registry = {registry}
accept-flake-config = false
warn-dirty = false
max-jobs = auto
cores = 0
"
    )
}

/// Replaces a file atomically, and only where its text changes.
fn write_if_different(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    super::write_atomically(path, |file| file.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_written_anew_and_a_good_one_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::below(home.path());
        let settings = Settings::write(&folders).unwrap();
        let conf = settings.conf_dir.join("nix.conf");
        let good = fs::read_to_string(&conf).unwrap();
        assert!(good.contains("\nsandbox = true\n"));
        let before = fs::metadata(&conf).unwrap().modified().unwrap();
        Settings::write(&folders).unwrap();
        assert_eq!(fs::metadata(&conf).unwrap().modified().unwrap(), before);

        fs::write(&conf, "sandbox = fal").unwrap();
        Settings::write(&folders).unwrap();
        assert_eq!(fs::read_to_string(&conf).unwrap(), good);
    }
}
