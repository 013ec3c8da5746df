//! The signed releases that travel inside the program. [pure]

use super::Sha256;
use super::chain::broken;
use super::inrelease::{Expected, Release};
use super::keys::Keys;
use crate::error::{Error, Kind, Result};

/// The release that a suite's pins follow from, verified, and its hash.
///
/// # Errors
/// `Kind::Internal` for a suite that nothing is pinned from; `Kind::Integrity`
/// where the program was built from a broken tree.
pub fn pinned_release(suite: &str) -> Result<(Release, Sha256)> {
    let path = format!("pins/{suite}.InRelease");
    let bytes = crate::nix::embedded(&path)
        .ok_or_else(|| Error::new(Kind::Internal, format!("no release of {suite} is pinned")))?;
    let what = format!("the pinned release of {suite}");
    let text = std::str::from_utf8(bytes).map_err(|why| broken(&what, why))?;
    let keys = Keys::debian().map_err(|why| broken("one of Debian's keys", why))?;
    let expected = Expected {
        suite,
        now: None,
        not_before: None,
    };
    let release = Release::verify(text, &keys, &expected).map_err(|why| broken(&what, why))?;
    Ok((release, Sha256::of(bytes)))
}
