//! From a target to what builds it: packages fetched, seeded and realised once,
//! afterwards found by their names alone.
//!
//! The warm path reads two small JSON files; it starts no process and hashes
//! nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env::{Env, Runner, ToolsEnv};
use crate::error::{IoContext, Result};
use crate::fetch::{BaseUrl, Downloads, Mirrors, Options, Wanted};
use crate::host::{self, Folders};
use crate::lock::Libraries;
use crate::nix::{self, Choice, Find, Hold, Nix, Realised, SeedFile, StorePath};
use crate::pins::{Package, Pins, Sha256};
use crate::rust::{self, Component, RustPin};
use crate::target::TargetSpec;
use crate::terminal;

/// Something that is realised by itself, because not every command needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    attr: String,
    /// What it is called on the terminal.
    what: &'static str,
    sets: Vec<String>,
    /// Packages of the project's own that it is made with.
    libraries: Option<Arc<Libraries>>,
    /// The Rust that it is made with or for, where that is not Debian's.
    rust: Option<Arc<RustPin>>,
    /// The target that it is for, where it is for one.
    triple: Option<String>,
}

impl Part {
    /// Compiler, linker, sysroot and standard library.
    pub fn toolchain(spec: &TargetSpec) -> Self {
        Part {
            attr: format!("toolchain.{}", spec.name()),
            what: "toolchain",
            sets: spec.toolchain_sets(),
            libraries: spec.libraries().cloned(),
            rust: spec.rust().cloned(),
            triple: Some(spec.triple().to_owned()),
        }
    }

    /// What runs the target's programs.
    pub fn runner(spec: &TargetSpec) -> Self {
        Part {
            attr: format!("runner.{}", spec.runner_name()),
            what: "runner",
            sets: spec.runner_sets(),
            libraries: spec.libraries().cloned(),
            rust: None,
            triple: Some(spec.triple().to_owned()),
        }
    }

    /// The lints of `xbuild clippy`, for the Rust of the project where it has
    /// one of its own.
    pub fn clippy(rust: Option<&Arc<RustPin>>) -> Self {
        let sets: &[&str] = match rust {
            None => &["bootstrap", "rust", "llvm", "std-amd64", "clippy"],
            Some(_) => &["bootstrap", "rust", "llvm", "xz"],
        };
        Part {
            attr: "clippy".to_owned(),
            what: "clippy",
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            libraries: None,
            rust: rust.cloned(),
            triple: None,
        }
    }

    /// A set of tools.
    pub fn tools(name: &str) -> Self {
        let sets = ["bootstrap", "rust", "llvm", name];
        Part {
            attr: format!("tools.{name}"),
            what: "tools",
            sets: sets.map(str::to_owned).to_vec(),
            libraries: None,
            rust: None,
            triple: None,
        }
    }

    /// What shows the programs of a second build another machine.
    pub fn stranger() -> Self {
        let sets = [
            "bootstrap",
            "busybox",
            "rust",
            "llvm",
            "sysroot-bullseye-amd64",
        ];
        Part {
            attr: "stranger".to_owned(),
            what: "stranger",
            sets: sets.map(str::to_owned).to_vec(),
            libraries: None,
            rust: None,
            triple: None,
        }
    }

    /// An attribute of `nix/default.nix`.
    pub fn attr(&self) -> &str {
        &self.attr
    }

    /// What it is called on the terminal.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The Rust that it is made with or for, where that is not Debian's.
    pub fn rust(&self) -> Option<&RustPin> {
        self.rust.as_deref()
    }

    /// Everything that a realised part depends on is in the sources' hash, and
    /// in that of the project's lock where it is made with something of it.
    fn key(&self) -> String {
        let sources = &nix::SOURCES_HASH[..16];
        match self.locked() {
            None => format!("{}-{sources}", self.attr),
            Some(locked) => {
                let locked = Sha256::of(locked.as_bytes()).to_hex();
                format!("{}-{sources}-{}", self.attr, &locked[..16])
            }
        }
    }

