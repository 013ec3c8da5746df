//! `xbuild gc`: removes toolchains that are no longer used.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::build;
use crate::cargo::UserCargo;
use crate::cli::{Format, GcArgs};
use crate::config::{Config, EnvLayer, FlagLayer};
use crate::error::Result;
use crate::nix::Known;
use crate::{host, report, terminal};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Drops what was not used lately, or everything, and says what that freed.
///
/// # Errors
/// Where a folder cannot be removed, or Nix fails.
pub fn run(args: &GcArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let config = Config::resolve(&FlagLayer::default(), &EnvLayer::read(host::var)?, None)?;
    let workshop = build::workshop(&config, &UserCargo::default(), true)?;
    let oldest = SystemTime::now()
        .checked_sub(Duration::from_secs(u64::from(args.older_than) * DAY))
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let keep = |known: &Known| {
        let recent = known.last_used.is_none_or(|used| used >= oldest);
        !args.all && known.realised.is_some() && recent
    };
    let mut document = json!({
        "version": 1,
        "dropped": [],
        "in_use": [],
        "freed": null,
        "downloads": null,
    });
    if workshop.folders.toolchains().is_dir() {
        let collected = workshop.nix()?.gc(&keep)?;
        for key in &collected.dropped {
            terminal::status("Dropped", key);
        }
        for key in &collected.in_use {
            terminal::note(format!("{key} stays: another run works with it"));
        }
        document["dropped"] = json!(collected.dropped);
        document["in_use"] = json!(collected.in_use);
        if collected.left_to_the_machine {
            terminal::note("the store is the machine's: `nix-collect-garbage` frees what is in it");
        } else {
            terminal::status("Freed", report::size(collected.freed));
            document["freed"] = json!(collected.freed);
        }
    }
    if args.downloads
        && let Some(folder) = workshop.remove_downloads()?
    {
        terminal::status("Removed", folder.display());
        document["downloads"] = json!(folder.display().to_string());
    }
    if args.format == Format::Json {
        terminal::data(format_args!("{document:#}\n"));
    }
    Ok(0)
}
