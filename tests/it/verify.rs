//! `xbuild verify`: what is reproducible is said to be, and what is not is
//! blamed on the right cause.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, copied, turn_to_build, xbuild};

const TARGET: &str = "--target=x86_64-unknown-linux-musl";

fn verify(project: &Path, words: &[&str]) -> Outcome {
    let caller = xbuild().cwd(project).args(["verify", TARGET]);
    caller.args(words).run()
}

/// The names of the factors of each cause, those that act together joined.
fn causes(report: &Value) -> Vec<String> {
    let found = report["causes"]["found"].as_array().expect("causes");
    let names = |cause: &Value| -> String {
        let factors = cause["factors"].as_array().expect("factors");
        let names: Vec<&str> = factors.iter().filter_map(Value::as_str).collect();
        names.join("+")
    };
    found.iter().map(names).collect()
}

#[test]
fn a_sound_project_is_reproducible_under_every_variation() {
    let _building = turn_to_build();
    let project = copied("examples/hello");
    let outcome = verify(project.path(), &["--format=json"]).ok();
    let report = outcome.json();
    assert_eq!(report["verdict"], "reproducible", "{outcome}");
    assert_eq!(report["first_build_reused"], false);
    let varied = report["varied"].as_array().expect("variations").len();
    let without = report["not_varied"].as_array().expect("a list").len();
    assert_eq!(varied + without, 14, "{outcome}");
    let artifact = &report["artifacts"][0];
    assert_eq!(artifact["sha256"], artifact["sha256_second"]);
    assert!(!project.path().join("target/xbuild/verify").exists());

    // The first build serves again, and what an interrupted verification left
    // behind is in nobody's way.
    let left = project.path().join("target/xbuild/verify/second/props");
    fs::create_dir_all(left).expect("remains");
    let again = verify(project.path(), &["--vary=umask,time", "--format=json"]).ok();
    let report = again.json();
    assert_eq!(report["first_build_reused"], true, "{again}");
    assert_eq!(report["builds"], 1, "{again}");
    assert_eq!(report["varied"], serde_json::json!(["time", "umask"]));
}

#[test]
fn a_published_list_is_compared_with() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/irreproducible/manifest-dir");
    let report = verify(project.path(), &["--vary=aslr", "--format=json"])
        .ok()
        .json();
    let hash = report["artifacts"][0]["sha256"].as_str().expect("a hash");
    let list = project.path().join("SHA256SUMS");
    let other = hash.replace(|c: char| c.is_ascii_digit(), "0");
    for (text, code, part) in [
        (format!("{hash}  manifest-dir\n"), 0, "reproducible"),
        (
            format!("{hash}  bin/manifest-dir\n{other}  other\n"),
            0,
            "compared with",
        ),
        (format!("{other}  manifest-dir\n"), 90, "not reproducible"),
        (
            format!("{other}  other\n"),
            81,
            "lists nothing of what was built",
        ),
        ("nonsense\n".to_owned(), 84, "SHA256SUMS:1: "),
    ] {
        fs::write(&list, text).expect("a list");
        verify(project.path(), &["--against=SHA256SUMS"])
            .exits(code)
            .says(part);
    }
    verify(project.path(), &["--against=absent"])
        .exits(87)
        .says("`absent`");
    verify(project.path(), &["--against=SHA256SUMS", "--vary=time"]).exits(2);
}

/// A seeded defect: its fixture, what it depends on, and for each cause who
/// makes the difference and the text that the second build has there.
type Defect = (
    &'static str,
    &'static [(&'static str, &'static str, &'static str)],
);

