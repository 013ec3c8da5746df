//! A release's request → what is asked of `buildPackage`, or why a derivation
//! cannot be that build. [pure]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::attest::LockedCrate;
use crate::build::Request;
use crate::build::epoch::VARIABLE as EPOCH;
use crate::cargo::registry::SOURCE as CRATES_IO;
use crate::cargo::{self, CargoArgs, Verb, split_args};
use crate::config::{Isolation, Passthrough};
use crate::error::{Error, Kind, Result};
use crate::target::TargetSpec;

/// The arguments of `nix/build-package.nix`, as `nix/release.nix` reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// A folder of the source alone.
    pub src: String,
    pub name: String,
    pub target: String,
    pub profile: String,
    /// The folder of the source that cargo runs in.
    pub folder: String,
    pub cargo_flags: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub source_date_epoch: String,
}

impl Asked {
    /// What is asked for one target.
    ///
    /// # Errors
    /// As [`flags`] and [`environment`].
    pub fn new(
        request: &Request,
        args: &CargoArgs,
        spec: &TargetSpec,
        name: &str,
        source: &Path,
    ) -> Result<Self> {
        let project = &request.project;
        let folder = text(
            project
                .cwd
                .strip_prefix(&project.root)
                .unwrap_or(Path::new("")),
        )?;
        let mut cargo_flags = flags(args)?;
        if args.manifest_path.is_some() {
            let manifest = project.manifest.strip_prefix(&project.root);
            let manifest = manifest.unwrap_or(Path::new("Cargo.toml"));
            let inside = Path::new(cargo::SOURCE).join(manifest);
            cargo_flags.extend(["--manifest-path".to_owned(), text(&inside)?]);
        }
        let configured = request.config.for_target(spec.triple()).passthrough;
        let variables = configured.into_iter().map(|setting| setting.value);
        // It has an argument of its own.
        let variables = variables.filter(|variable| variable.name() != EPOCH);
        Ok(Asked {
            src: text(source)?,
            name: store_name(name),
            target: spec.to_string(),
            profile: args.profile.clone().unwrap_or_else(|| "release".to_owned()),
            folder,
            cargo_flags,
            environment: environment(variables)?,
            source_date_epoch: request.epoch_of(std::slice::from_ref(spec)),
        })
    }
}

/// Refuses what a derivation cannot build in the way that the shell does.
///
/// # Errors
/// `Kind::Project`, `Kind::Config` or `Kind::Usage`, naming each thing.
pub fn refuse(request: &Request) -> Result<()> {
    let isolation = &request.config.isolation;
    if isolation.value == Isolation::None {
        let message = format!(
            "isolation is off ({}), and a derivation is built in Nix's sandbox",
            isolation.origin
        );
        return Err(Error::new(Kind::Usage, message).hint("--isolation full"));
    }
    let triples = request.specs.iter().map(TargetSpec::triple);
    if let Some(package) = triples
        .flat_map(|triple| request.config.for_target(triple).packages)
        .next()
    {
        let message = format!(
            "{}: a derivation has no system libraries, and `{}` is asked for",
            package.origin,
            package.value.name()
        );
        return Err(Error::new(Kind::Config, message).hint("leave out --derivation"));
    }
    if let Some(volume) = request.configured_volumes().first() {
        let message = format!(
            "a derivation sees nothing of the machine, and `{}` is a volume",
            volume.label()
        );
        return Err(Error::new(Kind::Config, message).hint("leave out --derivation"));
    }
    let outside = request.project.outside();
    let outside = outside.map(|path| path.display().to_string());
    let sources = request.config.sources.iter();
    let outside: Vec<String> = outside
        .chain(sources.map(|source| source.value.clone()))
        .map(|path| format!("`{path}`"))
        .collect();
    if outside.is_empty() {
        return Ok(());
    }
    let message = format!(
        "a derivation has nothing but the workspace, and {} outside of it is needed",
        outside.join(", ")
    );
    Err(Error::new(Kind::Project, message).hint("leave out --derivation"))
}

/// Refuses crates that no checksum fetches.
///
/// # Errors
/// `Kind::Project`, naming each.
pub fn refuse_crates(crates: &[LockedCrate]) -> Result<()> {
    let fits = |one: &&LockedCrate| one.checksum.is_some() && one.source == CRATES_IO;
    let others: Vec<String> = crates
        .iter()
        .filter(|one| !fits(one))
        .map(|one| format!("`{} {}` from {}", one.name, one.version, one.source))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let message = "a derivation takes crates from crates.io alone, by their checksums";
    Err(Error::new(Kind::Project, message)
        .caused_by(others.join("\n"))
        .hint("leave out --derivation"))
}

