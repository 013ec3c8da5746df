//! Whether the Rust of a lock stays, is made, or goes. [pure]

use super::{RustPin, Wanted};

/// What is to become of the Rust of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan<'a> {
    /// It is what is wanted: none, or this one.
    Keep(Option<&'a RustPin>),
    /// It is to be resolved, and is not to be older than what was there.
    Make(&'a Wanted, Option<&'a RustPin>),
    /// Nothing asks for it any more.
    Drop(&'a RustPin),
}

/// Compares what is locked with what is wanted.
pub fn plan<'a>(wanted: Option<&'a Wanted>, locked: Option<&'a RustPin>, update: bool) -> Plan<'a> {
    match (wanted, locked) {
        (None, None) => Plan::Keep(None),
        (None, Some(pin)) => Plan::Drop(pin),
        (Some(wanted), Some(pin)) if pin.fits(wanted) && !update => Plan::Keep(Some(pin)),
        (Some(wanted), pin) => Plan::Make(wanted, pin),
    }
}

impl Plan<'_> {
    /// Whether the lock is right as it is.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Plan::Keep(_))
    }
}
