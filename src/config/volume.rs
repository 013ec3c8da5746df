//! Folders of the caller's that a build sees: `volumes = [...]`. [pure]

use std::path::{Component, Path, PathBuf};

use super::Passthrough;

/// Where named volumes stand in the shell.
const PLACE: &str = "/build/volumes";

/// Folders at the root that the shell has of its own.
const OWN: [&str; 12] = [
    "bin", "build", "dev", "etc", "lib", "lib32", "lib64", "nix", "proc", "sbin", "sys", "usr",
];

/// A file or folder of the host that is bound into the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The variable that names it inside; without one it stands at its own path.
    name: Option<String>,
    /// Where it is; without it, the caller's variable of that name says so.
    path: Option<PathBuf>,
    writable: bool,
}

impl Volume {
    /// Reads `NAME`, `NAME=path` or an absolute path; with `:rw` behind it may
    /// be written to.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (body, writable) = match text.rsplit_once(':') {
            Some((body, "rw")) => (body, true),
            Some((body, "ro")) => (body, false),
            _ => (text, false),
        };
        let name = body.split('=').next().unwrap_or(body);
        if name.contains(['/', '.']) {
            let path = PathBuf::from(body);
            at_own_path(&path)?;
            return Ok(Volume {
                name: None,
                path: Some(path),
                writable,
            });
        }
        let (name, path) = match Passthrough::parse(body)? {
            Passthrough::Inherit(name) => (name, None),
            Passthrough::Set(name, path) if path.is_empty() => {
                return Err(format!("the volume {name} has no path behind its `=`"));
            }
            Passthrough::Set(name, path) => (name, Some(PathBuf::from(path))),
        };
        Ok(Volume {
            name: Some(name),
            path,
            writable,
        })
    }

    /// The variable that tells the build where it is.
    pub fn variable(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What it is called: its variable, or its path.
    pub fn label(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Path::new(""));
        let name = self.name.clone();
        name.unwrap_or_else(|| path.display().to_string())
    }

    /// Where it is on the host, as written: relative to the workspace's root.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where it stands in the shell: the same on every machine.
    pub fn inside(&self) -> PathBuf {
        match (&self.name, &self.path) {
            (Some(name), _) => Path::new(PLACE).join(name),
            (None, path) => path.clone().unwrap_or_default(),
        }
    }

    pub fn is_writable(&self) -> bool {
        self.writable
    }
}

/// Whether a volume may stand in the shell where it stands on the host.
fn at_own_path(path: &Path) -> Result<(), String> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(format!(
            "the volume `{shown}` is not an absolute path: give it a name, DATA={shown}"
        ));
    }
    let mut parts = path.components().skip(1);
    let first = parts.next();
    let plain = first
        .into_iter()
        .chain(parts)
        .all(|part| matches!(part, Component::Normal(_)));
    let own = match first {
        None => true,
        Some(first) => OWN.iter().any(|own| first.as_os_str() == *own),
    };
    if own || !plain || path == Path::new("/tmp") {
        return Err(format!(
            "the volume `{shown}` would hide what the shell has there: give it a name, DATA={shown}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_names_or_paths() {
        for (text, label, path, inside, writable) in [
            ("DATA", "DATA", None, "/build/volumes/DATA", false),
            ("DATA:rw", "DATA", None, "/build/volumes/DATA", true),
            ("D=../x:ro", "D", Some("../x"), "/build/volumes/D", false),
            ("D=/a:b", "D", Some("/a:b"), "/build/volumes/D", false),
            ("D=/:rw", "D", Some("/"), "/build/volumes/D", true),
            ("/srv/m:rw", "/srv/m", Some("/srv/m"), "/srv/m", true),
            ("/tmp/m=1", "/tmp/m=1", Some("/tmp/m=1"), "/tmp/m=1", false),
        ] {
            let volume = Volume::parse(text).unwrap();
            assert_eq!(volume.label(), label, "{text}");
            assert_eq!(volume.path(), path.map(Path::new), "{text}");
            assert_eq!(volume.inside(), Path::new(inside), "{text}");
            assert_eq!(volume.is_writable(), writable, "{text}");
        }
    }

    #[test]
    fn what_would_undo_the_shell_is_refused() {
        for (text, why) in [
            ("", "`` is not a name of a variable"),
            ("A B", "`A B` is not a name"),
            ("PATH", "PATH is set by the hermetic shell itself"),
            ("HOME=/x", "HOME is set by the hermetic shell itself"),
            ("D=", "has no path behind its `=`"),
            (
                "data/x",
                "is not an absolute path: give it a name, DATA=data/x",
            ),
            ("..", "is not an absolute path"),
            ("/", "would hide"),
            ("/nix/store", "would hide"),
            ("/usr/share", "would hide"),
            ("/tmp", "would hide"),
            ("/srv/../nix", "would hide"),
        ] {
            let found = Volume::parse(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
