//! The flags of `xbuild verify` among those of `cargo build`. [pure]

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::{Variation, variation};
use crate::error::{Error, Kind, Result};

/// What `xbuild verify` was asked for, besides the build itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyArgs {
    pub variations: BTreeSet<Variation>,
    /// What to compare with, in place of a second build.
    pub against: Option<PathBuf>,
    /// Whether to look for the cause of a difference.
    pub blame: bool,
}

/// Takes the flags out of the words behind `verify`; the rest is cargo's.
///
/// # Errors
/// `Kind::Usage` for a missing value, a word that is no variation, and flags
/// that have no meaning together.
pub fn split(raw: &[OsString]) -> Result<(VerifyArgs, Vec<OsString>)> {
    let (mut vary, mut no_vary) = (Vec::new(), Vec::new());
    let mut against = None;
    let mut blame = true;
    let mut rest = Vec::new();
    let mut words = raw.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            rest.push(word.clone());
            rest.extend(words.cloned());
            break;
        }
        let text = word.to_string_lossy();
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(OsString::from(value))),
            None => (text.into_owned(), None),
        };
        match name.as_str() {
            "--no-blame" => blame = false,
            "--vary" | "--no-vary" | "--against" => {
                let value = inline.or_else(|| words.next().cloned());
                let value = value.filter(|value| !value.is_empty() && value != "--");
                let value = value.ok_or_else(|| missing(&name))?;
                match name.as_str() {
                    "--vary" => vary.push(value.to_string_lossy().into_owned()),
                    "--no-vary" => no_vary.push(value.to_string_lossy().into_owned()),
                    _ => against = Some(PathBuf::from(value)),
                }
            }
            _ => rest.push(word.clone()),
        }
    }
    if against.is_some() && !(vary.is_empty() && no_vary.is_empty()) {
        let message = "`--against` compares with a file: there is no second build to vary";
        return Err(Error::new(Kind::Usage, message).hint("leave out --vary and --no-vary"));
    }
    let args = VerifyArgs {
        variations: variation::select(&vary, &no_vary)?,
        against,
        blame,
    };
    Ok((args, rest))
}

/// Cargo's words with the profile that a release has, where none was chosen.
pub fn with_profile(mut words: Vec<OsString>, chosen: bool) -> Vec<OsString> {
    if !chosen {
        words.insert(0, OsStr::new("--release").to_owned());
    }
    words
}

fn missing(name: &str) -> Error {
    let hint = match name {
        "--against" => "--against SHA256SUMS".to_owned(),
        _ => format!("{name} time,umask"),
    };
    Error::new(Kind::Usage, format!("`{name}` wants a value")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn its_flags_are_taken_out_and_cargos_stay() {
        for (text, rest, count) in [
            ("", "", 14),
            ("--release --vary time -p x", "--release -p x", 1),
            ("--vary=time,aslr --vary umask", "", 3),
            ("--no-vary kernel --features a", "--features a", 13),
            ("-- --vary time", "-- --vary time", 14),
        ] {
            let (args, left) = split(&words(text)).unwrap();
            assert_eq!(left, words(rest), "{text}");
            assert_eq!(args.variations.len(), count, "{text}");
            assert!(args.blame && args.against.is_none());
        }
        let (args, _) = split(&words("--no-blame --against=SHA256SUMS")).unwrap();
        assert!(!args.blame);
        assert_eq!(args.against, Some("SHA256SUMS".into()));
    }

    #[test]
    fn what_is_missing_or_contradicts_is_said() {
        for (text, part) in [
            ("--vary", "`--vary` wants a value"),
            ("--against --", "`--against` wants a value"),
            ("--vary=", "`--vary` wants a value"),
            ("--against x --vary time", "no second build"),
            ("--no-vary tmie", "`tmie` is no variation"),
        ] {
            let error = split(&words(text)).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_release_is_what_is_verified() {
        assert_eq!(with_profile(words("-p x"), false), words("--release -p x"));
        assert_eq!(
            with_profile(words("--profile y"), true),
            words("--profile y")
        );
    }
}
