//! `xbuild env`: the variables of the shell, for whoever wants to look or to
//! use the toolchain elsewhere.
//!
//! What means something inside the shell alone (folders, locale, user) is left
//! out, and the compiler is the wrapper that finds the target's std without
//! the shell's mounts.

use std::collections::BTreeMap;
use std::ffi::OsStr;
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

/// Prints them in one of three forms.
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
    if let [toolchain] = &realised.toolchains[..] {
        let out = toolchain.realised.out();
        variables.insert("RUSTC".into(), format!("{out}/bin/rustc"));
        variables.insert("RUSTDOC".into(), format!("{out}/bin/rustdoc"));
        if toolchain.realised.store() != Path::new("/") {
            terminal::note(
                "the store is xbuild's own: its paths exist in `xbuild shell`, not outside",
            );
        }
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
    }
    Ok(0)
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
