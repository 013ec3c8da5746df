//! Resolving what is wanted in a channel's manifest, and proving a pin in the
//! same way.

use std::collections::BTreeSet;

use super::pin::{Component, RustPin, SOURCE};
use super::server::{REMEDY, Server, Verified};
use super::std_crate::{StdCrate, crates_of};
use super::wanted::OF_PROFILES;
use super::{ReleaseKey, Wanted};
use crate::config::nearest;
use crate::error::{Error, Kind, Result};
use crate::fetch::{BaseUrl, Client, CrateServer, Downloads, Mirrors, Options, Timeouts};
use crate::lock::FILE_NAME;
use crate::target::HOST;

/// Components that are pinned whether they are asked for or not: what is not
/// used is never downloaded.
const ALWAYS: [&str; 4] = ["cargo", "clippy", SOURCE, "rustc"];

/// What pins are made from.
#[derive(Debug, Clone, Copy)]
pub struct Origins<'a> {
    /// The server of manifests and components.
    pub base: &'a BaseUrl,
    pub key: &'a ReleaseKey,
    /// Where a component is kept that has to be looked into.
    pub downloads: &'a Downloads,
    /// The index of crates.io, or of the registry in its place.
    pub crates_index: &'a str,
}

/// Makes pins from the manifests of a server.
#[derive(Debug)]
pub struct Maker<'a> {
    origins: Origins<'a>,
    client: Client,
    /// xbuild's own targets, whose standard libraries are pinned too.
    triples: Vec<String>,
}

impl<'a> Maker<'a> {
    /// # Errors
    /// Where a proxy's address cannot be understood.
    pub fn new(origins: Origins<'a>, triples: Vec<String>) -> Result<Self> {
        Ok(Maker {
            origins,
            client: Client::new(Timeouts::default())?,
            triples,
        })
    }

    /// Pins what is wanted. `before` is what was pinned for the same until
    /// now: a channel never goes back.
    ///
    /// # Errors
    /// `Kind::Config` for what Rust has never released, naming where it is
    /// asked for; `Kind::Network`; `Kind::Integrity`.
    pub fn make(&self, wanted: &Wanted, before: Option<&RustPin>) -> Result<RustPin> {
        let server = self.server();
        let path = wanted.channel.manifest();
        let verified = server.manifest(&path, &wanted.channel)?;
        let verified = verified.ok_or_else(|| self.unknown(wanted, &path))?;
        let date = &verified.manifest.date;
        let before = before.filter(|before| before.channel == wanted.channel.to_string());
        if let Some(before) = before.filter(|before| before.date > *date) {
            let message = format!(
                "`{}/{path}` is of {date}, and `{FILE_NAME}` has one of {}",
                self.origins.base, before.date
            );
            return Err(Error::new(Kind::Integrity, message)
                .hint("the server lags behind, or somebody holds news back: try another"));
        }
        let mut pin = self.resolve(wanted, &verified)?;
        for file in &mut pin.files {
            file.size = server.size(&file.path)?;
        }
        pin.crates = self.crates(&pin)?;
        if !pin.crates.is_empty() {
            let server = CrateServer::find(self.origins.crates_index)?;
            for one in &mut pin.crates {
                one.size = self.size(&server, one)?;
            }
        }
        Ok(pin)
    }

    /// Proves that a pin follows from the manifest that it names.
    ///
    /// # Errors
    /// `Kind::Integrity` where it does not; as [`Maker::make`].
    pub fn prove(&self, pin: &RustPin, wanted: &Wanted) -> Result<()> {
        let path = wanted.channel.manifest_of(&pin.date);
        let verified = self.server().manifest(&path, &wanted.channel)?;
        let verified = verified.ok_or_else(|| self.unknown(wanted, &path))?;
        let right = self.resolve(wanted, &verified)?;
        // The manifest says nothing of sizes, and another xbuild may know of
        // fewer targets.
        let follows = pin.files.iter().all(|file| {
            let file = Component {
                size: 0,
                ..file.clone()
            };
            right.files.contains(&file)
        });
        let right = RustPin {
            files: pin.files.clone(),
            crates: self.crates(pin)?,
            ..right
        };
        // Nor does the lock file in the source.
        let mut pin = pin.clone();
        for one in &mut pin.crates {
            one.size = 0;
        }
        if follows && right == pin {
            return Ok(());
        }
        let message = format!(
            "the Rust of `{FILE_NAME}` does not follow from the signed `{}/{path}`",
            self.origins.base
        );
        Err(Error::new(Kind::Integrity, message).hint("xbuild lock --update"))
    }

