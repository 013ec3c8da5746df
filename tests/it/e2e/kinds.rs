//! Every kind of Cargo project: where crates come from, how they are compiled,
//! and what their build scripts may not do.

use std::fs;
use std::path::Path;

use object::{Object as _, ObjectSymbol as _};
use tempfile::TempDir;

use crate::git_server::GitServer;
use crate::registry::Registry;
use crate::support::{Outcome, git, temp, turn_to_build, xbuild};

const NATIVE: &str = "--target=x86_64-unknown-linux-gnu.2.17";
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = temp();
    write(folder.path(), files);
    folder
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// The manifest of a package, with more behind it.
fn manifest(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n{more}")
}

/// A library whose `word()` is this.
fn says(word: &str) -> String {
    format!("pub fn word() -> &'static str {{ \"{word}\" }}\n")
}

fn call(project: &Path, words: &[&str]) -> Outcome {
    xbuild().cwd(project).args(words).arg(NATIVE).run()
}

#[test]
fn crates_come_from_paths_patches_git_and_registries() {
    let _building = turn_to_build();
    let registry = Registry::start(None);
    for name in ["patched", "published"] {
        registry.publish(name, "1.0.0", &says(name));
    }
    let repositories = folder(&[
        ("tagged/Cargo.toml", &manifest("tagged", "")),
        ("tagged/src/lib.rs", &says("git")),
    ]);
    let repository = repositories.path().join("tagged");
    let date = "2020-01-01T00:00:00Z";
    for words in [
        &["init", "-q"][..],
        &["add", "."],
        &["commit", "-qm", "one"],
        &["tag", "v1"],
    ] {
        git(&repository, date, words);
    }
    write(&repository, &[("src/lib.rs", &says("a later commit"))]);
    git(&repository, date, &["commit", "-qam", "two"]);
    let server = GitServer::start(repositories.path());

    let app = manifest(
        "app",
        &format!(
            "[features]\ndefault = []\nloud = [\"dep:optional\"]\n\
             [dependencies]\n\
             beside = {{ path = \"../../beside\" }}\n\
             patched = \"1\"\n\
             published = \"1\"\n\
             native-sys = {{ path = \"../native-sys\" }}\n\
             optional = {{ path = \"../optional\", optional = true }}\n\
             tagged = {{ git = \"{}/tagged\", tag = \"v1\" }}\n\
             [[bin]]\nname = \"app\"\n[[bin]]\nname = \"other\"\n",
            server.url()
        ),
    );
    let files = [
        (
            "ws/Cargo.toml",
            "[workspace]\nmembers = [\"app\", \"native-sys\", \"optional\"]\nresolver = \"2\"\n\
             [patch.crates-io]\npatched = { path = \"patches/patched\" }\n",
        ),
        ("ws/app/Cargo.toml", &app),
        (
            "ws/app/src/bin/app.rs",
            "fn main() {\n\
             #[cfg(feature = \"loud\")] println!(\"{}\", optional::word());\n\
             println!(\"{} {} {} {} {}\", beside::word(), patched::word(), published::word(),\n\
                      tagged::word(), native_sys::word()); }\n",
        ),
        (
            "ws/app/src/bin/other.rs",
            "fn main() { println!(\"other\") }\n",
        ),
        (
            "ws/app/examples/example.rs",
            "fn main() { println!(\"example\") }\n",
        ),
        (
            "ws/native-sys/Cargo.toml",
            &manifest("native-sys", "links = \"native\"\n"),
        ),
        (
            "ws/native-sys/build.rs",
            "fn main() { panic!(\"what it links is told\") }\n",
        ),
        (
            "ws/native-sys/src/lib.rs",
            "pub fn word() -> &'static str { env!(\"NATIVE_WORD\") }\n",
        ),
        (
            "ws/.cargo/config.toml",
            "[target.x86_64-unknown-linux-gnu.native]\n\
             rustc-env = { NATIVE_WORD = \"overridden\" }\n",
        ),
        ("ws/optional/Cargo.toml", &manifest("optional", "")),
        ("ws/optional/src/lib.rs", &says("loud")),
        ("ws/patches/patched/Cargo.toml", &manifest("patched", "")),
        ("ws/patches/patched/src/lib.rs", &says("patch")),
        ("beside/Cargo.toml", &manifest("beside", "")),
        ("beside/src/lib.rs", &says("path")),
    ];
    let project = folder(&files);
    let workspace = project.path().join("ws");
    let run = |words: &[&str]| {
        let caller = xbuild().cwd(&workspace).args(["run", "-q", NATIVE]);
        let settings = format!(
            "[source.crates-io]\nreplace-with = \"mirror\"\n\
             [source.mirror]\nregistry = \"{}\"\n",
            registry.index()
        );
        let place = caller.home().join(".cargo/config.toml");
        fs::write(place, settings).expect("a setting");
        caller.args(words).run().ok().stdout
    };
    let words = "path patch published git overridden\n";
    assert_eq!(run(&["-p", "app", "--bin", "app"]), words);
    let loud = ["-p=app", "--bin=app", "--features=loud", "--frozen"];
    assert_eq!(run(&loud), format!("loud\n{words}"));
    assert_eq!(run(&["--bin", "other", "--offline"]), "other\n");
    assert_eq!(run(&["--example", "example", "--locked"]), "example\n");
}

