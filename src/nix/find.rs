//! Which Nix is used: the machine's where it can build for this user, else
//! our own with a private store.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Hold;
use super::failure::{self, failure};
use super::lock::{Lock, Share};
use super::own::{self, Packages};
use super::settings::Settings;
use super::store_path::StorePath;
use super::version::Version;
use crate::error::{Error, IoContext, Kind, Result};
use crate::host::Folders;
use crate::process::Command;
use crate::terminal;

/// Whose Nix the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The machine's where it works, else our own.
    #[default]
    Auto,
    /// Our own, with its private store.
    Own,
    /// The machine's, or a failure that says why not.
    System,
}

/// What is needed to find a Nix.
pub struct Find<'a> {
    pub folders: &'a Folders,
    pub choice: Choice,
    /// The caller's `PATH`.
    pub path: Option<OsString>,
    /// The folder that [`super::nix_sources`] wrote.
    pub sources: &'a Path,
    pub packages: Packages<'a>,
}

/// A Nix that can build, and its store.
#[derive(Debug, Clone)]
pub struct Nix {
    pub(super) folders: Folders,
    program: PathBuf,
    version: Version,
    settings: Settings,
    /// The root of a private store; none for the machine's own.
    private: Option<PathBuf>,
}

impl Nix {
    /// Finds a Nix that builds in its sandbox, or brings our own.
    ///
    /// # Errors
    /// Where the chosen one is not there, is too old or cannot build: the
    /// error says what Nix said.
    pub fn find(find: &Find<'_>) -> Result<Self> {
        let settings = Settings::write(find.folders)?;
        if find.choice != Choice::Own {
            match Nix::of_the_machine(find, &settings) {
                Ok(Some(nix)) => return Ok(nix),
                Ok(None) if find.choice == Choice::Auto => {}
                Ok(None) => {
                    return Err(Error::new(Kind::Nix, "there is no `nix` on PATH")
                        .hint("leave the choice to xbuild with --nix auto"));
                }
                Err(error) if find.choice == Choice::Auto => {
                    let cause = std::error::Error::source(&error)
                        .map(|cause| last_line(&cause.to_string()).to_owned())
                        .filter(|cause| !cause.is_empty())
                        .map(|cause| format!(" ({cause})"))
                        .unwrap_or_default();
                    terminal::note(format!("{error}{cause}; using xbuild's own Nix"));
                }
                Err(error) => return Err(error),
            }
        }
        let (program, version) = own::bring(find.folders, &find.packages)?;
        let store = find.folders.store();
        fs::create_dir_all(&store).at("make the folder", &store)?;
        let nix = Nix {
            folders: find.folders.clone(),
            program,
            version,
            settings,
            // Nix refuses a store below a symbolic link.
            private: Some(fs::canonicalize(&store).at("resolve", &store)?),
        };
        match nix.probe(find.sources) {
            Err(error) if nix.lost_its_database(&error) => nix.renew_database(find.sources)?,
            other => other?,
        }
        Ok(nix)
    }

    /// Whether that is why it failed: its database is broken, or gone while
    /// what belongs to it is there.
    fn lost_its_database(&self, error: &Error) -> bool {
        let database = self.database();
        let gone = database.join("schema").exists() && !database.join("db.sqlite").exists();
        gone || failure::is_broken_database(error)
    }

    fn database(&self) -> PathBuf {
        self.root().join("nix/var/nix/db")
    }

    /// Has Nix forget what it knows of our private store. The paths stay on
    /// disk, unknown to it: each is replaced when it is built again.
    fn renew_database(&self, sources: &Path) -> Result<()> {
        let _alone = Lock::take(&self.folders.locks(), "store", Share::Exclusive)?;
        match self.probe(sources) {
            // Another run was quicker.
            Ok(()) => return Ok(()),
            Err(error) if !self.lost_its_database(&error) => return Err(error),
            Err(_) => {}
        }
        let database = self.database();
        terminal::warning(format!(
            "Nix's database `{}` is broken; it is begun anew, and what is needed is realised again",
            database.display()
        ));
        super::remove_tree(&database)?;
        self.probe(sources)
    }

