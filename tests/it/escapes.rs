//! What the files of a hostile project try before anything of it runs; what it
//! tries while it runs is in `sandbox.rs` and the fixture `hostile`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::bad_input::project;
use crate::support::{Caller, Outcome, temp, turn_to_build, xbuild};

/// Puts a secret into a caller's home.
fn with_key(caller: Caller) -> Caller {
    let ssh = caller.home().join(".ssh");
    fs::create_dir_all(&ssh).expect("a folder");
    fs::write(ssh.join("id_ed25519"), "s3cret key").expect("a secret");
    fs::write(caller.home().join("notes"), "s3cret").expect("a secret");
    caller
}

fn build(project: &TempDir, caller: Caller) -> Outcome {
    caller.cwd(project.path()).arg("build").run()
}

fn manifest(more: &str) -> String {
    format!("[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2021\"\n{more}")
}

/// Nothing that a project's own files name opens what is the user's alone.
#[test]
fn a_project_cannot_ask_for_the_users_files() {
    let name = |caller: &Caller, path: &str| caller.home().join(path).display().to_string();
    // The file, and its text with the path of the user's.
    type Write = fn(&str) -> (&'static str, String);
    let asking: [(&str, Write); 6] = [
        (".ssh", |path| {
            let dependency = format!("[dependencies]\nx = {{ path = \"{path}\" }}\n");
            ("Cargo.toml", manifest(&dependency))
        }),
        (".ssh", |path| {
            let members = format!("[workspace]\nmembers = [\"{path}\"]\n");
            ("Cargo.toml", manifest(&members))
        }),
        ("", |path| {
            (".cargo/config.toml", format!("paths = [\"{path}\"]\n"))
        }),
        (".ssh/id_ed25519", |path| {
            ("xbuild.toml", format!("build.sources = [\"{path}\"]\n"))
        }),
        (".ssh", |path| {
            ("xbuild.toml", format!("env.volumes = [\"KEYS={path}\"]\n"))
        }),
        ("", |path| {
            ("xbuild.toml", format!("env.volumes = [\"{path}:rw\"]\n"))
        }),
    ];
    for (wanted, write) in asking {
        let caller = with_key(xbuild());
        let (file, text) = write(&name(&caller, wanted));
        let project = project(&[(file, Some(&text))]);
        let said = "is for no project to see";
        build(&project, caller).exits(81).says(said).says("hint: ");
    }
}

/// Cargo would take any program that such a configuration names, with the
/// network on.
#[test]
fn a_configuration_of_cargos_that_only_the_shell_has_is_refused() {
    let evil = "[build]\nrustc-wrapper = \"/build/source/evil.sh\"\n";
    let project = project(&[("evil.toml", Some(evil)), ("evil/config.toml", Some(evil))]);
    let folder = project.path().join(".cargo");
    symlink("/build/source/evil", &folder).expect("a link");
    let said = "is a link to what is not there";
    build(&project, xbuild()).exits(81).says(said);
    fs::remove_file(&folder).expect("a link");
    fs::create_dir(&folder).expect("a folder");
    symlink("/build/source/evil.toml", folder.join("config.toml")).expect("a link");
    build(&project, xbuild()).exits(81).says(said);
}

/// Files that only stand in a manifest do not come into the shell, and links
/// that a project brings below `target/` are not followed.
#[test]
fn a_build_neither_reads_nor_writes_beside_its_project() {
    let _building = turn_to_build();
    let caller = with_key(xbuild());
    let (home, notes) = (caller.home(), caller.home().join("notes"));
    let readme = format!("readme = \"{}\"\n", notes.display());
    let script = format!(
        "fn main() {{ assert!(std::fs::read({notes:?}).is_err()); \
         assert!(std::fs::read_dir({home:?}).is_err()); }}\n"
    );
    let project = project(&[
        ("Cargo.toml", Some(&manifest(&readme))),
        ("build.rs", Some(&script)),
    ]);
    build(&project, caller).ok();

    let own = project.path().join("target/xbuild");
    let host = fs::read_dir(&own).expect("a folder").flatten();
    let mut host = host.map(|entry| entry.path());
    let is_host = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("host-")
    };
    let host = host.find(is_host).expect("the host's folder");
    fs::remove_dir_all(&host).expect("it can be removed");
    let others = temp();
    symlink(others.path(), &host).expect("a link");
    let refused = build(&project, xbuild()).exits(87);
    refused.says("is no folder of its own").says("hint: rm ");
    assert_eq!(fs::read_dir(others.path()).expect("a folder").count(), 0);
}

/// Whatever a project or a file is called, and whatever is in it.
#[test]
fn names_cannot_steer_the_terminal() {
    let clean = |outcome: Outcome| {
        for text in [&outcome.stdout, &outcome.stderr] {
            let steers = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
            assert_eq!(text.find(steers), None, "{outcome}");
        }
        let all = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            all.contains("\\u{1b}") || all.contains("\\u{9b}"),
            "{outcome}"
        );
    };
    const TITLE: &str = "\u{1b}]0;owned\u{7}\u{202e}";
    for text in [
        "\"\\u001b]0;owned\\u0007\" = 1\n",
        "[build]\ntargets = [\"\\u001b[2J\"]\n",
        "[env]\npassthrough = [\"\\u001b[31m=1\"]\n",
    ] {
        let project = project(&[("xbuild.toml", Some(text))]);
        clean(build(&project, xbuild()));
    }
    let folder = temp();
    let called = folder.path().join(TITLE);
    fs::write(&called, "text").expect("a file");
    clean(xbuild().arg("inspect").arg(&called).run());
    clean(xbuild().arg("inspect").arg(Path::new(TITLE)).run());
    let leak = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-\u{9b}31mred\u{9b}0m";
    let file = folder.path().join("leak");
    fs::write(&file, leak).expect("a file");
    clean(xbuild().arg("inspect").arg(&file).run());
}

/// Cargo passes on what a macro prints while a program is compiled: among it may
/// be that all is built, which nothing is yet.
#[test]
fn what_a_macro_says_in_cargos_name_hides_no_program() {
    let _building = turn_to_build();
    let lie = r#"{"reason":"build-finished","success":true}"#;
    let dependency = "[dependencies]\nliar = { path = \"liar\" }\n";
    let macros = "[package]\nname = \"liar\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                  [lib]\nproc-macro = true\n";
    let liar = format!(
        "use proc_macro::TokenStream;\n#[proc_macro]\n\
         pub fn lie(_: TokenStream) -> TokenStream {{\n\
         println!(\"{{}}\", {lie:?});\nTokenStream::new()\n}}\n"
    );
    let project = project(&[
        ("Cargo.toml", Some(&manifest(dependency))),
        ("src/main.rs", Some("liar::lie!();\nfn main() {}\n")),
        ("liar/Cargo.toml", Some(macros)),
        ("liar/src/lib.rs", Some(&liar)),
    ]);
    let build = |words: &[&str]| {
        let target = "--target=x86_64-unknown-linux-musl";
        let caller = xbuild().cwd(project.path()).args(["build", target]);
        caller.args(words).run().ok()
    };
    let told = build(&["--format=json"]);
    assert_eq!(told.reports()[0]["artifacts"][0]["name"], "p", "{told}");
    // It did say so.
    fs::write(
        project.path().join("src/main.rs"),
        "fn main() {} liar::lie!();",
    )
    .expect("a file");
    let passed_on = build(&["--message-format=json"]).stdout;
    assert_eq!(passed_on.matches(lie).count(), 2, "{passed_on}");
}
