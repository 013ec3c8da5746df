//! Completions and man pages, by the shells and formatters that are there, and
//! what is said of colour.

use std::fs;
use std::path::PathBuf;

use xbuild::host;
use xbuild::process::Command;

use crate::support::{run, temp, xbuild};

/// A program of this machine, where it has it.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = host::var("PATH")?;
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

fn script(shell: &str) -> String {
    let printed = xbuild().args(["completions", shell]).run().ok();
    assert!(printed.stdout.contains("no-blame"), "{printed}");
    printed.stdout
}

/// What bash completes the last of some words to, as its own machinery asks.
fn completed(script: &str, words: &[&str]) -> Vec<String> {
    const ASK: &str = r#"
        source "$1"; shift
        function=$(complete -p xbuild); function=${function#*-F }; function=${function%% *}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "$function" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let folder = temp();
    let file = folder.path().join("xbuild");
    fs::write(&file, script).expect("a script");
    let bash = Command::new(program("bash").expect("bash"));
    run(&bash.args(["-n"]).arg(&file)).ok();
    let bash = Command::new(program("bash").expect("bash"));
    let asked = run(&bash.args(["-c", ASK, "ask"]).arg(&file).args(words)).ok();
    asked.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_targets() {
    let script = script("bash");
    for (words, expected) in [
        (&["xbuild", "bu"][..], &["build"][..]),
        (&["xbuild", "verif"], &["verify"]),
        (&["xbuild", "build", "--isol"], &["--isolation"]),
        (&["xbuild", "build", "--isolation", ""], &["full", "none"]),
        (&["xbuild", "env", "--format", "car"], &["cargo-config"]),
        (
            &["xbuild", "test", "--target", "aarch64-unknown-linux-m"],
            &["aarch64-unknown-linux-musl"],
        ),
        (
            &["xbuild", "shell", "--target", "aarch64-unknown-linux-gnu."],
            &["aarch64-unknown-linux-gnu.2.17"],
        ),
        (&["xbuild", "attest", "v"], &["verify"]),
        (&["xbuild", "completions", "nu"], &["nushell"]),
    ] {
        assert_eq!(completed(&script, words), expected, "{words:?}");
    }
}

#[test]
fn other_shells_take_their_scripts() {
    let folder = temp();
    for (shell, name, args) in [
        (
            "zsh",
            "zsh",
            &[
                "-f",
                "-c",
                "autoload -Uz compinit && compinit -D && source \"$0\"",
            ][..],
        ),
        (
            "fish",
            "fish",
            &[
                "--no-config",
                "-c",
                "source $argv[1]; complete -C 'xbuild bu'",
            ],
        ),
        ("nushell", "nu", &["--no-config-file"]),
        ("elvish", "elvish", &["-norc", "-compileonly"]),
        ("powershell", "pwsh", &["-NoProfile", "-File"]),
    ] {
        let text = script(shell);
        let Some(program) = program(name) else {
            continue;
        };
        let file = folder.path().join("script.ps1");
        fs::write(&file, text).expect("a script");
        let command = Command::new(program).env("HOME", folder.path());
        let taken = run(&command.args(args).arg(&file)).ok();
        assert_eq!(taken.stderr, "", "{shell}");
        assert!(shell != "fish" || taken.stdout.contains("build"), "{taken}");
    }
}

#[test]
fn man_pages_are_what_man_reads() {
    let folder = temp();
    let pages = folder.path().join("man1");
    let args = ["man".into(), "--out".into(), pages.clone().into_os_string()];
    xbuild().args(args).run().ok().says("man pages into");
    let alone = xbuild().args(["man", "attest", "verify"]).run().ok();
    let page = fs::read_to_string(pages.join("xbuild-attest-verify.1")).expect("a page");
    assert_eq!(alone.stdout, page);
    xbuild()
        .args(["man", "nothing"])
        .run()
        .exits(2)
        .says("`nothing` is no command");

    let help = xbuild().arg("--help").run().ok();
    let commands = help.stdout.lines().skip_while(|line| *line != "Commands:");
    let commands = commands.skip(1).take_while(|line| !line.is_empty());
    // Further lines of a summary stand farther in.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(names.len() > 20, "{help}");
    for name in names {
        assert!(pages.join(format!("xbuild-{name}.1")).is_file(), "{name}");
    }
    for (formatter, args) in [
        ("groff", &["-man", "-Tutf8", "-ww", "-P-cbou"][..]),
        ("mandoc", &["-Tutf8", "-Wwarning"]),
    ] {
        let Some(program) = program(formatter) else {
            continue;
        };
        let command = Command::new(program).args(args);
        let rendered = run(&command.arg(pages.join("xbuild-verify.1"))).ok();
        for text in ["EXAMPLES", "no-vary", "SHA256SUMS"] {
            assert!(rendered.stdout.contains(text), "{text} in {rendered}");
        }
        assert_eq!(rendered.stderr, "", "{formatter}");
    }
}

#[test]
fn colour_is_where_it_is_asked_for() {
    const ESCAPE: char = '\u{1b}';
    // An error of xbuild's, one of clap's, and help.
    for words in [
        &["publish"][..],
        &["gc", "--nothing"],
        &["gc", "--help"],
        &["build", "--help"],
    ] {
        for (color, env, expected) in [
            (None, None, false),
            (None, Some("CLICOLOR_FORCE"), true),
            (Some("--color=always"), None, true),
            (Some("--color=always"), Some("NO_COLOR"), true),
            (Some("--color=never"), Some("CLICOLOR_FORCE"), false),
            (Some("--color=auto"), None, false),
        ] {
            let mut caller = xbuild().args(color).args(words.iter().copied());
            if let Some(name) = env {
                caller = caller.env(name, "1");
            }
            let said = caller.run();
            let coloured = said.stdout.contains(ESCAPE) || said.stderr.contains(ESCAPE);
            assert_eq!(coloured, expected, "{color:?} {env:?} {said}");
        }
    }
    // Behind the command as before it.
    let said = xbuild()
        .args(["gc", "--color", "always", "--nothing"])
        .run();
    assert!(said.exits(2).stderr.contains(ESCAPE));
    xbuild()
        .args(["check", "--color", "blue"])
        .run()
        .exits(2)
        .says("`blue` does not say when there is to be colour");
}
