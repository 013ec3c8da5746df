//! Errors of Nix as errors of ours: the kind, and what to do about the
//! commonest reasons. [pure]

use crate::error::{Error, Kind};

/// The error for a Nix that said why it failed.
pub fn failure(message: impl Into<String>, said: impl Into<String>) -> Error {
    let said = said.into();
    let has = |text: &&str| said.contains(*text);
    let (kind, hint) = match CAUSES.iter().find(|cause| cause.said.iter().any(has)) {
        Some(cause) => (cause.kind, Some(cause.hint)),
        None => (Kind::Nix, None),
    };
    let error = Error::new(kind, message).caused_by(said);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What Nix said through a failed [`crate::process::Command`], uncoloured.
pub fn said(error: &Error) -> String {
    std::error::Error::source(error)
        .map(|said| anstream::adapter::strip_str(&said.to_string()).to_string())
        .unwrap_or_default()
}

/// Whether the database of a store is not one any more, as after a power cut.
pub fn is_broken_database(error: &Error) -> bool {
    let said = said(error);
    BROKEN_DATABASE.iter().any(|text| said.contains(text))
}

/// What SQLite and Nix say of a database, or of the file `schema` beside it,
/// that was cut short or overwritten.
const BROKEN_DATABASE: [&str; 6] = [
    "database disk image is malformed",
    "file is not a database",
    "no such table",
    "cannot open Nix database",
    "/nix/var/nix/db/schema' is corrupt",
    "Berkeley DB format",
];

struct Cause {
    /// Any of these in Nix's words betrays it.
    said: &'static [&'static str],
    kind: Kind,
    hint: &'static str,
}

const CAUSES: [Cause; 3] = [
    Cause {
        said: &["No space left", "Disk quota"],
        kind: Kind::Filesystem,
        hint: crate::error::NO_SPACE,
    },
    Cause {
        said: &[
            "cloning builder",
            "namespace",
            "unshare",
            "mounting",
            "setgroups",
        ],
        kind: Kind::Nix,
        hint: "Nix's sandbox needs user namespaces: allow them with\n\
               sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000\n\
               (Ubuntu 23.10 and newer: kernel.apparmor_restrict_unprivileged_userns=0;\n\
               a container: run it with --privileged)",
    },
    Cause {
        said: &["Permission denied", "Read-only file system"],
        kind: Kind::Nix,
        hint: "make it writable for this user, or let xbuild use its own Nix: --nix own",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nix_says_has_its_kind_and_remedy() {
        let cases = [
            (
                "error: cloning builder process: Operation not permitted",
                (Kind::Nix, "user namespaces"),
            ),
            (
                "error: this system does not support the kernel namespaces that are required",
                (Kind::Nix, "user namespaces"),
            ),
            (
                "error: opening lock file '/nix/var/nix/db/big-lock': Permission denied",
                (Kind::Nix, "--nix own"),
            ),
            (
                "error: writing to file: No space left on device",
                (Kind::Filesystem, "XBUILD_HOME"),
            ),
        ];
        for (said, (kind, hint)) in cases {
            let error = failure("nix failed", said);
            assert_eq!(error.kind(), kind, "{said}");
            assert!(error.hints()[0].contains(hint), "{said}");
        }
        for said in [
            "error: '/x/nix/var/nix/db/schema' is corrupt",
            "error: creating statement 'x': SQL logic error, no such table: ValidPaths (in 'x')",
        ] {
            assert!(is_broken_database(&failure("nix failed", said)), "{said}");
        }
        let error = failure("nix failed", "error: database or disk is full");
        assert!(!is_broken_database(&error));
        let error = failure("nix failed", "error: syntax error");
        assert_eq!((error.kind(), error.hints().len()), (Kind::Nix, 0));
    }
}
