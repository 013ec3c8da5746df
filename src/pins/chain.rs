//! Following the chain from signed releases to pins, with downloads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::Sha256;
use super::index::{Index, SOURCE};
use super::inrelease::Release;
use super::pinned::Pins;
use super::request::{Found, IndexKey, Request};
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::{Downloads, Mirrors, Options, Wanted};
use crate::unpack::xz;

/// The files of a checkout that the pins are made of.
pub(super) struct Files<'a> {
    /// The folder that holds `nix/`.
    pub root: &'a Path,
}

impl Files<'_> {
    pub fn pins(&self) -> std::path::PathBuf {
        self.root.join("nix/pins/packages.json")
    }

    pub fn inrelease(&self, suite: &str) -> std::path::PathBuf {
        self.root.join(format!("nix/pins/{suite}.InRelease"))
    }

    pub fn busybox(&self) -> std::path::PathBuf {
        self.root.join("nix/seed/busybox")
    }

    pub fn request(&self) -> Result<Request> {
        let path = self.root.join("nix/packages.json");
        let text = std::fs::read_to_string(&path).at("read", &path)?;
        Request::parse(&text).map_err(|why| {
            Error::new(
                Kind::Config,
                format!("`{}` is no request for packages", path.display()),
            )
            .caused_by(why)
        })
    }
}

/// Where the chain's files come from.
pub struct Sources<'a> {
    pub downloads: &'a Downloads,
    pub mirrors: &'a Mirrors,
    pub options: &'a Options,
}

impl Sources<'_> {
    /// Fetches indexes by the hashes that their suites' verified releases
    /// name, and says where each is, in the order given.
    pub(super) fn indexes<'r>(
        &self,
        keys: &[IndexKey],
        release_of: impl Fn(&str) -> Result<&'r Release>,
    ) -> Result<Vec<PathBuf>> {
        let mut wanted = Vec::new();
        for (suite, arch) in keys {
            let release = release_of(suite)?;
            let path = match arch.as_str() {
                SOURCE => "main/source/Sources.xz".to_owned(),
                _ => format!("main/binary-{arch}/Packages.xz"),
            };
            let (sha256, size) = release.file(&path).ok_or_else(|| {
                broken(
                    &format!("the release of {suite}"),
                    format!("has no packages for {arch}"),
                )
            })?;
            wanted.push(Wanted {
                name: format!("{suite}/{path}"),
                path: index_path(suite, &path, release.by_hash.then_some(sha256)),
                size,
                sha256,
                suite: suite.clone(),
            });
        }
        let fetch = |wanted: &[Wanted]| self.downloads.fetch(wanted, self.mirrors, self.options);
        // A mirror may not keep the files by their hash: then the plain path
        // has the same bytes, unless a newer release has come meanwhile.
        fetch(&wanted).or_else(|error| {
            if self.options.offline || error.kind() != Kind::Network {
                return Err(error);
            }
            let plain: Vec<Wanted> = wanted
                .iter()
                .map(|file| Wanted {
                    path: format!("dists/{}", file.name),
                    ..file.clone()
                })
                .collect();
            fetch(&plain).map_err(|_| error)
        })
    }

    /// The packages of a suite for an architecture, as its verified release
    /// has them.
    ///
    /// # Errors
    /// `Kind::Network` where the index cannot be had, `Kind::Integrity` where
    /// the release names none or it is broken.
    pub fn index(&self, release: &Release, suite: &str, arch: &str) -> Result<Index> {
        let key = (suite.to_owned(), arch.to_owned());
        let files = self.indexes(std::slice::from_ref(&key), |_| Ok(release))?;
        match &files[..] {
            [file] => read_index(&key, file),
            _ => Err(Error::new(Kind::Internal, "one index was asked for")),
        }
    }
}

fn read_index(key: &IndexKey, path: &Path) -> Result<Index> {
    let file = File::open(path).at("open", path)?;
    let text = BufReader::new(xz(BufReader::new(file)).at("read", path)?);
    let read = match key.1.as_str() {
        SOURCE => Index::read_sources(&key.0, text),
        _ => Index::read(&key.0, text),
    };
    read.map_err(|why| broken(&format!("the index of {} for {}", key.0, key.1), why))
}

/// A statement about the archive that turned out not to hold.
pub(super) fn broken(what: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Integrity, format!("{what} {why}"))
}

/// The pins that follow from verified releases: their indexes are fetched by
/// the hashes that they name, and the request is resolved in them.
pub(super) fn follow(
    request: &Request,
    releases: &BTreeMap<String, (Release, Sha256)>,
    sources: &Sources,
) -> Result<Pins> {
    let keys: Vec<IndexKey> = request.indexes().into_iter().collect();
    let files = sources.indexes(&keys, |suite| {
        let release = releases.get(suite).map(|(release, _)| release);
        release.ok_or_else(|| {
            Error::new(
                Kind::Internal,
                format!("the release of {suite} was not read"),
            )
        })
    })?;
    let mut found = Found::default();
    for (key, path) in keys.iter().zip(files) {
        // One index at a time, as each takes some 60 MB of memory.
        let index = read_index(key, &path)?;
        request
            .resolve(key, &index, &mut found)
            .map_err(|why| Error::new(Kind::Config, why).hint("correct nix/packages.json"))?;
    }
    Ok(found.into_pins(releases))
}

/// `dists/trixie/main/binary-amd64/by-hash/SHA256/HEX`, or the plain path.
fn index_path(suite: &str, path: &str, by_hash: Option<Sha256>) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    match by_hash {
        Some(hash) => format!("dists/{suite}/{folder}/by-hash/SHA256/{hash}"),
        None => format!("dists/{suite}/{path}"),
    }
}
