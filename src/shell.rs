//! Which shell a command gets: the closure of its toolchains, the source and
//! the target folder at constant paths, and nothing of the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::cargo::SHELL_ENV;
use crate::config::Passthrough;
use crate::env::cargo_spelling;
use crate::error::{Error, Kind, Result};
use crate::sandbox::{Emulator, Network, Shell};
use crate::target::{HOST, Libc, Magic};
use crate::toolchain::{RealisedRunner, RealisedTools, Toolchain};

/// The user's folder in the shell.
pub const HOME: &str = "/build/home";

/// The `SOURCE_DATE_EPOCH` of a source that no commit tells the time of:
/// 1980-01-01, the first moment that every archive format can express.
pub const SOURCE_DATE_EPOCH: &str = "315532800";

/// Variables of the caller that every shell gets: how to talk, and how many
/// jobs to run. None of them reaches what is built.
const CALLERS: [&str; 12] = [
    "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "FORCE_COLOR",
    "NO_COLOR",
    "RUST_BACKTRACE",
    "RUST_TEST_NOCAPTURE",
    "RUST_TEST_THREADS",
    "TERM",
    "TERM_PROGRAM",
];

/// The beginning of further such variables.
const CALLERS_PREFIX: &str = "CARGO_TERM_";

/// Variables that change a build with bare cargo, and are worth a note when
/// they are set and not passed through.
const NOTED: [&str; 5] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "CC",
];

/// What a shell is made of, realised.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    pub toolchains: &'a [Toolchain],
    /// One for each toolchain, or none where no program is run.
    pub runners: &'a [RealisedRunner],
    /// Whether programs of the targets are what is started: these load from
    /// their own C library. A build's programs are the host's, and load from
    /// what rustc does.
    pub programs: bool,
    /// Further parts whose `bin` goes on `PATH`, such as clippy.
    pub extra: &'a [RealisedTools],
}

