//! `xbuild inspect`: what a binary is and what it needs.

use crate::cli::{Format, InspectArgs};
use crate::error::Result;
use crate::{artifact, report, terminal};

/// Describes each file.
///
/// # Errors
/// Where a file cannot be read, or is broken.
pub fn run(args: &InspectArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let needles = [artifact::Needle::nix_store()];
    let artifacts = args
        .files
        .iter()
        .map(|path| artifact::read(path, &needles))
        .collect::<Result<Vec<_>>>()?;
    match args.format {
        Format::Text => terminal::report(report::inspect_text(&artifacts)),
        Format::Json => terminal::data(format_args!("{:#}\n", report::inspect_json(&artifacts))),
    }
    Ok(0)
}
