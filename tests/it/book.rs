//! Every command of the documentation is run.
//!
//! A block of `console` is run here, line by line, in a copy of `examples/hello`
//! that is a commit of git, and what it says is compared. A block of `toml` whose
//! first line is `# NAME` writes that file first. A block of `sh` is run by
//! another test, which the comment before it names. To write down what the
//! commands say now: `XBUILD_BOOK=write cargo test --test it book::`.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use tempfile::TempDir;
use xbuild::host;

use crate::support::{Caller, Outcome, copied, git, only_git, repository, shell, turn_to_build};

/// Lines of these verbs depend on what was there before.
const PROGRESS: [&str; 13] = [
    "Adding",
    "Building",
    "Compiling",
    "Downloaded",
    "Downloading",
    "Fetched",
    "Fetching",
    "Locked",
    "Locking",
    "Ready",
    "Realising",
    "Updating",
    "Waiting",
];

/// A fenced block of a document.
struct Block {
    /// The number of the line of its fence, from 1.
    line: usize,
    language: String,
    text: String,
    /// The last comment before it.
    comment: String,
}

/// A command and what it says.
struct Step {
    command: String,
    says: String,
    code: i32,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut comment) = (false, String::new());
    for (index, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(language) if !inside => {
                inside = true;
                blocks.push(Block {
                    line: index + 1,
                    language: language.to_owned(),
                    text: String::new(),
                    comment: std::mem::take(&mut comment),
                });
            }
            Some(_) => inside = false,
            None if inside => {
                let block = blocks.last_mut().expect("it was begun");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None if line.starts_with("<!-- ") => line.clone_into(&mut comment),
            None => {}
        }
    }
    blocks
}

fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                says: String::new(),
                code: 0,
            });
        } else {
            let step = steps.last_mut().expect("a command first");
            if goes_on {
                step.command.push('\n');
                step.command.push_str(line);
            } else if let Some(code) = line.strip_prefix("? ") {
                step.code = code.parse().expect("an exit code");
            } else {
                step.says.push_str(line);
                step.says.push('\n');
            }
        }
        goes_on = line.ends_with('\\');
    }
    steps
}

/// What a command says, without what only tells of progress, and of the network.
pub fn told(outcome: &Outcome) -> String {
    let is_progress = |line: &&str| {
        let line = anstream::adapter::strip_str(line).to_string();
        let word = line.split_whitespace().next().unwrap_or_default();
        let network = ["://", "network"].iter().any(|part| line.contains(part));
        PROGRESS.contains(&word) && line.starts_with(' ')
            || line.starts_with("warning: ") && network
    };
    let lines = outcome.stdout.lines().filter(|line| !is_progress(line));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// A text without what another day, machine or compiler makes otherwise, and
/// without its line breaks: the length of a figure moves them.
pub fn comparable(text: &str) -> String {
    let rules = [
        (r"[0-9a-f]{4}…[0-9a-f]{4}", "HASH"),
        (r"\b[0-9a-f]{16,64}\b", "HASH"),
        (r"\b([0-9]+m )?[0-9.]+ ?s\b", "SECONDS"),
        (r"\b[0-9.]+ (B|KB|MB|GB)\b", "SIZE"),
        (r"\s+", " "),
    ];
    rules.iter().fold(text.to_owned(), |text, (rule, by)| {
        let rule = Regex::new(rule).expect("a rule");
        rule.replace_all(&text, *by).into_owned()
    })
}

/// A copy of `examples/hello` that is a commit of git, for a shell that has
/// `xbuild`, git and busybox.
pub struct Place {
    project: TempDir,
    git: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let project = copied("examples/hello");
        fs::write(project.path().join(".gitignore"), "/target\n").expect("a file");
        for words in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "m"]] {
            git(project.path(), "2026-01-01T00:00:00Z", words);
        }
        let git = only_git();
        Place { project, git }
    }

    /// A command of the documents: what it says is on its standard output.
    pub fn shell(&self, command: &str) -> Caller {
        let programs = Path::new(env!("CARGO_BIN_EXE_xbuild")).parent();
        let programs = [programs.expect("their folder"), self.git.path()];
        let path = std::env::join_paths(programs).expect("a path");
        let caller = shell(&format!("{{ {command}\n}} 2>&1"));
        caller.env("PATH", path).cwd(self.project.path())
    }
}

/// Whether the documents are to be written, and not compared.
pub fn writes() -> bool {
    host::var("XBUILD_BOOK").is_some_and(|value| value == "write")
}

