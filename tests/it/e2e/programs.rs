//! Published programs, C code included, built for other machines and put to
//! work there; what they print is what the native build prints.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::elf::elf;
use crate::support::{published, turn_to_build, xbuild};

/// A glibc floor, for a target that has one.
type Floor = Option<(u32, u32)>;

/// A target, its machine in ELF, and its floor.
const TARGETS: [(&str, u16, Floor); 4] = [
    ("x86_64-unknown-linux-musl", 62, None),
    ("aarch64-unknown-linux-gnu.2.17", 183, Some((2, 17))),
    ("aarch64-unknown-linux-musl", 183, None),
    ("armv7-unknown-linux-gnueabihf.2.17", 40, Some((2, 17))),
];

const NATIVE: &str = "x86_64-unknown-linux-gnu.2.17";

/// A published program, built for one target.
struct Built<'a> {
    source: &'a Path,
    target: &'a str,
    flags: &'a [&'a str],
}

impl Built<'_> {
    fn call(&self, verb: &str) -> crate::support::Caller {
        let caller = xbuild().cwd(self.source).arg(verb).args(self.flags);
        caller.args(["--locked", "--target", self.target])
    }

    /// Builds it and gives the path of the program.
    fn build(&self, name: &str) -> PathBuf {
        let outcome = self.call("build").args(["--format", "json"]).run().ok();
        let [report] = &outcome.reports()[..] else {
            panic!("one report expected of\n{outcome}")
        };
        assert_eq!(report["hermetic"], true, "{outcome}");
        assert_eq!(report["ok"], true, "{outcome}");
        let artifacts = report["artifacts"].as_array().expect("artefacts");
        let found = artifacts.iter().find(|artifact| artifact["name"] == name);
        let path = found.and_then(|artifact| artifact["path"].as_str());
        let path = path.unwrap_or_else(|| panic!("no `{name}` from\n{outcome}"));
        self.source.join(path)
    }

    /// What the program prints, run as xbuild runs it.
    fn output(&self, words: &[&str]) -> String {
        let run = self.call("run").arg("--quiet").arg("--");
        run.args(words).run().ok().stdout
    }
}

/// Proves from the file what was asked for.
fn has_kept_its_word(path: &Path, machine: u16, floor: Floor) {
    let facts = elf(path);
    assert_eq!(facts.machine, machine);
    assert!(!facts.names_the_store, "{}", path.display());
    match floor {
        None => assert!(facts.is_static(), "{facts:?}"),
        Some(floor) => {
            assert!(
                facts.glibc.is_some_and(|needed| needed <= floor),
                "{facts:?}"
            );
            let interpreter = match machine {
                183 => "/lib/ld-linux-aarch64.so.1",
                40 => "/lib/ld-linux-armhf.so.3",
                _ => "/lib64/ld-linux-x86-64.so.2",
            };
            assert_eq!(facts.interpreter.as_deref(), Some(interpreter));
            assert!(facts.needed.contains(&"libc.so.6".to_owned()), "{facts:?}");
        }
    }
}

/// Text to search, the same at every run: below the workspace, since that is
/// all that the shell sees.
fn write_corpus(folder: &Path) {
    let corpus = folder.join("corpus");
    for part in 0..8 {
        let folder = corpus.join(format!("part-{part}/deep"));
        fs::create_dir_all(&folder).expect("a folder");
        let lines = (0..400).map(|line| {
            let number = (part * 7919 + line * 104_729) % 10_007;
            let word = ["café", "naïve", "plain", "Größe", "εξ"][number % 5];
            format!("{line}: {word} price{number} foo{}bar\n", number % 13)
        });
        fs::write(folder.join("words.txt"), lines.collect::<String>()).expect("a text");
    }
    fs::write(corpus.join("binary"), b"price\0price").expect("a binary file");
}

/// The jobs of ripgrep: matching, look-around by PCRE2 (and its compiler to
/// machine code, where there is one), JSON, counts, replacement, Unicode.
const SEARCHES: [&[&str]; 7] = [
    &["-c", "price[0-9]*7\\b"],
    &["-nP", "(?<=foo)1(?!2)\\d*(?=bar)"],
    &["-iw", "GRÖSSE|größe"],
    &["-or", "$2-$1", "(price)(\\d+) foo3"],
    &["--files"],
    &["-U", "foo9bar\\n\\d+: \\p{Greek}+"],
    &["--json", "naïve price99"],
];

/// JSON without the times that a run took.
fn untimed(text: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| {
        let mut value: Value = serde_json::from_str(line).expect("a line of JSON");
        for pointer in ["/data/stats", "/data"] {
            if let Some(object) = value.pointer_mut(pointer).and_then(Value::as_object_mut) {
                object.remove("elapsed");
                object.remove("elapsed_total");
            }
        }
        value
    });
    lines.collect()
}

#[test]
fn ripgrep_finds_the_same_everywhere() {
    let _building = turn_to_build();
    let source = published("ripgrep", "15.2.0");
    write_corpus(source.path());
    let flags = ["--features=pcre2", "--config=profile.dev.debug=0"];
    let search = |target: &str| -> Vec<String> {
        let program = Built {
            source: source.path(),
            target,
            flags: &flags,
        };
        let searches = SEARCHES.iter().map(|words| {
            let words = [&["--sort=path"], *words, &["corpus"]].concat();
            program.output(&words)
        });
        let version = program.output(&["--pcre2-version"]);
        assert!(version.contains("PCRE2 10."), "{target}: {version}");
        searches.collect()
    };
    let expected = search(NATIVE);
    assert!(expected.iter().all(|output| !output.is_empty()));
    for (target, machine, floor) in TARGETS {
        let program = Built {
            source: source.path(),
            target,
            flags: &flags,
        };
        has_kept_its_word(&program.build("rg"), machine, floor);
        let found = search(target);
        for (words, (found, expected)) in SEARCHES.iter().zip(found.iter().zip(&expected)) {
            if words.contains(&"--json") {
                assert_eq!(untimed(found), untimed(expected), "{target} {words:?}");
            } else {
                assert_eq!(found, expected, "{target} {words:?}");
            }
        }
    }
}

#[test]
fn hyperfine_measures_everywhere() {
    let _building = turn_to_build();
    // The newest version that the pinned Rust can build.
    let source = published("hyperfine", "1.20.0");
    for (target, machine, floor) in TARGETS {
        let program = Built {
            source: source.path(),
            target,
            flags: &["--release", "--config=profile.release.lto=false"],
        };
        has_kept_its_word(&program.build("hyperfine"), machine, floor);
        assert_eq!(program.output(&["--version"]), "hyperfine 1.20.0\n");
        let job = ["--runs=3", "--style=none", "--export-json=-"];
        let json = program.output(&[&job[..], &["true", "sleep 0.05"]].concat());
        let report: Value = serde_json::from_str(&json)
            .unwrap_or_else(|error| panic!("{target}: {error} in {json}"));
        let [quick, slow] = &report["results"].as_array().expect("results")[..] else {
            panic!("two results expected in {report}")
        };
        for (result, at_least) in [(quick, 0.0), (slow, 0.05)] {
            assert_eq!(result["times"].as_array().map(Vec::len), Some(3));
            assert_eq!(result["exit_codes"], json!([0, 0, 0]), "{result}");
            // The shell's own start is taken off what was measured.
            assert!(result["mean"].as_f64() >= Some(at_least * 0.5), "{result}");
        }
    }
}
