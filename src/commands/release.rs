//! `xbuild release`: build, build again, pack, describe, sign.

use std::ffi::OsString;

use crate::attest::slsa::{LOCAL_BUILDER, NIX_BUILDER};
use crate::build::Request;
use crate::cargo::{Verb, split_args};
use crate::cli::{Format as Rendering, ReleaseArgs};
use crate::error::{Error, Kind, Result};
use crate::package::Format;
use crate::release::{self, DerivationOptions, Options};
use crate::terminal::Color;
use crate::{rebuild, report, terminal};

/// Makes a release.
///
/// # Errors
/// As [`release::run`].
pub fn run(raw: &ReleaseArgs) -> Result<u8> {
    super::set_talk(raw.target.talk);
    let chosen = split_args(Verb::Build, &raw.cargo)?.profile.is_some();
    let args = split_args(Verb::Build, &words(raw, chosen))?;
    let request = Request::of_cargo(Verb::Build, &args)?;
    let options = options(raw)?;
    match release::run(&request, &args, &options)? {
        Err(code) => Ok(code),
        Ok(released) => {
            match raw.format {
                Rendering::Text => terminal::talk(report::released_text(&released)),
                Rendering::Json => terminal::data(released.manifest.text()),
            }
            Ok(0)
        }
    }
}

/// Cargo's words: what is of xbuild among them is read by the same code as
/// behind `xbuild build`.
fn words(raw: &ReleaseArgs, chosen: bool) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if !chosen {
        words.push("--release".into());
    }
    let mut pair = |name: &str, value: &std::ffi::OsStr| {
        words.extend([OsString::from(name), value.to_owned()]);
    };
    for target in &raw.target.targets {
        pair("--target", target.as_ref());
    }
    for mirror in &raw.target.mirrors {
        pair("--mirror", mirror.as_ref());
    }
    if let Some(path) = &raw.target.manifest_path {
        pair("--manifest-path", path.as_ref());
    }
    if let Some(nix) = &raw.target.nix {
        pair("--nix", nix.as_ref());
    }
    let color = terminal::color();
    if color != Color::Auto {
        pair("--color", color.name().as_ref());
    }
    if raw.target.offline {
        words.push("--offline".into());
    }
    words.extend(raw.cargo.iter().cloned());
    words
}

fn options(raw: &ReleaseArgs) -> Result<Options> {
    let parse = |word: &String| {
        Format::parse(word).ok_or_else(|| {
            let words = Format::ALL.map(|format| format.to_string()).join(", ");
            let message = format!("`{word}` is no kind of archive");
            Error::new(Kind::Usage, message).hint(format!("one of {words}"))
        })
    };
    let builder = match raw.derivation {
        true => NIX_BUILDER,
        false => LOCAL_BUILDER,
    };
    Ok(Options {
        out: raw.out.clone(),
        verify: match raw.no_verify {
            true => None,
            false => Some(rebuild::args::split(&[])?.0),
        },
        allow_dirty: raw.allow_dirty,
        key: super::sign::key_source(&raw.key),
        builder: raw.builder.clone().unwrap_or_else(|| builder.to_owned()),
        source: raw.source.clone(),
        name: raw.name.clone(),
        formats: raw.archives.iter().map(parse).collect::<Result<_>>()?,
        derivation: raw.derivation.then(|| DerivationOptions {
            builders: raw.builders.clone(),
        }),
    })
}