const DEFECTS: [Defect; 20] = [
    ("address", &[("aslr", "seen", "table at 0x")]),
    (
        "c-date",
        &[
            ("time", "libstamp.a", "compiled "),
            ("timezone", "libstamp.a", "compiled "),
        ],
    ),
    ("codegen-units", &[("num_cpus", "codegen units", "")]),
    (
        "environment",
        &[("environment", "seen", ""), ("locales", "seen", "")],
    ),
    ("folder-order", &[("fileordering", "seen", "plugins: ")]),
    ("hash-map", &[("random", "seen", "=")]),
    ("home", &[("home", "seen", "/home/stranger")]),
    ("hostname", &[("domain_host", "seen", "built on elsewhere")]),
    ("kernel", &[("kernel", "seen", "Linux 2.6.")]),
    (
        "library",
        &[(
            "domain_host",
            "cargo::rustc-env=BUILD_HOST=elsewhere",
            "built on elsewhere",
        )],
    ),
    ("locale", &[("locales", "seen", "fr_CH.UTF-8")]),
    (
        "manifest-dir",
        &[("build_path", "CARGO_MANIFEST_DIR", "/build/elsewhere/")],
    ),
    ("path", &[("exec_path", "seen", "/stranger/bin")]),
    ("processors", &[("num_cpus", "seen", "a pool of 1")]),
    ("random", &[("random", "seen", "build id ")]),
    ("timestamp", &[("time", "seen", "built at ")]),
    ("timezone", &[("timezone", "seen", "14:00")]),
    (
        "two-causes",
        &[
            ("domain_host", "seen", "built on elsewhere"),
            ("locales", "seen", "fr_CH"),
        ],
    ),
    ("umask", &[("umask", "seen", "packed with mode 100600")]),
    ("user", &[("user_group", "seen", "built by stranger")]),
];

#[test]
fn each_defect_is_blamed_on_its_cause_and_found_in_its_place() {
    let _building = turn_to_build();
    for (name, expected) in DEFECTS {
        let project = copied(&format!("tests/fixtures/irreproducible/{name}"));
        let outcome = verify(project.path(), &["--format=json"]).exits(90);
        let report = outcome.json();
        assert_eq!(report["verdict"], "differs", "{name}: {outcome}");
        let mut found = causes(&report);
        found.sort();
        let factors: Vec<&str> = expected.iter().map(|(factor, ..)| *factor).collect();
        assert_eq!(found, factors, "{name}: {outcome}");
        assert_eq!(report["causes"]["search"], "complete", "{name}: {outcome}");

        for cause in report["causes"]["found"].as_array().expect("causes") {
            let fits = |(factor, ..): &&(&str, &str, &str)| cause["factors"][0] == **factor;
            let (_, origin, text) = expected.iter().find(fits).expect("a known cause");
            let evidence = &cause["evidence"][0];
            let section = evidence["section"].as_str().unwrap_or_default();
            let told = &evidence["origin"];
            if told["kind"] == "codegen units" {
                // The code differs, wherever.
                let numbers = (&told["first"], &told["second"]);
                let (one, two) = (Value::from(1), Value::from(2));
                assert!(
                    numbers == (&one, &two) || numbers == (&two, &one),
                    "{outcome}"
                );
            } else {
                assert!(section.starts_with(".rodata"), "{name}: {outcome}");
            }
            let second = evidence["second"].as_str().unwrap_or_default();
            assert!(second.contains(text), "{name}: {outcome}");
            assert_ne!(evidence["first"], evidence["second"], "{name}: {outcome}");
            let keys = ["file", "variable", "second", "kind"];
            assert!(
                keys.iter().any(|key| told[key] == *origin),
                "{name}: {outcome}"
            );
            let krate = if name == "library" {
                ("stamp", "0.3.0")
            } else {
                (name, "0.1.0")
            };
            let named = told["crate"].as_str().unwrap_or_default().replace('_', "-");
            assert_eq!(
                (&*named, evidence["crate_version"].as_str()),
                (krate.0, Some(krate.1))
            );
        }
    }
}

