//! The options of cargo's verbs and of `xbuild verify`, as help, man pages and
//! completions tell them. They are read by [`crate::cargo::split_args`], which
//! lets everything of cargo's pass; a test holds the two together. [pure]

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};

use super::examples;
use crate::cargo::Verb;
use crate::check::CheckId;
use crate::config::{Isolation, NixChoice};
use crate::rebuild::Variation;
use crate::terminal::Color;

const OURS: &str = "Options of xbuild";
const CARGOS: &str = "Options of cargo (the most used; all others pass through too)";

/// A verb with what can stand behind it, in place of the bare one that the
/// program reads its words with.
pub(super) fn verb(plain: Command, verb: Verb) -> Command {
    let name = verb.name();
    let target = match verb {
        Verb::Metadata => "",
        _ => " --target TRIPLE",
    };
    let rest = match program(verb) {
        Some(_) => " [-- ARGUMENTS]",
        None => "",
    };
    let mut options = ours();
    if verb == Verb::Test {
        options.push(
            value("runner", "NAME")
                .help(
                    "Who runs the tests: cargo, nextest, insta, or one of xbuild.toml \
                     (docs/testing.md)",
                )
                .value_parser(["cargo", "nextest", "insta"])
                .hide_possible_values(true),
        );
        options.push(value("test-jobs", "NUMBER").help(
            "How many test programs run at once: as many as there are processors, where \
             nothing is said; 1 is cargo's own way",
        ));
    }
    told(&plain)
        .before_help(examples::of_verb(verb))
        .override_usage(format!(
            "xbuild {name}{target} [OPTIONS] [CARGO'S OPTIONS]{rest}"
        ))
        .after_help(format!("`cargo {name} --help` has all of cargo's options."))
        .args(headed(OURS, options))
        .args(headed(CARGOS, cargos(verb)))
        .args(program(verb))
}

/// The same for `xbuild verify`.
pub(super) fn verify(plain: Command) -> Command {
    let names = || PossibleValuesParser::new(Variation::ALL.map(Variation::name));
    let list = |name: &'static str| {
        value(name, "LIST")
            .value_parser(names())
            .value_delimiter(',')
            .hide_possible_values(true)
    };
    let mut options = vec![
        list("vary").help("Vary only these, parted by commas"),
        list("no-vary").help("Vary all but these"),
        value("against", "FILE")
            .help("Build once, and compare with a published SHA256SUMS, manifest or provenance")
            .value_hint(ValueHint::FilePath),
        flag("no-blame").help("Do not look for the cause of a difference"),
    ];
    options.extend(ours());
    let names = Variation::list(&Variation::ALL);
    told(&plain)
        .before_help(examples::VERIFY)
        .override_usage("xbuild verify --target TRIPLE [OPTIONS] [CARGO'S OPTIONS]")
        .after_help(format!(
            "Variations: {names}.\n\n\
             Without --profile it is cargo's profile `release`. Exit code 90: something \
             differs. docs/verify.md describes all of it."
        ))
        .args(headed(OURS, options))
        .args(headed(CARGOS, cargos(Verb::Build)))
}

/// Names and summary of a command.
fn told(plain: &Command) -> Command {
    let command = Command::new(plain.get_name().to_owned());
    let aliases: Vec<String> = plain.get_visible_aliases().map(str::to_owned).collect();
    command
        .about(plain.get_about().cloned().unwrap_or_default())
        .visible_aliases(aliases)
}

fn headed(heading: &'static str, args: Vec<Arg>) -> impl Iterator<Item = Arg> {
    args.into_iter().map(move |arg| arg.help_heading(heading))
}

