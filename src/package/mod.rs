//! Files → a package of the same bytes wherever and whenever it is made.
//! [pure but for [`gather`]]
//!
//! Nothing of the machine is in a package: its members are sorted by name,
//! belong to user 0 and group 0, are of mode 755 or 644, and have one time for
//! all. What is compressed is so at one level by one implementation, which
//! `Cargo.lock` pins.

pub mod gather;
mod images;
mod oci;
mod tarball;
#[cfg(test)]
mod tests;
mod zipped;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::error::{Error, Kind, Result};

pub use images::{CERTIFICATES, FromScratch, NONROOT};
pub use oci::files as oci_files;

/// The first and the last moment that every package can express, seconds since
/// 1970: those of zip.
const FIRST: i64 = 315_532_800;
const LAST: i64 = 4_354_819_199;

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Relative, with `/` between its parts.
    path: String,
    bytes: Vec<u8>,
    executable: bool,
}

/// What a package is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A tar of POSIX, compressed by gzip.
    TarGz,
    /// The same under the name that cargo gives to packages.
    Crate,
    Zip,
    /// A tar with an OCI image layout in it: one image of one layer.
    Oci,
}

/// Members in their order, each name once, and the time that all have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    members: Vec<Member>,
    /// Seconds since 1970.
    epoch: i64,
}

/// What only an image has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// As Go calls it: `amd64`, `arm64`, `arm`, …
    pub architecture: String,
    /// Of 32-bit ARM: `v7`.
    pub variant: Option<String>,
    /// The program that is started, a path in the image.
    pub entrypoint: Option<String>,
    /// Who the program runs as, `65532:65532`; else the runtime's default.
    pub user: Option<String>,
    pub labels: BTreeMap<String, String>,
    /// The tag in the layout's index.
    pub tag: String,
}

impl Member {
    /// A file at a path of the package.
    ///
    /// # Errors
    /// `Kind::Usage` for a path that is absolute, leads out, or is spelt
    /// differently on other systems.
    pub fn new(path: impl Into<String>, bytes: Vec<u8>, executable: bool) -> Result<Self> {
        let path = path.into();
        // Some who unpack leave out a part that is a drive on Windows.
        let drive = |part: &str| matches!(part.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !drive(part);
        if !path.split('/').all(plain) || path.contains(['\\', '\0', '\n']) {
            let message = format!("{path:?} is no path of a file in a package");
            return Err(Error::new(Kind::Usage, message));
        }
        Ok(Member {
            path,
            bytes,
            executable,
        })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn is_executable(&self) -> bool {
        self.executable
    }

    fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

impl Contents {
    /// Members in any order, and the time that all are to have, in seconds
    /// since 1970.
    ///
    /// # Errors
    /// `Kind::Usage` where there is none, a name stands twice, a file is where
    /// another has a folder, or the time is before 1980, which zip cannot say.
    pub fn new(mut members: Vec<Member>, epoch: i64) -> Result<Self> {
        if !(FIRST..=LAST).contains(&epoch) {
            let message = format!("{epoch} is no time that every package can express");
            return Err(Error::new(Kind::Usage, message)
                .hint("SOURCE_DATE_EPOCH is in seconds since 1970, of 1980 to 2107"));
        }
        members.sort_by(|a, b| a.path.cmp(&b.path));
        if members.is_empty() {
            return Err(Error::new(Kind::Usage, "there is nothing to pack"));
        }
        let names: BTreeSet<&str> = members.iter().map(|member| &*member.path).collect();
        let twice = members
            .windows(2)
            .find_map(|pair| (pair[0].path == pair[1].path).then_some(&*pair[0].path));
        let below = |member: &Member| {
            let ends = member.path.match_indices('/').map(|(end, _)| end);
            let mut folders = ends.filter_map(|end| member.path.get(..end));
            folders.find_map(|folder| names.get(folder).copied())
        };
        if let Some(path) = twice.or_else(|| members.iter().find_map(below)) {
            let message = format!("two files want to be `{path}` in the package");
            return Err(Error::new(Kind::Usage, message));
        }
        Ok(Contents { members, epoch })
    }

    /// In the order of their paths.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A tar of them, not compressed.
    ///
    /// # Errors
    /// `Kind::Internal` where the format has no room for something.
    pub fn tar(&self) -> Result<Vec<u8>> {
        tarball::tar(self)
    }

    /// The package's bytes. An image needs to be told what it is.
    ///
    /// # Errors
    /// `Kind::Usage` for an image without [`Image`]; `Kind::Internal` where the
    /// format has no room for something.
    pub fn pack(&self, format: Format, image: Option<&Image>) -> Result<Vec<u8>> {
        match (format, image) {
            (Format::TarGz | Format::Crate, _) => tarball::gzip(&tarball::tar(self)?),
            (Format::Zip, _) => zipped::zip(self),
            (Format::Oci, Some(image)) => oci::layout(self, image),
            (Format::Oci, None) => {
                let message = "an image needs to know the processor that it is for";
                Err(Error::new(Kind::Usage, message).hint("--target TRIPLE"))
            }
        }
    }
}

impl Format {
    pub const ALL: [Format; 4] = [Format::TarGz, Format::Zip, Format::Crate, Format::Oci];

    /// How its files' names end.
    pub const fn suffix(self) -> &'static str {
        match self {
            Format::TarGz => ".tar.gz",
            Format::Crate => ".crate",
            Format::Zip => ".zip",
            Format::Oci => ".oci.tar",
        }
    }

    /// The format that a file's name asks for.
    pub fn of_name(name: &str) -> Option<Self> {
        let fits = |format: &Format| name.len() > format.suffix().len();
        let ends = |format: &Format| name.ends_with(format.suffix());
        Format::ALL
            .into_iter()
            .find(|format| fits(format) && ends(format))
    }

    /// The format of a word: `tar.gz`, `zip`, `crate`, `oci`.
    pub fn parse(word: &str) -> Option<Self> {
        Format::ALL
            .into_iter()
            .find(|format| format.to_string() == word)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::TarGz => "tar.gz",
            Format::Crate => "crate",
            Format::Zip => "zip",
            Format::Oci => "oci",
        })
    }
}

/// A processor as images name it: the architecture and its variant.
pub fn image_architecture(triple: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match triple.split('-').next()? {
        "x86_64" => ("amd64", None),
        "i686" | "i586" => ("386", None),
        "aarch64" => ("arm64", None),
        "armv7" => ("arm", Some("v7")),
        "riscv64gc" => ("riscv64", None),
        "s390x" => ("s390x", None),
        "powerpc64le" => ("ppc64le", None),
        _ => return None,
    })
}

/// A failure to write into memory.
fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Internal, "failed to pack").caused_by(cause)
}
