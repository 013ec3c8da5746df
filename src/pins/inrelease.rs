//! A suite's signed release: what it is, and the hashes of its indexes. [pure]

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::hash::Sha256;
use super::keys::Keys;
use super::stanza::{Stanza, Stanzas};

/// What a release has to be, besides signed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The codename, or the suite's name, that was asked for.
    pub suite: &'a str,
    /// The time by which `Valid-Until` is judged; `None` for a release that is
    /// pinned and only has to be what it was.
    pub now: Option<Timestamp>,
    /// The date of the pinned one: an older one is a rollback.
    pub not_before: Option<Timestamp>,
}

/// A release that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub suite: String,
    pub codename: String,
    /// Such as `13.7`; empty for a suite that is not released.
    pub version: String,
    pub date: Timestamp,
    /// Whether indexes can be asked for by their hash.
    pub by_hash: bool,
    files: BTreeMap<String, (Sha256, u64)>,
}

impl Release {
    /// Verifies an `InRelease` file, and reads what was signed of it.
    ///
    /// # Errors
    /// Why it is not to be believed, as a fragment about it: not signed, by
    /// nobody known, altered, expired, older than the pinned one, of another
    /// suite, or not readable.
    pub fn verify(text: &str, keys: &Keys, expected: &Expected) -> Result<Self, String> {
        let signed = keys.signed_text(text, expected.now)?;
        let mut stanzas = Stanzas::new(signed.as_bytes());
        let stanza = stanzas.next().ok_or("is empty")??;
        if stanzas.next().is_some() {
            return Err("has more than one stanza".to_owned());
        }
        let release = Release::read(&stanza)?;
        if ![&release.codename, &release.suite].contains(&&expected.suite.to_owned()) {
            return Err(format!(
                "is the release of `{}` ({}), not of `{}`",
                release.codename, release.suite, expected.suite
            ));
        }
        let until = stanza
            .get("Valid-Until")
            .map(|until| date("Valid-Until", until))
            .transpose()?;
        if let (Some(until), Some(now)) = (until, expected.now)
            && until < now
        {
            return Err(format!("has expired on {until}"));
        }
        match expected.not_before {
            Some(pinned) if release.date < pinned => Err(format!(
                "is of {}, older than the pinned one of {pinned}",
                release.date
            )),
            _ => Ok(release),
        }
    }

    fn read(stanza: &Stanza) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        for line in stanza
            .need("SHA256")?
            .lines()
            .filter(|line| !line.is_empty())
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [hash, size, path] = words[..] else {
                return Err(format!("has an odd line among its hashes: `{line}`"));
            };
            let hash = hash.parse::<Sha256>().map_err(|error| error.to_string())?;
            let size = size
                .parse()
                .map_err(|_| format!("has an odd size: `{line}`"))?;
            files.insert(path.to_owned(), (hash, size));
        }
        Ok(Release {
            suite: stanza.get("Suite").unwrap_or_default().to_owned(),
            codename: stanza.need("Codename")?.to_owned(),
            version: stanza.get("Version").unwrap_or_default().to_owned(),
            date: date("Date", stanza.need("Date")?)?,
            by_hash: stanza.get("Acquire-By-Hash") == Some("yes"),
            files,
        })
    }

    /// Hash and size, in bytes, of a file below `dists/<suite>/`.
    pub fn file(&self, path: &str) -> Option<(Sha256, u64)> {
        self.files.get(path).copied()
    }

    /// Where the snapshot archive has everything of this release: its state a
    /// day after it was made. It answers with the last state before a time.
    pub fn snapshot(&self) -> String {
        let later = Timestamp::from_second(self.date.as_second() + 24 * 60 * 60);
        later
            .unwrap_or(self.date)
            .strftime("debian/%Y%m%dT%H%M%SZ")
            .to_string()
    }
}

/// `Sat, 12 Sep 2026 07:55:41 UTC`: RFC 2822, but for the name of the zone.
fn date(field: &str, text: &str) -> Result<Timestamp, String> {
    let zoned = match text.strip_suffix(" UTC") {
        Some(rest) => format!("{rest} +0000"),
        None => text.to_owned(),
    };
    jiff::fmt::rfc2822::parse(&zoned)
        .map(|date| date.timestamp())
        .map_err(|_| format!("has an odd {field}: `{text}`"))
}