/// Runs the commands of a document, in their order.
fn check(path: &str) {
    let _building = turn_to_build();
    let text = fs::read_to_string(repository(path)).expect("a document");
    let place = Place::new();
    let mut written = text.clone();
    let mut commands = 0;
    for block in blocks(&text) {
        let first = block.text.lines().next().unwrap_or_default();
        if let ("toml", Some(name)) = (&*block.language, first.strip_prefix("# ")) {
            let file = place.project.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, &block.text).expect("a file");
        }
        if block.language != "console" {
            continue;
        }
        let mut as_it_is = String::new();
        for step in steps(&block.text) {
            commands += 1;
            let outcome = place.shell(&step.command).run();
            let told = told(&outcome);
            let _ = write!(as_it_is, "$ {}\n{told}", step.command);
            if outcome.code != 0 {
                let _ = writeln!(as_it_is, "? {}", outcome.code);
            }
            if !writes() {
                let place = format!("{path}:{}: {}", block.line, step.command);
                assert_eq!(outcome.code, step.code, "{place}\n{outcome}");
                let expected = comparable(&step.says);
                assert_eq!(comparable(&told), expected, "{place}\n{outcome}");
            }
        }
        written = written.replacen(&block.text, &as_it_is, 1);
    }
    assert!(commands > 0, "{path} has no command");
    if written != text && writes() {
        fs::write(repository(path), written).expect("the document is written");
    }
}

macro_rules! chapters {
    ($($name:ident: $path:literal,)*) => {
        const CHAPTERS: &[&str] = &[$($path),*];
        $(
            #[test]
            fn $name() {
                check($path);
            }
        )*
    };
}

chapters! {
    quick_start: "docs/quick-start.md",
    static_binaries: "docs/static-binaries.md",
    old_glibc: "docs/old-glibc.md",
    arm: "docs/arm.md",
    releases: "docs/releases.md",
    choosing: "docs/choosing.md",
    ci: "docs/ci.md",
    containers: "docs/containers.md",
}

fn documents() -> Vec<PathBuf> {
    let mut documents = vec!["README.md".into(), "CONTRIBUTING.md".into()];
    for entry in fs::read_dir(repository("docs")).expect("documents") {
        let name = entry.expect("a document").file_name();
        if Path::new(&name).extension().is_some_and(|end| end == "md") {
            documents.push(Path::new("docs").join(name));
        }
    }
    documents
}

#[test]
fn the_book_has_every_page() {
    let contents = fs::read_to_string(repository("docs/README.md")).expect("the contents");
    for path in documents() {
        if let Ok(name) = path.strip_prefix("docs")
            && name != Path::new("README.md")
        {
            assert!(
                contents.contains(&format!("({})", name.display())),
                "{path:?}"
            );
        }
    }
}

/// What is called: a program, or a subcommand of xbuild and cargo.
fn names(commands: &str) -> impl Iterator<Item = &str> {
    let commands = commands.split_inclusive('\n');
    let mut goes_on = false;
    commands.filter_map(move |line| {
        let begins = !std::mem::replace(&mut goes_on, line.ends_with("\\\n"));
        let mut words = line.split_whitespace();
        let first = words.next().filter(|_| begins)?;
        let ours = |name: &str| {
            let (_, rest) = line.rsplit_once(name)?;
            rest.split_whitespace().next()
        };
        ours("xbuild ").or_else(|| ours("cargo ")).or(Some(first))
    })
}

/// A block is data, or run here, or by the test that is named.
#[test]
fn every_command_is_run_by_a_test() {
    for path in documents() {
        let text = fs::read_to_string(repository(path.to_str().expect("a path")));
        for block in blocks(&text.expect("a document")) {
            let place = format!("{}:{}", path.display(), block.line);
            match &*block.language {
                "console" => assert!(
                    CHAPTERS.contains(&&*path.to_string_lossy()),
                    "{place}: no chapter of tests/it/book.rs"
                ),
                "sh" => {
                    let by = block.comment.strip_prefix("<!-- run by ");
                    let by = by.and_then(|rest| rest.strip_suffix(" -->"));
                    let by = by.unwrap_or_else(|| panic!("{place}: run by whom?"));
                    let test = fs::read_to_string(repository(by));
                    let test = test.unwrap_or_else(|error| panic!("{place}: {by}: {error}"));
                    for name in names(&block.text) {
                        assert!(test.contains(name), "{place}: `{name}` is not in {by}");
                    }
                }
                "json" | "nix" | "text" | "toml" | "yaml" => {
                    let is_command = |line: &str| line.starts_with("$ ");
                    assert!(!block.text.lines().any(is_command), "{place}");
                }
                other => panic!("{place}: a block of `{other}`"),
            }
        }
    }
}
