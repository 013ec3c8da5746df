//! Builds a project's package as an ordinary derivation, and builds it again.

use std::path::Path;

use super::Hold;
use super::failure::failure;
use super::find::Nix;
use super::store_path::StorePath;
use crate::error::{Error, IoContext, Kind, Result};
use crate::host;
use crate::terminal;

/// What Nix says where a second build gave something else (`nix-store(1)`,
/// "Special exit codes").
const NOT_DETERMINISTIC: i32 = 104;

/// A package to be built.
#[derive(Debug, Clone, Copy)]
pub struct PackageRequest<'a> {
    /// The folder that [`super::nix_sources`] wrote.
    pub sources: &'a Path,
    /// The file that its `release.nix` reads.
    pub asked: &'a Path,
    /// The link that keeps what is built.
    pub link: &'a Path,
    /// Other machines that may build, as Nix has them in its setting `builders`.
    pub builders: Option<&'a str>,
    /// What it is called on the terminal.
    pub what: &'a str,
}

/// A derivation that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub drv: StorePath,
    pub out: StorePath,
}

impl Nix {
    /// Builds a package, unless the store has it already.
    ///
    /// # Errors
    /// Where its builder fails (with the end of the log), or the source does
    /// not evaluate.
    pub fn derive(&self, _hold: &Hold, request: &PackageRequest<'_>) -> Result<Derived> {
        let mut build = self
            .command("nix")
            .args(["build", "--json", "--log-format", "internal-json", "-f"])
            .arg(request.sources.join("release.nix"))
            .args(["--argstr", "request"])
            .arg(request.asked)
            .arg("--out-link")
            .arg(request.link);
        if let Some(builders) = request.builders {
            build = build.args(["--option", "builders", builders]);
            // Nix starts the user's ssh, which finds settings and keys itself.
            for name in ["PATH", "SSH_AUTH_SOCK"] {
                if let Some(value) = host::var(name) {
                    build = build.env(name, value);
                }
            }
        }
        let mut built = self.build(&build, request.what)?;
        let (Some(one), true) = (built.pop(), built.is_empty()) else {
            let message = "a package is not one derivation";
            return Err(Error::new(Kind::Internal, message));
        };
        Ok(Derived {
            drv: one.drv_path,
            out: one.outputs.out,
        })
    }

    /// Builds a derivation once more, on this machine, and says whether Nix
    /// found every byte of the output to be the same.
    ///
    /// # Errors
    /// Where the builder fails this time.
    pub fn derive_again(&self, _hold: &Hold, derived: &Derived) -> Result<bool> {
        let check = self
            .command("nix-store")
            .args(["--realise", "--check"])
            .arg(derived.drv.to_string());
        terminal::verbose(&check);
        let output = check
            .to_std()
            .stdin(std::process::Stdio::null())
            .output()
            .at("start", check.program())?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(NOT_DETERMINISTIC) => Ok(false),
            _ => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = anstream::adapter::strip_str(&said).to_string();
                let message = format!("`{}` failed to build again", derived.drv.name());
                Err(failure(message, said))
            }
        }
    }
}
