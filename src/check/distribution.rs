//! `static`, `interpreter`, `runpath`, `exec-stack`: the file starts on the
//! distributions that it is made for. [pure]

use super::{CheckId, Expectation, Finding, Libc};
use crate::artifact::ElfFacts;

/// Folders that the hermetic shell alone has.
const BUILD_FOLDERS: [&str; 2] = ["/nix", "/build"];
/// Folders that distributions keep libraries in.
const SYSTEM_FOLDERS: [&str; 4] = ["/lib", "/usr", "/opt", "/lib64"];

pub(super) fn statically_linked(elf: &ElfFacts, expected: &Expectation) -> Option<Finding> {
    if expected.libc != Libc::Musl || !elf.kind.is_program() || !elf.is_dynamic() {
        return None;
    }
    let needed = elf.needed.iter().map(|library| library.name.clone());
    Some(
        Finding::new(
            CheckId::Static,
            "the program is dynamically linked, and a musl program should be static",
            "look for `-Ctarget-feature=-crt-static` in `rustflags` or .cargo/config.toml, or a \
             build script that links a shared library",
        )
        .at(elf.interpreter.iter().cloned().chain(needed)),
    )
}

pub(super) fn interpreter(elf: &ElfFacts, expected: &Expectation) -> Option<Finding> {
    let found = elf.interpreter.as_ref()?;
    // A dynamic musl program is the business of `static`.
    let wanted = expected.interpreter.as_ref()?;
    (found != wanted).then(|| {
        Finding::new(
            CheckId::Interpreter,
            format!("the loader is `{found}`, and distributions have `{wanted}`"),
            "look for `--dynamic-linker` or `-Wl,-I` in `rustflags`, LDFLAGS or build scripts; \
             for one file: patchelf --set-interpreter",
        )
        .at([found.clone()])
    })
}

pub(super) fn runpath(elf: &ElfFacts) -> Option<Finding> {
    let bad: Vec<String> = elf
        .runpath
        .iter()
        .chain(&elf.rpath)
        .filter(|folder| !fit_for_distributions(folder))
        .cloned()
        .collect();
    let first = bad.first()?;
    Some(
        Finding::new(
            CheckId::Runpath,
            format!("libraries are looked for in `{first}`, which is a folder of the build"),
            "use `$ORIGIN`-relative folders: `-Clink-arg=-Wl,-rpath,$ORIGIN/../lib`; or leave out \
             the `-rpath` that a build script or `rustflags` passes",
        )
        .at(bad),
    )
}

/// Relative to the file, or where distributions keep libraries. An empty
/// entry is the working folder of whoever starts the program.
fn fit_for_distributions(folder: &str) -> bool {
    let below = |root: &&str| {
        folder
            .strip_prefix(*root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if ["$ORIGIN", "${ORIGIN}"].iter().any(below) {
        return true;
    }
    SYSTEM_FOLDERS.iter().any(below) && !BUILD_FOLDERS.iter().any(below)
}

pub(super) fn exec_stack(elf: &ElfFacts) -> Option<Finding> {
    let message = match elf.exec_stack {
        Some(false) => return None,
        Some(true) => "the stack is executable, which hardened systems refuse",
        None => "the file does not say whether it needs an executable stack",
    };
    Some(Finding::new(
        CheckId::ExecStack,
        message,
        "an assembler source lacks `.section .note.GNU-stack,\"\",%progbits`; or leave out \
         `-z execstack`",
    ))
}
