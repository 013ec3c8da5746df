//! `xbuild verify`: a second build, elsewhere, and a verdict.

use std::ffi::OsString;

use crate::build::{Build, Request};
use crate::cargo::{Verb, split_args};
use crate::error::{Error, Kind, Result};
use crate::{rebuild, report, terminal};

/// Builds twice, compares, and says what differs and why.
///
/// # Errors
/// `Kind::Differs` where an artefact is not reproducible; and everything that
/// can go wrong in a build.
pub fn run(raw: &[OsString]) -> Result<u8> {
    let (verify, words) = rebuild::args::split(raw)?;
    let mut typed = split_args(Verb::Build, &words)?;
    super::set_talk_of(&mut typed)?;
    if typed.help {
        return Ok(super::help::of(&["verify"]));
    }
    let json = super::wants_json(typed.own.format.as_deref())?;
    let words = rebuild::args::with_profile(words, typed.profile.is_some());
    let mut args = split_args(Verb::Build, &words)?;
    super::set_talk_of(&mut args)?;
    let mut request = Request::of_cargo(Verb::Build, &args)?;
    rebuild::check(&request)?;
    // Better read before the build than after it.
    let published = rebuild::published(&verify)?;
    let epoch = published
        .as_ref()
        .and_then(|list| list.source_date_epoch.as_deref());
    if let Some(epoch) = epoch {
        request.replay(epoch);
    }
    let mut differing = 0;
    for group in request.groups() {
        let build = Build::prepare(Verb::Build, &args, &request, &group)?;
        let verification = match rebuild::verify(&build, &verify, published.as_ref())? {
            Ok(verification) => verification,
            Err(code) => return Ok(code),
        };
        if json {
            terminal::data(format_args!("{}\n", report::verify_json(&verification)));
        } else {
            terminal::talk(report::verify_text(&verification));
        }
        let subjects = verification.subjects.iter();
        differing += subjects.filter(|subject| !subject.reproducible()).count();
    }
    match differing {
        0 => Ok(0),
        1 => Err(Error::new(
            Kind::Differs,
            "one artefact is not reproducible",
        )),
        many => Err(Error::new(
            Kind::Differs,
            format!("{many} artefacts are not reproducible"),
        )),
    }
}
