//! The configured volumes of a command: where they are on this machine, and
//! how a shell gets them.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::Request;
use crate::config::{Setting, Volume};
use crate::error::{Error, Kind, Result};
use crate::sandbox::Shell;
use crate::target::TargetSpec;

/// A volume that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    pub volume: Volume,
    /// On the host, without links.
    pub host: PathBuf,
}

impl Request {
    /// The volumes of the shells for these targets. One whose path a variable
    /// is to say, and that is not set, is none, as with variables that are
    /// passed on.
    ///
    /// # Errors
    /// `Kind::Config` for a path where nothing is, naming who named it;
    /// `Kind::Project` for what no project's file may ask for.
    pub fn volumes(&self, specs: &[TargetSpec]) -> Result<Vec<Mounted>> {
        let mut mounted: Vec<Mounted> = Vec::new();
        for spec in specs {
            for Setting { value, origin } in self.config.for_target(spec.triple()).volumes {
                let path = match (value.path(), value.variable()) {
                    (Some(path), _) => path.to_owned(),
                    (None, name) => {
                        let set = name.and_then(|name| self.vars.get(OsStr::new(name)));
                        match set.filter(|path| !path.is_empty()) {
                            Some(path) => PathBuf::from(path),
                            None => continue,
                        }
                    }
                };
                let path = self.project.root.join(path);
                let host = std::fs::canonicalize(&path).map_err(|cause| {
                    let message = format!("{origin}: there is no volume `{}`", path.display());
                    Error::new(Kind::Config, message)
                        .caused_by(cause)
                        .hint("paths of volumes count from the workspace's root")
                })?;
                if value.path().is_some() {
                    self.project.reach.allows(&host, &origin.to_string())?;
                }
                // A target's own is the later, and wins.
                mounted.retain(|known| known.volume.inside() != value.inside());
                mounted.push(Mounted {
                    volume: value,
                    host,
                });
            }
        }
        Ok(mounted)
    }

    /// The volumes that the configuration has for the command's targets,
    /// whether or not they are there.
    pub fn configured_volumes(&self) -> Vec<Volume> {
        let mut volumes: Vec<Volume> = Vec::new();
        for spec in &self.specs {
            for Setting { value, .. } in self.config.for_target(spec.triple()).volumes {
                volumes.retain(|known| known.inside() != value.inside());
                volumes.push(value);
            }
        }
        volumes
    }

    /// Whether a build sees nothing of the machine, and leaves nothing behind
    /// in it that the next one could see.
    pub fn is_hermetic(&self) -> bool {
        let kept_out = |volume: &Volume| !volume.is_writable();
        self.is_isolated() && self.configured_volumes().iter().all(kept_out)
    }
}

/// Binds volumes into a shell, and names their places in its variables.
pub fn with_volumes(mut shell: Shell, volumes: &[Mounted]) -> Shell {
    for Mounted { volume, host } in volumes {
        let inside = volume.inside();
        if let Some(name) = volume.variable() {
            shell = shell.env(name, &inside);
        }
        shell = if volume.is_writable() {
            shell.read_write(host, inside)
        } else {
            shell.read_only(host, inside)
        };
    }
    shell
}
