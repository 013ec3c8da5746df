//! `xbuild env`: the variables of the shell, for whoever wants to look or to
//! use the toolchain elsewhere.
//!
//! What means something inside the shell alone (folders, locale, user) is left
//! out, and the compiler is the wrapper that finds the target's std without
//! the shell's mounts.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use super::shell::request;
use crate::build::{epoch, realise, triples};
use crate::cli::{EnvArgs, EnvFormat};
use crate::env::cargo_spelling;
use crate::error::{Error, Kind, Result};
use crate::process::quote;
use crate::terminal;

/// Variables that only the shell gives a meaning to.
const INSIDE_ONLY: [&str; 11] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_HOME",
    "CARGO_NET_OFFLINE",
    "CARGO_TARGET_DIR",
    "HOME",
    "LANG",
    "LC_ALL",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
];

/// Prints them in one of four forms.
///
/// # Errors
/// As realising the toolchain has them.
pub fn run(args: &EnvArgs) -> Result<u8> {
    let request = request(&args.target)?;
    let realised = realise(&request, &request.specs, true, false)?;
    let mut variables: BTreeMap<String, String> = realised
        .tools()
        .environment()
        .into_iter()
        .map(|(name, value)| {
            let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
            (text(name), text(value))
        })
        .filter(|(name, _)| !INSIDE_ONLY.contains(&name.as_str()))
        .collect();
    let epoch = request.epoch_of(&request.specs);
    variables.insert(epoch::VARIABLE.into(), epoch);
    let own_store = realised
        .toolchains
        .iter()
        .any(|toolchain| toolchain.realised.store() != Path::new("/"));
    if let [toolchain] = &realised.toolchains[..] {
        let out = toolchain.realised.out();
        variables.insert("RUSTC".into(), format!("{out}/bin/rustc"));
        variables.insert("RUSTDOC".into(), format!("{out}/bin/rustdoc"));
    }
    if own_store && args.format == EnvFormat::Direnv {
        // A cargo that is told of a compiler that is not there does nothing.
        let message = "the toolchain is in xbuild's own store, whose paths only its shell has";
        return Err(Error::new(Kind::Config, message)
            .hint("--nix system, where the machine has Nix")
            .hint("have the editor call xbuild: docs/editors.md"));
    }
    if own_store {
        terminal::note("the store is xbuild's own: its paths exist in `xbuild shell`, not outside");
    }
    match args.format {
        EnvFormat::Shell => {
            for (name, value) in &variables {
                terminal::data(format_args!("export {name}={}\n", quote(OsStr::new(value))));
            }
        }
        EnvFormat::Json => {
            let document = serde_json::json!({ "version": 1, "env": variables });
            terminal::data(format_args!("{document:#}\n"));
        }
        EnvFormat::CargoConfig => {
            let triples = triples(&request.specs);
            terminal::data(cargo_config(&variables, &triples)?);
        }
        EnvFormat::Direnv => {
            let triples = triples(&request.specs);
            terminal::data(direnv(&variables, &triples, &request.project.root));
        }
    }
    Ok(0)
}

/// Files beside `Cargo.toml` that decide what the variables are.
const WATCHED: [&str; 3] = ["xbuild.toml", "xbuild.lock", "rust-toolchain.toml"];

/// The variables for direnv's shell: its own functions, direnv-stdlib(1), keep
/// the caller's `PATH` and load it again when a file changes.
fn direnv(variables: &BTreeMap<String, String>, triples: &[String], root: &Path) -> String {
    let mut text = String::new();
    for file in WATCHED {
        let file = root.join(file);
        let _ = writeln!(text, "watch_file {}", quote(file.as_os_str()));
    }
    if let [triple] = triples {
        let _ = writeln!(text, "export CARGO_BUILD_TARGET={triple}");
    }
    for (name, value) in variables {
        if name == "PATH" {
            // The one that is added last is first.
            for folder in value.split(':').rev() {
                let _ = writeln!(text, "PATH_add {}", quote(OsStr::new(folder)));
            }
        } else {
            let _ = writeln!(text, "export {name}={}", quote(OsStr::new(value)));
        }
    }
    text
}

/// The variables as a `.cargo/config.toml`: linkers and runners under their
/// targets, the rest under `[env]`, less what only the shell can mean.
fn cargo_config(variables: &BTreeMap<String, String>, triples: &[String]) -> Result<String> {
    let mut config = toml::Table::new();
    let mut targets = toml::Table::new();
    for triple in triples {
        let mut table = toml::Table::new();
        for (key, suffix) in [("linker", "LINKER"), ("runner", "RUNNER")] {
            let name = format!("CARGO_TARGET_{}_{suffix}", cargo_spelling(triple));
            if let Some(value) = variables.get(&name) {
                table.insert(key.into(), value.clone().into());
            }
        }
        targets.insert(triple.clone(), table.into());
    }
    let mut env = toml::Table::new();
    for (name, value) in variables {
        let cargos = name.starts_with("CARGO_") || name == "RUSTC" || name == "RUSTDOC";
        if !cargos && name != "PATH" {
            env.insert(name.clone(), value.clone().into());
        }
    }
    let mut build = toml::Table::new();
    for (key, name) in [("rustc", "RUSTC"), ("rustdoc", "RUSTDOC")] {
        if let Some(value) = variables.get(name) {
            build.insert(key.into(), value.clone().into());
        }
    }
    config.insert("build".into(), build.into());
    config.insert("target".into(), targets.into());
    config.insert("env".into(), env.into());
    toml::to_string(&config).map_err(|cause| {
        Error::new(Kind::Internal, "the configuration cannot be written").caused_by(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envrc_keeps_the_callers_path_and_watches_what_decides() {
        let variables = [
            ("CC_a_b", "/nix/store/x-cc/bin/clang --flag"),
            ("PATH", "/nix/store/x-rust/bin:/nix/store/y/bin"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = direnv(&variables.into(), &["a-b".to_owned()], Path::new("/p q"));
        let expected = "\
watch_file '/p q/xbuild.toml'
watch_file '/p q/xbuild.lock'
watch_file '/p q/rust-toolchain.toml'
export CARGO_BUILD_TARGET=a-b
export CC_a_b='/nix/store/x-cc/bin/clang --flag'
PATH_add /nix/store/y/bin
PATH_add /nix/store/x-rust/bin
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_cargo_config_holds_linkers_and_runners_under_their_targets() {
        let variables = [
            ("CARGO_TARGET_A_B_LINKER", "/nix/store/x-cc/bin/clang"),
            ("CARGO_TARGET_A_B_RUNNER", "qemu -L root"),
            ("CC_a_b", "/nix/store/x-cc/bin/clang"),
            ("RUSTC", "/nix/store/x-rust/bin/rustc"),
            ("PATH", "/nix/store/x-rust/bin"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = cargo_config(&variables.into(), &["a-b".to_owned()]).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let target = &table["target"]["a-b"];
        assert_eq!(target["linker"].as_str(), Some("/nix/store/x-cc/bin/clang"));
        assert_eq!(target["runner"].as_str(), Some("qemu -L root"));
        assert_eq!(
            table["build"]["rustc"].as_str(),
            Some("/nix/store/x-rust/bin/rustc")
        );
        let env: Vec<_> = table["env"].as_table().unwrap().keys().collect();
        assert_eq!(env, ["CC_a_b"]);
    }
}
