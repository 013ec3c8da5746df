//! `xbuild choose`: from where a program is to run to the command that builds
//! it.

use std::fmt::Write;
use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::choose::{Linkage, Question, answer, questions};
use crate::cli::{ChooseArgs, Format};
use crate::deploy::{Processor, Wanted, groups, named, said};
use crate::error::{Error, IoContext, Kind, Result};
use crate::report;
use crate::target::Table;
use crate::terminal;

/// Whoever prints what a machine says is not longer silent than this.
const PATIENCE_IN_SECONDS: u16 = 60;

/// More than any such output has.
const LONGEST: u64 = 1 << 20;

/// Answers; the exit code is that of `Kind::Target` where xbuild has a target
/// for nothing of it.
///
/// # Errors
/// `Kind::Usage` where nothing is said, or something that is not understood;
/// `Kind::Filesystem` where a file cannot be read.
pub fn run(args: &ChooseArgs) -> Result<u8> {
    super::set_talk(args.talk);
    if args.list {
        terminal::report(list());
        return Ok(0);
    }
    let table = Table::embedded()?;
    let linkage = match (args.is_static, args.dynamic) {
        (true, _) => Some(Linkage::Static),
        (_, true) => Some(Linkage::Dynamic),
        _ => None,
    };
    let wanted = wanted(args, linkage, &table)?;
    let answer = answer(&table, &wanted, linkage)?;
    match args.format {
        Format::Text => terminal::report(report::choose_text(&answer)),
        Format::Json => terminal::data(format_args!("{:#}\n", report::choose_json(&answer))),
    }
    Ok(match answer.choices.is_empty() {
        true => Kind::Target.exit_code(),
        false => 0,
    })
}

/// From flags and files; without any, from a terminal or from what is piped.
fn wanted(args: &ChooseArgs, linkage: Option<Linkage>, table: &Table) -> Result<Wanted> {
    let is_bare = args.files.is_empty()
        && args.places.is_empty()
        && args.processors.is_empty()
        && linkage.is_none();
    if is_bare && terminal::can_ask() {
        let wanted = questions(table, &mut ask);
        // The answer stands apart from the questions.
        terminal::talk("\n");
        return wanted;
    }
    let mut wanted = Wanted::default();
    for place in &args.places {
        wanted = wanted.and(named(place)?);
    }
    for file in &args.files {
        wanted = wanted.and(match file.to_str() {
            Some("-") => heard(&piped()?, "standard input")?,
            _ => heard(&read(file)?, &format!("`{}`", file.display()))?,
        });
    }
    if is_bare {
        wanted = heard(&piped()?, "standard input")?;
    }
    if !args.processors.is_empty() {
        // Named is named: nothing else is concluded about them.
        wanted.processors.clear();
        wanted.notes.clear();
    }
    for word in &args.processors {
        wanted.add(Processor::find(word).ok_or_else(|| {
            let message = format!("`{word}` is no processor that is known");
            Error::new(Kind::Usage, message)
                .hint("--arch aarch64; xbuild choose --list names the others")
        })?);
    }
    Ok(wanted)
}

fn heard(text: &str, whence: &str) -> Result<Wanted> {
    let wanted = said(text);
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let message = match text.trim() {
        "" => format!("nothing on {whence}, and no flags, to choose by"),
        _ => format!("nothing of {whence} tells what the machine is"),
    };
    Err(Error::new(Kind::Usage, message)
        .hint("xbuild choose --for debian-11 --arch aarch64")
        .hint("ssh HOST 'cat /etc/os-release; uname -a; ldd --version' | xbuild choose"))
}

fn read(path: &Path) -> Result<String> {
    let file = std::fs::File::open(path).at("open", path)?;
    let mut bytes = Vec::new();
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .at("read", path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Standard input to its end, where somebody writes to it.
fn piped() -> Result<String> {
    let place = Path::new("standard input");
    let input = std::io::stdin();
    if input.is_terminal() {
        terminal::note("paste what the machine prints of itself, and end with Ctrl-D");
    } else {
        let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        let patience = PollTimeout::from(PATIENCE_IN_SECONDS.saturating_mul(1000));
        let ready = poll(&mut fds, patience).map_err(std::io::Error::from);
        if ready.at("wait for", place)? == 0 {
            let message =
                format!("nothing came on standard input in {PATIENCE_IN_SECONDS} seconds");
            return Err(Error::new(Kind::Usage, message)
                .hint("xbuild choose --for debian-11 --arch aarch64"));
        }
    }
    let mut bytes = Vec::new();
    input
        .lock()
        .take(LONGEST)
        .read_to_end(&mut bytes)
        .at("read", place)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn ask(question: &Question) -> Result<String> {
    let mut text = String::new();
    match &question.refused[..] {
        [] => {
            let _ = writeln!(text, "{}", question.text);
            for (position, option) in question.options.iter().enumerate() {
                let _ = writeln!(text, "  {}  {option}", position + 1);
            }
        }
        [why, hints @ ..] => {
            terminal::note(why);
            hints.iter().for_each(terminal::hint);
        }
    }
    text.push_str(match question.options.is_empty() {
        true => "> ",
        false => "[1] ",
    });
    terminal::ask(text).ok_or_else(|| {
        Error::new(Kind::Usage, "the question was not answered")
            .hint("xbuild choose --for debian-11 --arch aarch64")
    })
}

fn list() -> String {
    let mut text = String::new();
    for (group, names) in groups() {
        text.push_str(&report::labelled(&group, &names));
    }
    text
}
