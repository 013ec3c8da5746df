use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(Into::into).collect()
}

fn text(words: &[OsString]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

#[test]
fn cargo_gets_its_own_arguments_untouched() {
    for (verb, line, options, program) in [
        (
            Verb::Build,
            "--release -p a --features x,y",
            "--release -p a --features x,y",
            "",
        ),
        (Verb::Build, "--target a --target=b.2.17 -v", "-v", ""),
        (
            Verb::Build,
            "--manifest-path x/Cargo.toml --target-dir=t -r",
            "-r",
            "",
        ),
        (
            Verb::Build,
            "--isolation none --allow leak --allow=floor --mirror m --nix own --format json",
            "",
            "",
        ),
        (
            Verb::Build,
            "--message-format=json --config a.b=1 -Zx",
            "--config a.b=1 -Zx",
            "",
        ),
        (
            Verb::Test,
            "name --release -- --nocapture --target x",
            "name --release",
            "--nocapture --target x",
        ),
        (
            Verb::Run,
            "--bin a one --target two -- three",
            "--bin a",
            "one --target two -- three",
        ),
        (Verb::Run, "-qr -pfoo -- a -- b", "-qr -pfoo", "a -- b"),
        (Verb::Run, "-qp foo arg", "-qp foo", "arg"),
        (Verb::Run, "--bin -- x", "--bin", "x"),
        (
            Verb::Run,
            "-j 4 --color never x --release",
            "-j 4 --color never",
            "x --release",
        ),
        (
            Verb::Rustc,
            "--lib -- -C opt-level=1",
            "--lib",
            "-C opt-level=1",
        ),
        (
            Verb::Install,
            "--path . --root=/r --version 1 --bin b",
            "--version 1 --bin b",
            "",
        ),
        (
            Verb::Metadata,
            "--format-version 1 --no-deps",
            "--format-version 1 --no-deps",
            "",
        ),
        (Verb::Clippy, "--fix -- -D warnings", "--fix", "-D warnings"),
    ] {
        let args = split_args(verb, &words(line)).unwrap();
        assert_eq!(text(&args.options), options, "{verb:?} {line}");
        assert_eq!(text(&args.program), program, "{verb:?} {line}");
    }
}

#[test]
fn what_xbuild_reads_is_read_in_every_form() {
    let line = "-vvqr --target=a --target b.2.17 --manifest-path=m --target-dir d --locked \
                --package=p -pq -p r --color=always --config k=1 --message-format short --allow leak --bin x";
    let args = split_args(Verb::Build, &words(line)).unwrap();
    assert_eq!(args.targets, ["a", "b.2.17"]);
    assert_eq!(args.manifest_path.as_deref(), Some(Path::new("m")));
    assert_eq!(args.target_dir.as_deref(), Some(Path::new("d")));
    assert_eq!(args.profile.as_deref(), Some("release"));
    assert_eq!(args.packages, ["p", "q", "r"]);
    assert_eq!(args.color.as_deref(), Some("always"));
    assert_eq!(args.config, ["k=1"]);
    assert_eq!(args.message_format, MessageFormat::Short);
    assert_eq!(args.own.allow, ["leak"]);
    assert_eq!(args.verbose, 2);
    assert!(args.quiet && args.locked && args.names_a_binary);
    assert!(!args.offline && !args.frozen && !args.no_run && !args.help);
}

#[test]
fn words_that_cannot_be_meant_are_refused() {
    for (verb, line, message) in [
        (
            Verb::Build,
            "+nightly --release",
            "`+nightly` chooses a toolchain",
        ),
        (Verb::Build, "--target", "`--target` wants a value"),
        (
            Verb::Build,
            "--target --release",
            "`--target` wants a value",
        ),
        (Verb::Build, "--target=", "`--target` wants a value"),
        (Verb::Build, "--nix -- x", "`--nix` wants a value"),
        (
            Verb::Install,
            "ripgrep",
            "`xbuild install` builds a package from a folder",
        ),
    ] {
        let error = split_args(verb, &words(line)).unwrap_err();
        assert!(error.to_string().starts_with(message), "{line}: {error}");
        assert_eq!(error.kind(), crate::error::Kind::Usage);
    }
}

#[test]
fn words_that_are_not_utf8_pass() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"--manifest-path=\xff/Cargo.toml".to_vec());
    let name = OsString::from_vec(b"\xfe".to_vec());
    let args = split_args(Verb::Test, &[odd, name.clone()]).unwrap();
    let expected = PathBuf::from(OsString::from_vec(b"\xff/Cargo.toml".to_vec()));
    assert_eq!(args.manifest_path, Some(expected));
    assert_eq!(args.options, [name]);
}