    fn of_the_machine(find: &Find<'_>, settings: &Settings) -> Result<Option<Self>> {
        let Some(program) = on_path(find.path.as_ref()) else {
            return Ok(None);
        };
        let name = program.display().to_string();
        let Some(version) = own::version(&program) else {
            return Err(Error::new(Kind::Nix, format!("`{name}` does not run")));
        };
        if version < Version::OLDEST {
            return Err(Error::new(
                Kind::Nix,
                format!("`{name}` is Nix {version}, older than {}", Version::OLDEST),
            ));
        }
        let nix = Nix {
            folders: find.folders.clone(),
            program,
            version,
            settings: settings.clone(),
            private: None,
        };
        nix.probe(find.sources)?;
        Ok(Some(nix))
    }

    /// Builds the probe; it stays in the store, so this is quick later.
    fn probe(&self, sources: &Path) -> Result<()> {
        let probe = self
            .command("nix")
            .args(["build", "--json", "--no-link", "-f"])
            .arg(self.settings.probe())
            .args(["--argstr", "seed"])
            .arg(sources.join("seed"));
        terminal::verbose(&probe);
        probe.output().map(drop).map_err(|cause| {
            let said = failure::said(&cause);
            let program = self.program.display();
            let failed = ["xbuild-sandbox-probe.drv", "failed with exit code 1"];
            if failed.into_iter().all(|text| said.contains(text)) {
                return Error::new(Kind::Nix, format!("`{program}` builds without a sandbox"))
                    .hint("let its daemon have `sandbox = true` in /etc/nix/nix.conf")
                    .hint("or let xbuild use its own Nix: --nix own");
            }
            failure(
                format!("`{program}` cannot build in its sandbox here"),
                said,
            )
        })
    }

    /// Takes the right to change the store. Never collect garbage while
    /// holding it: that would wait for ever.
    ///
    /// # Errors
    /// Where the lock file cannot be made or locked.
    pub fn hold(&self) -> Result<Hold> {
        let locks = self.folders.locks();
        if let Some(_alone) = Lock::try_exclusive(&locks, "store")? {
            self.settings.clear_tmp()?;
        }
        let lock = Lock::take(&locks, "store", Share::Shared)?;
        Ok(Hold { _lock: lock })
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// The `nix` program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Whether it is our own, with a private store.
    pub fn is_own(&self) -> bool {
        self.private.is_some()
    }

    /// The folder that the store's logical paths lie below.
    pub fn root(&self) -> &Path {
        self.private.as_deref().unwrap_or(Path::new("/"))
    }

    /// Where a path of the store is on disk.
    pub fn physical(&self, path: &StorePath) -> PathBuf {
        path.below(self.root())
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A command of this Nix (`nix`, `nix-store`) on its store.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program.with_file_name(name));
        for (key, value) in self.settings.environment() {
            command = command.env(key, value);
        }
        match &self.private {
            Some(root) => command.arg("--store").arg(root),
            None => command,
        }
    }
}

/// The first `nix` on a search path, looked for in absolute folders alone.
pub fn on_path(path: Option<&OsString>) -> Option<PathBuf> {
    std::env::split_paths(path?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("nix"))
        .find(|program| program.is_file())
}

fn last_line(text: &str) -> &str {
    let about_options = |line: &&str| !line.starts_with("(use '--show-trace'");
    text.lines().rfind(about_options).unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_folders_of_path_are_searched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("nix"), "").unwrap();
        fs::create_dir_all(folder.path().join("other/nix")).unwrap();
        let found = Some(folder.path().join("nix"));
        let here = folder.path().display();
        let cases = [
            (format!("{here}"), found.clone()),
            (format!("/nowhere:{here}/other:{here}"), found),
            (format!("{here}/other"), None),
            ("relative:.".to_owned(), None),
            (String::new(), None),
        ];
        for (path, expected) in cases {
            assert_eq!(on_path(Some(&path.clone().into())), expected, "{path}");
        }
        assert_eq!(on_path(None), None);
    }
}
