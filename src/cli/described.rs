//! The whole command line for help, man pages and completions: the one that is
//! read, with what stands behind cargo's verbs and the words that can stand
//! behind some options. [pure]

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory};

use super::{Cli, verbs};
use crate::cargo::Verb;
use crate::config::NixChoice;
use crate::package::Format;
use crate::target::Table;

/// The program as it is described; it is not what parses.
pub fn described() -> Command {
    let command = Cli::command().mut_subcommands(|plain| {
        match (Verb::parse(plain.get_name()), plain.get_name()) {
            (Some(verb), _) => verbs::verb(plain, verb),
            (None, "verify") => verbs::verify(plain),
            (None, _) => plain,
        }
    });
    with_words(command, &targets())
}

/// Every target, and with the lowest floor of those that have one.
fn targets() -> Vec<String> {
    let Ok(table) = Table::embedded() else {
        return Vec::new();
    };
    let forms = table.iter().flat_map(|target| {
        let lowest = target.glibc.as_ref();
        let lowest = lowest.map(|glibc| format!("{}.{}", target.triple, glibc.lowest));
        [Some(target.triple.clone()), lowest]
    });
    forms.flatten().collect()
}

/// Names the words of options that take any text, since what is wrong with a
/// text is said better where it is read.
fn with_words(command: Command, targets: &[String]) -> Command {
    command
        .mut_args(|arg| match arg.get_long() {
            Some("target") => with(arg, targets.to_vec()),
            None if arg.get_id() == "triples" => with(arg, targets.to_vec()),
            Some("nix") => with(arg, NixChoice::NAMES.to_vec()),
            Some("archive") => with(arg, Format::ALL.map(|format| format.to_string()).to_vec()),
            _ => arg,
        })
        .mut_subcommands(|command| with_words(command, targets))
}

fn with<T: Into<clap::builder::PossibleValue>>(arg: Arg, words: Vec<T>) -> Arg {
    arg.value_parser(PossibleValuesParser::new(words))
        .hide_possible_values(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::own_options;

    fn each(command: &Command, then: &mut impl FnMut(&Command)) {
        then(command);
        for command in command.get_subcommands() {
            if command.get_name() != "help" {
                each(command, then);
            }
        }
    }

    #[test]
    fn the_description_is_sound_and_names_what_the_program_takes() {
        described().debug_assert();
        let (plain, told) = (Cli::command(), described());
        let names = |command: &Command| -> Vec<String> {
            let commands = command.get_subcommands();
            let names = |command: &Command| {
                let aliases = command.get_visible_aliases().collect::<Vec<_>>();
                format!("{} {}", command.get_name(), aliases.join(" "))
            };
            commands.map(names).collect()
        };
        assert_eq!(names(&plain), names(&told));
    }

    #[test]
    fn every_help_starts_with_examples_and_fits_the_terminal() {
        let mut command = described();
        command.build();
        each(&command, &mut |command| {
            let help = command.clone().render_long_help().to_string();
            assert!(
                help.starts_with("Example"),
                "{}:\n{help}",
                command.get_name()
            );
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{}", command.get_name());
            let takes = command.get_arguments();
            let takes: Vec<_> = takes.filter_map(Arg::get_long).collect();
            if command.get_subcommands().next().is_none() {
                for name in ["quiet", "verbose", "color"] {
                    assert!(takes.contains(&name), "{} --{name}", command.get_name());
                }
            }
        });
    }

    #[test]
    fn verbs_are_told_with_the_options_that_are_read() {
        let command = described();
        for verb in Verb::ALL {
            let told = command.find_subcommand(verb.name()).unwrap();
            let told: Vec<_> = told.get_arguments().filter_map(Arg::get_long).collect();
            for name in own_options().iter().copied() {
                let of_tests = matches!(name, "--runner" | "--test-jobs");
                let not_here = match verb {
                    verb if verb != Verb::Test && of_tests => true,
                    Verb::Metadata => matches!(name, "--message-format" | "--target-dir"),
                    Verb::Install => name == "--message-format",
                    _ => false,
                };
                assert_eq!(told.contains(&&name[2..]), !not_here, "{verb:?} {name}");
            }
        }
        let told = command.find_subcommand("verify").unwrap();
        for name in ["vary", "no-vary", "against", "no-blame"] {
            let told = told.get_arguments().any(|arg| arg.get_long() == Some(name));
            assert!(told, "verify --{name}");
        }
    }
}
