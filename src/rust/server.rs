//! The server of the official distribution, and the key that its manifests are
//! signed with.

use std::ffi::OsString;
use std::path::PathBuf;

use jiff::Timestamp;

use super::Channel;
use super::manifest::Manifest;
use crate::error::{Error, IoContext, Kind, Result};
use crate::fetch::{BaseUrl, Client, Reason};
use crate::pins::{Keys, Sha256};

/// The variable of rustup's that names another server with the same files.
pub const DIST_SERVER: &str = "RUSTUP_DIST_SERVER";

/// The variable that names a file with another key, for a distribution of
/// somebody else.
pub const RUST_KEY: &str = "XBUILD_RUST_KEY";

/// Where the official distribution is.
const SERVER: &str = "https://static.rust-lang.org";

/// What to do where the server is not in reach.
pub const REMEDY: &str =
    "name a server that is in reach: RUSTUP_DIST_SERVER=https://mirror.example";

/// The key that Rust's releases are signed with, as rust-lang.org and Debian
/// publish it.
const KEY: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/nix/pins/keys/rust.asc"
));

/// The fingerprint of that key.
pub const OFFICIAL: &str = "108F66205EAEB0AAA8DD5E1C85AB96E6FA1BE5FE";

/// The largest manifest that is read, in bytes: they have about 1 MB.
const MANIFEST_MAX: u64 = 32 << 20;

/// The largest hash or signature that is read, in bytes.
const SMALL_MAX: u64 = 64 << 10;

/// The server to ask: rustup's variable, or the official one.
///
/// # Errors
/// `Kind::Config` where the variable is no address.
pub fn dist_server(var: &dyn Fn(&str) -> Option<OsString>) -> Result<BaseUrl> {
    match var(DIST_SERVER) {
        None => BaseUrl::parse(SERVER),
        Some(address) => BaseUrl::parse(&address.to_string_lossy()).map_err(|_| {
            let address = address.to_string_lossy();
            let message = format!("the variable {DIST_SERVER}: `{address}` is no address");
            Error::new(Kind::Config, message).hint(format!("{DIST_SERVER}={SERVER}"))
        }),
    }
}

/// A key that manifests may be signed with.
#[derive(Debug, Clone)]
pub struct ReleaseKey {
    keys: Keys,
    /// Its file, where it is not Rust's own.
    file: Option<PathBuf>,
}

impl ReleaseKey {
    /// Rust's own.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub fn official() -> Result<Self> {
        let keys = Keys::parse(&[KEY])
            .map_err(|why| Error::new(Kind::Internal, format!("the release key of Rust {why}")))?;
        Ok(ReleaseKey { keys, file: None })
    }

    /// That of the variable, else Rust's own.
    ///
    /// # Errors
    /// `Kind::Filesystem`, or `Kind::Config` where the file holds no key.
    pub fn find(var: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let Some(file) = var(RUST_KEY).map(PathBuf::from) else {
            return ReleaseKey::official();
        };
        let text = std::fs::read_to_string(&file).at("read", &file)?;
        let keys = Keys::parse(&[&text]).map_err(|why| {
            let message = format!("the variable {RUST_KEY}: `{}` {why}", file.display());
            Error::new(Kind::Config, message).hint("gpg --armor --export NAME > FILE")
        })?;
        Ok(ReleaseKey {
            keys,
            file: Some(file),
        })
    }

    /// The fingerprints of the primary keys, in upper-case hex.
    pub fn fingerprints(&self) -> Vec<String> {
        self.keys.fingerprints()
    }

    /// A sentence for whoever must not overlook that it is not Rust's own.
    pub fn warning(&self) -> Option<String> {
        let file = self.file.as_ref()?.display();
        let fingerprint = self.fingerprints().join(", ");
        Some(format!(
            "manifests of Rust are checked against the key {fingerprint} of `{file}`, which {RUST_KEY} names, and not against Rust's own"
        ))
    }
}

/// A manifest that was verified.
#[derive(Debug, Clone)]
pub struct Verified {
    pub manifest: Manifest,
    pub sha256: Sha256,
    /// The fingerprint of the key that signed it.
    pub key: String,
}

/// A server of manifests and components.
#[derive(Debug)]
pub struct Server<'a> {
    pub base: &'a BaseUrl,
    pub key: &'a ReleaseKey,
    pub client: &'a Client,
}

impl Server<'_> {
    /// Fetches a manifest and verifies it: its hash, its signature, and that
    /// it is one of the channel. Nothing where the server has no such one.
    ///
    /// # Errors
    /// `Kind::Network`; `Kind::Integrity` where it is not to be believed.
    pub fn manifest(&self, path: &str, channel: &Channel) -> Result<Option<Verified>> {
        let bytes = match self.get(path, MANIFEST_MAX) {
            Ok(bytes) => bytes,
            Err(Reason::Status(403 | 404 | 410)) => return Ok(None),
            Err(reason) => return Err(self.failed(path, &reason)),
        };
        let beside = |ending: &str| {
            let path = format!("{path}{ending}");
            let bytes = self.get(&path, SMALL_MAX);
            let bytes = bytes.map_err(|reason| self.failed(&path, &reason))?;
            Ok::<_, Error>(String::from_utf8_lossy(&bytes).into_owned())
        };
        let refused = |why: String| {
            let message = format!("`{}` {why}", self.shown(path));
            Error::new(Kind::Integrity, message)
        };
        let sha256 = Sha256::of(&bytes);
        let said = beside(".sha256")?;
        let said = said.split_whitespace().next().unwrap_or_default();
        if said.parse() != Ok(sha256) {
            let why = format!("is not what its .sha256 says: it has {sha256}");
            return Err(refused(why).hint("the server may be writing it just now: try again later"));
        }
        let signature = beside(".asc").map_err(|error| {
            error.hint("a server without signatures can serve builds, and not `xbuild lock`")
        })?;
        let signer = self
            .key
            .keys
            .signer_of(&bytes, &signature, Some(Timestamp::now()));
        let key = signer.map_err(|why| {
            let error = refused(why);
            match &self.key.file {
                Some(file) => error.hint(format!(
                    "{RUST_KEY} names `{}`; without it Rust's own key is asked for",
                    file.display()
                )),
                None => error.hint(format!("Rust's own key is {OFFICIAL}")),
            }
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| refused("is not text".to_owned()))?;
        let manifest = Manifest::parse(text).map_err(refused)?;
        let release = manifest.version().split(' ').next().unwrap_or_default();
        if !channel.fits(release, &manifest.date) {
            return Err(refused(format!(
                "is of Rust {release} of {}, and not of {channel}",
                manifest.date
            )));
        }
        Ok(Some(Verified {
            manifest,
            sha256,
            key,
        }))
    }

    /// The size of a file in bytes.
    ///
    /// # Errors
    /// `Kind::Network`.
    pub fn size(&self, path: &str) -> Result<u64> {
        let size = self.client.size(&self.base.join(path));
        size.map_err(|reason| self.failed(path, &reason))
    }

    fn get(&self, path: &str, max: u64) -> std::result::Result<Vec<u8>, Reason> {
        self.client.file(&self.base.join(path), max)
    }

    fn failed(&self, path: &str, reason: &Reason) -> Error {
        let message = format!("failed to download `{}`", self.shown(path));
        let cause = format!("{}: {reason}", self.base);
        Error::new(Kind::Network, message)
            .caused_by(cause)
            .hint(REMEDY)
    }

    /// A file's address, without a password.
    fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }
}
