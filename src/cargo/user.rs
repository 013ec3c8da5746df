//! The user's own cargo home: where it is, and the texts that matter of it.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::home::{
    Home, build_home, ca_bundle, fetch_home, index_for_crates_io, replaces_crates_io,
};
use super::registry;
use crate::error::{IoContext, Result};

/// The user's cargo home and its files; empty texts where there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserCargo {
    pub home: Option<PathBuf>,
    config: String,
    credentials: String,
}

impl UserCargo {
    /// Finds `$CARGO_HOME`, or else `~/.cargo`, and reads `config.toml` and
    /// `credentials.toml` there, or the older names without `.toml`, which
    /// cargo prefers. `var` is `host::var` outside tests.
    ///
    /// # Errors
    /// `Kind::Filesystem` where a file is there and cannot be read.
    pub fn read(var: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let absolute = |name: &str| {
            var(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = absolute("CARGO_HOME").or_else(|| Some(absolute("HOME")?.join(".cargo")));
        let Some(home) = home else {
            return Ok(UserCargo::default());
        };
        Ok(UserCargo {
            config: text(&home, "config")?,
            credentials: text(&home, "credentials")?,
            home: Some(home),
        })
    }

    /// What the fetch shell gets of it.
    ///
    /// # Errors
    /// `Kind::Config` where a file is not TOML.
    pub fn for_fetch(&self) -> Result<Home> {
        fetch_home(self.folder(), &self.config, &self.credentials)
    }

    /// What the build's shell gets of it; `mirrored` where a mirror is bound
    /// under the name of crates.io.
    ///
    /// # Errors
    /// `Kind::Config` where a file is not TOML.
    pub fn for_build(&self, mirrored: bool) -> Result<Home> {
        build_home(self.folder(), &self.config, mirrored)
    }

    /// Whether it puts another source in the place of crates.io.
    pub fn replaces_crates_io(&self) -> bool {
        replaces_crates_io(&self.config)
    }

    /// The address of the index of crates.io, or of what stands in its place
    /// where that is asked over HTTP.
    pub fn index_for_crates_io(&self) -> String {
        index_for_crates_io(&self.config).unwrap_or_else(registry::index)
    }

    /// The bundle of certificates that the configuration names.
    pub fn ca_bundle(&self) -> Option<PathBuf> {
        ca_bundle(self.folder(), &self.config)
    }

    /// Where `cargo install` puts programs: `--root`, `CARGO_INSTALL_ROOT`,
    /// `install.root` of the configuration, or the cargo home.
    pub fn install_root(
        &self,
        flag: Option<&Path>,
        cwd: &Path,
        var: &dyn Fn(&str) -> Option<OsString>,
    ) -> Option<PathBuf> {
        let typed = flag
            .map(Path::to_owned)
            .or_else(|| var("CARGO_INSTALL_ROOT").map(Into::into));
        let configured = || {
            let table: toml::Table = self.config.parse().ok()?;
            let root = table.get("install")?.get("root")?.as_str()?;
            Some(self.folder().parent()?.join(root))
        };
        typed
            .map(|root| cwd.join(root))
            .or_else(configured)
            .or_else(|| self.home.clone())
    }

    fn folder(&self) -> &Path {
        self.home.as_deref().unwrap_or(Path::new("/"))
    }
}

fn text(home: &Path, name: &str) -> Result<String> {
    for name in [name.to_owned(), format!("{name}.toml")] {
        let path = home.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(text),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("read", &path),
        }
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_and_the_install_root_are_cargos_own() {
        let top = tempfile::tempdir().unwrap();
        let home = top.path().join(".cargo");
        fs::create_dir(&home).unwrap();
        fs::write(
            home.join("config.toml"),
            "[install]\nroot = 'tools'\n[http]\ncainfo = '/c.pem'\n",
        )
        .unwrap();
        fs::write(home.join("credentials"), "[registry]\ntoken = 'old'\n").unwrap();
        fs::write(home.join("credentials.toml"), "[registry]\ntoken = 'new'\n").unwrap();
        let found = |name: &str| (name == "HOME").then(|| top.path().into());
        let user = UserCargo::read(&found).unwrap();
        assert_eq!(user.home.as_ref(), Some(&home));
        assert_eq!(
            user.for_fetch().unwrap().tokens["CARGO_REGISTRY_TOKEN"],
            "old"
        );
        assert_eq!(user.for_build(false).unwrap(), Home::default());
        assert_eq!(user.ca_bundle(), Some("/c.pem".into()));

        let none = |_: &str| None;
        let set = |name: &str| (name == "CARGO_INSTALL_ROOT").then(|| "sub".into());
        let cwd = Path::new("/cwd");
        let flag = Some(Path::new("/r"));
        assert_eq!(user.install_root(flag, cwd, &set), Some("/r".into()));
        assert_eq!(user.install_root(None, cwd, &set), Some("/cwd/sub".into()));
        assert_eq!(
            user.install_root(None, cwd, &none),
            Some(top.path().join("tools"))
        );

        let moved = |name: &str| (name == "CARGO_HOME").then(|| "/nowhere/cargo".into());
        let user = UserCargo::read(&moved).unwrap();
        assert_eq!(
            user.install_root(None, cwd, &none),
            Some("/nowhere/cargo".into())
        );
        assert_eq!(UserCargo::read(&none).unwrap(), UserCargo::default());
    }
}
