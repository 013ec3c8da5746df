//! The archive's addresses, in the order in which they are asked. [pure]

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::Wanted;
use super::apt;
use crate::error::{Error, Kind, Result};

/// A public mirror, asked after the machine's own.
const PUBLIC: &str = "http://mirrors.kernel.org/debian";

/// Keeps every version for ever, but is slow and limits its callers.
const SNAPSHOT: &str = "https://snapshot.debian.org/archive";

/// The root of a Debian archive: an `http` or `https` address without the
/// trailing slash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// # Errors
    /// Where the text is not an absolute `http://` or `https://` address.
    pub fn parse(text: &str) -> Result<Self> {
        let trimmed = text.trim().trim_end_matches('/');
        let rest = trimmed
            .strip_prefix("http://")
            .or_else(|| trimmed.strip_prefix("https://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or("");
        let odd = |c: char| c.is_whitespace() || c.is_control() || "?#\"<>".contains(c);
        if host.is_empty() || trimmed.contains(odd) {
            return Err(Error::new(
                Kind::Config,
                format!("`{text}` is not the address of a mirror"),
            )
            .hint("a mirror starts with http:// or https://: XBUILD_MIRROR=http://mirror.example/debian"));
        }
        Ok(BaseUrl(trimmed.to_owned()))
    }

    /// The address of a file below it.
    pub fn join(&self, path: &str) -> String {
        let mut url = format!("{}/", self.0);
        for byte in path.trim_start_matches('/').bytes() {
            // Everything that RFC 3986 lets stand in a path and Debian's file
            // names use; a `%` in a name is a character like any other.
            if byte.is_ascii_alphanumeric() || b"-._~/+:,=@".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url
    }

    /// The address as it is asked, with any password in it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the user and password that an address may carry.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit('@').next().unwrap_or(authority);
        write!(f, "{scheme}://{host}{path}")
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where files of the archive are asked for, best first.
#[derive(Debug, Clone)]
pub struct Mirrors {
    bases: Vec<BaseUrl>,
    /// Suite → the times of the snapshots that have all of it.
    snapshots: BTreeMap<String, Vec<String>>,
    with_snapshot: bool,
    hint: &'static str,
}

/// What to do where no mirror of the archive does.
pub(super) const OTHER_MIRROR: &str =
    "name a mirror that is in reach: XBUILD_MIRROR=http://mirror.example/debian";

impl Mirrors {
    /// The whole order: what the user named, the machine's own where they are
    /// Debian's, a public one; a suite's snapshot comes last.
    ///
    /// # Errors
    /// Where one that the user named is no address.
    pub fn new(
        explicit: &[String],
        machine: Vec<BaseUrl>,
        snapshots: BTreeMap<String, String>,
    ) -> Result<Self> {
        let mut bases = Vec::new();
        for text in explicit {
            bases.push(BaseUrl::parse(text)?);
        }
        bases.extend(machine);
        bases.push(BaseUrl(PUBLIC.to_owned()));
        let mut mirrors = Mirrors::only(bases);
        mirrors.snapshots = snapshots
            .into_iter()
            .map(|(suite, time)| (suite, vec![time]))
            .collect();
        mirrors.with_snapshot = true;
        Ok(mirrors)
    }

    /// Like [`Mirrors::new`], with the machine's apt sources read from
    /// `/etc/apt`.
    ///
    /// # Errors
    /// Where one that the user named is no address.
    pub fn for_machine(explicit: &[String], snapshots: BTreeMap<String, String>) -> Result<Self> {
        Mirrors::new(explicit, apt::of_machine(Path::new("/etc/apt")), snapshots)
    }

    /// Exactly these and nothing else.
    pub fn only(bases: Vec<BaseUrl>) -> Self {
        let mut kept: Vec<BaseUrl> = Vec::new();
        for base in bases {
            if !kept.contains(&base) {
                kept.push(base);
            }
        }
        Mirrors {
            bases: kept,
            snapshots: BTreeMap::new(),
            with_snapshot: false,
            hint: OTHER_MIRROR,
        }
    }

    /// The same with another remedy for where none of them does.
    #[must_use]
    pub fn with_remedy(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// What to do where none of them does.
    pub fn remedy(&self) -> &'static str {
        self.hint
    }

    /// The same with another snapshot of a suite, asked last.
    #[must_use]
    pub fn and_snapshot(mut self, suite: &str, time: &str) -> Self {
        let times = self.snapshots.entry(suite.to_owned()).or_default();
        if !times.iter().any(|known| known == time) {
            times.push(time.to_owned());
        }
        self
    }

    /// The roots to ask for files of a suite.
    pub fn bases(&self, suite: &str) -> Vec<BaseUrl> {
        let times = self.snapshots.get(suite).filter(|_| self.with_snapshot);
        let snapshots = times
            .into_iter()
            .flatten()
            .map(|time| BaseUrl(format!("{SNAPSHOT}/{time}")));
        self.bases.iter().cloned().chain(snapshots).collect()
    }

    /// The addresses of one file, best first.
    pub fn urls(&self, wanted: &Wanted) -> Vec<String> {
        let bases = self.bases(&wanted.suite);
        bases.iter().map(|base| base.join(&wanted.path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_explicit_machine_public_snapshot_without_repeats() {
        let machine = vec![
            BaseUrl::parse("http://near.example.invalid/debian/").unwrap(),
            BaseUrl::parse("http://mine.example.invalid/debian").unwrap(),
        ];
        let snapshots =
            BTreeMap::from([("trixie".to_owned(), "debian/20260913T075541Z".to_owned())]);
        let explicit = ["http://mine.example.invalid/debian/".to_owned()];
        let mirrors = Mirrors::new(&explicit, machine, snapshots).unwrap();
        let shown = |suite: &str| -> Vec<String> {
            mirrors
                .bases(suite)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(
            shown("trixie"),
            [
                "http://mine.example.invalid/debian",
                "http://near.example.invalid/debian",
                "http://mirrors.kernel.org/debian",
                "https://snapshot.debian.org/archive/debian/20260913T075541Z",
            ]
        );
        assert_eq!(shown("unheard-of").len(), 3);
        let other = "debian/20200101T000000Z";
        let both = mirrors.clone().and_snapshot("trixie", other);
        let both = both.and_snapshot("trixie", other).bases("trixie");
        assert_eq!(both.len(), 5);
        assert!(both[4].to_string().ends_with(other));
    }

    #[test]
    fn an_address_is_parsed_once() {
        let good = [
            ("http://a.example.invalid", "http://a.example.invalid"),
            (
                " https://a.example.invalid/debian// ",
                "https://a.example.invalid/debian",
            ),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            (
                "http://me:secret@a.example.invalid/d",
                "http://a.example.invalid/d",
            ),
        ];
        for (text, shown) in good {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "a.example.invalid",
            "ftp://a.example.invalid",
            "http://",
            "http:///debian",
            "http://a b/",
            "http://a/?x",
        ] {
            assert_eq!(
                BaseUrl::parse(text).unwrap_err().kind(),
                Kind::Config,
                "{text}"
            );
        }
    }

    #[test]
    fn a_name_is_escaped_only_where_it_must_be() {
        let base = BaseUrl::parse("http://a.example.invalid/debian").unwrap();
        assert_eq!(
            base.join("pool/main/libs/x_1%3a2.0+dfsg~rc1-1_amd64.deb"),
            "http://a.example.invalid/debian/pool/main/libs/x_1%253a2.0+dfsg~rc1-1_amd64.deb"
        );
    }
}
