use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;
use crate::error::Kind;

const FULL: &str = r#"
mirrors = ["http://mirror.example.invalid/debian"]
isolation = "full"
nix = "own"

[build]
targets = [
    "aarch64-unknown-linux-gnu.2.17",
    "x86_64-unknown-linux-musl",
]
glibc = "2.28"
sources = ["../proto"]
tools = ["protoc", "cmake"]
source-date-epoch = 1_700_000_000
packages = ["libssl-dev"]

[checks]
allow = ["leak"]

[env]
passthrough = ["CI", "VERGEN_IDEMPOTENT=1"]
volumes = ["DATA", "MODELS=../models"]

[target.aarch64-unknown-linux-gnu]
glibc = "2.31"
packages = ["libpci-dev", "libudev-dev:arm64"]
checks.allow = ["runpath"]
env.passthrough = ["VERGEN_IDEMPOTENT=0"]
env.volumes = ["/srv/cache:rw"]

[test]
runner = "insta"
writable = true
jobs = 3

[runner.hack]
version = "0.6.36"
sha256 = "00"
crate = "cargo-hack"
command = ["hack", "test"]
"#;

fn parse(text: &str) -> crate::error::Result<FileLayer> {
    FileLayer::parse(Path::new("xbuild.toml"), text)
}

fn values<T: Clone>(settings: &[Setting<T>]) -> Vec<T> {
    settings
        .iter()
        .map(|setting| setting.value.clone())
        .collect()
}

#[test]
fn every_key_is_read_with_its_line() {
    let layer = parse(FULL).unwrap();
    let targets = layer.targets.clone().unwrap();
    assert_eq!(targets[1].value, "x86_64-unknown-linux-musl");
    assert_eq!(targets[1].origin.to_string(), "xbuild.toml:9");

    let config = Config::resolve(&FlagLayer::default(), &EnvLayer::default(), Some(layer)).unwrap();
    assert_eq!(config.nix.value, NixChoice::Own);
    assert_eq!(values(&config.sources), ["../proto"]);
    assert_eq!(values(&config.tools), ["protoc", "cmake"]);
    assert_eq!(config.source_date.value, SourceDate::At(1_700_000_000));
    let own = config.for_target("aarch64-unknown-linux-gnu");
    assert_eq!(own.glibc.unwrap().value, "2.31");
    assert_eq!(values(&own.allow), ["leak", "runpath"]);
    let names = |packages: &[Setting<DebianPackage>]| -> Vec<String> {
        let names = packages.iter().map(|one| one.value.name().to_owned());
        names.collect()
    };
    let all = ["libssl-dev", "libpci-dev", "libudev-dev"];
    assert_eq!(names(&own.packages), all);
    assert_eq!(own.packages[2].value.arch(), Some("arm64"));
    assert_eq!(own.packages[1].origin.to_string(), "xbuild.toml:26");
    let last = own.passthrough.last().unwrap();
    assert_eq!(
        last.value,
        Passthrough::Set("VERGEN_IDEMPOTENT".into(), "0".into())
    );
    let labels: Vec<_> = own.volumes.iter().map(|it| it.value.label()).collect();
    assert_eq!(labels, ["DATA", "MODELS", "/srv/cache"]);
    let other = config.for_target("x86_64-unknown-linux-gnu");
    assert_eq!(other.volumes.len(), 2);
    assert_eq!(other.glibc.unwrap().value, "2.28");
    assert_eq!(values(&other.allow), ["leak"]);
    assert_eq!(names(&other.packages), ["libssl-dev"]);
}