/// Cargo's options that decide what is made; what the derivation says itself,
/// and how to talk, is left out.
///
/// # Errors
/// `Kind::Usage` where one is not UTF-8, or hides a profile.
fn flags(args: &CargoArgs) -> Result<Vec<String>> {
    const LEFT_OUT: [&str; 9] = [
        "--release",
        "-r",
        "--locked",
        "--frozen",
        "--offline",
        "--quiet",
        "-q",
        "--verbose",
        "-v",
    ];
    const LEFT_OUT_WITH_VALUE: [&str; 4] = ["--profile", "--color", "--jobs", "-j"];
    let mut flags = Vec::new();
    let mut words = args.options.iter();
    while let Some(word) = words.next() {
        let word = text(Path::new(word))?;
        let begins = |name: &&str| word.starts_with(&format!("{name}="));
        if LEFT_OUT_WITH_VALUE.contains(&&*word) {
            words.next();
        } else if !LEFT_OUT.contains(&&*word) && !LEFT_OUT_WITH_VALUE.iter().any(begins) {
            flags.push(word);
        }
    }
    let left: Vec<_> = flags.iter().map(Into::into).collect();
    let rest = split_args(Verb::Build, &left)?;
    if rest.profile.is_some() || rest.offline || rest.locked || rest.frozen {
        let message = format!("`{}` holds more than one option", flags.join(" "));
        return Err(Error::new(Kind::Usage, message).hint("write each apart: -v -r"));
    }
    Ok(flags)
}

/// The variables that the configuration gives to the build.
///
/// # Errors
/// `Kind::Config` for one whose value is the caller's.
fn environment(variables: impl Iterator<Item = Passthrough>) -> Result<BTreeMap<String, String>> {
    variables
        .map(|variable| match variable {
            Passthrough::Set(name, value) => Ok((name, value)),
            Passthrough::Inherit(name) => {
                let message = format!(
                    "a derivation takes no variable of the caller's, and {name} is passed on"
                );
                Err(Error::new(Kind::Config, message)
                    .hint(format!("passthrough = [\"{name}=VALUE\"], for all to read")))
            }
        })
        .collect()
}

/// A name that is legal in a store.
fn store_name(name: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-._?=".contains(c);
    name.chars().filter(|c| legal(*c)).collect()
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "`{}` is not UTF-8, as a derivation wants it",
            path.display()
        );
        Error::new(Kind::Usage, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::Sha256;

    #[test]
    fn what_decides_nothing_is_no_input() {
        let table: [(&[&str], Option<&[&str]>); 6] = [
            (&["--release", "--offline"], Some(&[])),
            (
                &["-q", "--bin", "a", "--profile", "dist", "-F", "b"],
                Some(&["--bin", "a", "-F", "b"]),
            ),
            (
                &["--profile=dist", "--jobs=2", "-j", "3", "--color", "never"],
                Some(&[]),
            ),
            (
                &["--no-default-features", "-p", "x"],
                Some(&["--no-default-features", "-p", "x"]),
            ),
            (&["-vr"], None),
            (&["-qr", "--lib"], None),
        ];
        for (given, expected) in table {
            let words: Vec<_> = given.iter().map(Into::into).collect();
            let args = split_args(Verb::Build, &words).unwrap();
            match expected {
                Some(expected) => assert_eq!(flags(&args).unwrap(), expected, "{given:?}"),
                None => assert_eq!(flags(&args).unwrap_err().kind(), Kind::Usage, "{given:?}"),
            }
        }
    }

    #[test]
    fn a_callers_variable_is_no_input() {
        let set = Passthrough::Set("A".into(), "1".into());
        let found = environment(std::iter::once(set.clone())).unwrap();
        assert_eq!(found, BTreeMap::from([("A".into(), "1".into())]));
        let inherited = Passthrough::Inherit("TOKEN".into());
        let error = environment([set, inherited].into_iter()).unwrap_err();
        assert!(error.to_string().contains("TOKEN"), "{error}");
    }

    #[test]
    fn crates_without_a_checksum_or_of_elsewhere_are_named() {
        let one = |name: &str, source: &str, checksum| LockedCrate {
            name: name.into(),
            version: "1.0.0".into(),
            source: source.into(),
            checksum,
        };
        let hash = Some(Sha256::of(b"x"));
        let good = one("good", CRATES_IO, hash);
        refuse_crates(std::slice::from_ref(&good)).unwrap();
        for bad in [
            one("bad", "git+https://example.invalid/bad#0f", None),
            one("bad", "registry+https://example.invalid/index", hash),
            one("bad", CRATES_IO, None),
        ] {
            let error = refuse_crates(&[good.clone(), bad]).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.starts_with("`bad 1.0.0` from "), "{cause}");
            assert!(!cause.contains("good"), "{cause}");
        }
    }
}