fn ours() -> Vec<Arg> {
    vec![
        value("target", "TARGET")
            .help(
                "A triple, with a glibc floor where wanted: TRIPLE.2.17. May stand several \
                 times; `xbuild targets` lists them",
            )
            .action(ArgAction::Append),
        value("allow", "CHECK")
            .help("Let what a check finds pass (docs/checks.md)")
            .action(ArgAction::Append)
            .value_parser(PossibleValuesParser::new(CheckId::ALL.map(CheckId::name)))
            .hide_possible_values(true),
        value("format", "FORMAT")
            .help("The report of the artefacts: text or json (docs/json.md)")
            .value_parser(["text", "json"])
            .hide_possible_values(true),
        value("isolation", "HOW")
            .help("full, or none: outside the shell, and said so")
            .value_parser(Isolation::NAMES)
            .hide_possible_values(true),
        value("mirror", "URL")
            .help("A Debian mirror to ask first")
            .action(ArgAction::Append)
            .value_hint(ValueHint::Url),
        value("nix", "WHOSE")
            .help("Whose Nix realises the toolchain: auto, own or system")
            .value_parser(NixChoice::NAMES)
            .hide_possible_values(true),
        value("color", "WHEN")
            .help("Colour what xbuild and cargo say: auto, always or never")
            .value_parser(Color::NAMES)
            .hide_possible_values(true),
        flag("quiet").short('q').help("Say only what went wrong"),
        flag("verbose")
            .short('v')
            .action(ArgAction::Count)
            .help("Say every command, so that it can be pasted; -vv: what Nix's builders say too"),
    ]
}

/// Those of cargo's options that are typed most.
fn cargos(verb: Verb) -> Vec<Arg> {
    let manifest = value("manifest-path", "PATH")
        .help("The manifest of the project")
        .value_hint(ValueHint::FilePath);
    let mut args = vec![
        manifest,
        value("features", "FEATURES")
            .short('F')
            .help("Features to switch on"),
        flag("all-features").help("Switch on all features"),
        flag("no-default-features").help("Leave the default features off"),
        flag("locked").help("Refuse a Cargo.lock that would change"),
        flag("offline").help("Take nothing from the network"),
        flag("frozen").help("--locked and --offline"),
        value("config", "KEY=VALUE").help("A setting in place of cargo's configuration"),
    ];
    if verb == Verb::Metadata {
        args.push(
            value("format-version", "VERSION")
                .help("1")
                .value_parser(["1"]),
        );
        args.push(flag("no-deps").help("Leave the dependencies out"));
        return args;
    }
    args.extend([
        value("profile", "NAME").help("The profile to build with"),
        value("jobs", "N").short('j').help("How many jobs at once"),
        value("bin", "NAME").help("Only this program"),
        value("example", "NAME").help("Only this example"),
        value("target-dir", "FOLDER")
            .help("Where cargo puts what it makes")
            .value_hint(ValueHint::DirPath),
    ]);
    if verb == Verb::Install {
        args.extend([
            value("path", "FOLDER")
                .help("The package")
                .value_hint(ValueHint::DirPath),
            value("root", "FOLDER")
                .help("Where to install to")
                .value_hint(ValueHint::DirPath),
            flag("debug").help("With the profile `dev`"),
            flag("force").short('f').help("Over what is there"),
        ]);
        return args;
    }
    args.extend([
        value("package", "PACKAGE")
            .short('p')
            .help("Only this package"),
        value("message-format", "FORMAT")
            .help("How cargo says what it found: human, short or json")
            .value_parser(["human", "short", "json"])
            .hide_possible_values(true),
    ]);
    if verb != Verb::Bench {
        args.push(
            flag("release")
                .short('r')
                .help("With the profile `release`"),
        );
    }
    if !matches!(verb, Verb::Run | Verb::Rustc) {
        args.push(flag("workspace").help("All packages of the workspace"));
        args.push(value("exclude", "PACKAGE").help("Not this package"));
    }
    if verb == Verb::Doc {
        args.push(flag("no-deps").help("Leave the dependencies out"));
    } else if verb != Verb::Run {
        args.extend([
            flag("lib").help("Only the library"),
            flag("all-targets").help("Programs, library, tests, examples and benchmarks"),
            value("test", "NAME").help("Only this test"),
        ]);
    }
    if matches!(verb, Verb::Test | Verb::Bench) {
        args.push(flag("no-run").help("Build, and run nothing"));
    }
    args
}

/// What may stand behind `--`.
fn program(verb: Verb) -> Option<Arg> {
    let help = match verb {
        Verb::Run => "For the program",
        Verb::Test | Verb::Bench => "For the harness of the tests",
        Verb::Rustc => "For rustc",
        Verb::Clippy => "For clippy",
        _ => return None,
    };
    let arg = Arg::new("arguments").value_name("ARGUMENTS").help(help);
    Some(arg.last(true).num_args(0..))
}

fn value(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}