#[test]
fn mistakes_name_their_place_and_the_remedy() {
    for (text, message, hint) in [
        (
            "[buid]\n",
            "xbuild.toml:1: unknown key `buid`",
            "did you mean `build`?",
        ),
        (
            "[build]\n\ntragets = []\n",
            "xbuild.toml:3: unknown key `build.tragets`",
            "did you mean `build.targets`?",
        ),
        (
            "[checks]\nzzz = 1\n",
            "xbuild.toml:2: unknown key `checks.zzz`",
            "the known keys of [checks] are allow",
        ),
        (
            "[target.a-b-c]\nglibcc = '2.17'\n",
            "xbuild.toml:2: unknown key `target.a-b-c.glibcc`",
            "did you mean `target.a-b-c.glibc`?",
        ),
        (
            "[build]\npackages = [\n  'libssl-dev=3']\n",
            "xbuild.toml:3: `libssl-dev=3` asks for more than a name",
            "",
        ),
        (
            "[target.a-b-c]\npackages = 'libssl-dev'\n",
            "xbuild.toml:2: `target.a-b-c.packages` must be an array of strings, not a string",
            "packages = [\"libssl-dev\"]",
        ),
        (
            "[build]\ntargets = 'a'\n",
            "xbuild.toml:2: `build.targets` must be an array of strings, not a string",
            "targets = [\"a\"]",
        ),
        (
            "mirrors = [1]\n",
            "xbuild.toml:1: `mirrors` must be an array of strings, not an integer",
            "",
        ),
        (
            "[build]\nglibc = 2.17\n",
            "xbuild.toml:2: `build.glibc` must be a string, not a float",
            "",
        ),
        (
            "[build]\nsource-date-epoch = -1\n",
            "xbuild.toml:2: `build.source-date-epoch` must be a number of 0 or more, not -1",
            "",
        ),
        (
            "[build]\nsource-date-epoch = 'comit'\n",
            "xbuild.toml:2: `build.source-date-epoch` must be one of `commit`, `constant`, not `comit`",
            "did you mean `commit`?",
        ),
        (
            "[build]\nsource-date-epoch = true\n",
            "xbuild.toml:2: `build.source-date-epoch` must be a number or a string, not a boolean",
            "",
        ),
        (
            "build = 1\n",
            "xbuild.toml:1: `build` must be a table, not an integer",
            "",
        ),
        (
            "[build]\nglibc = 'new'\n",
            "xbuild.toml:2: `new` is not a version of glibc",
            "write it as major.minor: 2.17",
        ),
        (
            "isolation = 'ful'\n",
            "xbuild.toml:1: `isolation` must be one of `full`, `none`, not `ful`",
            "did you mean `full`?",
        ),
        (
            "[build]\ntools = ['cmakee']\n",
            "xbuild.toml:2: `build.tools` must be one of `c++`, `cmake`, `libclang`, `nasm`, `perl`, `protoc`, not `cmakee`",
            "did you mean `cmake`?",
        ),
        (
            "[env]\npassthrough = ['A B']\n",
            "xbuild.toml:2: `A B` is not a name of a variable",
            "",
        ),
        (
            "[env]\npassthrough = ['HOME']\n",
            "xbuild.toml:2: HOME is set by the hermetic shell itself",
            "",
        ),
        (
            "[env]\npassthrough = ['=x']\n",
            "xbuild.toml:2: `` is not a name of a variable",
            "",
        ),
        (
            "[env]\nvolumes = ['data/x']\n",
            "xbuild.toml:2: the volume `data/x` is not an absolute path",
            "",
        ),
        (
            "[env]\nvolume = []\n",
            "xbuild.toml:2: unknown key `env.volume`",
            "did you mean `env.volumes`?",
        ),
        (
            "a = 1\nb = \n",
            "xbuild.toml:2: ",
            "the file is TOML: docs/configuration.md has an example of every key",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{text:?}");
        assert!(error.to_string().starts_with(message), "{text:?}: {error}");
        assert_eq!(
            error.hints().first().map_or("", String::as_str),
            hint,
            "{text:?}"
        );
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let env = |names: &[(&str, &str)]| {
        let find = |name: &str| {
            let found = names.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        EnvLayer::read(find).unwrap()
    };
    let some = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
    let all = env(&[
        (
            "XBUILD_TARGET",
            "riscv64gc-unknown-linux-gnu, s390x-unknown-linux-gnu",
        ),
        ("XBUILD_GLIBC", "2.30"),
        ("XBUILD_MIRROR", "http://env.example.invalid"),
        ("XBUILD_ISOLATION", "none"),
        ("XBUILD_NIX", "system"),
        ("XBUILD_ALLOW", "floor"),
    ]);
    let flags = FlagLayer {
        targets: some(&["i686-unknown-linux-gnu"]),
        mirrors: some(&["http://flag.example.invalid"]),
        allow: some(&["static"]),
        isolation: Some("full".into()),
        nix: Some("auto".into()),
        runner: Some("nextest".into()),
        test_jobs: Some("2".into()),
    };
    let file = || Some(parse(FULL).unwrap());

    let config = Config::resolve(&flags, &all, file()).unwrap();
    assert_eq!(values(&config.targets), ["i686-unknown-linux-gnu"]);
    assert_eq!(config.targets[0].origin, Origin::Flag("--target"));
    assert_eq!(
        config.isolation,
        Setting::new(Isolation::Full, Origin::Flag("--isolation"))
    );
    assert_eq!(config.nix.value, NixChoice::Auto);
    let origin = Origin::Flag("--runner");
    assert_eq!(config.runner, Some(Setting::new("nextest".into(), origin)));
    assert!(config.writable);
    let jobs = |config: &Config| config.test_jobs.as_ref().unwrap().value.get();
    assert_eq!(jobs(&config), 2);
    assert_eq!(config.runners["hack"].command.as_deref().unwrap().len(), 2);
    assert_eq!(
        values(&config.mirrors),
        [
            "http://flag.example.invalid",
            "http://env.example.invalid",
            "http://mirror.example.invalid/debian",
        ]
    );
    let target = config.for_target("aarch64-unknown-linux-gnu");
    assert_eq!(target.glibc.unwrap().origin, Origin::Env("XBUILD_GLIBC"));
    assert_eq!(
        values(&target.allow),
        ["static", "floor", "leak", "runpath"]
    );

    let config = Config::resolve(&FlagLayer::default(), &all, file()).unwrap();
    assert_eq!(
        values(&config.targets),
        ["riscv64gc-unknown-linux-gnu", "s390x-unknown-linux-gnu"]
    );
    assert_eq!(config.isolation.value, Isolation::None);
    assert_eq!(jobs(&config), 3);

    let config = Config::resolve(&FlagLayer::default(), &EnvLayer::default(), None).unwrap();
    assert!(config.targets.is_empty());
    assert_eq!(
        config.isolation,
        Setting::new(Isolation::Full, Origin::Default)
    );

    let wrong = env(&[("XBUILD_NIX", "owm")]);
    let error = Config::resolve(&FlagLayer::default(), &wrong, file()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the variable XBUILD_NIX must be one of `auto`, `own`, `system`, not `owm`"
    );
    assert_eq!(error.hints(), ["did you mean `own`?"]);
}

#[test]
fn the_file_wins_over_metadata_and_a_difference_is_said() {
    let file = "[build]\ntargets = ['a-b-c']\n";
    let same = "[package]\nname = 'x'\n[package.metadata.xbuild.build]\ntargets = ['a-b-c']\n";
    let other = "[workspace]\n[workspace.metadata.xbuild.build]\ntargets = ['d-e-f']\n";
    for (file, manifest, target, notes) in [
        (Some(file), Some(same), Some("a-b-c"), 0),
        (Some(file), Some(other), Some("a-b-c"), 1),
        (None, Some(other), Some("d-e-f"), 0),
        (None, Some("[package]\nname = 'xbuild'\n"), None, 0),
        (Some(file), None, Some("a-b-c"), 0),
        (None, None, None, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("xbuild.toml", file), ("Cargo.toml", manifest)] {
            if let Some(text) = text {
                fs::write(folder.path().join(name), text).unwrap();
            }
        }
        let loaded = load(folder.path()).unwrap();
        let targets = loaded.layer.and_then(|layer| layer.targets);
        let found = targets.map(|targets| targets[0].value.clone());
        assert_eq!(found.as_deref(), target, "{file:?} {manifest:?}");
        assert_eq!(
            loaded.notes.len(),
            notes,
            "{file:?} {manifest:?}: {:?}",
            loaded.notes
        );
    }
}

#[test]
fn a_mistake_in_metadata_names_the_manifest_and_its_line() {
    let text = "[package]\nname = 'x'\n\n[package.metadata.xbuild]\nmirors = []\n";
    let error = FileLayer::parse_manifest(Path::new("Cargo.toml"), text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cargo.toml:5: unknown key `package.metadata.xbuild.mirors`"
    );
    assert_eq!(
        error.hints(),
        ["did you mean `package.metadata.xbuild.mirrors`?"]
    );
}

#[test]
fn other_mirrors_are_forbidden_only_where_some_are_named() {
    let resolve = |text: &str, variable: Option<&str>| {
        let env = EnvLayer {
            mirrors_only: variable.map(Into::into),
            ..EnvLayer::default()
        };
        Config::resolve(&FlagLayer::default(), &env, Some(parse(text)?))
    };
    let named = "mirrors = [\"http://mirror.example.invalid/debian\"]\n";
    let only = format!("{named}mirrors-only = true\n");
    for (text, variable, expected) in [
        (named, None, false),
        (&only, None, true),
        (&only, Some("0"), false),
        (named, Some("1"), true),
        (named, Some("true"), true),
    ] {
        let config = resolve(text, variable).unwrap();
        assert_eq!(config.mirrors_only.value, expected, "{text} {variable:?}");
    }
    for (text, variable, message) in [
        (
            "mirrors-only = true",
            None,
            "xbuild.toml:1: only named mirrors may be asked, and none is named",
        ),
        (
            "mirrors-only = 1",
            None,
            "xbuild.toml:1: `mirrors-only` must be `true` or `false`, not an integer",
        ),
        (
            named,
            Some("yes"),
            "the variable XBUILD_MIRRORS_ONLY must be one of `true`, `false`, not `yes`",
        ),
    ] {
        let error = resolve(text, variable).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// A runner's crate and version become folders of the machine's.
#[test]
fn a_runner_cannot_lead_out_of_its_folder() {
    let text = |key: &str, value: &str| {
        let (mut krate, mut version) = ("cargo-hack", "0.6.36");
        match key {
            "crate" => krate = value,
            _ => version = value,
        }
        format!("[runner.hack]\ncrate = '{krate}'\nversion = '{version}'\nsha256 = '00'\n")
    };
    for (key, value) in [
        ("crate", "../../etc/x"),
        ("crate", "/etc/x"),
        ("crate", ".."),
        ("crate", ""),
        ("crate", "x\" = \"1\", evil"),
        ("version", "../../x"),
        ("version", "1..2"),
        ("version", "/x"),
        ("version", "1\", path = \"/etc"),
        ("version", ""),
    ] {
        let error = parse(&text(key, value)).unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{value}");
        let said = error.to_string();
        let place = format!("xbuild.toml:1: `runner.hack.{key}`: `{value}`");
        assert!(said.starts_with(&place), "{said}");
    }
    for version in ["0.6.36", "1.0.0-rc.1+build.5"] {
        assert!(parse(&text("version", version)).is_ok());
    }
    assert!(parse("[runner.'../x']\nversion = '1.0.0'\nsha256 = '00'\n").is_err());
}
