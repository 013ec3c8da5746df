//! Cargo in the hermetic shell: how its command line is read, which runs a
//! verb takes, what its messages say, and where its output lies on the host.
//!
//! Everything here is plain data for [`crate::sandbox`]. Only [`layout`] and
//! [`fetch`] write, below the project's target folder (and `Cargo.lock`).

mod args;
pub mod crates;
pub mod fetch;
pub mod home;
pub mod layout;
mod lockfile;
mod messages;
mod options;
mod plan;
pub mod registry;
mod stage;
mod user;
mod verb;

pub use args::{CargoArgs, MessageFormat, OwnFlags, RunBy, reject_toolchain, split_args};
pub use layout::Layout;
pub(crate) use layout::write_atomically;
pub use lockfile::Lockfile;
pub use messages::{Artefact, ArtefactKind, Collector, rewrite_paths};
pub use options::{building_options, own_options};
pub use plan::{CargoInvocation, Context, INSTALL_ROOT, Phase, Stdout, plan};
pub use stage::Stage;
pub use user::UserCargo;
pub use verb::{Verb, expand_alias};

/// Where the source stands in the shell.
pub const SOURCE: &str = "/build/source";
/// `CARGO_TARGET_DIR` in the shell.
pub const TARGET: &str = "/build/target";
/// `CARGO_HOME` in the shell.
pub const HOME: &str = "/build/cargo";

/// Variables that keep cargo's output at the constant paths, whatever the
/// project's configuration says; they win over every configuration file.
pub const SHELL_ENV: [(&str, &str); 3] = [
    ("CARGO_BUILD_BUILD_DIR", TARGET),
    ("CARGO_HOME", HOME),
    ("CARGO_TARGET_DIR", TARGET),
];

#[cfg(test)]
mod tests;
