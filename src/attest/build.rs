//! What an attestation is about, as plain data that whoever built fills in.
//! [pure]

use jiff::Timestamp;

use super::observed::Comparison;
use super::slsa::{Derivation, Volume};
use crate::config::Isolation;
use crate::pins::{Package, Sha256};
use crate::rust::{Component, RustPin};

/// One build of a source, and what was seen of it.
#[derive(Debug, Clone)]
pub struct Build {
    pub source: Source,
    /// Targets as they are typed: a triple, with a floor where there is one.
    pub targets: Vec<String>,
    /// Cargo's arguments, such as `build --release`.
    pub arguments: Vec<String>,
    /// Every crate of `Cargo.lock` that is not the project's own.
    pub crates: Vec<LockedCrate>,
    /// Every package that the toolchains are made of.
    pub packages: Vec<Package>,
    /// The release of Rust that stood in the place of Debian's, with those of
    /// its files that the toolchains are made of.
    pub rust: Option<RustPin>,
    /// Of `nix/pins/packages.json`.
    pub pins: Sha256,
    /// Of all of `nix/`: [`crate::nix::SOURCES_HASH`].
    pub toolchain_definition: Sha256,
    /// The names of the variables that the configuration lets into the shell.
    pub passthrough: Vec<String>,
    /// The files and folders of the machine that the configuration shows to it.
    pub volumes: Vec<Volume>,
    /// `SOURCE_DATE_EPOCH`, where it was the same for all targets.
    pub source_date_epoch: Option<String>,
    /// Who vouches for the build: a URI.
    pub builder: String,
    /// xbuild's own version.
    pub xbuild: String,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// How the build ran: in the hermetic shell, or in Nix's sandbox, which is
    /// as far from the machine. Whether it was hermetic follows from this and the
    /// volumes alone.
    pub isolation: Isolation,
    /// What Nix built, where it did so in place of the shell.
    pub nix: Option<NixBuild>,
    /// What a second build gave, where there was one.
    pub comparison: Option<Comparison>,
}

/// A build by Nix, as ordinary derivations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NixBuild {
    /// Nix's version.
    pub version: String,
    /// The other machines that may have built, as Nix was told of them.
    pub builders: Option<String>,
    pub derivations: Vec<Derivation>,
}

/// Where the source is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The project's name and version, for people and SBOMs.
    pub name: String,
    pub version: String,
    /// Such as `git+https://…`; `file:.` where no remote is known.
    pub uri: String,
    /// In hexadecimal: 40 digits, or 64 in a repository of SHA-256.
    pub commit: Option<String>,
    /// Whether there were changes that the commit does not hold.
    pub dirty: bool,
}

/// A crate as `Cargo.lock` pins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedCrate {
    pub name: String,
    pub version: String,
    /// As in `Cargo.lock`: `registry+…` or `git+…#commit`.
    pub source: String,
    /// None for what comes from git.
    pub checksum: Option<Sha256>,
}

impl Build {
    /// Whether the build could see nothing of the machine that is not named
    /// here, and leave nothing behind for the next one.
    pub fn is_hermetic(&self) -> bool {
        self.isolation == Isolation::Full && self.volumes.iter().all(|volume| !volume.writable)
    }
}

impl Source {
    /// Whether a commit says all of what was built.
    pub fn is_clean(&self) -> bool {
        self.commit.is_some() && !self.dirty
    }
}

impl LockedCrate {
    /// As a package URL (github.com/package-url/purl-spec, `cargo`).
    pub fn purl(&self) -> String {
        let (name, version) = (escaped(&self.name), escaped(&self.version));
        let from = match self.source.strip_prefix("git+") {
            Some(url) => format!("?vcs_url={}", escaped(&format!("git+{url}"))),
            None => String::new(),
        };
        format!("pkg:cargo/{name}@{version}{from}")
    }
}

/// A package of Debian as a package URL (the type `deb`).
pub fn deb_purl(package: &Package) -> String {
    format!(
        "pkg:deb/debian/{}@{}?arch={}&distro={}",
        escaped(&package.package),
        escaped(&package.version),
        escaped(&package.arch),
        escaped(&package.suite),
    )
}

/// A component of a release of Rust as a package URL (the type `generic`),
/// with the address that its manifest gives it.
pub fn rust_purl(rust: &RustPin, component: &Component) -> String {
    format!(
        "pkg:generic/{}@{}?download_url={}",
        escaped(&component.name),
        escaped(rust.release()),
        escaped(&component.address()),
    )
}

/// Percent-encodes what package URLs keep for themselves.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_escaped() {
        let mut one = LockedCrate {
            name: "serde".into(),
            version: "1.0.0+x".into(),
            source: "registry+https://example.invalid/index".into(),
            checksum: None,
        };
        assert_eq!(one.purl(), "pkg:cargo/serde@1.0.0%2Bx");
        one.source = "git+https://example.invalid/a?rev=1#0f".into();
        assert_eq!(
            one.purl(),
            "pkg:cargo/serde@1.0.0%2Bx?vcs_url=git%2Bhttps:%2F%2Fexample.invalid%2Fa%3Frev%3D1%230f"
        );
    }
}