#[test]
fn plans_take_the_runs_they_need() {
    let one = ["a-b-c".to_owned()];
    let two = ["a-b-c".to_owned(), "d-e-f".to_owned()];
    for (verb, line, targets, expected) in [
        (
            Verb::Build,
            "--release",
            &two[..],
            &[
                "Messages: build --target a-b-c --target d-e-f --offline --message-format=json-render-diagnostics --release",
            ][..],
        ),
        (
            Verb::Build,
            "--message-format json --frozen",
            &one,
            &["Tee: build --target a-b-c --message-format=json --frozen"],
        ),
        (
            Verb::Build,
            "--message-format short",
            &one,
            &[
                "Messages: build --target a-b-c --offline --message-format=json-render-diagnostics,json-diagnostic-short",
            ],
        ),
        (
            Verb::Check,
            "",
            &one,
            &["Inherit: check --target a-b-c --offline"],
        ),
        (
            Verb::Clippy,
            "-- -D warnings",
            &one,
            &["Inherit: clippy --target a-b-c --offline -- -D warnings"],
        ),
        (
            Verb::Run,
            "--release x --y",
            &one,
            &[
                "MessagesWithheld: build --target a-b-c --offline --bin main --message-format=json-diagnostic-rendered-ansi --release",
                "Inherit: run --target a-b-c --offline --quiet --release -- x --y",
            ],
        ),
        (
            Verb::Run,
            "--bin other -v",
            &one,
            &[
                "MessagesWithheld: build --target a-b-c --offline --message-format=json-diagnostic-rendered-ansi --bin other -v",
                "Inherit: run --target a-b-c --offline --bin other -v",
            ],
        ),
        (
            Verb::Test,
            "name -- --nocapture",
            &one,
            &[
                "MessagesWithheld: test --target a-b-c --offline --no-run --message-format=json-diagnostic-rendered-ansi name",
                "Inherit: test --target a-b-c --offline name -- --nocapture",
            ],
        ),
        (
            Verb::Test,
            "--no-run",
            &one,
            &[
                "Messages: test --target a-b-c --offline --message-format=json-render-diagnostics --no-run",
            ],
        ),
        (
            Verb::Test,
            "--doc",
            &one,
            &["Inherit: test --target a-b-c --offline --doc"],
        ),
        (
            Verb::Rustc,
            "--release -- -C lto",
            &one,
            &[
                "Messages: rustc --target a-b-c --offline --message-format=json-render-diagnostics --release -- -C lto",
            ],
        ),
        (
            Verb::Metadata,
            "--no-deps",
            &one,
            &["Metadata: metadata --offline --no-deps"],
        ),
        (
            Verb::Install,
            "--path . --root /r --locked",
            &one,
            &[
                "Messages: install --path . --root /build/install --no-track --target a-b-c --offline --message-format=json-render-diagnostics --locked",
            ],
        ),
    ] {
        let args = split_args(verb, &words(line)).unwrap();
        let context = Context {
            targets,
            default_run: Some("main"),
            ..Context::default()
        };
        let runs = plan(verb, &args, &context).unwrap();
        let runs: Vec<_> = runs
            .iter()
            .map(|run| format!("{:?}: {}", run.stdout, text(&run.args)))
            .collect();
        assert_eq!(runs, expected, "{verb:?} {line}");
    }
    let context = Context {
        targets: &two,
        ..Context::default()
    };
    let error = plan(Verb::Run, &CargoArgs::default(), &context).unwrap_err();
    assert_eq!(error.hints(), ["xbuild run --target a-b-c"]);
}

