//! What the user asked for beside the command line of cargo: flags over
//! environment over `xbuild.toml`, each value remembering where it came from.
//!
//! [`file`] and [`layers`] are pure; only [`load`] reads files.

mod ci;
mod file;
mod layers;
mod load;
mod packages;
mod reader;
mod volume;

use std::fmt;
use std::path::PathBuf;

use crate::error::Kind;

pub use ci::CiTable;
pub use file::{FileLayer, RunnerTable, TargetTable};
pub use layers::{Config, EnvLayer, FlagLayer, TargetConfig};
pub use load::{FILE_NAME, Loaded, load};
pub use packages::DebianPackage;
pub use reader::nearest;
pub(crate) use reader::{Reader, Source};
pub use volume::Volume;

/// Where a setting was made, for messages that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything: xbuild's own choice.
    Default,
    /// A key of `xbuild.toml` or of a manifest's `metadata.xbuild`.
    File { path: PathBuf, line: usize },
    /// A key of the project's `.cargo/config.toml`, or cargo's variable for it.
    Cargo(String),
    /// A variable of the environment.
    Env(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// Whose mistake a wrong value is: the command line's, or a file's or
    /// variable's.
    pub fn kind(&self) -> Kind {
        match self {
            Origin::Flag(_) => Kind::Usage,
            _ => Kind::Config,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("by default"),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Cargo(place) => f.write_str(place),
            Origin::Env(name) => write!(f, "the variable {name}"),
            Origin::Flag(name) => write!(f, "`{name}`"),
        }
    }
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    pub fn new(value: T, origin: Origin) -> Self {
        Setting { value, origin }
    }
}

/// How far the build is kept from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// The hermetic shell.
    #[default]
    Full,
    /// None: the build sees the machine. Loud, and recorded.
    None,
}

impl Isolation {
    pub const NAMES: [&'static str; 2] = ["full", "none"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "full" => Some(Isolation::Full),
            "none" => Some(Isolation::None),
            _ => None,
        }
    }
}

/// Which Nix realises the toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NixChoice {
    /// The machine's where there is a fitting one, otherwise xbuild's own.
    #[default]
    Auto,
    /// Always xbuild's own, in its private store.
    Own,
    /// Only the machine's.
    System,
}

impl NixChoice {
    pub const NAMES: [&'static str; 3] = ["auto", "own", "system"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(NixChoice::Auto),
            "own" => Some(NixChoice::Own),
            "system" => Some(NixChoice::System),
            _ => None,
        }
    }
}

/// Which moment a build takes in place of the clock: `SOURCE_DATE_EPOCH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SourceDate {
    /// When the commit was made that the checkout stands at.
    #[default]
    Commit,
    /// The same for every build: [`crate::shell::SOURCE_DATE_EPOCH`].
    Constant,
    /// Seconds since 1970.
    At(u64),
}

impl SourceDate {
    pub const NAMES: [&'static str; 2] = ["commit", "constant"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "commit" => Some(SourceDate::Commit),
            "constant" => Some(SourceDate::Constant),
            _ => None,
        }
    }
}

/// A variable that the build may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passthrough {
    /// The caller's value, where it has one.
    Inherit(String),
    /// This value, whatever the caller has.
    Set(String, String),
}

impl Passthrough {
    /// Reads `NAME` or `NAME=value`.
    ///
    /// # Errors
    /// What is wrong with the name, as a fragment: it is empty, or one that
    /// the hermetic shell sets itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        /// The shell's own; anything else here would undo its isolation.
        const OWN: [&str; 8] = [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "HOME",
            "LD_LIBRARY_PATH",
            "LD_PRELOAD",
            "PATH",
            "RUSTC",
            "TMPDIR",
        ];
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || !name.chars().all(legal)
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(format!("`{name}` is not a name of a variable"));
        }
        if OWN.contains(&name) {
            return Err(format!("{name} is set by the hermetic shell itself"));
        }
        if value.is_some_and(|value| value.contains('\0')) {
            return Err(format!("the value of {name} has a NUL byte"));
        }
        Ok(match value {
            Some(value) => Passthrough::Set(name.into(), value.into()),
            None => Passthrough::Inherit(name.into()),
        })
    }

    pub fn name(&self) -> &str {
        match self {
            Passthrough::Inherit(name) | Passthrough::Set(name, _) => name,
        }
    }
}

#[cfg(test)]
mod tests;
