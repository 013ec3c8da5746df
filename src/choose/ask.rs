//! The questions that are asked on a terminal: three at most. [pure]

use crate::deploy::{Place, Processor, System, Wanted, named};
use crate::error::{Error, Kind, Result};
use crate::target::Table;

/// A question, and the answers that it has; none where any words are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    pub options: Vec<String>,
    /// Why the last answer was none, and then what would be one.
    pub refused: Vec<String>,
}

impl Question {
    fn new(text: &str, options: Vec<String>) -> Self {
        Question {
            text: text.to_owned(),
            options,
            refused: Vec::new(),
        }
    }
}

/// Asks where the program is to run. An empty answer is the first option.
///
/// # Errors
/// As `ask` has them, and `Kind::Usage` where the system is none that a
/// question has.
pub fn questions(
    table: &Table,
    ask: &mut dyn FnMut(&Question) -> Result<String>,
) -> Result<Wanted> {
    let systems = ["Linux", "Windows", "macOS", "another one"];
    let question = Question::new("Which system is it to run on?", owned(&systems));
    let mut wanted = Wanted::default();
    match number(question, ask)? {
        0 => {}
        1 => wanted.systems.push(System::Windows),
        2 => wanted.systems.push(System::MacOs),
        _ => {
            return Err(Error::new(Kind::Usage, "xbuild makes programs for Linux")
                .hint("xbuild explain TRIPLE says what to do for another system"));
        }
    }
    if !wanted.systems.is_empty() {
        return Ok(wanted);
    }
    let places = [
        "anywhere: also on Alpine, in empty containers, where I do not know",
        "on distributions or machines that I can name",
    ];
    let question = Question::new("Where on Linux?", owned(&places));
    wanted = match number(question, ask)? {
        0 => Wanted {
            places: vec![Place::Any],
            ..Wanted::default()
        },
        _ => names(ask)?,
    };
    if wanted.processors.is_empty() {
        let ours: Vec<&Processor> = Processor::all()
            .filter(|one| table.get(one.gnu).is_some() || table.get(one.musl).is_some())
            .collect();
        let options = ours
            .iter()
            .map(|one| format!("{:<12} {}", one.name, one.what));
        let question = Question::new("Which processor has it?", options.collect());
        let chosen = ours.get(number(question, ask)?);
        wanted
            .processors
            .extend(chosen.and_then(|one| Processor::find(one.name)));
    }
    Ok(wanted)
}

/// Places by their names, of which the oldest will decide.
fn names(ask: &mut dyn FnMut(&Question) -> Result<String>) -> Result<Wanted> {
    let text = "Which ones? All of them, such as: debian-11 rhel-8 ubuntu-22.04 pi-4";
    let mut question = Question::new(text, Vec::new());
    loop {
        let answer = ask(&question)?;
        let words = answer
            .split([' ', ',', '\t'])
            .filter(|word| !word.is_empty());
        let all: Result<Vec<Wanted>> = words.map(named).collect();
        question.refused = match all {
            Ok(all) if all.is_empty() => vec!["at least one is needed".to_owned()],
            Ok(all) => return Ok(all.into_iter().fold(Wanted::default(), Wanted::and)),
            Err(error) => {
                let hints = error.hints().iter().take(1).cloned();
                std::iter::once(error.to_string()).chain(hints).collect()
            }
        };
    }
}

/// The position of the option that was chosen.
fn number(
    mut question: Question,
    ask: &mut dyn FnMut(&Question) -> Result<String>,
) -> Result<usize> {
    loop {
        let answer = ask(&question)?;
        let answer = answer.trim();
        let count = question.options.len();
        match answer.parse::<usize>() {
            _ if answer.is_empty() => return Ok(0),
            Ok(number) if (1..=count).contains(&number) => return Ok(number - 1),
            _ => question.refused = vec![format!("a number from 1 to {count} is needed")],
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
