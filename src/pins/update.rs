//! `xbuild pins update`: from what the archive signs today to new pins.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;

use super::Sha256;
use super::chain::{self, Files, Sources, broken};
use super::inrelease::{Expected, Release};
use super::keys::Keys;
use super::pinned::Pins;
use crate::error::{IoContext, Result};
use crate::fetch::{Client, Downloads, Mirrors, Options};

/// In bytes; a release of Debian has a seventh of it.
const MAX_INRELEASE: u64 = 1 << 20;

/// Makes the pins of the checkout at `root` anew, and writes them with the
/// signed releases that they follow from.
///
/// Of each suite the first mirror's release counts that is signed by a key of
/// Debian's, has not expired at `now` and is not older than the committed one.
/// Nothing is written before all of it is known.
///
/// # Errors
/// `Kind::Integrity` where a signature or a hash does not hold or a release is
/// too old, `Kind::Network` where no mirror answers, `Kind::Config` where the
/// request asks for what is not there, `Kind::Filesystem`.
pub fn run(
    root: &Path,
    downloads: &Downloads,
    mirrors: &Mirrors,
    options: &Options,
    now: Timestamp,
) -> Result<Pins> {
    let keys = Keys::debian().map_err(|why| broken("one of Debian's keys", why))?;
    run_with(root, downloads, mirrors, options, now, &keys)
}

pub(super) fn run_with(
    root: &Path,
    downloads: &Downloads,
    mirrors: &Mirrors,
    options: &Options,
    now: Timestamp,
    keys: &Keys,
) -> Result<Pins> {
    let files = Files { root };
    let request = files.request()?;
    let client = Client::new(options.timeouts)?;
    let mut texts = BTreeMap::new();
    let mut releases = BTreeMap::new();
    for suite in request.suites() {
        let not_before = committed_date(&files, &suite, keys)?;
        let expected = Expected {
            suite: &suite,
            now: Some(now),
            not_before,
        };
        let path = format!("dists/{suite}/InRelease");
        let (text, release) =
            client.fetch_bytes(&mirrors.bases(&suite), &path, MAX_INRELEASE, |bytes| {
                let text = std::str::from_utf8(bytes).map_err(|_| "is not text".to_owned())?;
                let release = Release::verify(text, keys, &expected)?;
                Ok((text.to_owned(), release))
            })?;
        releases.insert(suite.clone(), (release, Sha256::of(text.as_bytes())));
        texts.insert(suite, text);
    }
    let sources = Sources {
        downloads,
        mirrors,
        options,
    };
    let pins = chain::follow(&request, &releases, &sources)?;
    for (suite, text) in &texts {
        write(&files.inrelease(suite), text)?;
    }
    write(&files.pins(), &pins.to_json())?;
    Ok(pins)
}

/// The date of the release that the checkout is pinned to, if it has one.
fn committed_date(files: &Files, suite: &str, keys: &Keys) -> Result<Option<Timestamp>> {
    let path = files.inrelease(suite);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).at("read", &path)?;
    let expected = Expected {
        suite,
        now: None,
        not_before: None,
    };
    let release = Release::verify(&text, keys, &expected)
        .map_err(|why| broken(&format!("`{}`", path.display()), why))?;
    Ok(Some(release.date))
}

/// Replaces a file in one step.
fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).at("make the folder", folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).at("write in", folder)?;
    file.write_all(text.as_bytes()).at("write", path)?;
    let readable = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(readable).at("write", path)?;
    file.persist(path)
        .map_err(|error| error.error)
        .at("put in place", path)?;
    Ok(())
}