impl Tools<'_> {
    /// The shell of a build: tools and environment; the caller adds source and
    /// target folder.
    ///
    /// # Errors
    /// Where a description names something that is no store path.
    pub fn shell(&self, command: Vec<OsString>) -> Result<Shell> {
        let Some(first) = self.toolchains.first() else {
            return Err(Error::new(Kind::Internal, "a shell without a toolchain"));
        };
        let mut shell = Shell::new(command);
        let parts = self.toolchains.iter().map(|toolchain| &toolchain.realised);
        let parts = parts.chain(self.runners.iter().map(|runner| &runner.realised));
        let mut seen = BTreeSet::new();
        let extra = self.extra.iter().map(|tools| &tools.realised);
        for part in parts.chain(extra) {
            for path in part.closure() {
                if seen.insert(path.to_string()) {
                    shell = shell.read_only(part.physical(path), path.to_string());
                }
            }
        }
        for toolchain in self.toolchains {
            if let Some(std) = &toolchain.env.std {
                shell = shell.read_only(toolchain.physical(&std.source)?, &std.target);
            }
        }
        let mut runtimes = self
            .runners
            .iter()
            .filter(|_| self.programs)
            .filter_map(|r| r.runner.runtime.as_ref());
        // What the machine's kind runs on has the project's packages where it
        // is a target too.
        let mut native = self.toolchains.iter().filter(|one| one.env.triple == HOST);
        let host = native.next().unwrap_or(first);
        let runtime = runtimes.next_back().unwrap_or(&host.env.runtime);
        shell = shell
            .link(runtime.join("lib64"), "/lib64")
            .link(runtime.join("lib"), "/lib");
        if let Some(userland) = first.env.path.last() {
            shell = shell
                .link(userland.join("sh"), "/bin/sh")
                .link(userland.join("env"), "/usr/bin/env");
        }
        shell = shell
            .file("/etc/passwd", "xbuild:x:1000:1000::/build/home:/bin/sh\n")
            .file("/etc/group", "xbuild:x:1000:\n")
            .file("/etc/hosts", "127.0.0.1 localhost xbuild\n::1 localhost\n");
        shell.emulators = self.emulators();
        shell.env = self.environment();
        // Some libraries write down by which compiler they were made (OpenSSL
        // does): a path without a hash says no more and stays the same.
        let mut compilers = BTreeSet::new();
        for (name, value) in &mut shell.env {
            if let Some((folder, place)) = compiler(name).then(|| neutral(value)).flatten() {
                *value = value.to_string_lossy().replacen(&folder, &place, 1).into();
                compilers.insert((folder, place));
            }
        }
        for (folder, place) in compilers {
            shell = shell.link(folder, place);
        }
        Ok(shell)
    }

    /// What starts programs of the targets that something else than cargo
    /// starts, such as a test. Of two targets that the kernel cannot tell
    /// apart, the one with a C library of its own: it runs static programs too.
    fn emulators(&self) -> Vec<Emulator> {
        let mut emulators: BTreeMap<[u8; 20], Emulator> = BTreeMap::new();
        for (toolchain, runner) in self.toolchains.iter().zip(self.runners) {
            let target = toolchain.spec.target();
            let Some((emulator, magic)) =
                runner.runner.emulator.as_ref().zip(Magic::of(&target.elf))
            else {
                continue;
            };
            if target.libc == Libc::Musl && emulators.contains_key(&magic.bytes) {
                continue;
            }
            let out = PathBuf::from(runner.realised.out().to_string());
            let emulator = Emulator {
                program: out.join(emulator),
                magic: magic.bytes,
                mask: magic.mask,
            };
            emulators.insert(magic.bytes, emulator);
        }
        emulators.into_values().collect()
    }

    /// Every variable of a build's shell but those of the caller and of the
    /// commit.
    pub fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut env: BTreeMap<String, String> = SHELL_ENV
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        for (name, value) in [
            ("HOME", HOME),
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
            ("USER", "xbuild"),
            ("TMPDIR", "/tmp"),
            ("SHELL", "/bin/sh"),
            ("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH),
            ("CARGO_NET_OFFLINE", "true"),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        // The host's own toolchain last: where the host is a target, its floor
        // holds for build scripts as well.
        let (native, foreign): (Vec<&Toolchain>, Vec<&Toolchain>) = self
            .toolchains
            .iter()
            .partition(|toolchain| toolchain.env.triple == HOST);
        for toolchain in foreign.iter().chain(&native) {
            env.extend(toolchain.env.env.clone());
        }
        for tools in self.extra {
            env.extend(tools.env.env.clone());
        }
        for (toolchain, runner) in self.toolchains.iter().zip(self.runners) {
            if !runner.runner.command.is_empty() {
                let name = runner_variable(&toolchain.env.triple);
                env.insert(name, runner.runner.command.join(" "));
            }
        }
        let mut path: Vec<String> = Vec::new();
        let extra = self
            .extra
            .iter()
            .map(|tools| format!("{}/bin", tools.realised.out()));
        let folders = self
            .toolchains
            .iter()
            .flat_map(|toolchain| &toolchain.env.path);
        for folder in extra.chain(folders.map(|folder| folder.display().to_string())) {
            if !path.contains(&folder) {
                path.push(folder);
            }
        }
        env.insert("PATH".to_owned(), path.join(":"));
        env.into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    /// The program that does nothing, for cargo to call in place of a runner.
    pub fn userland(&self) -> Option<&Path> {
        let path = self.toolchains.first()?.env.path.last()?;
        Some(path)
    }

    /// Names the host's part of the target folder: another compiler or linker
    /// of the host gets another one.
    pub fn host_key(&self) -> String {
        let linker = format!("CARGO_TARGET_{}_LINKER", cargo_spelling(HOST));
        let environment = self.environment();
        let of = |name: &str| {
            environment
                .get(OsStr::new(name))
                .cloned()
                .unwrap_or_default()
        };
        format!("{}-{}", store_hash(&of("RUSTC")), store_hash(&of(&linker)))
    }
}

/// The variable of cargo's that names what starts programs of a target.
pub fn runner_variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_RUNNER", cargo_spelling(triple))
}

/// Whether a variable names a compiler of C.
fn compiler(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let names = ["CC_", "CXX_", "HOST_CC", "HOST_CXX"];
    names.iter().any(|begin| name.starts_with(begin))
}

/// The store path that a path begins with, and the place in the shell that has
/// its name without the hash.
fn neutral(path: &OsStr) -> Option<(String, String)> {
    let text = path.to_str()?;
    let base = text.strip_prefix("/nix/store/")?.split('/').next()?;
    let (_, name) = base.split_once('-')?;
    Some((format!("/nix/store/{base}"), format!("/build/{name}")))
}

/// The first digits of the hash in a store path, or of what lies in it.
pub fn store_hash(path: &OsStr) -> String {
    let text = path.to_string_lossy();
    let base = text.strip_prefix("/nix/store/").unwrap_or(&text);
    base.chars().take(12).collect()
}

/// The shell of the fetch step: the host's network, its certificates and
/// resolver, cargo, and nothing of the project but what it is given.
pub struct FetchShell<'a> {
    /// The caller's variables.
    pub vars: &'a BTreeMap<OsString, OsString>,
    /// A file of certificates that the user's configuration names.
    pub certificates: Option<PathBuf>,
    pub online: bool,
}