#[test]
fn vendored_sources_need_no_network() {
    let _building = turn_to_build();
    let project = folder(&[
        (
            "Cargo.toml",
            &manifest("app", "[dependencies]\nvendored = \"1\"\n[workspace]\n"),
        ),
        (
            "src/main.rs",
            "fn main() { println!(\"{}\", vendored::word()) }\n",
        ),
        (
            ".cargo/config.toml",
            "[source.crates-io]\nreplace-with = \"vendored-sources\"\n\
             [source.vendored-sources]\ndirectory = \"vendor\"\n",
        ),
        ("vendor/vendored/Cargo.toml", &manifest("vendored", "")),
        ("vendor/vendored/src/lib.rs", &says("from the folder")),
        (
            "vendor/vendored/.cargo-checksum.json",
            "{\"files\":{},\"package\":null}",
        ),
    ]);
    for flag in ["--offline", "--frozen"] {
        let ran = call(project.path(), &["run", flag]).ok();
        assert_eq!(ran.stdout, "from the folder\n", "{ran}");
    }
}

const FLAGS: &str = r#"
    fn main() {
        println!("avx2 {}", cfg!(target_feature = "avx2"));
        println!("counted {}", counting::count_the_letters(&std::env::args().next().unwrap()) > 0);
        let caught = std::panic::catch_unwind(|| panic!("on purpose"));
        println!("caught {}", caught.is_err());
    }
"#;

const COUNTING: &str = r#"
    //! One function, too large to be inlined into another crate by itself.

    pub fn count_the_letters(text: &str) -> usize {
        let mut counts = std::collections::BTreeMap::new();
        for letter in text.chars() {
            *counts.entry(letter).or_insert(0_usize) += 1;
        }
        let most = counts.iter().max_by_key(|(_, count)| **count);
        eprintln!("most often {most:?}");
        counts.values().sum()
    }
"#;