    /// What `nix/project.nix` is told of the project's lock.
    fn locked(&self) -> Option<String> {
        if self.libraries.is_none() && self.rust.is_none() {
            return None;
        }
        let mut document = serde_json::Map::new();
        if let Some((_, name)) = self.attr.split_once('.') {
            document.insert("name".into(), name.into());
        }
        if let Some(libraries) = &self.libraries {
            let (snapshot, packages) = libraries.for_nix();
            document.insert("snapshot".into(), snapshot.into());
            document.insert("packages".into(), packages.into());
        }
        if let Some(rust) = &self.rust {
            document.insert("rust".into(), rust.for_nix());
        }
        Some(serde_json::Value::Object(document).to_string())
    }

    /// The files of the official distribution of Rust that parts are made
    /// from, each once.
    pub fn components<'p>(parts: &[&'p Part]) -> Vec<&'p Component> {
        let mut seen: BTreeSet<Sha256> = BTreeSet::new();
        let files = parts.iter().filter_map(|part| {
            let rust = part.rust.as_ref()?;
            Some(match &part.triple {
                Some(triple) => rust.for_target(triple).collect(),
                None => rust.for_clippy().collect::<Vec<_>>(),
            })
        });
        let files = files.flatten();
        files.filter(|file| seen.insert(file.sha256)).collect()
    }

    /// The packages that it is made from, those of the project last; each once.
    ///
    /// # Errors
    /// `Kind::Internal` where a set is not pinned.
    pub fn packages<'p>(parts: &[&'p Part], pins: &'p Pins) -> Result<Vec<&'p Package>> {
        let mut packages = pins.union(&sets_of(parts))?;
        let mut seen: BTreeSet<Sha256> = packages.iter().map(|one| one.sha256).collect();
        let own = parts.iter().filter_map(|part| part.libraries.as_ref());
        let own = own.flat_map(|libraries| &libraries.packages);
        packages.extend(own.filter(|package| seen.insert(package.sha256)));
        Ok(packages)
    }
}

/// How parts are realised.
#[derive(Debug, Clone)]
pub struct Workshop {
    pub folders: Folders,
    /// Mirrors to ask before the machine's own.
    pub mirrors: Vec<String>,
    /// Ask no other mirror than these.
    pub mirrors_only: bool,
    pub nix: Choice,
    pub offline: bool,
    /// Where files of the official distribution of Rust are asked for.
    pub dist_server: BaseUrl,
}

/// Files that parts are made from.
#[derive(Debug, Default)]
struct Needs<'p> {
    packages: Vec<&'p Package>,
    /// Suite and snapshot of each lock that has some of the packages.
    snapshots: Vec<(&'p str, &'p str)>,
    components: Vec<&'p Component>,
}

impl<'p> Needs<'p> {
    fn of(parts: &[&'p Part], pins: &'p Pins) -> Result<Self> {
        let own = parts.iter().filter_map(|part| part.libraries.as_ref());
        let snapshot =
            |one: &'p Arc<Libraries>| (one.suite.as_str(), one.release.snapshot.as_str());
        Ok(Needs {
            packages: Part::packages(parts, pins)?,
            snapshots: own.map(snapshot).collect(),
            components: Part::components(parts),
        })
    }
}

/// A realised toolchain and what it says of itself.
#[derive(Debug, Clone)]
pub struct Toolchain {
    pub spec: TargetSpec,
    pub env: Env,
    pub realised: Realised,
}

/// A realised runner and what it says of itself.
#[derive(Debug, Clone)]
pub struct RealisedRunner {
    pub runner: Runner,
    pub realised: Realised,
}

/// A realised part whose `bin` goes onto `PATH`, such as clippy.
#[derive(Debug, Clone)]
pub struct RealisedTools {
    pub part: Part,
    pub realised: Realised,
    pub env: ToolsEnv,
}

impl Workshop {
    /// Realises the parts, in their order: those that are there already at
    /// once, the others after one common download.
    ///
    /// # Errors
    /// From fetching (`Kind::Network`, `Kind::Integrity`), from Nix
    /// (`Kind::Nix`) or from the folders of ours (`Kind::Filesystem`).
    pub fn realise(&self, parts: &[Part]) -> Result<Vec<Realised>> {
        let warm: Vec<Option<Realised>> = parts.iter().map(|part| self.realised(part)).collect();
        if warm.iter().all(Option::is_some) {
            return Ok(warm.into_iter().flatten().collect());
        }
        let cold: Vec<&Part> = parts
            .iter()
            .zip(&warm)
            .filter_map(|(part, warm)| warm.is_none().then_some(part))
            .collect();
        let pins = Pins::embedded()?;
        let needs = Needs::of(&cold, &pins)?;
        let nix = self.provision(&pins, &needs)?;
        let sources = nix::nix_sources(&self.folders)?;
        let hold = nix.hold()?;
        nix.seed(&hold, &self.seeds(&needs)?)?;
        let mut realised = Vec::with_capacity(parts.len());
        for (part, warm) in parts.iter().zip(warm) {
            realised.push(match warm {
                Some(warm) => warm,
                None => nix.realise(
                    &hold,
                    &nix::Request {
                        sources: &sources,
                        attr: &part.attr,
                        key: &part.key(),
                        what: part.what,
                        lock: part.locked().as_deref(),
                    },
                )?,
            });
        }
        Ok(realised)
    }

