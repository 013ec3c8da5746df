//! Why one mirror could not give one file, and the error that is left when
//! none could. [pure]

use std::fmt;

use super::mirrors::OTHER_MIRROR;
use super::{BaseUrl, Wanted};
use crate::error::{Error, Kind};
use crate::pins::hash::Sha256;

/// Why a mirror's answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No connection: name, route, TLS or proxy.
    Unreachable(String),
    /// An HTTP status other than success.
    Status(u16),
    /// A web page, as a captive portal gives.
    WebPage,
    /// Announced or sent another number of bytes than the pin says.
    WrongSize {
        got: u64,
        expected: u64,
    },
    /// The right number of bytes, but not these bytes.
    WrongHash {
        got: Sha256,
    },
    /// Ended early.
    Truncated {
        got: u64,
        expected: u64,
    },
    /// Nothing came for longer than the time allowed.
    Stalled,
    TooManyRedirects,
    /// Failed in the middle of the answer.
    Broken(String),
    /// Came whole but says something else than it should.
    Refused(String),
}

impl Reason {
    /// Whether asking the same mirror again may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Reason::Truncated { .. } | Reason::Stalled | Reason::Broken(_) => true,
            Reason::Status(code) => *code == 429 || *code >= 500,
            _ => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unreachable(why) => write!(f, "not reachable ({why})"),
            Reason::Status(404 | 410) => f.write_str("does not have it"),
            Reason::Status(407) => f.write_str("the proxy wants a password (HTTP status 407)"),
            Reason::Status(code) => write!(f, "answered with HTTP status {code}"),
            Reason::WebPage => f.write_str("answered with a web page"),
            Reason::WrongSize { got, expected } => {
                write!(f, "has {got} bytes of it, not {expected}")
            }
            Reason::WrongHash { got } => write!(f, "gave wrong bytes (sha256 {got})"),
            Reason::Truncated { got, expected } => {
                write!(f, "stopped after {got} of {expected} bytes")
            }
            Reason::Stalled => f.write_str("stopped answering"),
            Reason::TooManyRedirects => f.write_str("redirects without end"),
            Reason::Broken(why) => write!(f, "broke off ({why})"),
            Reason::Refused(why) => f.write_str(why),
        }
    }
}

/// A mirror that was asked for a file, and why it did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub mirror: BaseUrl,
    pub reason: Reason,
}

/// The error when every mirror was asked in vain.
pub(super) fn all_failed(wanted: &Wanted, attempts: &[Attempt], remedy: &str) -> Error {
    let lied = |attempt: &Attempt| matches!(attempt.reason, Reason::WrongHash { .. });
    let (kind, message) = if attempts.iter().any(lied) {
        let text = format!(
            "no mirror gave the pinned bytes of `{}` (sha256 {})",
            wanted.name, wanted.sha256
        );
        (Kind::Integrity, text)
    } else {
        (
            Kind::Network,
            format!("failed to download `{}`", wanted.name),
        )
    };
    let error = Error::new(kind, message).caused_by(list(attempts));
    with_hints(error, attempts, remedy)
}

/// The same for a file that is known by its name alone.
pub(super) fn none_good(path: &str, attempts: &[Attempt]) -> Error {
    let refused = |attempt: &Attempt| matches!(attempt.reason, Reason::Refused(_));
    let kind = if attempts.iter().any(refused) {
        Kind::Integrity
    } else {
        Kind::Network
    };
    let error = Error::new(kind, format!("no mirror has a good `{path}`"));
    with_hints(error.caused_by(list(attempts)), attempts, OTHER_MIRROR)
}

fn list(attempts: &[Attempt]) -> String {
    let line = |attempt: &Attempt| format!("{}: {}", attempt.mirror, attempt.reason);
    attempts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn with_hints(error: Error, attempts: &[Attempt], remedy: &str) -> Error {
    let error = error
        .hint(remedy)
        .hint("behind a proxy, set http_proxy and https_proxy");
    // What signatures and certificates say when the clock is years off.
    let words = ["future", "expired", "not valid yet", "NotValidYet"];
    let judged_by_the_clock = |attempt: &Attempt| {
        let said = attempt.reason.to_string();
        words.iter().any(|word| said.contains(word))
    };
    if attempts.iter().any(judged_by_the_clock) {
        return error.hint("is the clock of this machine right? `date` says");
    }
    error
}

/// The error when downloads are forbidden and some would be needed.
pub(super) fn offline(missing: &[&Wanted]) -> Error {
    let first = missing.first().map_or("", |wanted| wanted.name.as_str());
    let message = match missing.len() {
        1 => format!("offline, and `{first}` was never downloaded"),
        count => {
            format!("offline, and {count} packages were never downloaded, `{first}` among them")
        }
    };
    Error::new(Kind::Network, message)
        .hint("fetch them while there is a network: xbuild fetch --target TRIPLE")
}
