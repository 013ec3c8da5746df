//! Giving targets the Rust that is locked for the project. [pure]

use std::path::Path;
use std::sync::Arc;

use super::{RustPin, Wanted};
use crate::error::{Error, Kind, Result};
use crate::lock::{FILE_NAME, Lock};
use crate::target::TargetSpec;

/// The Rust that is locked, where one is wanted.
///
/// # Errors
/// `Kind::Config` where the lock is missing, or of another Rust than is
/// wanted: nothing is ever built with that.
pub fn attach(
    wanted: Option<&Wanted>,
    root: &Path,
    lock: Option<&Lock>,
    specs: Vec<TargetSpec>,
) -> Result<Vec<TargetSpec>> {
    let path = root.join(FILE_NAME);
    let path = path.display();
    let pin = lock.and_then(Lock::rust);
    let message = match (wanted, pin) {
        (None, None) => return Ok(specs),
        (Some(wanted), Some(pin)) if pin.fits(wanted) => return with(pin, specs),
        (Some(wanted), None) => {
            let Wanted {
                origin, channel, ..
            } = wanted;
            match lock {
                None => format!("{origin} asks for Rust {channel}, and there is no `{path}`"),
                Some(_) => format!("{origin} asks for Rust {channel}, and `{path}` locks none"),
            }
        }
        (Some(wanted), Some(pin)) => {
            let Wanted {
                origin, channel, ..
            } = wanted;
            if pin.channel == channel.to_string() {
                format!("{origin}: `{path}` locks other components or targets of Rust {channel}")
            } else {
                let locked = &pin.channel;
                format!("{origin} asks for Rust {channel}, and `{path}` locks {locked}")
            }
        }
        (None, Some(pin)) => {
            let locked = &pin.channel;
            format!("`{path}` locks Rust {locked}, and no rust-toolchain.toml asks for it")
        }
    };
    Err(Error::new(Kind::Config, message).hint("xbuild lock"))
}

fn with(pin: &RustPin, specs: Vec<TargetSpec>) -> Result<Vec<TargetSpec>> {
    let pin = Arc::new(pin.clone());
    let attach = |spec: TargetSpec| spec.with_rust(Arc::clone(&pin));
    Ok(specs.into_iter().map(attach).collect())
}
