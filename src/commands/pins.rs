//! `xbuild pins`: for whoever maintains xbuild.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::build;
use crate::cargo::UserCargo;
use crate::cli::{Format, PinsArgs, PinsCommand, PinsLine};
use crate::config::{Config, EnvLayer, FlagLayer};
use crate::error::{Error, Kind, Result};
use crate::fetch::{Downloads, Mirrors, Options};
use crate::pins::{Pins, check, update};
use crate::{host, terminal};

/// Updates or checks the pins.
///
/// # Errors
/// Where the chain from signature to package does not hold.
pub fn run(args: &PinsArgs) -> Result<u8> {
    match &args.command {
        PinsCommand::Update(line) => {
            let (downloads, mirrors, options) = prepare(line)?;
            let pins = update::run(&line.root, &downloads, &mirrors, &options, Timestamp::now())?;
            terminal::status(
                "Pinned",
                format_args!("{} packages", pins.packages().count()),
            );
            tell(
                line,
                &json!({ "version": 1, "packages": pins.packages().count() }),
            );
        }
        PinsCommand::Check(line) => {
            let (downloads, mirrors, options) = prepare(line)?;
            let proved = check::run(&line.root, &downloads, &mirrors, &options)?;
            terminal::status(
                "Proved",
                format_args!(
                    "{} packages follow from {}",
                    proved.packages,
                    proved.releases.join(", ")
                ),
            );
            let (packages, releases) = (proved.packages, proved.releases);
            tell(
                line,
                &json!({ "version": 1, "packages": packages, "releases": releases }),
            );
        }
    }
    Ok(0)
}

fn tell(line: &PinsLine, document: &Value) {
    if line.format == Format::Json {
        terminal::data(format_args!("{document:#}\n"));
    }
}

fn prepare(line: &PinsLine) -> Result<(Downloads, Mirrors, Options)> {
    super::set_talk(line.talk);
    if !line.root.join("nix/packages.json").is_file() {
        let message = format!("there is no nix/packages.json in `{}`", line.root.display());
        return Err(Error::new(Kind::Usage, message)
            .hint("run it in a checkout of xbuild, or name one with --root"));
    }
    let flags = FlagLayer {
        mirrors: line.mirrors.clone(),
        ..FlagLayer::default()
    };
    let config = Config::resolve(&flags, &EnvLayer::read(host::var)?, None)?;
    let workshop = build::workshop(&config, &UserCargo::default(), line.offline)?;
    let mirrors = workshop.mirrors(&Pins::embedded()?)?;
    let options = Options {
        offline: line.offline,
        ..Options::default()
    };
    Ok((Downloads::new(&workshop.folders), mirrors, options))
}
