//! The table of options that xbuild must understand to read cargo's command
//! line: its own, and those of cargo's that take a value. [pure]

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    /// The next word, whatever it is, or what stands behind `=`.
    Value,
    /// As `Value`, but a word that begins with `-` is not it.
    MaybeValue,
}

/// Options that xbuild removes, each taking a value: its own, and those of
/// cargo's that it replaces by what holds inside the shell.
pub(super) const REMOVED: [&str; 9] = [
    "--allow",
    "--format",
    "--isolation",
    "--manifest-path",
    "--message-format",
    "--mirror",
    "--nix",
    "--target",
    "--target-dir",
];

/// Options of `cargo install` that xbuild replaces as well.
pub(super) const REMOVED_FROM_INSTALL: [&str; 2] = ["--path", "--root"];

const VALUE: [&str; 22] = [
    "--artifact-dir",
    "--branch",
    "--color",
    "--config",
    "--exclude",
    "--features",
    "--filter-platform",
    "--format-version",
    "--git",
    "--index",
    "--jobs",
    "--lockfile-path",
    "--log",
    "--out-dir",
    "--print",
    "--profile",
    "--registry",
    "--rev",
    "--tag",
    "--vers",
    "--version",
    "-Z",
];

const MAYBE_VALUE: [&str; 5] = ["--bench", "--bin", "--example", "--package", "--test"];

/// What a long option, named with its dashes, takes.
pub(super) fn long(name: &str, install: bool) -> Takes {
    let removed = REMOVED.contains(&name) || install && REMOVED_FROM_INSTALL.contains(&name);
    if removed || (VALUE.contains(&name) && (install || name != "--version")) {
        Takes::Value
    } else if MAYBE_VALUE.contains(&name) {
        Takes::MaybeValue
    } else {
        Takes::Nothing
    }
}

/// What a short option takes.
pub(super) fn short(letter: char) -> Takes {
    match letter {
        'C' | 'F' | 'Z' | 'j' => Takes::Value,
        'p' => Takes::MaybeValue,
        _ => Takes::Nothing,
    }
}
