//! `system-libraries`: what the project's packages themselves need is not above
//! the floor. [pure]

use super::{CheckId, Expectation, Finding};
use crate::artifact::GlibcVersion;

/// A shared library of the project's packages that an artefact loads, itself or
/// by way of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemLibrary {
    pub soname: String,
    pub package: String,
    pub version: String,
    pub suite: String,
    /// The highest glibc that the library needs.
    pub glibc: Option<GlibcVersion>,
    /// Whether the artefact itself names it.
    pub direct: bool,
}

/// One finding for all libraries above the floor, the highest first.
pub fn libraries(loaded: &[SystemLibrary], expected: &Expectation) -> Vec<Finding> {
    let Some(floor) = expected.floor else {
        return Vec::new();
    };
    let mut above: Vec<(GlibcVersion, &SystemLibrary)> = loaded
        .iter()
        .filter_map(|library| Some((library.glibc?, library)))
        .filter(|(glibc, _)| *glibc > floor)
        .collect();
    above.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.soname.cmp(&b.1.soname)));
    let Some((highest, library)) = above.first() else {
        return Vec::new();
    };
    let SystemLibrary {
        soname,
        package,
        version,
        suite,
        ..
    } = library;
    let message = format!(
        "`{soname}` of {suite}'s {package} {version} needs glibc {highest}, and the floor is {floor}"
    );
    let hint = format!(
        "`--target {}.{highest}` is the lowest floor that it runs on; where the machine has another \
         build of the library, for its own glibc, this does not matter",
        expected.triple
    );
    let places = above.iter().map(|(glibc, library)| {
        let SystemLibrary {
            soname, package, ..
        } = library;
        format!("{soname} ({package}): glibc {glibc}")
    });
    let mut finding = Finding::new(CheckId::SystemLibraries, message, hint).at(places);
    finding.weigh(expected);
    vec![finding]
}
