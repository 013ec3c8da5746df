//! Cargo's verbs: one [`Build`] for each group of targets that cargo can build
//! together.

use std::ffi::OsString;

use crate::build::{Build, Made, Request};
use crate::cargo::{Verb, split_args};
use crate::error::Result;
use crate::report::{self, Row};
use crate::runner::Runner;
use crate::terminal;

/// Runs a verb of cargo with what was typed behind it, and says what to exit
/// with: cargo's own code, or that of the program that it ran.
///
/// # Errors
/// Everything that can go wrong before cargo runs or after it has succeeded.
pub fn run(verb: Verb, raw: &[OsString]) -> Result<u8> {
    let mut args = split_args(verb, raw)?;
    super::set_talk_of(&mut args)?;
    if args.help {
        return Ok(super::help::of(&[verb.name()]));
    }
    let json = super::wants_json(args.own.format.as_deref())?;
    let request = Request::of_cargo(verb, &args)?;
    let (args, groups) = match Runner::chosen(&request.config)? {
        Some(runner) if verb == Verb::Test => {
            // It knows of one target.
            let alone = request.specs.iter().map(|spec| vec![spec.clone()]);
            (runner.takes(args)?, alone.collect())
        }
        _ => (args, request.groups()),
    };
    let mut rows = Vec::new();
    for group in groups {
        let build = Build::prepare(verb, &args, &request, &group)?;
        let (code, made) = build.run(json)?;
        if code != 0 {
            return Ok(code);
        }
        let row = |made: &Made| Row::new(&made.spec.to_string(), &made.entry);
        rows.extend(made.iter().map(row));
    }
    let tabled = matches!(verb, Verb::Build | Verb::Rustc) && request.specs.len() > 1;
    if tabled && !json && terminal::verbosity() >= 0 && rows.len() > 1 {
        terminal::talk(report::table(&rows));
    }
    Ok(0)
}

/// The fetch step of a verb alone.
///
/// # Errors
/// As [`run`].
pub fn fetch_only(verb: Verb, raw: &[OsString]) -> Result<()> {
    let args = split_args(verb, raw)?;
    let request = Request::of_cargo(verb, &args)?;
    for group in request.groups() {
        Build::prepare(verb, &args, &request, &group)?;
    }
    Ok(())
}
