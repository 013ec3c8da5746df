//! The rows of a pipeline's matrix: what their artefacts are called, and which
//! machine builds what xbuild does not. [pure]

use crate::target::TargetSpec;

/// A target that only its maker's machines build for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Native {
    pub triple: &'static str,
    /// The end of its artefacts' names.
    pub artefact: &'static str,
    /// GitHub's label of a machine.
    pub github: &'static str,
    /// The label or tag of a runner elsewhere.
    pub system: &'static str,
}

/// Those that a pipeline can have.
pub const NATIVE: [Native; 4] = [
    Native {
        triple: "x86_64-pc-windows-msvc",
        artefact: "windows-x86_64",
        github: "windows-latest",
        system: "windows",
    },
    Native {
        triple: "aarch64-pc-windows-msvc",
        artefact: "windows-aarch64",
        github: "windows-11-arm",
        system: "windows",
    },
    Native {
        triple: "x86_64-apple-darwin",
        artefact: "macos-x86_64",
        github: "macos-15-intel",
        system: "macos",
    },
    Native {
        triple: "aarch64-apple-darwin",
        artefact: "macos-aarch64",
        github: "macos-latest",
        system: "macos",
    },
];

impl Native {
    pub fn parse(triple: &str) -> Option<Self> {
        NATIVE.into_iter().find(|native| native.triple == triple)
    }
}

/// What a target's artefact is called: `NAME-linux-x86_64-static`,
/// `NAME-linux-aarch64-glibc2.17`.
pub fn artefact(name: &str, spec: &TargetSpec) -> String {
    let triple = spec.triple();
    let arch = triple.split('-').next().unwrap_or(triple);
    match spec.floor() {
        Some(floor) => format!("{name}-linux-{arch}-glibc{floor}"),
        None => format!("{name}-linux-{arch}-static"),
    }
}