/// Lines as cargo 1.95 writes them, for every sort of target.
#[test]
fn messages_name_the_final_files_of_local_packages() {
    let line = |id: &str, kind: &str, test: bool, files: &str, executable: &str| {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/build/source/Cargo.toml","target":{{"kind":["{kind}"],"crate_types":["{kind}"],"name":"a","src_path":"/build/source/src/main.rs","edition":"2024","doc":true,"doctest":false,"test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":{test}}},"features":[],"filenames":[{files}],"executable":{executable},"fresh":true}}"#
        )
    };
    let local = "path+file:///build/source#a@0.1.0";
    let foreign = "registry+https://example.invalid/index#b@1.0.0";
    let bin = r#""/build/target/t-r-i/release/a""#;
    let test = r#""/build/target/t-r-i/debug/deps/a-0123456789abcdef""#;
    let so = r#""/build/target/t-r-i/release/liba.so""#;
    for (line, expected) in [
        (
            line(local, "bin", false, bin, bin),
            Some((ArtefactKind::Bin, "/build/target/t-r-i/release/a")),
        ),
        // Of a cargo before 1.77.
        (
            line(
                "a 0.1.0 (path+file:///build/source)",
                "bin",
                false,
                bin,
                bin,
            ),
            Some((ArtefactKind::Bin, "/build/target/t-r-i/release/a")),
        ),
        (
            line(
                "b 1.0.0 (registry+https://example.invalid/index)",
                "bin",
                false,
                bin,
                bin,
            ),
            None,
        ),
        (
            line(local, "bin", true, test, test),
            Some((
                ArtefactKind::Test,
                "/build/target/t-r-i/debug/deps/a-0123456789abcdef",
            )),
        ),
        (
            line(local, "bench", true, test, test),
            Some((
                ArtefactKind::Bench,
                "/build/target/t-r-i/debug/deps/a-0123456789abcdef",
            )),
        ),
        (
            line(local, "example", false, bin, bin),
            Some((ArtefactKind::Example, "/build/target/t-r-i/release/a")),
        ),
        (
            line(local, "cdylib", false, so, "null"),
            Some((ArtefactKind::Cdylib, "/build/target/t-r-i/release/liba.so")),
        ),
        (
            line(
                local,
                "staticlib",
                false,
                r#""/build/target/t-r-i/release/liba.a""#,
                "null",
            ),
            Some((
                ArtefactKind::Staticlib,
                "/build/target/t-r-i/release/liba.a",
            )),
        ),
        (
            line(
                local,
                "proc-macro",
                false,
                r#""/build/target/release/deps/liba-1.so""#,
                "null",
            ),
            None,
        ),
        (
            line(
                local,
                "lib",
                false,
                r#""/build/target/t-r-i/release/liba.rlib""#,
                "null",
            ),
            None,
        ),
        (
            line(
                local,
                "custom-build",
                false,
                r#""/build/target/release/build/a-1/build-script-build""#,
                "null",
            ),
            None,
        ),
        (line(foreign, "bin", false, bin, bin), None),
        (r#"{"reason":"build-finished","success":true}"#.into(), None),
        (
            r#"{"reason":"compiler-artifact","package_id":"path+ cut"#.into(),
            None,
        ),
        ("test result: ok".into(), None),
    ] {
        let mut collector = Collector::default();
        collector.line(&line);
        let found = collector.artefacts().first();
        let found = found.map(|it| (it.kind, it.inside.to_str().unwrap()));
        assert_eq!(found, expected, "{line}");
        assert!(
            collector
                .artefacts()
                .iter()
                .all(|it| it.triple == "t-r-i" && it.name == "a" && it.fresh)
        );
    }
}

#[test]
fn diagnostics_are_kept_as_rendered() {
    let line = r#"{"reason":"compiler-message","package_id":"path+file:///build/source#p@0.1.0","manifest_path":"/build/source/Cargo.toml","target":{"kind":["bin"],"crate_types":["bin"],"name":"p","src_path":"/build/source/src/main.rs","edition":"2021","doc":true,"doctest":false,"test":true},"message":{"rendered":"warning: unused variable: `x`\n","$message_type":"diagnostic","children":[],"level":"warning","message":"unused variable: `x`","spans":[],"code":null}}"#;
    let mut collector = Collector::default();
    collector.line(line);
    assert_eq!(collector.diagnostics(), ["warning: unused variable: `x`\n"]);
}

