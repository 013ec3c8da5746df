//! Where a key or a passphrase comes from: a file, a variable or standard
//! input; never the command line itself.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{KeyFault, Secret, SecretKey};
use crate::error::{Error, IoContext, Kind, Result};
use crate::host;

/// The variable of the passphrase, where no flag names another place.
pub const PASSPHRASE: &str = "XBUILD_KEY_PASSPHRASE";

/// More than any key's file has.
const LARGEST: u64 = 1 << 20;

/// A place that a secret is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    Stdin,
}

impl FromStr for Place {
    type Err = std::convert::Infallible;

    /// Reads `env:NAME`, `-` or a path.
    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(match (text, text.strip_prefix("env:")) {
            ("-", _) => Place::Stdin,
            (_, Some(name)) => Place::Env(name.to_owned()),
            _ => Place::File(text.into()),
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::File(path) => write!(f, "`{}`", path.display()),
            Place::Env(name) => write!(f, "the variable {name}"),
            Place::Stdin => f.write_str("standard input"),
        }
    }
}

impl Place {
    /// Whether the text of a file's name is that of a key.
    fn is_a_key(&self) -> bool {
        let Place::File(path) = self else {
            return false;
        };
        let text = Secret::new(path.as_os_str().as_encoded_bytes().to_vec());
        !path.exists() && !matches!(SecretKey::read(&text, None), Err(KeyFault::Unknown))
    }

    fn read(&self) -> Result<Secret> {
        let bytes = match self {
            Place::File(path) => read_file(path)?,
            Place::Env(name) => host::var(name)
                .ok_or_else(|| {
                    let message = format!("the variable {name} is not set");
                    Error::new(Kind::Config, message).hint(format!("export {name}=\"$(cat KEY)\""))
                })?
                .into_vec(),
            Place::Stdin => {
                let mut bytes = Vec::new();
                let input = std::io::stdin().lock();
                input
                    .take(LARGEST)
                    .read_to_end(&mut bytes)
                    .at("read", Path::new("standard input"))?;
                bytes
            }
        };
        Ok(Secret::new(bytes))
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |cause: std::io::Error| {
        let message = format!("failed to read the key `{}`", path.display());
        Error::new(Kind::Config, message).caused_by(cause)
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// A key to sign with, and the passphrase's place where one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    pub key: Place,
    pub passphrase: Option<Place>,
}

impl KeySource {
    /// Reads and opens the key. A message about it never repeats what could be
    /// the secret itself, put where its place belongs.
    ///
    /// # Errors
    /// `Kind::Config`, naming the place and not the key.
    pub fn open(&self) -> Result<SecretKey> {
        if self.key == Place::Stdin && self.passphrase == Some(Place::Stdin) {
            let message = "standard input cannot be both the key and its passphrase";
            return Err(Error::new(Kind::Usage, message).hint("--passphrase env:NAME"));
        }
        if self.key.is_a_key() {
            let message = "a key is never an argument: every process can read these";
            return Err(Error::new(Kind::Usage, message)
                .hint("--key FILE, --key env:NAME, or --key - for standard input"));
        }
        let text = self.key.read()?;
        let passphrase = match &self.passphrase {
            Some(place) => Some(place.read().map_err(|error| match place {
                Place::File(_) => Error::new(Kind::Config, "there is no file to read the passphrase from")
                    .hint("--passphrase names a file, env:NAME or -; it is never the passphrase itself"),
                _ => error,
            })?),
            None if host::var(PASSPHRASE).is_some() => {
                Some(Place::Env(PASSPHRASE.to_owned()).read()?)
            }
            None => None,
        };
        let passphrase = passphrase.map(Secret::without_line_break);
        SecretKey::read(&text, passphrase.as_ref()).map_err(|fault| error(&self.key, &fault))
    }

    /// The variables that hold secrets: none of them may reach a build.
    pub fn variables(&self) -> Vec<&str> {
        let places = std::iter::once(&self.key).chain(&self.passphrase);
        let mut names: Vec<&str> = places
            .filter_map(|place| match place {
                Place::Env(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        names.push(PASSPHRASE);
        names
    }
}

/// A fault of the key at a place, as an error.
pub fn error(place: &Place, fault: &KeyFault) -> Error {
    let message = format!("the key in {place} cannot be used: {fault}");
    let error = Error::new(Kind::Config, message);
    match fault.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
