//! The names of Rust's channels and releases. [pure]
//!
//! After rustup's "Toolchain specification": `stable`, `beta`, `nightly`,
//! `1.88`, `1.88.0`, `1.89.0-beta.2`, with a date behind where one is meant,
//! and with the host behind that.

use std::fmt;

use crate::config::nearest;
use crate::error::{Error, Kind, Result};
use crate::target::{HOST, looks_like_triple};

/// A channel or release that manifests are published for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    name: Name,
    /// `YYYY-MM-DD`.
    date: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Stable,
    Beta,
    Nightly,
    Version {
        minor: (u32, u32),
        patch: Option<u32>,
        /// What stands behind the dash: `beta`, `beta.2`.
        pre: Option<String>,
    },
}

impl Channel {
    /// Reads a channel as it is written in `rust-toolchain.toml`.
    ///
    /// # Errors
    /// `Kind::Config` for what is none, with the nearest name.
    pub fn parse(text: &str) -> Result<Self> {
        let bare = without_host(text)?;
        let (name, date) = match split_date(bare) {
            Some((name, date)) => (name, Some(date.to_owned())),
            None => (bare, None),
        };
        match Name::parse(name) {
            Some(name) => Ok(Channel { name, date }),
            None => Err(unknown(text)),
        }
    }

    /// Where its manifest stands below the server.
    pub fn manifest(&self) -> String {
        match &self.date {
            Some(date) => self.manifest_of(date),
            None => format!("dist/channel-rust-{}.toml", self.name),
        }
    }

    /// Where the manifest of a day stands, and stays.
    pub fn manifest_of(&self, date: &str) -> String {
        format!("dist/{date}/channel-rust-{}.toml", self.name)
    }

    /// Whether the pinned Debian compiler of this version is what is asked for.
    pub fn is_debians(&self, version: &str) -> bool {
        match &self.name {
            _ if self.date.is_some() => false,
            Name::Stable => true,
            Name::Version { pre: None, .. } => self.fits(version, ""),
            _ => false,
        }
    }

    /// Whether a release is one of this channel: `1.88.0` or `1.90.0-nightly`,
    /// and its date.
    pub fn fits(&self, release: &str, date: &str) -> bool {
        if self.date.as_deref().is_some_and(|asked| asked != date) {
            return false;
        }
        let (numbers, pre) = match release.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (release, None),
        };
        match &self.name {
            Name::Stable => pre.is_none(),
            Name::Beta => pre.is_some_and(|pre| pre.starts_with("beta")),
            Name::Nightly => pre == Some("nightly"),
            Name::Version {
                minor: (major, minor),
                patch,
                pre: asked,
            } => {
                let minor = format!("{major}.{minor}");
                let numbers_fit = match patch {
                    Some(patch) => numbers == format!("{minor}.{patch}"),
                    None => numbers.rsplit_once('.').map(|(begin, _)| begin) == Some(&minor),
                };
                // `1.89.0-beta` is whichever beta of it is the last.
                let pre_fits = match (asked.as_deref(), pre) {
                    (Some("beta"), Some(pre)) => pre.starts_with("beta"),
                    (asked, pre) => asked == pre,
                };
                numbers_fit && pre_fits
            }
        }
    }

    /// What may help where the server has no such manifest.
    pub fn remedy(&self) -> &'static str {
        match (&self.name, &self.date) {
            (Name::Nightly | Name::Beta, Some(_)) => {
                "some days have none: name the day before, or the one after"
            }
            _ => "https://doc.rust-lang.org/stable/releases.html lists the releases of Rust",
        }
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "stable" => return Some(Name::Stable),
            "beta" => return Some(Name::Beta),
            "nightly" => return Some(Name::Nightly),
            _ => {}
        }
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let count = pre.and_then(|pre| pre.strip_prefix("beta"));
        let is_beta =
            |count: &str| count.is_empty() || count.strip_prefix('.').is_some_and(is_number);
        if pre.is_some() && !count.is_some_and(is_beta) {
            return None;
        }
        let parts: Vec<&str> = numbers.split('.').collect();
        if !parts.iter().all(|part| is_number(part)) {
            return None;
        }
        let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u32>().ok());
        match parts.len() {
            2 | 3 => Some(Name::Version {
                minor: (number(0)?, number(1)?),
                patch: number(2),
                pre: pre.map(str::to_owned),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Stable => f.write_str("stable"),
            Name::Beta => f.write_str("beta"),
            Name::Nightly => f.write_str("nightly"),
            Name::Version { minor, patch, pre } => {
                write!(f, "{}.{}", minor.0, minor.1)?;
                if let Some(patch) = patch {
                    write!(f, ".{patch}")?;
                }
                match pre {
                    Some(pre) => write!(f, "-{pre}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// As it is written, without the host.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.date {
            Some(date) => write!(f, "{}-{date}", self.name),
            None => self.name.fmt(f),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2] && parts.iter().all(|part| is_number(part))
}

fn split_date(text: &str) -> Option<(&str, &str)> {
    let at = text.len().checked_sub("-YYYY-MM-DD".len())?;
    let (name, date) = (text.get(..at)?, text.get(at + 1..)?);
    (text.as_bytes()[at] == b'-' && is_date(date)).then_some((name, date))
}

/// Without the host that rustup lets stand behind a channel.
fn without_host(text: &str) -> Result<&str> {
    if let Some(bare) = text
        .strip_suffix(HOST)
        .and_then(|bare| bare.strip_suffix('-'))
    {
        return Ok(bare);
    }
    let mut dashes = text.match_indices('-').map(|(at, _)| at);
    match dashes.find(|at| looks_like_triple(&text[at + 1..])) {
        Some(at) => {
            let (bare, host) = (&text[..at], &text[at + 1..]);
            let message = format!("`{text}` is for {host}, and builds run on {HOST}");
            Err(Error::new(Kind::Config, message).hint(format!("channel = \"{bare}\"")))
        }
        None => Ok(text),
    }
}

fn unknown(text: &str) -> Error {
    let error = Error::new(Kind::Config, format!("`{text}` is no channel of Rust"));
    let name = text.split_once('-').map_or(text, |(name, _)| name);
    match nearest(name, ["stable", "beta", "nightly"]) {
        Some(near) if near != name => error.hint(format!("did you mean `{near}`?")),
        _ => error
            .hint("a channel is `stable`, `1.88.0`, `beta`, `nightly`, or `nightly-2026-01-31`"),
    }
}
