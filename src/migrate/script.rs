//! Lines of shell → the commands in them. [pure]
//!
//! No shell: it knows quotes, comments, continued lines and what parts
//! commands, which is what lines that install packages are made of.

/// One command, and the line that it begins in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub line: usize,
    pub words: Vec<String>,
}

impl Command {
    /// As it can be shown: one line.
    pub fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// The commands of a script whose first line is `line`.
pub fn commands(script: &str, mut line: usize) -> Vec<Command> {
    let script = without_expressions(script);
    let mut commands = Vec::new();
    let mut current = Command {
        line,
        words: Vec::new(),
    };
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(c),
            (_, '\\') => match chars.next() {
                Some('\n') => {
                    line += 1;
                    end_word(&mut current, &mut word);
                }
                Some(next) => word.get_or_insert_default().push(next),
                None => {}
            },
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => while chars.next_if(|next| *next != '\n').is_some() {},
            (None, '\n' | ';' | '&' | '|' | '(' | ')') => {
                end_word(&mut current, &mut word);
                end_command(&mut commands, &mut current, line);
            }
            (None, _) if c.is_whitespace() => end_word(&mut current, &mut word),
            (None, _) => word.get_or_insert_default().push(c),
        }
        if current.words.is_empty() && word.is_none() {
            current.line = line;
        }
    }
    end_word(&mut current, &mut word);
    end_command(&mut commands, &mut current, line);
    commands
}

fn end_word(command: &mut Command, word: &mut Option<String>) {
    command.words.extend(word.take());
}

fn end_command(commands: &mut Vec<Command>, current: &mut Command, line: usize) {
    let words = std::mem::take(&mut current.words);
    if !words.is_empty() {
        let line = current.line;
        commands.push(Command { line, words });
    }
    current.line = line;
}

/// GitHub's `${{ … }}` has spaces and operators in it and is a variable to a
/// script: here one of no name. Line breaks in it are kept.
fn without_expressions(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((inner, behind)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        out.push_str("$_");
        out.extend(inner.chars().filter(|c| *c == '\n'));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// What a Dockerfile runs, with blanks for all else so that lines stay lines.
pub fn of_dockerfile(text: &str) -> String {
    let mut script = String::new();
    let mut continued = false;
    let mut runs = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let comment = trimmed.starts_with('#');
        let mut shown = line;
        if !continued {
            let word = trimmed.split_whitespace().next().unwrap_or_default();
            runs = word.eq_ignore_ascii_case("run");
            shown = trimmed.get(word.len()..).unwrap_or_default();
        }
        if runs && !comment {
            script.push_str(shown);
        } else if continued && runs {
            // A comment between continued lines does not end them.
            script.push('\\');
        }
        script.push('\n');
        continued = if comment && continued {
            true
        } else {
            line.trim_end().ends_with('\\')
        };
    }
    script
}

/// The words of a command that installs packages of Debian's, without its
/// flags; nothing for another command. `apt-get update` installs none.
pub fn installs(command: &Command) -> Option<Vec<&str>> {
    let mut words = command.words.iter().map(String::as_str);
    let program = words.find(|word| !is_prefix(word))?;
    let program = program.rsplit('/').next().unwrap_or(program);
    if !["apt", "apt-get", "aptitude"].contains(&program) {
        return None;
    }
    let mut packages = Vec::new();
    let mut installing = false;
    while let Some(word) = words.next() {
        match word {
            "-t" | "-o" | "-c" | "--target-release" | "--option" => {
                words.next();
            }
            _ if word.starts_with('-') => {}
            // What stands behind is a file, not a package.
            _ if word.starts_with(['<', '>']) => break,
            _ if installing => packages.push(word),
            "install" => installing = true,
            _ => return Some(Vec::new()),
        }
    }
    Some(packages)
}

/// Words before a program that say nothing of it.
fn is_prefix(word: &str) -> bool {
    let assignment = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    assignment
        || word.starts_with('-')
        || [
            "sudo",
            "env",
            "time",
            "exec",
            "then",
            "do",
            "else",
            "if",
            "{",
            "!",
            "eatmydata",
        ]
        .contains(&word)
}

/// Whether a command only sets the stage for others: it leaves nothing behind
/// that a build could want.
pub fn is_housekeeping(command: &Command) -> bool {
    let mut words = command.words.iter().map(String::as_str);
    let Some(program) = words.find(|word| !is_prefix(word)) else {
        return true;
    };
    let rest: Vec<&str> = words.collect();
    match program {
        "apt" | "apt-get" | "aptitude" => true,
        "set" | "true" | "cd" | "echo" | "fi" | "done" | "}" | ":" => true,
        "dpkg" => rest.contains(&"--add-architecture"),
        "export" => rest.iter().all(|word| word.starts_with("DEBIAN_")),
        "rm" => rest.iter().any(|word| word.contains("/var/")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_parted_and_keep_their_lines() {
        for (script, expected) in [
            ("a b", vec![(1, "a b")]),
            ("a \\\n  b\nc", vec![(1, "a b"), (3, "c")]),
            ("a && b;c | d", vec![(1, "a"), (1, "b"), (1, "c"), (1, "d")]),
            ("# no\na 'b && c' # d\n\ne", vec![(2, "a b && c"), (4, "e")]),
            ("a \"b\nc\" d\ne", vec![(1, "a b\nc d"), (3, "e")]),
            ("a ${{ matrix.x && 'y' }} b", vec![(1, "a $_ b")]),
            ("a ${{ x", vec![(1, "a ${{ x")]),
            ("a#b \\", vec![(1, "a#b")]),
            ("", vec![]),
        ] {
            let found = commands(script, 1);
            let found: Vec<_> = found.iter().map(|c| (c.line, c.text())).collect();
            let found: Vec<_> = found
                .iter()
                .map(|(line, text)| (*line, &text[..]))
                .collect();
            assert_eq!(found, expected, "{script:?}");
        }
    }

    #[test]
    fn installing_lines_name_their_packages() {
        for (script, expected) in [
            (
                "apt-get install -y liba libb:arm64",
                Some(vec!["liba", "libb:arm64"]),
            ),
            (
                "sudo -E DEBIAN_FRONTEND=noninteractive apt-get -qq install --assume-yes -t sid liba",
                Some(vec!["liba"]),
            ),
            ("/usr/bin/apt install liba >/dev/null", Some(vec!["liba"])),
            (
                "if ! apt-get -o Acquire::Retries=3 install liba",
                Some(vec!["liba"]),
            ),
            ("apt-get update", Some(vec![])),
            ("apk add openssl-dev", None),
            ("cargo install cross", None),
            ("A=1", None),
        ] {
            let commands = commands(script, 1);
            assert_eq!(installs(&commands[0]), expected, "{script}");
        }
    }

    #[test]
    fn a_dockerfile_gives_what_it_runs_with_its_lines() {
        let text = "FROM x\n# RUN no\nRUN a && \\\n    # why\n    b\nENV c=d\nrun e\n";
        let found = commands(&of_dockerfile(text), 1);
        let found: Vec<_> = found.iter().map(|c| (c.line, c.text())).collect();
        assert_eq!(
            found,
            [
                (3, "a".to_owned()),
                (5, "b".to_owned()),
                (7, "e".to_owned())
            ]
        );
    }
}