    /// Whether all the parts are there already.
    pub fn is_realised(&self, parts: &[Part]) -> bool {
        parts.iter().all(|part| self.realised(part).is_some())
    }

    /// A target's toolchain from its realised part.
    ///
    /// # Errors
    /// Where its description cannot be read.
    pub fn toolchain(&self, spec: &TargetSpec, realised: Realised) -> Result<Toolchain> {
        let path = realised.physical(realised.out()).join("env.json");
        let env = Env::parse(&path, &read(&path)?)?;
        Ok(Toolchain {
            spec: spec.clone(),
            env,
            realised,
        })
    }

    /// A target's runner from its realised part.
    ///
    /// # Errors
    /// Where its description cannot be read.
    pub fn runner(&self, realised: Realised) -> Result<RealisedRunner> {
        let path = realised.physical(realised.out()).join("runner.json");
        let runner = Runner::parse(&path, &read(&path)?)?;
        Ok(RealisedRunner { runner, realised })
    }

    /// Tools from their realised part, which may have nothing to say of itself.
    ///
    /// # Errors
    /// Where its description cannot be read.
    pub fn tools(&self, part: Part, realised: Realised) -> Result<RealisedTools> {
        let path = realised.physical(realised.out()).join("tools.json");
        let env = match fs::read(&path) {
            Ok(text) => ToolsEnv::parse(&path, &text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => ToolsEnv::default(),
            Err(error) => return Err(error).at("read", &path),
        };
        Ok(RealisedTools {
            part,
            realised,
            env,
        })
    }

    /// Fetches packages into the cache, without realising anything.
    ///
    /// # Errors
    /// As fetching has them.
    pub fn download(&self, packages: &[&Package]) -> Result<Vec<PathBuf>> {
        let needs = Needs {
            packages: packages.to_vec(),
            ..Needs::default()
        };
        self.fetch(&needs, false)
    }

    /// Where the packages are, and behind them the components.
    fn fetch(&self, needs: &Needs<'_>, verify: bool) -> Result<Vec<PathBuf>> {
        let pins = Pins::embedded()?;
        let mut mirrors = self.mirrors(&pins)?;
        for (suite, snapshot) in &needs.snapshots {
            mirrors = mirrors.and_snapshot(suite, snapshot);
        }
        let options = Options {
            offline: self.offline,
            verify,
            ..Options::default()
        };
        let packages: Vec<Wanted> = needs.packages.iter().map(|one| one.wanted()).collect();
        let components: Vec<Wanted> = needs.components.iter().map(|one| one.wanted()).collect();
        let server = Mirrors::only(vec![self.dist_server.clone()]).or_else(rust::REMEDY);
        let downloads = Downloads::new(&self.folders);
        let mut files = downloads.fetch(&packages, &mirrors, &options)?;
        files.extend(downloads.fetch(&components, &server, &options)?);
        Ok(files)
    }

    /// Where files of the archive are asked for.
    ///
    /// # Errors
    /// Where a mirror that the user named is no address.
    pub fn mirrors(&self, pins: &Pins) -> Result<Mirrors> {
        if !self.mirrors_only {
            return Mirrors::for_machine(&self.mirrors, pins.snapshots());
        }
        let named = self.mirrors.iter().map(|text| BaseUrl::parse(text));
        Ok(Mirrors::only(named.collect::<Result<_>>()?))
    }

    /// A Nix that can build, without anything realised.
    ///
    /// # Errors
    /// As [`Nix::find`] has them.
    pub fn nix(&self) -> Result<Nix> {
        self.provision(&Pins::embedded()?, &Needs::default())
    }

    /// A Nix whose store has all that derivations with these parts need, and
    /// the right to change it.
    ///
    /// # Errors
    /// As [`Workshop::realise`].
    pub fn nix_for(&self, parts: &[Part]) -> Result<(Nix, Hold)> {
        let nix = self.nix()?;
        let hold = nix.hold()?;
        let is_there = |part: &&Part| {
            let known = self.realised(part);
            known.is_some_and(|known| known.store() == nix.root())
        };
        let elsewhere: Vec<&Part> = parts.iter().filter(|part| !is_there(part)).collect();
        if !elsewhere.is_empty() {
            let pins = Pins::embedded()?;
            let needs = Needs::of(&elsewhere, &pins)?;
            self.fetch(&needs, true)?;
            nix.seed(&hold, &self.seeds(&needs)?)?;
        }
        Ok((nix, hold))
    }

    /// Downloads in one go what is needed, our own Nix included where the
    /// machine has none, and finds Nix.
    fn provision(&self, pins: &Pins, needs: &Needs<'_>) -> Result<Nix> {
        let own = pins.union(&["bootstrap", "nix"])?;
        let mut all = Needs {
            packages: needs.packages.clone(),
            snapshots: needs.snapshots.clone(),
            components: needs.components.clone(),
        };
        if self.nix == Choice::Own || nix::on_path(host::var("PATH").as_ref()).is_none() {
            all.packages.extend(&own);
        }
        // A disk may have spoilt what was right when it came; here a second is
        // nothing, and a warm run never comes here.
        self.fetch(&all, true)?;
        let sha256: Vec<String> = own.iter().map(|package| package.sha256.to_hex()).collect();
        let sources = nix::nix_sources(&self.folders)?;
        let nix = Nix::find(&Find {
            folders: &self.folders,
            choice: self.nix,
            path: host::var("PATH"),
            sources: &sources,
            packages: nix::Packages {
                sha256: &sha256,
                fetch: &|| self.download(&own),
            },
        })?;
        terminal::verbose(format!(
            "using Nix {} ({})",
            nix.version(),
            nix.program().display()
        ));
        Ok(nix)
    }

    fn seeds(&self, needs: &Needs<'_>) -> Result<Vec<SeedFile>> {
        let packages = needs.packages.iter();
        let names = packages.map(|one| (one.store_name(), one.sha256));
        let components = needs.components.iter();
        let names = names.chain(components.map(|one| (one.file_name().to_owned(), one.sha256)));
        let seed = |((store_name, sha256), path): ((String, Sha256), PathBuf)| SeedFile {
            store_name,
            path,
            sha256: sha256.to_hex(),
        };
        Ok(names.zip(self.fetch(needs, false)?).map(seed).collect())
    }

    /// A part that is realised already, in a store that the choice of Nix
    /// allows.
    pub fn realised(&self, part: &Part) -> Option<Realised> {
        let known = Realised::load(&self.folders, &part.key())?;
        let is_machines = known.store() == Path::new("/");
        match self.nix {
            Choice::Auto => Some(known),
            Choice::Own => (!is_machines).then_some(known),
            Choice::System => is_machines.then_some(known),
        }
    }
}

impl Toolchain {
    /// Where a path of the store, or one in it, lies on disk.
    ///
    /// # Errors
    /// `Kind::Nix` for a path that is not in the store.
    pub fn physical(&self, logical: &Path) -> Result<PathBuf> {
        // `/`, `nix`, `store` and the path's own name.
        let top: PathBuf = logical.components().take(4).collect();
        let path = StorePath::parse(&top.to_string_lossy())?;
        let physical = self.realised.physical(&path);
        Ok(match logical.strip_prefix(&top) {
            Ok(rest) if !rest.as_os_str().is_empty() => physical.join(rest),
            _ => physical,
        })
    }
}

/// The names of all sets that parts need, each once.
fn sets_of(parts: &[&Part]) -> Vec<String> {
    let mut sets: Vec<String> = parts
        .iter()
        .flat_map(|part| part.sets.iter().cloned())
        .collect();
    sets.sort();
    sets.dedup();
    sets
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).at("read", path)
}