impl FetchShell<'_> {
    /// Turns a build's shell into the fetch step's.
    pub fn open(&self, mut shell: Shell) -> Shell {
        if !self.online {
            return shell;
        }
        shell.network = Network::Host;
        shell.env.remove(OsStr::new("CARGO_NET_OFFLINE"));
        // Tokens come as variables. Where a registry asks for one, cargo wants
        // that said, and any other provider would be a program of the host's.
        shell = shell.env("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", "cargo:token");
        shell
            .files
            .retain(|file| !file.path.starts_with("/etc/hosts"));
        for file in ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"] {
            if let Ok(real) = std::fs::canonicalize(file) {
                shell = shell.read_only(real, file);
            }
        }
        for (name, value) in self.vars {
            if name.to_str().is_some_and(crate::cargo::home::for_fetch) {
                shell.env.insert(name.clone(), value.clone());
            }
        }
        let named = ["CARGO_HTTP_CAINFO", "SSL_CERT_FILE"]
            .iter()
            .filter_map(|name| self.vars.get(OsStr::new(name)))
            .map(PathBuf::from);
        let bundle = named
            .chain(self.certificates.clone())
            .chain(BUNDLES.iter().map(PathBuf::from))
            .find_map(|path| {
                std::fs::canonicalize(path)
                    .ok()
                    .filter(|path| path.is_file())
            });
        shell.env.remove(OsStr::new("SSL_CERT_DIR"));
        if let Some(bundle) = bundle {
            const INSIDE: &str = "/etc/ssl/certs/ca-certificates.crt";
            shell = shell.read_only(bundle, INSIDE);
            for name in ["CARGO_HTTP_CAINFO", "SSL_CERT_FILE"] {
                shell = shell.env(name, INSIDE);
            }
        }
        shell
    }
}

/// Where distributions keep the bundle of certificates.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The caller's variables that a build's shell gets: a fixed list of its own,
/// and those that the configuration passes through.
pub fn from_caller(
    vars: &BTreeMap<OsString, OsString>,
    passthrough: &[Passthrough],
) -> BTreeMap<OsString, OsString> {
    let mut env = BTreeMap::new();
    for (name, value) in vars {
        let Some(text) = name.to_str() else { continue };
        let place = value
            .to_str()
            .is_some_and(|value| crate::cargo::home::for_build(text, value));
        if CALLERS.contains(&text) || text.starts_with(CALLERS_PREFIX) || place {
            env.insert(name.clone(), value.clone());
        }
    }
    for variable in passthrough {
        match variable {
            Passthrough::Inherit(name) => {
                if let Some(value) = vars.get(OsStr::new(name)) {
                    env.insert(name.into(), value.clone());
                }
            }
            Passthrough::Set(name, value) => {
                env.insert(name.into(), value.into());
            }
        }
    }
    env
}

/// Variables of the caller that bare cargo would heed and the shell does not
/// see.
pub fn withheld<'v>(
    vars: &'v BTreeMap<OsString, OsString>,
    passed: &BTreeMap<OsString, OsString>,
) -> impl Iterator<Item = &'v str> {
    let names = vars.keys().filter(|name| !passed.contains_key(*name));
    names
        .filter_map(|name| name.to_str())
        .filter(|name| NOTED.contains(name) || name.starts_with("CARGO_PROFILE_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(list: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        list.iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect()
    }

    /// `nix/build-package.nix` makes the same bits only in the same surroundings.
    #[test]
    fn derivations_have_the_variables_of_the_shell() {
        let text = include_str!("../nix/environment.json");
        let theirs: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
        let tools = Tools {
            toolchains: &[],
            runners: &[],
            programs: false,
            extra: &[],
        };
        let mut ours = tools.environment();
        ours.remove(OsStr::new("PATH"));
        let theirs: BTreeMap<OsString, OsString> = theirs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        assert_eq!(theirs, ours);
    }

    #[test]
    fn only_listed_variables_of_the_caller_pass() {
        let caller = vars(&[
            ("TERM", "xterm"),
            ("CARGO_TERM_COLOR", "always"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret"),
            ("CARGO_REGISTRIES_MINE_TOKEN", "s3cret"),
            ("RUSTFLAGS", "-Cdebuginfo=2"),
            ("WANTED", "1"),
            ("LD_PRELOAD", "/evil.so"),
        ]);
        let passthrough = [
            Passthrough::Inherit("WANTED".into()),
            Passthrough::Inherit("ABSENT".into()),
            Passthrough::Set("FIXED".into(), "2".into()),
        ];
        let passed = from_caller(&caller, &passthrough);
        let names: Vec<_> = passed.keys().filter_map(|name| name.to_str()).collect();
        assert_eq!(names, ["CARGO_TERM_COLOR", "FIXED", "TERM", "WANTED"]);
        let withheld: Vec<_> = withheld(&caller, &passed).collect();
        assert_eq!(withheld, ["RUSTFLAGS"]);
    }

    #[test]
    fn a_store_hash_is_that_of_the_path() {
        let path = OsStr::new("/nix/store/0123456789abcdfghijklmnpqrsvwxyz-cc/bin/clang");
        assert_eq!(store_hash(path), "0123456789ab");
    }
}
