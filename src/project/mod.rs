//! The Cargo workspace: where it is, what it needs, where its output goes.
//! Found by reading manifests, without a run of cargo.
//!
//! What a walk through the manifests found is kept in the target folder with
//! the stamps of all that it looked at, so a warm run reads two or three files
//! and looks at the rest.

mod cargo_config;
mod manifest;
mod mounts;
mod reach;
mod root;
mod stamp;
mod state;
mod walk;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use cargo_config::{CargoSettings, Override};
pub use manifest::Package;
pub(crate) use manifest::broken;
pub use mounts::Mounts;
pub use reach::Reach;
pub use stamp::Stamp;
pub use walk::Member;

use crate::config::{Origin, Setting};
use crate::error::{Error, IoContext, Kind, Result};
use crate::git;
use root::normalize;

/// What a project is looked for with.
pub struct Query<'a> {
    /// The folder the user is in, absolute.
    pub cwd: &'a Path,
    pub manifest_path: Option<&'a Path>,
    pub target_dir: Option<&'a Path>,
    /// The user's own cargo home: its aliases and its target folder count, and
    /// it is never taken for the project's.
    pub cargo_home: Option<&'a Path>,
    /// The environment: `host::var` outside tests.
    pub var: &'a dyn Fn(&str) -> Option<OsString>,
}

/// A workspace on the host.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of the workspace's root manifest, absolute.
    pub root: PathBuf,
    /// The manifest that the command is about: a member's or the root's.
    pub manifest: PathBuf,
    /// `Cargo.lock`, whether or not it is there.
    pub lock: PathBuf,
    pub target_dir: PathBuf,
    /// The folder that cargo runs in: the user's own where that is in the
    /// workspace, otherwise the root.
    pub cwd: PathBuf,
    pub members: Vec<Member>,
    pub settings: CargoSettings,
    /// What its own files may ask for.
    pub reach: Reach,
    outside: Vec<PathBuf>,
    absolute: Vec<PathBuf>,
    manifests: Vec<PathBuf>,
}

impl Project {
    /// Finds the workspace.
    ///
    /// # Errors
    /// `Kind::Project` where there is none, or one of its manifests or
    /// configuration files cannot be read.
    pub fn find(query: &Query<'_>) -> Result<Self> {
        let located = root::nearest(query.cwd, query.manifest_path)?;
        let root = root::workspace_of(&located)?.unwrap_or_else(|| located.clone());
        let folder = root.folder().to_owned();
        let cwd = std::fs::canonicalize(query.cwd).at("read", query.cwd)?;
        let at_home = cwd.starts_with(&folder) || cwd.starts_with(located.folder());
        let cwd = if at_home { cwd } else { folder.clone() };

        // Cargo's configuration above the repository is not the project's.
        let top = git::top(&folder).unwrap_or(&folder).to_owned();
        let owns = |folder: &&Path| Some(folder.join(".cargo").as_path()) != query.cargo_home;
        let folders = cwd
            .ancestors()
            .take_while(|folder| folder.starts_with(&top));
        let mut settings = CargoSettings::read(folders.filter(owns))?;
        let reach = Reach::new(&top, (query.var)("HOME").map(PathBuf::from));
        for named in settings.folders.iter().filter(|path| path.exists()) {
            reach.allows(named, "the project's .cargo/config.toml")?;
        }
        settings.add_user(query.cargo_home)?;
        if let Some(target) = (query.var)("CARGO_BUILD_TARGET") {
            let origin = Origin::Cargo("the variable CARGO_BUILD_TARGET".to_owned());
            let target = target.to_string_lossy().into_owned();
            settings.targets = vec![Setting::new(target, origin)];
        }

        let path = |name: &str| (query.var)(name).map(PathBuf::from);
        let named = query.target_dir.map(Path::to_owned);
        let named = named
            .or_else(|| path("CARGO_TARGET_DIR"))
            .or_else(|| path("CARGO_BUILD_TARGET_DIR"));
        let target_dir = match named {
            Some(named) => normalize(&query.cwd.join(named)),
            None => settings
                .target_dir
                .clone()
                .unwrap_or_else(|| folder.join("target")),
        };
        let mut walk = state::walk_or_recall(&root, &target_dir)?;
        keep_reachable(&mut walk.outside, &reach)?;
        keep_reachable(&mut walk.absolute, &reach)?;
        let outside = outside(&folder, &walk, &settings);
        Ok(Project {
            lock: folder.join("Cargo.lock"),
            manifest: located.path,
            manifests: manifests(&walk),
            members: walk.members,
            absolute: walk.absolute.into_iter().collect(),
            root: folder,
            target_dir,
            cwd,
            settings,
            reach,
            outside,
        })
    }