    /// The crates of the standard library, without their sizes, where it may
    /// be built here: the release has none for one of the targets, or its
    /// source is asked for.
    fn crates(&self, pin: &RustPin) -> Result<Vec<StdCrate>> {
        let may_be_built = pin.components.contains(SOURCE)
            || self
                .triples
                .iter()
                .any(|triple| pin.std_of(triple).is_none());
        let Some(source) = pin.source().filter(|_| may_be_built) else {
            return Ok(Vec::new());
        };
        let mut wanted = source.wanted();
        if wanted.size == 0 {
            wanted.size = self.server().size(&source.path)?;
        }
        let mirrors = Mirrors::only(vec![self.origins.base.clone()]).with_remedy(REMEDY);
        let files = self
            .origins
            .downloads
            .fetch(&[wanted], &mirrors, &Options::default())?;
        files.first().map_or(Ok(Vec::new()), |path| crates_of(path))
    }

    fn size(&self, server: &CrateServer, one: &StdCrate) -> Result<u64> {
        let size = self.client.size(&server.address(&one.path(server)));
        size.map_err(|reason| server.failed(&one.file_name(), &reason))
    }

    fn server(&self) -> Server<'_> {
        Server {
            base: self.origins.base,
            key: self.origins.key,
            client: &self.client,
        }
    }

    /// The pin that follows from a manifest, without the sizes of files.
    fn resolve(&self, wanted: &Wanted, verified: &Verified) -> Result<RustPin> {
        let manifest = &verified.manifest;
        let mut files: BTreeSet<Component> = BTreeSet::new();
        let mut find = |name: &str, target: &str| -> Result<bool> {
            let found = manifest.find(name, target).map_err(|why| {
                let message = format!(
                    "the manifest of {} of {} {why}",
                    wanted.channel, manifest.date
                );
                Error::new(Kind::Integrity, message)
            })?;
            Ok(match found {
                None => false,
                Some(found) => {
                    files.insert(Component {
                        name: name.to_owned(),
                        target: found.target,
                        path: found.path,
                        sha256: found.sha256,
                        size: 0,
                    }) || true
                }
            })
        };
        let here = format!("Rust {} of {}", manifest.version(), manifest.date);
        for name in ALWAYS {
            let found = find(name, HOST)?;
            if !found && matches!(name, "cargo" | "rustc") {
                let message = format!("{}: {here} has no {name} for {HOST}", wanted.origin);
                return Err(Error::new(Kind::Config, message).hint(wanted.channel.remedy()));
            }
        }
        for name in &wanted.components {
            if !find(name, HOST)? {
                let message = format!("{}: {here} has no component `{name}`", wanted.origin);
                let error = Error::new(Kind::Config, message);
                // Nobody has to have written what a profile stands for.
                return Err(if OF_PROFILES.contains(&name.as_str()) {
                    let without = "without it: profile = \"minimal\" in the table [toolchain]";
                    error.hint(wanted.channel.remedy()).hint(without)
                } else {
                    match nearest(name, manifest.components()) {
                        Some(near) => error.hint(format!("did you mean `{near}`?")),
                        None => error.hint(wanted.channel.remedy()),
                    }
                });
            }
        }
        for triple in &self.triples {
            let found = find("rust-std", triple)?;
            if !found && triple == HOST {
                let message = format!("{}: {here} has no std for {HOST}", wanted.origin);
                return Err(Error::new(Kind::Config, message).hint(wanted.channel.remedy()));
            }
        }
        for target in &wanted.targets {
            if !find("rust-std", target)? {
                let message = format!("{}: {here} has no std for `{target}`", wanted.origin);
                let error = Error::new(Kind::Config, message);
                return Err(match nearest(target, manifest.targets()) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("take it out of `targets`"),
                });
            }
        }
        Ok(RustPin {
            channel: wanted.channel.to_string(),
            components: wanted.components.clone(),
            targets: wanted.targets.clone(),
            version: manifest.version().to_owned(),
            date: manifest.date.clone(),
            sha256: verified.sha256,
            key: verified.key.clone(),
            crates: Vec::new(),
            files: files.into_iter().collect(),
        })
    }

    fn unknown(&self, wanted: &Wanted, path: &str) -> Error {
        let message = format!(
            "{}: there is no Rust {} at `{}/{path}`",
            wanted.origin, wanted.channel, self.origins.base
        );
        Error::new(Kind::Config, message).hint(wanted.channel.remedy())
    }
}
