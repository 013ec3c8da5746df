//! Where the files of crates.io's crates are asked for, by those who know their
//! hashes.
//!
//! Format: `dl` in the `config.json` of a registry's index, "Index Format" in
//! the Cargo book.

use serde::Deserialize;

use super::client::{Client, Timeouts};
use super::{BaseUrl, Mirrors, Reason};
use crate::error::{Error, Kind, Result};
use crate::pins::Sha256;

/// The largest `config.json` that is read, in bytes.
const CONFIG_MAX: u64 = 64 << 10;

/// What to do where no crate comes.
const REMEDY: &str = "name a registry that is in reach in ~/.cargo/config.toml: \
                      [source.crates-io] replace-with";

/// A server of the files of crates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateServer {
    /// Scheme and host.
    base: BaseUrl,
    /// The rest of `dl`, with a marker at the least.
    path: String,
}

#[derive(Deserialize)]
struct Config {
    dl: String,
}

impl CrateServer {
    /// The one that an index, asked over HTTP, names.
    ///
    /// # Errors
    /// `Kind::Network` where the index does not answer, or with nothing to ask.
    pub fn find(index: &str) -> Result<Self> {
        let base = BaseUrl::parse(index)?;
        let failed = |why: String| {
            let message = format!("the registry's index `{base}` has no usable config.json");
            Error::new(Kind::Network, message)
                .caused_by(why)
                .hint(REMEDY)
        };
        let client = Client::new(Timeouts::default())?;
        let text = client.file(&base.join("config.json"), CONFIG_MAX);
        let text = text.map_err(|reason| failed(reason.to_string()))?;
        let config: Config =
            serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        CrateServer::parse(&config.dl)
    }

    /// Reads the value of `dl`.
    ///
    /// # Errors
    /// `Kind::Config` where it is no address.
    pub fn parse(dl: &str) -> Result<Self> {
        let host = dl.find("://").map_or(0, |at| at + 3);
        let end = dl[host..].find('/').map_or(dl.len(), |at| host + at);
        let (base, path) = dl.split_at(end);
        let path = path.trim_start_matches('/');
        Ok(CrateServer {
            base: BaseUrl::parse(base)?,
            path: if path.contains('{') {
                path.to_owned()
            } else {
                format!("{path}/{{crate}}/{{version}}/download")
            },
        })
    }

    /// Where a crate is, below [`CrateServer::mirrors`].
    pub fn path(&self, name: &str, version: &str, sha256: Sha256) -> String {
        let prefix = prefix(name);
        let lower = prefix.to_lowercase();
        let sha256 = sha256.to_hex();
        let markers = [
            ("{crate}", name),
            ("{version}", version),
            ("{prefix}", &prefix),
            ("{lowerprefix}", &lower),
            ("{sha256-checksum}", &sha256),
        ];
        let path = self.path.clone();
        markers
            .iter()
            .fold(path, |path, (marker, value)| path.replace(marker, value))
    }

    /// Whom to ask.
    pub fn mirrors(&self) -> Mirrors {
        Mirrors::only(vec![self.base.clone()]).with_remedy(REMEDY)
    }

    /// The error for a crate that could not be asked about.
    pub fn failed(&self, name: &str, reason: &Reason) -> Error {
        Error::new(Kind::Network, format!("failed to find `{name}`"))
            .caused_by(format!("{}: {reason}", self.base))
            .hint(REMEDY)
    }

    /// The address of a crate.
    pub fn address(&self, path: &str) -> String {
        self.base.join(path)
    }
}

/// The folders that an index keeps a crate in.
fn prefix(name: &str) -> String {
    // Names of crates are ASCII; a name that is not is in no index.
    match (name.len(), name.is_ascii()) {
        (1..=2, true) => name.len().to_string(),
        (3, true) => format!("3/{}", &name[..1]),
        (4.., true) => format!("{}/{}", &name[..2], &name[2..4]),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_where_dl_says() {
        let sha256 = Sha256::of(b"");
        let hex = sha256.to_hex();
        for (dl, name, expected) in [
            (
                "https://example.invalid/crates",
                "libc",
                "https://example.invalid/crates/libc/1.0.0+a/download",
            ),
            (
                "http://127.0.0.1:8/",
                "a",
                "http://127.0.0.1:8/a/1.0.0+a/download",
            ),
            (
                "http://127.0.0.1:8",
                "a",
                "http://127.0.0.1:8/a/1.0.0+a/download",
            ),
            (
                "http://m/{prefix}/{crate}-{version}",
                "Serde",
                "http://m/Se/rd/Serde-1.0.0+a",
            ),
            ("http://m/{lowerprefix}/{crate}", "Abc", "http://m/3/a/Abc"),
            ("http://m/{prefix}/{crate}", "ab", "http://m/2/ab"),
            (
                "http://m/{sha256-checksum}",
                "a",
                &format!("http://m/{hex}"),
            ),
        ] {
            let server = CrateServer::parse(dl).unwrap();
            let path = server.path(name, "1.0.0+a", sha256);
            assert_eq!(server.address(&path), expected, "{dl}");
        }
        for dl in ["", "ftp://m/", "crates", "/crates"] {
            assert_eq!(
                CrateServer::parse(dl).unwrap_err().kind(),
                Kind::Config,
                "{dl}"
            );
        }
    }
}
