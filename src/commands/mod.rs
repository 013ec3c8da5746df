//! One thin function a subcommand: raw arguments become a request, a request
//! runs through the rooms, and what comes out is rendered.

mod attest;
mod cargo;
mod choose;
mod ci;
mod completions;
mod doctor;
mod env;
mod explain;
mod fetch;
mod gc;
mod help;
mod init;
mod inspect;
mod lock;
mod man;
mod package;
mod pins;
mod release;
mod shell;
mod sign;
mod targets;
mod toolchain;
mod verify;

use std::ffi::OsString;

use clap::Parser;

use crate::cargo::{CargoArgs, UserCargo, Verb, expand_alias};
use crate::cli::{Cli, Command, Talk};
use crate::error::{Error, Kind, Result};
use crate::project::{Project, Query};
use crate::terminal::Color;
use crate::{host, terminal};

/// Runs xbuild with its arguments, the program's name first, and says what to
/// exit with.
pub fn main(args: Vec<OsString>) -> u8 {
    let code = match run(args) {
        Ok(code) => code,
        Err(error) => {
            terminal::error(&error);
            error.kind().exit_code()
        }
    };
    crate::sandbox::dismiss();
    code
}

fn run(args: Vec<OsString>) -> Result<u8> {
    if let Some(word) = args.get(1) {
        crate::cargo::reject_toolchain(word)?;
        // What such a verb makes is told in a shell: its launcher starts while
        // the project is read.
        let verb = word.to_str().and_then(Verb::parse);
        if verb.is_some_and(Verb::makes_artefacts) {
            crate::sandbox::ahead();
        }
    }
    if let Some(color) = color_in(&args) {
        terminal::set_color(color);
    }
    if args.get(1).is_some_and(|word| word == "help") {
        return Ok(help::print(args));
    }
    // What stands behind a verb is read elsewhere, and as it is: clap would take
    // the first `--` away.
    let verb_at = command_at(&args).filter(|at| takes_all(&args[*at]));
    let (line, behind) = args.split_at(verb_at.map_or(args.len(), |at| at + 1));
    // Nothing is left to read, and clap takes longer to begin than a build does
    // to find its toolchain.
    if let [_, word] = line
        && let Some(verb) = word.to_str().and_then(Verb::parse)
    {
        return cargo::run(verb, behind);
    }
    let cli = match Cli::try_parse_from(line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and versions are no errors; clap knows where each belongs.
            let _ = error.print();
            return Ok(error.exit_code().try_into().unwrap_or(2));
        }
    };
    set_talk(cli.talk);
    match cli.command {
        Command::Build => cargo::run(Verb::Build, behind),
        Command::Check => cargo::run(Verb::Check, behind),
        Command::Clippy => cargo::run(Verb::Clippy, behind),
        Command::Test => cargo::run(Verb::Test, behind),
        Command::Bench => cargo::run(Verb::Bench, behind),
        Command::Run => cargo::run(Verb::Run, behind),
        Command::Doc => cargo::run(Verb::Doc, behind),
        Command::Rustc => cargo::run(Verb::Rustc, behind),
        Command::Metadata => cargo::run(Verb::Metadata, behind),
        Command::Install => cargo::run(Verb::Install, behind),
        Command::Verify => verify::run(behind),
        Command::Init(args) => init::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Shell(args) => shell::run(&args),
        Command::Env(args) => env::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Release(args) => release::run(&args),
        Command::Package(args) => package::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Attest(args) => attest::run(&args),
        Command::Targets(args) => targets::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Choose(args) => choose::run(&args),
        Command::Toolchain(args) => toolchain::run(&args),
        Command::Fetch(args) => fetch::run(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Gc(args) => gc::run(&args),
        Command::Pins(args) => pins::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Other(words) => alias(&words),
    }
}

/// Where the command stands: behind the flags that may stand before it.
fn command_at(args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let word = args.get(at)?.to_str()?;
        at += match word {
            "--color" => 2,
            "--" => return None,
            _ if word.starts_with('-') => 1,
            _ => return Some(at),
        };
    }
}

/// Whether a command reads all that stands behind it by itself.
fn takes_all(word: &OsString) -> bool {
    word.to_str()
        .is_some_and(|word| word == "verify" || Verb::parse(word).is_some())
}

/// A word that is none of ours may be an alias of cargo's configuration.
fn alias(words: &[OsString]) -> Result<u8> {
    let Some((word, rest)) = words.split_first() else {
        return Err(Error::new(Kind::Usage, "no command").hint("xbuild --help"));
    };
    let word = word.to_string_lossy();
    let cwd = crate::build::current_folder()?;
    let user = UserCargo::read(&host::var)?;
    let project = Project::find(&Query {
        cwd: &cwd,
        manifest_path: None,
        target_dir: None,
        cargo_home: user.home.as_deref(),
        var: &host::var,
    });
    if let Ok(project) = project
        && let Some((verb, mut args)) = expand_alias(&word, &project.settings.aliases)?
    {
        args.extend(rest.iter().cloned());
        return cargo::run(verb, &args);
    }
    let error = Error::new(Kind::Usage, format!("`{word}` is no command of xbuild"));
    let near = crate::cli::names()
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word, &name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    Err(match near {
        Some((score, name)) if score > 0.8 => error.hint(format!("did you mean `{name}`?")),
        _ => error.hint("xbuild --help"),
    })
}

/// Takes over how much is to be said; what was said before the subcommand
/// stays where this says nothing.
fn set_talk(talk: Talk) {
    if talk.quiet {
        terminal::set_verbosity(-1);
    } else if talk.verbose > 0 {
        terminal::set_verbosity(i8::try_from(talk.verbose).unwrap_or(i8::MAX));
    }
    if let Some(color) = talk.color {
        terminal::set_color(color.into());
    }
}

/// The same of a command line of cargo's. What was said of colour before the
/// verb is told to cargo.
///
/// # Errors
/// `Kind::Usage` for another word than those that say when there is colour.
fn set_talk_of(args: &mut CargoArgs) -> Result<()> {
    set_talk(Talk {
        quiet: args.quiet,
        verbose: args.verbose,
        color: None,
    });
    match args.color.as_deref() {
        Some(word) => terminal::set_color(Color::parse(word).ok_or_else(|| {
            let message = format!("`{word}` does not say when there is to be colour");
            let words = Color::NAMES.join(", --color ");
            Error::new(Kind::Usage, message).hint(format!("--color {words}"))
        })?),
        None if terminal::color() != Color::Auto => {
            let word = terminal::color().name();
            args.options.push(format!("--color={word}").into());
            args.color = Some(word.to_owned());
        }
        None => {}
    }
    Ok(())
}

/// What a command line of xbuild's own says of colour, before it is read: clap
/// has errors of its own to colour.
fn color_in(args: &[OsString]) -> Option<Color> {
    // Behind a verb of cargo's it may be meant for the program.
    let mut words = args
        .iter()
        .skip(1)
        .take_while(|word| *word != "--" && !takes_all(word));
    let mut said = None;
    while let Some(word) = words.next() {
        let value = match word.to_str()? {
            "--color" => words.next()?.to_str()?,
            word => match word.strip_prefix("--color=") {
                Some(value) => value,
                None => continue,
            },
        };
        said = Color::parse(value);
    }
    said
}

/// Whether a report is wanted as JSON.
///
/// # Errors
/// `Kind::Usage` for another format than `text` and `json`.
fn wants_json(format: Option<&str>) -> Result<bool> {
    match format {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(other) => Err(
            Error::new(Kind::Usage, format!("`{other}` is no format of a report"))
                .hint("--format text, or --format json"),
        ),
    }
}
