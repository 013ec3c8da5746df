//! Resolving what is wanted, from the signed releases that travel inside this
//! program down to packages, and proving a lock in the same way.

use super::file::{Libraries, Lock, PinnedRelease};
use super::{FILE_NAME, Wanted};
use crate::error::{Error, Kind, Result};
use crate::pins::resolve::{Fault, resolve};
use crate::pins::{Index, Package, Pins, Release, Sha256, Sources, pinned_release};
use crate::target::Table;

/// Makes the entries of a lock.
pub struct Maker<'a> {
    sources: Sources<'a>,
    /// The verified release of a suite, and the hash of its `InRelease`.
    release_of: &'a dyn Fn(&str) -> Result<(Release, Sha256)>,
    pins: Pins,
}

/// What was proved of a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proved {
    /// How many packages follow from releases of this program.
    pub packages: usize,
    /// Suite and date of releases that this program does not carry: what
    /// follows from them was not looked at.
    pub unknown: Vec<(String, String)>,
}

impl<'a> Maker<'a> {
    /// # Errors
    /// `Kind::Internal` for a program built from a broken tree.
    pub fn new(sources: Sources<'a>) -> Result<Self> {
        Maker::of(sources, &pinned_release)
    }

    pub(super) fn of(
        sources: Sources<'a>,
        release_of: &'a dyn Fn(&str) -> Result<(Release, Sha256)>,
    ) -> Result<Self> {
        Ok(Maker {
            sources,
            release_of,
            pins: Pins::embedded()?,
        })
    }

    /// Resolves what is wanted for one target.
    ///
    /// # Errors
    /// `Kind::Config` where the suite has no such packages or they do not fit
    /// together, naming where they are asked for; `Kind::Network` and
    /// `Kind::Integrity` from following the chain.
    pub fn make(&self, wanted: &Wanted) -> Result<Libraries> {
        let (release, inrelease) = (self.release_of)(&wanted.suite)?;
        let index = self.sources.index(&release, &wanted.suite, &wanted.arch)?;
        let asked = wanted.asked();
        let base = self.base(&wanted.suite, &wanted.arch);
        let base = base.iter().map(|package| package.package.as_str());
        let packages = resolve(&index, &asked, &base.collect());
        let packages = packages.map_err(|fault| self.error(wanted, &release, fault))?;
        Ok(Libraries {
            triple: wanted.triple.clone(),
            suite: wanted.suite.clone(),
            arch: wanted.arch.clone(),
            asked,
            release: PinnedRelease::new(&release, inrelease),
            packages: packages.into_iter().cloned().collect(),
        })
    }

    /// Proves that a lock follows from the releases that it names, as far as
    /// this program carries them.
    ///
    /// # Errors
    /// `Kind::Integrity` where it does not; as [`Maker::make`].
    pub fn prove(&self, lock: &Lock) -> Result<Proved> {
        let mut proved = Proved::default();
        for entry in lock.targets() {
            let (release, inrelease) = (self.release_of)(&entry.suite)?;
            if inrelease != entry.release.inrelease {
                let unknown = (entry.suite.clone(), entry.release.date.clone());
                proved.unknown.push(unknown);
                continue;
            }
            let right = self.again(entry, &release)?;
            if let Some(why) = difference(&entry.packages, &right) {
                let message = format!(
                    "`{FILE_NAME}` does not follow from the signed release of {}: for {} {why}",
                    entry.suite, entry.triple
                );
                return Err(Error::new(Kind::Integrity, message).hint("xbuild lock --update"));
            }
            if entry.release != PinnedRelease::new(&release, inrelease) {
                let message = format!(
                    "`{FILE_NAME}` says another date of the release of {} than it has",
                    entry.suite
                );
                return Err(Error::new(Kind::Integrity, message).hint("xbuild lock --update"));
            }
            proved.packages += right.len();
        }
        Ok(proved)
    }

    /// Resolves what an entry says that it was asked for.
    fn again(&self, entry: &Libraries, release: &Release) -> Result<Vec<Package>> {
        let index = self.sources.index(release, &entry.suite, &entry.arch)?;
        let base = self.base(&entry.suite, &entry.arch);
        let base = base.iter().map(|package| package.package.as_str());
        let packages = resolve(&index, &entry.asked, &base.collect());
        let packages = packages.map_err(|fault| {
            let message = format!("what `{FILE_NAME}` locks for {} is not there", entry.triple);
            Error::new(Kind::Integrity, message).caused_by(format!("{fault:?}"))
        })?;
        Ok(packages.into_iter().cloned().collect())
    }

