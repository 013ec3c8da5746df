//! Packages that are for a newer Rust than the one that builds them.
//!
//! Cargo says so too, but only with the toolchain at hand, and not what to do.

use crate::cargo::CargoArgs;
use crate::error::{Error, Kind, Result};
use crate::project::Project;
use crate::rust::{self, RustPin};

/// Refuses packages that are surely built and whose `rust-version` is above the
/// compiler's. `exact` is the Rust of the lock, where there is one.
///
/// # Errors
/// `Kind::Project`, naming the manifest and what to ask for.
pub fn check(project: &Project, args: &CargoArgs, exact: Option<&RustPin>) -> Result<()> {
    let passed_over = |word: &std::ffi::OsString| {
        let word = word.to_string_lossy();
        word == "--ignore-rust-version" || word.starts_with("--exclude")
    };
    if args.options.iter().any(passed_over) {
        return Ok(());
    }
    let chosen = project.chosen(&args.packages).into_iter();
    let mut wanting = chosen
        .filter_map(|member| Some((member, member.package.rust_version.as_deref()?)))
        .peekable();
    if wanting.peek().is_none() {
        return Ok(());
    }
    let ours = match exact {
        Some(pin) => pin.release(),
        None => rust::DEBIAN_VERSION,
    };
    let Some((member, wanted)) = wanting.find(|(_, wanted)| is_above(wanted, ours)) else {
        return Ok(());
    };
    let message = format!(
        "{}: `{}` is for Rust {wanted} and newer, and this is {ours}",
        member.manifest.display(),
        member.package.name
    );
    Err(Error::new(Kind::Project, message).hint(format!(
        "write `channel = \"{wanted}\"` into the table [toolchain] of rust-toolchain.toml, then: xbuild lock"
    )))
}

/// Whether a `rust-version` is above a release: `1.90` is above `1.89.3`, and
/// not above `1.90.0-nightly`.
fn is_above(wanted: &str, release: &str) -> bool {
    let numbers = |text: &str| -> Option<[u32; 3]> {
        let end = text.find(['-', '+']).unwrap_or(text.len());
        let mut parts = text[..end].split('.').map(str::parse::<u32>);
        let mut next = || parts.next().unwrap_or(Ok(0)).ok();
        Some([next()?, next()?, next()?])
    };
    // What is no version, cargo says.
    let (wanted, release) = (numbers(wanted), numbers(release));
    wanted
        .zip(release)
        .is_some_and(|(wanted, ours)| wanted > ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (wanted, release, above) in [
            ("1.90", "1.89.3", true),
            ("1.90", "1.90.0-nightly", false),
            ("1.9", "1.89.0", false),
            ("1.96.1", "1.96.0", true),
            ("2", "1.96.0", true),
            ("nonsense", "1.96.0", false),
        ] {
            assert_eq!(is_above(wanted, release), above, "{wanted} {release}");
        }
    }
}
