//! `xbuild completions`: what a shell needs to complete a command line.

use clap_complete::{Generator, generate};
use clap_complete_nushell::Nushell;

use crate::cli::{CompletionsArgs, Shell, described};
use crate::error::Result;
use crate::terminal;

/// Prints the script of one shell.
///
/// # Errors
/// None.
pub fn run(args: &CompletionsArgs) -> Result<u8> {
    super::set_talk(args.talk);
    terminal::data(script(args.shell));
    Ok(0)
}

fn script(shell: Shell) -> String {
    use clap_complete::Shell as Known;
    match shell {
        Shell::Bash => generated(Known::Bash),
        Shell::Elvish => generated(Known::Elvish),
        Shell::Fish => generated(Known::Fish),
        Shell::Nushell => generated(Nushell),
        Shell::Powershell => generated(Known::PowerShell),
        Shell::Zsh => generated(Known::Zsh),
    }
}

fn generated(shell: impl Generator) -> String {
    let mut script = Vec::new();
    generate(shell, &mut described(), "xbuild", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_script_knows_commands_options_targets_and_formats() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in [
                "verify",
                "completions",
                "isolation",
                "no-blame",
                "aarch64-unknown-linux-gnu.2.17",
                "cargo-config",
                "message-format",
            ] {
                // No values of options are in those of these two.
                let of_values = word.contains('.') || word == "cargo-config";
                let without = matches!(shell, Shell::Elvish | Shell::Powershell);
                assert!(
                    script.contains(word) || (of_values && without),
                    "{shell:?} {word}"
                );
            }
        }
    }
}