#[test]
fn profiles_and_flags_show_in_the_program() {
    let _building = turn_to_build();
    let project = folder(&[
        (
            "Cargo.toml",
            &manifest(
                "app",
                "[dependencies]\ncounting = { path = \"counting\" }\n[workspace]\n\
                 [profile.dev]\nsplit-debuginfo = \"packed\"\n\
                 [profile.plain]\ninherits = \"release\"\nstrip = false\n\
                 [profile.small]\ninherits = \"plain\"\nlto = \"fat\"\npanic = \"abort\"\ncodegen-units = 1\n",
            ),
        ),
        ("src/main.rs", FLAGS),
        ("counting/Cargo.toml", &manifest("counting", "")),
        ("counting/src/lib.rs", COUNTING),
    ]);
    let project = project.path();
    let program = |profile: &str| {
        project
            .join("target")
            .join(TRIPLE)
            .join(profile)
            .join("app")
    };
    let has_the_function = |profile: &str| {
        let bytes = fs::read(program(profile)).expect("a program");
        let file = object::File::parse(&*bytes).expect("ELF");
        let names = file.symbols().filter_map(|symbol| symbol.name().ok());
        names
            .into_iter()
            .any(|name| name.contains("count_the_letters"))
    };

    let plain = call(project, &["run", "--profile=plain"]).ok();
    let lines = ["avx2 false", "counted true", "caught true"];
    assert_eq!(plain.stdout.lines().collect::<Vec<_>>(), lines, "{plain}");
    assert!(has_the_function("plain"));

    // The whole program is optimised at once, and a panic is its end.
    let config = format!("[target.{TRIPLE}]\nrustflags = [\"-Ctarget-cpu=x86-64-v3\"]\n");
    write(project, &[(".cargo/config.toml", &config)]);
    let small = call(project, &["run", "--profile=small"]).exits(134);
    let lines = ["avx2 true", "counted true"];
    assert_eq!(small.stdout.lines().collect::<Vec<_>>(), lines, "{small}");
    assert!(!has_the_function("small"));
    // Where the standard library is built here, too.
    let musl = [
        "run",
        "--profile=small",
        "--target=x86_64-unknown-linux-musl",
    ];
    let static_one = xbuild().cwd(project).args(musl).run().exits(134);
    assert!(static_one.stdout.contains("counted true"), "{static_one}");

    // Flags for all targets hold, too.
    let config = "[build]\nrustflags = [\"-C\", \"target-feature=+avx2\"]\n";
    write(project, &[(".cargo/config.toml", config)]);
    let ran = call(project, &["run"]).ok();
    assert!(ran.stdout.starts_with("avx2 true\n"), "{ran}");

    // Debug information in a file of its own lies beside the program.
    let built = call(project, &["build", "--format=json"]).ok();
    let path = built.reports()[0]["artifacts"][0]["debug_info"].clone();
    let path = path
        .as_str()
        .unwrap_or_else(|| panic!("none from\n{built}"));
    assert_eq!(project.join(path), program("debug").with_extension("dwp"));
    let bytes = fs::read(project.join(path)).expect("debug information");
    let file = object::File::parse(&*bytes).expect("ELF");
    assert!(file.section_by_name(".debug_info.dwo").is_some());
    let talk = call(project, &["build"]).ok();
    talk.says("debug information: target/");
}

#[test]
fn a_build_script_that_wants_the_network_is_named_with_the_remedy() {
    let _building = turn_to_build();
    let script =
        "fn main() { std::net::TcpStream::connect((\"example.invalid\", 80)).unwrap(); }\n";
    let project = folder(&[
        (
            "Cargo.toml",
            &manifest(
                "app",
                "[dependencies]\nfetches-it = { path = \"fetches\" }\n[workspace]\n",
            ),
        ),
        ("src/main.rs", "fn main() {}\n"),
        ("fetches/Cargo.toml", &manifest("fetches-it", "")),
        ("fetches/src/lib.rs", ""),
        ("fetches/build.rs", script),
    ]);
    for verb in ["build", "test"] {
        call(project.path(), &[verb])
            .exits(101)
            .says("note: the build script of `fetches-it` failed in the hermetic shell, which has no network")
            .says("hint: where it downloads something")
            .says("docs/project.md");
    }
    // What fails for another reason is not put down to the network.
    write(
        project.path(),
        &[
            ("fetches/build.rs", "fn main() {}\n"),
            ("src/main.rs", "fn"),
        ],
    );
    let failed = call(project.path(), &["build"]).exits(101);
    assert!(!failed.stderr.contains("network"), "{failed}");
}
