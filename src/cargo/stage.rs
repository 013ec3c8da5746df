//! The workspace's root in the fetch shell: a scratch folder, on which all but
//! the lock file is mounted read-only.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::home::project_config;
use super::layout::{Layout, create_tagged, real_folder, write_atomically};
use crate::error::{Error, IoContext, Kind, Result};
use crate::process::quote;
use crate::project::{Mounts, Project};

/// The scratch folder that stands for the workspace's root in the fetch shell.
/// It is gone when this value is.
#[derive(Debug)]
pub struct Stage {
    folder: tempfile::TempDir,
    lock: PathBuf,
    /// The folder in the shell where cargo must run.
    pub cwd: PathBuf,
    /// What to bind, in this order: host, shell, and whether it is writable.
    pub binds: Vec<(PathBuf, PathBuf, bool)>,
}

impl Stage {
    /// Makes the scratch folder, with a mount point for every entry of the root.
    ///
    /// # Errors
    /// `Kind::Filesystem`; `Kind::Config` where the project's cargo
    /// configuration is not TOML; `Kind::Project` where it is a link to nothing.
    pub fn new(project: &Project) -> Result<Self> {
        let own = Layout::own(&project.target_dir);
        create_tagged(&project.target_dir)?;
        real_folder(&project.target_dir, &own)?;
        remove_stale(&own);
        let folder = tempfile::Builder::new()
            .prefix(SCRATCH)
            .tempdir_in(&own)
            .at("create a folder in", &own)?;
        let root = folder.path().join("root");
        fs::create_dir(&root).at("create", &root)?;

        let mounts = project.mounts(&[])?;
        let (around, beside): (Vec<_>, Vec<_>) = mounts
            .binds
            .iter()
            .filter(|(host, _)| *host != project.root)
            .map(|(host, inside)| (host.clone(), inside.clone(), false))
            .partition(|(host, _, _)| project.root.starts_with(host));
        // A folder that holds the root comes first, the root's stand-in over it.
        let mut binds = around;
        binds.push((root.clone(), mounts.root.clone(), true));
        for entry in fs::read_dir(&project.root).at("read", &project.root)? {
            let host = entry.at("read", &project.root)?.path();
            // The target folder is no source, and holds this very folder.
            if host != project.lock && host != project.target_dir && mount_point(&host, &root)? {
                let name = host.file_name().unwrap_or_default();
                let inside = mounts.root.join(name);
                binds.push((host, inside, false));
            }
        }
        binds.extend(beside);
        binds.extend(configurations(project, &mounts, folder.path())?);
        match fs::read(&project.lock) {
            Ok(bytes) => {
                let copy = root.join("Cargo.lock");
                fs::write(&copy, bytes).at("write", &copy)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("read", &project.lock),
        }
        Ok(Stage {
            folder,
            lock: project.lock.clone(),
            cwd: mounts.root,
            binds,
        })
    }

    /// Takes over the lock file that cargo left, where it differs, and says
    /// whether it did. To be called after a run that succeeded.
    ///
    /// # Errors
    /// `Kind::Filesystem`.
    pub fn finish(self) -> Result<bool> {
        let staged = self.folder.path().join("root/Cargo.lock");
        let new = fs::read(&staged).at("read", &staged)?;
        if fs::read(&self.lock).is_ok_and(|old| old == new) {
            return Ok(false);
        }
        write_atomically(&self.lock, &new)?;
        Ok(true)
    }
}

/// The beginning of a scratch folder's name.
const SCRATCH: &str = "fetch-";

/// Removes the scratch folders of runs that were killed a day ago or earlier:
/// no fetch that still runs is as old.
fn remove_stale(own: &Path) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(own).into_iter().flatten().flatten() {
        let is_scratch = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(SCRATCH.as_bytes());
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        let age = age.ok().and_then(|time| time.elapsed().ok());
        if is_scratch && age.is_some_and(|age| age > DAY) {
            // It costs a few kilobytes if it stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes in `root` what a copy of an entry needs to be mounted on, and says
/// whether there is something to mount. A symbolic link is made again instead.
fn mount_point(host: &Path, root: &Path) -> Result<bool> {
    let point = root.join(host.file_name().unwrap_or_default());
    let kind = fs::symlink_metadata(host).at("read", host)?.file_type();
    if kind.is_symlink() {
        let to = fs::read_link(host).at("read", host)?;
        symlink(&to, &point).at("link", &point)?;
    } else if kind.is_dir() {
        fs::create_dir(&point).at("create", &point)?;
    } else if kind.is_file() {
        fs::write(&point, []).at("create", &point)?;
    }
    Ok(kind.is_dir() || kind.is_file())
}

/// Binds the harmless part of each cargo configuration over the whole of it.
fn configurations(
    project: &Project,
    mounts: &Mounts,
    folder: &Path,
) -> Result<Vec<(PathBuf, PathBuf, bool)>> {
    let mut binds = Vec::new();
    for above in project.root.ancestors() {
        for name in ["config", "config.toml"] {
            let folder_of = above.join(".cargo");
            let host = folder_of.join(name);
            let Some(inside) = mounts.inside(&host) else {
                continue;
            };
            // In the shell a link may lead somewhere, to a file that nobody has
            // cut down, though it leads nowhere here.
            let dangles = |path: &Path| path.is_symlink() && !path.exists();
            if let Some(link) = [&folder_of, &host].into_iter().find(|path| dangles(path)) {
                let message = format!("`{}` is a link to what is not there", link.display());
                return Err(Error::new(Kind::Project, message)
                    .hint(format!("rm {}", quote(link.as_os_str()))));
            }
            if !host.is_file() {
                continue;
            }
            let text = fs::read_to_string(&host).at("read", &host)?;
            let harmless = folder.join(format!("config-{}", binds.len()));
            let text = project_config(&host, &text)?;
            fs::write(&harmless, text).at("write", &harmless)?;
            binds.push((harmless, inside, false));
        }
    }
    Ok(binds)
}
