//! Faults that are brought about on purpose, each followed by a normal run that
//! must succeed unaided and give the right program: what was killed, cut short,
//! spoilt, removed or raced for is healed, or is named and kept out of the
//! store. `docs/faults.md` lists them.
//!
//! No network is reached but for the downloads of the tests' common home.

mod crowd;
mod house;
mod kill;
mod loopback;
mod machine;
mod mirror;
mod signed;
mod state;
mod store;

use house::{
    House, TARGET, clock, download, expected, hash, packages, project, replace, write_project,
};
use loopback::{Loopback, Manner};
