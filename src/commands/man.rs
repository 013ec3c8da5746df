//! `xbuild man`: man pages of the program and of every command.

use std::fs;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, roman};

use crate::cargo::write_atomically;
use crate::cli::{ManArgs, described};
use crate::error::{Error, IoContext, Kind, Result};
use crate::terminal;

/// Prints one page, or writes all of them.
///
/// # Errors
/// `Kind::Usage` for a command that there is not, `Kind::Filesystem` where a
/// page cannot be written.
pub fn run(args: &ManArgs) -> Result<u8> {
    super::set_talk(args.talk);
    let mut program = described().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.out else {
        let mut command = &program;
        for word in &args.command {
            command = command.find_subcommand(word).ok_or_else(|| {
                let message = format!("`{}` is no command of xbuild", args.command.join(" "));
                Error::new(Kind::Usage, message).hint("xbuild --help")
            })?;
        }
        terminal::data(page(command)?);
        return Ok(0);
    };
    fs::create_dir_all(folder).at("make", folder)?;
    let pages = pages(&program)?;
    for (name, text) in &pages {
        write_atomically(&folder.join(name), text.as_bytes())?;
    }
    let what = format!("{} man pages into {}", pages.len(), folder.display());
    terminal::status("Wrote", what);
    Ok(0)
}

/// The pages of a command and all below it: the file's name and its text.
fn pages(command: &Command) -> Result<Vec<(String, String)>> {
    let man = Man::new(command.clone());
    let mut pages = vec![(man.get_filename(), page(command)?)];
    for command in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        pages.extend(self::pages(command)?);
    }
    Ok(pages)
}

/// One page, in roff with the `man` macros.
fn page(command: &Command) -> Result<String> {
    let mut page = Vec::new();
    let man = Man::new(command.clone())
        .date("")
        .source(concat!("xbuild ", env!("CARGO_PKG_VERSION")))
        .manual("xbuild");
    let mut write = || {
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        examples(command).to_writer(&mut page)?;
        man.render_options_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        man.render_extra_section(&mut page)
    };
    write().map_err(|cause: std::io::Error| {
        Error::new(Kind::Internal, "failed to write a man page").caused_by(cause)
    })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// What stands first in the help, with its lines as they are: clap_mangen
/// leaves it out.
fn examples(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let Some(text) = command.get_before_help() else {
        return roff;
    };
    let text = text.to_string();
    let text = text.lines().skip_while(|line| line.starts_with("Example"));
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in text {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &Command, then: &mut impl FnMut(&Command)) {
        then(command);
        for command in command.get_subcommands() {
            each(command, then);
        }
    }

    #[test]
    fn there_is_a_page_for_every_command_with_all_its_options() {
        let mut program = described().disable_help_subcommand(true);
        program.build();
        let pages: std::collections::BTreeMap<_, _> =
            pages(&program).unwrap().into_iter().collect();
        let mut count = 0;
        each(&program, &mut |command| {
            count += 1;
            let name = Man::new(command.clone()).get_filename();
            let text = pages[&name].replace("\\-", "-");
            assert!(text.contains(".SH EXAMPLES"), "{name}");
            for arg in command.get_arguments().filter_map(|arg| arg.get_long()) {
                assert!(text.contains(&format!("--{arg}")), "{name} --{arg}");
            }
            for command in command.get_subcommands() {
                assert!(text.contains(command.get_name()), "{name}");
            }
        });
        assert_eq!(count, pages.len());
        assert!(pages.contains_key("xbuild-attest-verify.1"));
    }
}
