//! Following the chain from signed releases to pins, with downloads.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use xz2::read::XzDecoder;

use super::Sha256;
use super::index::Index;
use super::inrelease::Release;
use super::pinned::Pins;
use super::request::{Found, IndexKey, Request};
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::{Downloads, Mirrors, Options, Wanted};

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
pub(super) struct Sources<'a> {
    pub downloads: &'a Downloads,
    pub mirrors: &'a Mirrors,
    pub options: &'a Options,
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
    let mut keys: Vec<IndexKey> = Vec::new();
    let mut wanted = Vec::new();
    for (suite, arch) in request.indexes() {
        let (release, _) = releases.get(&suite).ok_or_else(|| {
            Error::new(
                Kind::Internal,
                format!("the release of {suite} was not read"),
            )
        })?;
        let path = format!("main/binary-{arch}/Packages.xz");
        let (sha256, size) = release.file(&path).ok_or_else(|| {
            broken(
                &format!("the release of {suite}"),
                format!("has no packages for {arch}"),
            )
        })?;
        wanted.push(Wanted {
            name: format!("{suite}/{path}"),
            path: index_path(&suite, &path, release.by_hash.then_some(sha256)),
            size,
            sha256,
            suite: suite.clone(),
        });
        keys.push((suite, arch));
    }
    let fetch = |wanted: &[Wanted]| {
        sources
            .downloads
            .fetch(wanted, sources.mirrors, sources.options)
    };
    // A mirror may not keep the files by their hash: then the plain path has
    // the same bytes, unless a newer release has come meanwhile.
    let files = fetch(&wanted).or_else(|error| {
        if sources.options.offline || error.kind() != Kind::Network {
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
    })?;
    let mut found = Found::default();
    for (key, path) in keys.iter().zip(files) {
        let file = File::open(&path).at("open", &path)?;
        let text = BufReader::new(XzDecoder::new_multi_decoder(BufReader::new(file)));
        // One index at a time, as each takes some 50 MB of memory.
        let index = Index::read(&key.0, text)
            .map_err(|why| broken(&format!("the index of {} for {}", key.0, key.1), why))?;
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
