//! From a target to what builds it: packages fetched, seeded and realised once,
//! afterwards found by their names alone.
//!
//! The warm path reads two small JSON files; it starts no process and hashes
//! nothing.

mod part;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::cargo::UserCargo;
use crate::env::{Env, Runner, ToolsEnv};
use crate::error::{IoContext, Result};
use crate::fetch::{BaseUrl, CrateServer, Downloads, Mirrors, Options, Wanted};
use crate::host::{self, Folders};
use crate::nix::{self, Choice, Find, Hold, Lock, Nix, Realised, SeedFile, Share, StorePath};
use crate::pins::{Package, Pins, Sha256};
use crate::rust::{self, StdCrate};
use crate::target::TargetSpec;
use crate::terminal;

use part::Needs;
pub use part::Part;

/// The lock on the downloads: of those who take from them, and of who removes
/// them.
const DOWNLOADS: &str = "downloads";

/// The sets of packages that our own Nix is made of.
const OWN_NIX: [&str; 2] = ["bootstrap", "nix"];

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
    /// The user's cargo, which may put another registry in the place of
    /// crates.io.
    pub cargo: UserCargo,
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
        let _kept = self.keep_downloads()?;
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
                        attr: part.attr(),
                        key: &part.key(),
                        what: part.what(),
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

    /// Whether a part is there, without any claim on it.
    pub fn is_here(&self, part: &Part) -> bool {
        self.known(part).is_some()
    }

    /// Bytes that realising the parts would download now.
    ///
    /// # Errors
    /// `Kind::Internal` where a set of packages is not pinned.
    pub fn to_download(&self, parts: &[Part]) -> Result<u64> {
        let cold: Vec<&Part> = parts.iter().filter(|part| !self.is_here(part)).collect();
        if cold.is_empty() {
            return Ok(0);
        }
        let pins = Pins::embedded()?;
        let mut needs = Needs::of(&cold, &pins)?;
        let own = pins.union(&OWN_NIX)?;
        if self.brings_nix() {
            needs.packages.extend(&own);
        }
        let packages: Vec<Wanted> = needs.packages.iter().map(|one| one.wanted()).collect();
        let missing = Downloads::new(&self.folders);
        let missing = missing.missing(&packages);
        Ok(missing.iter().map(|file| file.size).sum())
    }

    /// Whether the packages of our own Nix are wanted.
    fn brings_nix(&self) -> bool {
        self.nix == Choice::Own || nix::on_path(host::var("PATH").as_ref()).is_none()
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

    /// The same for those of the parts that somebody has written to.
    ///
    /// # Errors
    /// As [`Workshop::repair`].
    pub fn repair_touched(&self, parts: Vec<Part>) -> Result<Vec<StorePath>> {
        let is_touched = |part: &Part| {
            let known = self.realised(part);
            known.is_some_and(|known| known.is_touched(&self.folders, &part.key()))
        };
        let parts: Vec<Part> = parts.into_iter().filter(is_touched).collect();
        self.repair(&parts)
    }

    /// Keeps other runs from removing downloads, until they are in a store.
    ///
    /// # Errors
    /// Where the lock file cannot be made or locked.
    pub fn keep_downloads(&self) -> Result<Lock> {
        Lock::take(&self.folders.locks(), DOWNLOADS, Share::Shared)
    }

    /// Removes all downloads, when no other run needs them, and says which
    /// folder that was where there was one.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove_downloads(&self) -> Result<Option<PathBuf>> {
        let folder = self.folders.downloads();
        if !folder.is_dir() {
            return Ok(None);
        }
        let _alone = Lock::take(&self.folders.locks(), DOWNLOADS, Share::Exclusive)?;
        fs::remove_dir_all(&folder).at("remove", &folder)?;
        Ok(Some(folder))
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
        let server = Mirrors::only(vec![self.dist_server.clone()]).with_remedy(rust::REMEDY);
        let downloads = Downloads::new(&self.folders);
        let mut files = downloads.fetch(&packages, &mirrors, &options)?;
        files.extend(downloads.fetch(&components, &server, &options)?);
        files.extend(self.fetch_crates(&needs.crates, &options)?);
        Ok(files)
    }

    fn fetch_crates(&self, crates: &[&StdCrate], options: &Options) -> Result<Vec<PathBuf>> {
        let downloads = Downloads::new(&self.folders);
        let wanted = |path: &dyn Fn(&StdCrate) -> String| -> Vec<Wanted> {
            crates.iter().map(|one| one.wanted(path(one))).collect()
        };
        // A registry is asked where its crates are only if some are missing.
        let kept = Options {
            offline: true,
            ..*options
        };
        let nowhere = Mirrors::only(Vec::new());
        match downloads.fetch(&wanted(&|_| String::new()), &nowhere, &kept) {
            Ok(files) => return Ok(files),
            Err(error) if self.offline => return Err(error),
            Err(_) => {}
        }
        let server = CrateServer::find(&self.cargo.index_for_crates_io())?;
        let wanted = wanted(&|one| one.path(&server));
        downloads.fetch(&wanted, &server.mirrors(), options)
    }

    /// Crates of a standard library, as the store is to have them.
    ///
    /// # Errors
    /// As fetching has them.
    pub fn std_crates(&self, crates: &[StdCrate]) -> Result<Vec<SeedFile>> {
        self.seeds(&Needs {
            crates: crates.iter().collect(),
            ..Needs::default()
        })
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
        let _kept = self.keep_downloads()?;
        let pins = Pins::embedded()?;
        self.find_nix(&pins.union(&OWN_NIX)?)
    }

    /// Hashes all of those parts that are there, and makes anew what is not
    /// what it was. Says what that was.
    ///
    /// # Errors
    /// As [`Workshop::realise`]; `Kind::Integrity` where it cannot be put right.
    pub fn repair(&self, parts: &[Part]) -> Result<Vec<StorePath>> {
        let mut there: Vec<(&Part, Realised)> = Vec::new();
        for part in parts {
            there.extend(self.realised(part).map(|realised| (part, realised)));
        }
        if there.is_empty() {
            return Ok(Vec::new());
        }
        let _kept = self.keep_downloads()?;
        let nix = self.nix()?;
        let hold = nix.hold()?;
        // What lies in another store than this Nix's is that one's to judge.
        there.retain(|(_, realised)| realised.store() == nix.root());
        let closures = there.iter().flat_map(|(_, realised)| realised.closure());
        let all: BTreeSet<StorePath> = closures.cloned().collect();
        let altered = nix.altered(&all.into_iter().collect::<Vec<_>>())?;
        if altered.is_empty() {
            return Ok(altered);
        }
        let parts: Vec<&Part> = there.iter().map(|(part, _)| *part).collect();
        let pins = Pins::embedded()?;
        let needs = Needs::of(&parts, &pins)?;
        self.fetch(&needs, true)?;
        nix.seed(&hold, &self.seeds(&needs)?)?;
        let sources = nix::nix_sources(&self.folders)?;
        for part in parts {
            let (key, lock) = (part.key(), part.locked());
            let request = nix::Request {
                sources: &sources,
                attr: part.attr(),
                key: &key,
                what: part.what(),
                lock: lock.as_deref(),
            };
            nix.repair(&hold, &request)?;
        }
        Ok(altered)
    }

    /// A Nix whose store has all that derivations with these parts need, and
    /// the right to change it.
    ///
    /// # Errors
    /// As [`Workshop::realise`].
    pub fn nix_for(&self, parts: &[Part]) -> Result<(Nix, Hold)> {
        let _kept = self.keep_downloads()?;
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
        let own = pins.union(&OWN_NIX)?;
        let mut all = Needs {
            packages: needs.packages.clone(),
            snapshots: needs.snapshots.clone(),
            components: needs.components.clone(),
            crates: needs.crates.clone(),
        };
        if self.brings_nix() {
            all.packages.extend(&own);
        }
        // A disk may have spoilt what was right when it came; here a second is
        // nothing, and a warm run never comes here.
        self.fetch(&all, true)?;
        self.find_nix(&own)
    }

    /// Finds Nix, or brings our own from its packages.
    fn find_nix(&self, own: &[&Package]) -> Result<Nix> {
        let sha256: Vec<String> = own.iter().map(|package| package.sha256.to_hex()).collect();
        let sources = nix::nix_sources(&self.folders)?;
        let nix = Nix::find(&Find {
            folders: &self.folders,
            choice: self.nix,
            path: host::var("PATH"),
            sources: &sources,
            packages: nix::Packages {
                sha256: &sha256,
                fetch: &|| self.download(own),
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
        let crates = needs.crates.iter();
        let names = names.chain(crates.map(|one| (one.store_name(), one.sha256)));
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
        Realised::keep(&self.folders, &part.key());
        self.known(part)
    }

    fn known(&self, part: &Part) -> Option<Realised> {
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

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).at("read", path)
}