    /// Where everything stands in the shell. `sources` are further files and
    /// folders that the configuration names, relative to the root.
    ///
    /// # Errors
    /// `Kind::Config` where one of `sources` does not exist, `Kind::Project`
    /// where it is none of the project's business.
    pub fn mounts(&self, sources: &[Setting<String>]) -> Result<Mounts> {
        let mut further = Vec::new();
        for source in sources {
            let path = normalize(&self.root.join(&source.value));
            if !path.exists() {
                let message = format!("{}: there is no `{}`", source.origin, path.display());
                return Err(Error::new(Kind::Config, message)
                    .hint("paths in `build.sources` count from the workspace's root"));
            }
            self.reach.allows(&path, &source.origin.to_string())?;
            further.push(path);
        }
        let relative = self.outside.iter().chain(&further).map(PathBuf::as_path);
        Ok(Mounts::new(
            &self.root,
            relative,
            self.absolute.iter().map(PathBuf::as_path),
        ))
    }

    /// What the build reads outside the root: path dependencies, and files
    /// that manifests or configuration name.
    pub fn outside(&self) -> impl Iterator<Item = &Path> {
        self.outside
            .iter()
            .chain(&self.absolute)
            .map(PathBuf::as_path)
    }

    /// The top of the git repository that holds the root, where one does.
    pub fn repository(&self) -> Option<&Path> {
        git::top(&self.root)
    }

    /// Every manifest that decides what `Cargo.lock` must hold.
    pub fn manifests(&self) -> &[PathBuf] {
        &self.manifests
    }

    /// `package.default-run` of the one package that `cargo run` would take,
    /// for the packages named by `-p`.
    pub fn default_run(&self, packages: &[String]) -> Option<&str> {
        let chosen = self.chosen(packages).into_iter();
        let mut runs = chosen.filter_map(|member| member.package.default_run.as_deref());
        runs.next().filter(|_| runs.next().is_none())
    }

    /// The members that cargo takes, for the packages named by `-p`: those that
    /// are named, else the one at hand, else the default ones.
    pub fn chosen(&self, packages: &[String]) -> Vec<&Member> {
        let named = |member: &&Member| {
            let name = |spec: &String| spec.split('@').next() == Some(&member.package.name);
            packages.iter().any(name)
        };
        let at_hand = |member: &&Member| member.manifest == self.manifest;
        let members = self.members.iter();
        if !packages.is_empty() {
            members.filter(named).collect()
        } else if self.manifest.parent() != Some(&self.root) {
            members.filter(at_hand).collect()
        } else {
            members.filter(|member| member.default).collect()
        }
    }
}

fn outside(root: &Path, walk: &walk::Walk, settings: &CargoSettings) -> Vec<PathBuf> {
    let files = settings.files.iter().chain(&settings.folders);
    let mut outside: Vec<PathBuf> = files
        .filter(|path| !path.starts_with(root))
        .cloned()
        .collect();
    outside.extend(walk.outside.iter().cloned());
    // Cargo itself says best what is missing, and by which manifest.
    outside.retain(|path| path.exists());
    outside.sort();
    outside.dedup();
    outside
}

/// Leaves of what manifests name what the build may see: files that only stand
/// in a manifest where they are the project's, and of folders the packages.
/// Cargo itself says best what is missing then, and by which manifest.
fn keep_reachable(named: &mut BTreeSet<PathBuf>, reach: &Reach) -> Result<()> {
    for path in named.iter().filter(|path| path.is_dir()) {
        reach.allows(path, "a Cargo.toml of the project")?;
    }
    let is_package = |folder: &Path| folder.join("Cargo.toml").is_file();
    named.retain(|path| match path.is_dir() {
        true => is_package(path),
        false => path.ends_with("Cargo.toml") || reach.has_file(path),
    });
    Ok(())
}

fn manifests(walk: &walk::Walk) -> Vec<PathBuf> {
    let is_manifest = |path: &&PathBuf| path.ends_with("Cargo.toml");
    walk.inputs.keys().filter(is_manifest).cloned().collect()
}

#[cfg(test)]
mod tests;
