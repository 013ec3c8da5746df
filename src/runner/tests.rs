use std::path::Path;

use super::*;
use crate::cargo::{Context, Verb, plan, split_args};
use crate::config::{EnvLayer, FileLayer, FlagLayer};

fn config(flag: Option<&str>, file: &str) -> Config {
    let layer = FileLayer::parse(Path::new("xbuild.toml"), file).unwrap();
    let flags = FlagLayer {
        runner: flag.map(str::to_owned),
        ..FlagLayer::default()
    };
    Config::resolve(&flags, &EnvLayer::default(), Some(layer)).unwrap()
}

const OWN: &str =
    "[runner.hack]\nversion = \"0.6.36\"\nsha256 = \"00\"\ncommand = [\"hack\", \"test\"]\n";

#[test]
fn a_runner_is_the_flags_or_the_files_or_none() {
    for (flag, file, expected) in [
        (None, "", None),
        (Some("nextest"), "", Some("cargo-nextest 0.9.151")),
        (
            None,
            "[test]\nrunner = \"insta\"\n",
            Some("cargo-insta 1.49.0"),
        ),
        (Some("cargo"), "[test]\nrunner = \"insta\"\n", None),
        (Some("hack"), OWN, Some("cargo-hack 0.6.36")),
        (
            Some("nextest"),
            "[runner.nextest]\nversion = \"0.9.1\"\nsha256 = \"00\"\n",
            Some("cargo-nextest 0.9.1"),
        ),
    ] {
        let chosen = Runner::chosen(&config(flag, file)).unwrap();
        let chosen = chosen.map(|it| format!("{} {}", it.krate, it.version));
        assert_eq!(chosen.as_deref(), expected, "{flag:?} {file}");
    }
    for (flag, file, kind, says) in [
        (
            Some("nextst"),
            "",
            Kind::Usage,
            "`--runner`: no runner is called `nextst`",
        ),
        (
            None,
            "[test]\nrunner = \"mine\"\n",
            Kind::Config,
            "xbuild.toml:2: no runner",
        ),
    ] {
        let error = Runner::chosen(&config(flag, file)).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().starts_with(says), "{error}");
        assert!(!error.hints().is_empty());
    }
    let all = Runner::all(&config(Some("nextest"), OWN)).unwrap();
    let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["hack", "nextest"]);
}

/// Cargo builds by the options that decide what is built; the runner gets all
/// of them as typed.
#[test]
fn cargo_builds_and_the_runner_runs() {
    let ahead =
        "test --target a-b-c --offline --no-run --message-format=json-diagnostic-rendered-ansi";
    let nextest = "nextest run --tool-config-file xbuild:/build/runners/nextest.toml";
    for (name, line, build, run) in [
        ("nextest", "", "", ""),
        (
            "nextest",
            "-p one --features x --lib -E test(a) --profile ci -j 4 --retries 2 name --no-fail-fast -- --skip x",
            " -p one --features x --lib",
            " -p one --features x --lib -E test(a) --profile ci -j 4 --retries 2 name --no-fail-fast -- --skip x",
        ),
        (
            "nextest",
            "-r --cargo-profile small --build-jobs=2 --partition hash:1/2 -Fx --workspace --exclude y",
            " -r --profile small --jobs=2 -Fx --workspace --exclude y",
            " -r --cargo-profile small --build-jobs=2 --partition hash:1/2 -Fx --workspace --exclude y",
        ),
        (
            "insta",
            "--accept --profile small --locked --unreferenced delete",
            " --profile small --locked",
            " --accept --profile small --unreferenced delete",
        ),
    ] {
        let runner = Runner::chosen(&config(Some(name), "")).unwrap().unwrap();
        let words: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
        let args = runner
            .takes(split_args(Verb::Test, &words).unwrap())
            .unwrap();
        let targets = ["a-b-c".to_owned()];
        let context = Context {
            targets: &targets,
            ..Context::default()
        };
        let plan = plan(Verb::Test, &args, &context).unwrap();
        let lines = plan.iter().map(|invocation| {
            let words = invocation.args.iter();
            let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
            words.join(" ")
        });
        let command = if name == "nextest" {
            nextest
        } else {
            "insta test"
        };
        let expected = [format!("{ahead}{build}"), format!("{command}{run}")];
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{line}");
        let profile = args.profile.as_deref();
        assert_eq!(profile, line.contains("small").then_some("small"), "{line}");
    }
}