    /// What the sysroot of a suite has of its own.
    fn base(&self, suite: &str, arch: &str) -> Vec<&Package> {
        let set = self.pins.set(&format!("sysroot-{suite}-{arch}"));
        set.unwrap_or_default()
    }

    fn error(&self, wanted: &Wanted, release: &Release, fault: Fault) -> Error {
        let (suite, arch) = (&wanted.suite, &wanted.arch);
        match fault {
            Fault::Unknown { asked, nearest } => {
                let origin = wanted.origin(&asked);
                let message =
                    format!("{origin}: Debian's {suite} has no package `{asked}` for {arch}");
                let mut error = Error::new(Kind::Config, message);
                if let Some(hint) = self.elsewhere(wanted, release, &asked) {
                    error = error.hint(hint);
                }
                match &nearest[..] {
                    [] => error,
                    _ => error.hint(format!("did you mean {}?", nearest.join(", or "))),
                }
            }
            Fault::Virtual { asked, providers } => {
                let origin = wanted.origin(&asked);
                let message = format!("{origin}: `{asked}` stands for several packages");
                let hint = format!("name one of them: {}", providers.join(", "));
                Error::new(Kind::Config, message).hint(hint)
            }
            Fault::Unmet { chain, needs } => {
                let message = format!(
                    "{}: {} needs {needs}, which {suite} has not for {arch}",
                    origin_of(wanted, &chain),
                    led(&chain),
                );
                Error::new(Kind::Config, message)
            }
            Fault::Conflict { one, other } => {
                let chains = [&one, &other];
                let asked = chains.iter().find_map(|chain| {
                    let first = chain.first()?;
                    wanted.asked().contains(first).then_some(*chain)
                });
                let message = format!(
                    "{}: {} cannot stand beside {}",
                    origin_of(wanted, asked.unwrap_or(&one)),
                    led(&one),
                    led(&other)
                );
                let roots: Vec<&str> = chains
                    .iter()
                    .filter_map(|chain| chain.first())
                    .filter(|name| wanted.asked().contains(*name))
                    .map(String::as_str)
                    .collect();
                let hint = match roots[..] {
                    [one, other] if one != other => format!("leave {one} out, or {other}"),
                    [one, ..] => format!("leave {one} out"),
                    [] => "leave one of them out".to_owned(),
                };
                Error::new(Kind::Config, message).hint(hint)
            }
        }
    }

    /// Where a package is that the suite has not for an architecture. It is
    /// only for a hint: an index that cannot be had says nothing.
    fn elsewhere(&self, wanted: &Wanted, release: &Release, name: &str) -> Option<String> {
        let other = if wanted.arch == "amd64" {
            "arm64"
        } else {
            "amd64"
        };
        let has = |index: Result<Index>| index.is_ok_and(|index| index.get(name).is_some());
        if has(self.sources.index(release, &wanted.suite, other)) {
            return Some(format!(
                "{} has it for {other}, not for {}",
                wanted.suite, wanted.arch
            ));
        }
        let table = Table::embedded().ok()?;
        let bases = &table.get(&wanted.triple)?.glibc.as_ref()?.bases;
        let base = bases.iter().filter(|base| base.suite != wanted.suite);
        let base = base.into_iter().find(|base| {
            let release = (self.release_of)(&base.suite);
            release.is_ok_and(|(release, _)| {
                has(self.sources.index(&release, &base.suite, &wanted.arch))
            })
        })?;
        Some(format!(
            "{} has it, for floors from {} to {}: --target {}.{}",
            base.suite, base.from, base.until, wanted.triple, base.from
        ))
    }
}

fn origin_of(wanted: &Wanted, chain: &[String]) -> String {
    let first = chain.first().map_or("", String::as_str);
    wanted.origin(first).to_string()
}

/// `b, for a`: what is meant, and why it is there.
fn led(chain: &[String]) -> String {
    match chain {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first, .., last] => format!("`{last}` (needed by `{first}`)"),
    }
}

/// The first thing in which two lists of packages differ.
fn difference(locked: &[Package], right: &[Package]) -> Option<String> {
    for package in right {
        let name = &package.package;
        match locked.iter().find(|one| one.package == *name) {
            None => return Some(format!("`{name}` is missing")),
            Some(other) if other != package => {
                return Some(format!(
                    "`{name}` is {} {}, not {} {}",
                    other.version, other.sha256, package.version, package.sha256
                ));
            }
            Some(_) => {}
        }
    }
    let extra = locked
        .iter()
        .find(|one| right.iter().all(|package| package.package != one.package));
    extra.map(|one| format!("`{}` was not asked for", one.package))
}
