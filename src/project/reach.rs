//! What of the machine a project's own files may ask for.
//!
//! Manifests, cargo's configuration and `xbuild.toml` name files and folders
//! outside the workspace, and those are bound into the shell. All of them come
//! with the project, so they cannot open what is the user's alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Folders of the system that tell of the machine and its users.
const SYSTEM: [&str; 7] = ["/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys"];

/// Where a project may look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The top of the project's repository, or the workspace's root.
    within: PathBuf,
    home: Option<PathBuf>,
}

impl Reach {
    /// Of the project whose repository has this top.
    pub fn new(within: &Path, home: Option<PathBuf>) -> Self {
        Reach {
            within: real(within),
            home: home.as_deref().map(real),
        }
    }

    /// Refuses what is no project's: the home folder and what is above it, the
    /// hidden folders in it, where keys and settings are, and the system's. A
    /// path's links are followed first.
    ///
    /// # Errors
    /// `Kind::Project`, naming the path and who asked for it.
    pub fn allows(&self, path: &Path, asker: &str) -> Result<()> {
        let found = real(path);
        let Some(whose) = self.whose(&found) else {
            return Ok(());
        };
        let message = format!(
            "{asker} asks for `{}`, and {whose} is for no project to see",
            found.display()
        );
        Err(Error::new(Kind::Project, message).hint(
            "if the build must see it, let a variable name it, which only you set: \
             [env] volumes = [\"NAME\"], and NAME=PATH xbuild …",
        ))
    }

    fn whose(&self, found: &Path) -> Option<String> {
        if found.starts_with(&self.within) {
            return None;
        }
        if let Some(home) = &self.home {
            if home.starts_with(found) {
                return Some("what holds the home folder".to_owned());
            }
            if let Ok(rest) = found.strip_prefix(home) {
                let first = rest.components().next()?;
                let name = first.as_os_str().to_string_lossy();
                return name.starts_with('.').then(|| format!("`~/{name}`"));
            }
        }
        if found.parent().is_none() {
            return Some("the whole machine".to_owned());
        }
        let system = SYSTEM.iter().find(|system| found.starts_with(system));
        system.map(|system| format!("`{system}`"))
    }

    /// Whether a file that a manifest only names, such as a readme, comes into
    /// the shell: one of the repository's, or of a folder above the workspace
    /// that is not the home folder.
    pub fn has_file(&self, file: &Path) -> bool {
        let (file, folder) = (real(file), real(file.parent().unwrap_or(file)));
        let homely = |home: &PathBuf| home.starts_with(&folder);
        let above = self.within.starts_with(&folder) && !self.home.as_ref().is_some_and(homely);
        file.is_file() && (file.starts_with(&self.within) || above && file.starts_with(&folder))
    }
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_the_users_alone_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(top.path()).unwrap();
        let folders = [
            "home/al/.ssh",
            "home/al/src/app/ws",
            "home/al/src/lib",
            "home/al/.local/src/own",
            "srv/shared",
        ];
        for folder in folders {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        for file in ["home/al/notes", "home/al/.netrc", "home/al/src/README"] {
            fs::write(top.join(file), "").unwrap();
        }
        let app = top.join("home/al/src/app");
        symlink("../../.ssh", app.join("keys")).unwrap();
        symlink("../../notes", app.join("notes")).unwrap();
        let home = top.join("home/al");
        let reach = Reach::new(&app, Some(home.clone()));
        for (path, whose) in [
            ("home/al/.ssh", "`~/.ssh`"),
            ("home/al/.ssh/id_ed25519", "`~/.ssh`"),
            ("home/al/.netrc", "`~/.netrc`"),
            ("home/al/src/app/keys", "`~/.ssh`"),
            ("home/al", "what holds the home folder"),
            ("home", "what holds the home folder"),
            ("", "what holds the home folder"),
        ] {
            let error = reach.allows(&top.join(path), "Cargo.toml").unwrap_err();
            assert_eq!(error.kind(), Kind::Project);
            let said = error.to_string();
            assert!(said.starts_with("Cargo.toml asks for `/"), "{said}");
            assert!(said.contains(whose), "{path}: {said}");
        }
        for path in ["/", "/etc/shadow", "/proc/1", "/root/x", "/run/user"] {
            assert!(reach.allows(Path::new(path), "x").is_err(), "{path}");
        }
        for path in [
            "home/al/src/app",
            "home/al/src/app/ws/m",
            "home/al/src/lib",
            "home/al/src/missing",
            "srv/shared",
        ] {
            reach.allows(&top.join(path), "x").unwrap();
        }
        // Who works in a hidden folder has chosen that.
        let own = top.join("home/al/.local/src/own");
        let hidden = Reach::new(&own, Some(home));
        hidden.allows(&own.join("m"), "x").unwrap();
        assert!(hidden.allows(&top.join("home/al/.ssh"), "x").is_err());

        for (file, there) in [
            ("home/al/src/README", true),
            ("home/al/notes", false),
            ("home/al/.netrc", false),
            ("home/al/src/app/notes", false),
            ("home/al/src/app", false),
            ("home/al/src/missing", false),
        ] {
            assert_eq!(reach.has_file(&top.join(file)), there, "{file}");
        }
    }

    #[test]
    fn root_at_home_sees_its_own_projects() {
        let reach = Reach {
            within: "/root/app".into(),
            home: Some("/root".into()),
        };
        assert_eq!(reach.whose(Path::new("/root/lib")), None);
        assert!(reach.whose(Path::new("/root/.ssh")).is_some());
        assert!(reach.whose(Path::new("/root")).is_some());
    }
}
