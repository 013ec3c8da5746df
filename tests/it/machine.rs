//! What this machine is like: where its cargo keeps things, how its network is
//! reached, who an ordinary user is.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use xbuild::host;

use crate::published::machines_cargo_home;

/// `nobody` of every Debian, who is in no group that owns anything.
const NOBODY: u32 = 65534;

/// Puts cargo's settings of this machine into a cargo home: where crates come
/// from is the machine's to say.
pub fn cargos_settings(cargo_home: &Path) {
    let config = machines_cargo_home().map(|home| home.join("config.toml"));
    if let Some(config) = config.filter(|config| config.is_file()) {
        fs::copy(config, cargo_home.join("config.toml")).expect("cargo's settings");
    }
}

/// What of the environment decides how the network is reached.
pub fn network() -> impl Iterator<Item = (OsString, OsString)> {
    let prefixes = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_SOURCE_", "SSL_CERT_"];
    host::vars().filter(move |(name, _)| {
        let name = name.to_string_lossy();
        let proxy = name.to_ascii_lowercase().ends_with("_proxy");
        proxy || prefixes.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// Gives a folder and all in it to an ordinary user: to `nobody` where the
/// tests run as root, else to who they run as already.
pub fn give_away(folder: &Path) -> u32 {
    let uid = fs::metadata(folder).expect("a folder").uid();
    if uid != 0 {
        return uid;
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder to give away") {
            let entry = entry.expect("an entry to give away");
            if entry.file_type().expect("a file's type").is_dir() {
                folders.push(entry.path());
            } else {
                chown(entry.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
            }
        }
        chown(&folder, Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    NOBODY
}
