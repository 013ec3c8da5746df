//! The one error type that reaches `main`: what went wrong, where, the remedy,
//! and the exit code that goes with it. [pure]

use std::fmt;
use std::path::Path;

/// A result whose failure knows its exit code and its remedy.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What class a failure belongs to; it decides the exit code.
///
/// The codes stand in `docs/exit-codes.md`. A failed cargo or a program that
/// `xbuild run` started passes its own code through instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line is not understood.
    Usage,
    /// A triple or glibc floor that is unknown or impossible.
    Target,
    /// The Cargo project is missing something or cannot be read.
    Project,
    /// `xbuild.toml`, an environment variable or a key is wrong.
    Config,
    /// Something could not be downloaded.
    Network,
    /// A hash or a signature does not match, or an attestation does not meet
    /// its policy: nothing was kept.
    Integrity,
    /// Nix could not be found, brought, or could not realise the toolchain.
    Nix,
    /// The hermetic shell could not be made.
    Sandbox,
    /// A file or folder of ours could not be read or written.
    Filesystem,
    /// The build worked, but a check of its artefacts found something.
    Finding,
    /// A defect of xbuild itself.
    Internal,
    /// Two builds of the same source differ, or one differs from what was
    /// published.
    Differs,
}

impl Kind {
    /// The documented exit code, 2 or within 80..=90.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Target => 80,
            Kind::Project => 81,
            Kind::Config => 82,
            Kind::Network => 83,
            Kind::Integrity => 84,
            Kind::Nix => 85,
            Kind::Sandbox => 86,
            Kind::Filesystem => 87,
            Kind::Finding => 88,
            Kind::Internal => 89,
            Kind::Differs => 90,
        }
    }
}

/// A failure: a lowercase fragment that fits after `error: `, its cause, and
/// at most a few `hint:` lines with something to paste.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The remedy for a full disk.
pub const NO_SPACE: &str =
    "free some space (`df`) or inodes (`df -i`); XBUILD_HOME and --target-dir name other disks";

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            hints: Vec::new(),
            source: None,
        }
    }

    /// An I/O failure, naming what was tried and the path, with a remedy where
    /// the cause is a common one.
    pub fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Some(NO_SPACE),
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => Some(
                "make it writable for this user; XBUILD_HOME and --target-dir name other folders",
            ),
            std::io::ErrorKind::NotADirectory => {
                Some("something above it is a file; XBUILD_HOME, if that is set, names a folder")
            }
            _ => None,
        };
        let error = Error::new(
            Kind::Filesystem,
            format!("failed to {action} `{}`", path.display()),
        )
        .caused_by(source);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Adds a remedy, shown on its own `hint:` line.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Puts the place in front of the message: a file's line, a variable, a
    /// flag.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Records the underlying failure.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Names the path in an I/O failure: `fs::read(path).at("read", path)?`.
pub trait IoContext<T> {
    fn at(self, action: &str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn at(self, action: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error::io(action, path.as_ref(), source))
    }
}