#[test]
fn paths_of_the_shell_become_the_hosts() {
    let mapping: Vec<(String, String)> = [
        ("/build/source", "/home/u/project"),
        ("/build/target", "/home/u/project/target"),
        ("/build/target/t-r-i", "/elsewhere/t-r-i"),
    ]
    .map(|(inside, host)| (inside.to_owned(), host.to_owned()))
    .to_vec();
    for (json, expected) in [
        (
            r#"{"root":"/build/source"}"#,
            r#"{"root":"/home/u/project"}"#,
        ),
        (
            r#"["/build/source/a b","/build/sources/x"]"#,
            r#"["/home/u/project/a b","/build/sources/x"]"#,
        ),
        (
            r#""path+file:///build/source#a@1.0.0""#,
            r#""path+file:///home/u/project#a@1.0.0""#,
        ),
        (
            r#""path+file:///build/source/b#1.0.0""#,
            r#""path+file:///home/u/project/b#1.0.0""#,
        ),
        (
            r#"{"z":"/build/target/t-r-i/debug/x","a":1}"#,
            r#"{"z":"/elsewhere/t-r-i/debug/x","a":1}"#,
        ),
        (
            r#""/build/target/debug/x""#,
            r#""/home/u/project/target/debug/x""#,
        ),
        (r#""see /build/source""#, r#""see /build/source""#),
        (
            r#"{"rendered":"error\n --> /build/source/a.rs:1:2\n1 | \"/build/source\"\n  ::: /build/source/b.rs:3:4\n"}"#,
            r#"{"rendered":"error\n --> /home/u/project/a.rs:1:2\n1 | \"/build/source\"\n  ::: /home/u/project/b.rs:3:4\n"}"#,
        ),
        ("not json /build/source", "not json /build/source"),
    ] {
        assert_eq!(rewrite_paths(json, &mapping), expected);
    }
}

proptest::proptest! {
    /// Whatever is typed, cargo gets each word that is not xbuild's, in order.
    #[test]
    fn no_word_of_cargos_is_lost(
        typed in proptest::collection::vec("(-{0,2}[a-z]{0,3}(=[a-z]?)?|--features|-F|-p|-vq|-j4|--bin|--|\\PC{0,3})", 0..8)
    ) {
        let raw: Vec<OsString> = typed.iter().map(Into::into).collect();
        let own = |word: &String| options::REMOVED.contains(&word.split('=').next().unwrap_or_default());
        let begins_with_plus = typed.first().is_some_and(|word| word.starts_with('+'));
        proptest::prop_assume!(!typed.iter().any(own) && !begins_with_plus);
        let args = split_args(Verb::Build, &raw).unwrap();
        let mut passed = args.options.clone();
        if passed.len() < raw.len() {
            passed.push("--".into());
            passed.extend(args.program.clone());
        }
        proptest::prop_assert_eq!(passed, raw);
    }
}

/// Identifiers as cargo writes them now, where folder and package share a name,
/// and before 1.77.
#[test]
fn the_flags_of_a_test_program_choose_it_alone() {
    for (id, kind, expected) in [
        ("path+file:///build/source#a@0.1.0", "lib", "-p a --lib"),
        ("path+file:///build/core#0.1.0", "bin", "-p core --bin n"),
        ("b 0.1.0 (path+file:///x)", "test", "-p b --test n"),
    ] {
        let line = format!(
            r#"{{"reason":"compiler-artifact","package_id":"{id}","manifest_path":"/m","target":{{"kind":["{kind}"],"crate_types":["{kind}"],"name":"n","src_path":"/s","edition":"2024","doc":true,"doctest":false,"test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":true}},"features":[],"filenames":["/build/target/t/n"],"executable":"/build/target/t/n","fresh":true}}"#
        );
        let mut collector = Collector::default();
        collector.line(&line);
        assert_eq!(collector.artefacts()[0].flags, expected);
        assert!(!collector.succeeded());
    }
}

#[test]
fn a_build_has_succeeded_when_cargo_says_so() {
    for (line, expected) in [
        (r#"{"reason":"build-finished","success":true}"#, true),
        (r#"{"reason":"build-finished","success":false}"#, false),
        (r#"say {"reason":"build-finished","success":true}"#, false),
    ] {
        let mut collector = Collector::default();
        collector.line(line);
        assert_eq!(collector.succeeded(), expected, "{line}");
    }
}