/// What compilers write down about the source's place is put right for both.
#[test]
fn debug_information_and_file_names_stay_the_same_elsewhere() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/irreproducible/c-date");
    let script = fs::read_to_string(project.path().join("build.rs")).expect("a script");
    let script = script
        .replace("        .env_remove(\"SOURCE_DATE_EPOCH\")\n", "")
        .replace(
            "\"src/stamp.c\", \"-o\"",
            "\"-g\", concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/stamp.c\"), \"-o\"",
        );
    fs::write(project.path().join("build.rs"), script).expect("another script");
    let c = "const char *stamp(void) {\n    return __FILE__ \" \" __DATE__ \" \" __TIME__;\n}\n";
    fs::write(project.path().join("src/stamp.c"), c).expect("C");
    let manifest = project.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, format!("{text}\n[profile.release]\ndebug = 2\n")).expect("debug");
    let main = project.path().join("src/main.rs");
    let text = fs::read_to_string(&main).expect("a program");
    fs::write(
        &main,
        text.replace("println!(\"{}\", ", "println!(\"{} {}\", file!(), "),
    )
    .expect("another program");
    let outcome = verify(project.path(), &["--format=json"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(outcome.json()["verdict"], "reproducible", "{outcome}");
}

/// A cause that nothing holds still is no variation's, and one that every two
/// builds differ in is found even where it was not varied.
#[test]
fn what_differs_without_being_varied_is_said_to() {
    let _building = turn_to_build();
    let cycles = copied("tests/fixtures/irreproducible/cycles");
    let outcome = verify(cycles.path(), &["--format=json"]).exits(90);
    let report = outcome.json();
    assert_eq!(report["causes"]["search"], "unsteady", "{outcome}");
    let found = &report["causes"]["found"][0];
    assert_eq!(found["factors"], serde_json::json!([]), "{outcome}");
    assert_eq!(found["evidence"][0]["origin"]["file"], "seen", "{outcome}");

    let timestamp = copied("tests/fixtures/irreproducible/timestamp");
    let outcome = verify(timestamp.path(), &["--vary=umask"]).exits(90);
    // Lines are at most 80 columns: words alone are sure to stand in one.
    let words: Vec<&str> = outcome.stderr.split_whitespace().collect();
    let said = words.join(" ");
    for part in [
        "cause: time — the build depends on the time: the build script of timestamp 0.1.0 \
         writes `seen`, a date or a time where: `timestamp`, section .rodata, offset ",
        "hint: in place of the clock take the variable SOURCE_DATE_EPOCH",
        "1 of 14 variations",
    ] {
        assert!(said.contains(part), "{part:?} in\n{outcome}");
    }
}

#[test]
fn a_stale_first_build_is_found_out() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/irreproducible/timestamp");
    fs::remove_file(project.path().join("build.rs")).expect("no build script");
    let main = project.path().join("src/main.rs");
    fs::write(&main, "fn main() { println!(\"one\") }\n").expect("a program");
    verify(project.path(), &[]).ok();
    let old = fs::metadata(&main).and_then(|about| about.modified());
    fs::write(&main, "fn main() { println!(\"two\") }\n").expect("another program");
    let file = fs::File::options()
        .write(true)
        .open(&main)
        .expect("the file");
    file.set_modified(old.expect("its time"))
        .expect("the old time");

    let outcome = verify(project.path(), &[]).exits(90);
    outcome.says("the first build is stale").says("cargo clean");
}

#[test]
fn what_cannot_be_verified_is_said_before_or_instead_of_a_second_build() {
    let _building = turn_to_build();
    let project = copied("tests/fixtures/irreproducible/timestamp");
    for (words, code, part) in [
        (&["--vary=tiem"][..], 2, "did you mean `time`?"),
        (&["--isolation=none"], 2, "cannot be verified"),
        (&["--format=xml"], 2, "`xml` is no format"),
    ] {
        verify(project.path(), words).exits(code).says(part);
    }
    // A first build that fails has cargo's own code.
    let build = project.path().join("build.rs");
    fs::write(&build, "fn main() { std::process::exit(1) }\n").expect("a script");
    verify(project.path(), &[]).exits(101);
    // A second one that fails is blamed like one that differs.
    let script = "fn main() { assert!(std::env::var_os(\"CAPTURE_ENVIRONMENT\").is_none()); \
                  std::fs::write(format!(\"{}/seen\", std::env::var(\"OUT_DIR\").unwrap()), \"\").unwrap() }\n";
    fs::write(&build, script).expect("a script");
    verify(project.path(), &["--no-blame"])
        .exits(90)
        .says("the second one fails");
    let outcome = verify(project.path(), &["--format=json"]).exits(90);
    let report = outcome.json();
    assert_eq!(causes(&report), ["environment"], "{outcome}");
    assert_eq!(report["causes"]["found"][0]["fails"], true);
    // A library for other crates is nothing that leaves the machine.
    fs::remove_file(&build).expect("no script");
    fs::remove_file(project.path().join("src/main.rs")).expect("no program");
    fs::write(project.path().join("src/lib.rs"), "").expect("a library");
    verify(project.path(), &[])
        .exits(81)
        .says("nothing to compare");
}
