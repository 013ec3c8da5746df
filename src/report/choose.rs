//! `xbuild choose`: the command, its reasons and its price. [pure]

use serde_json::{Value, json};

use super::json::VERSION;
use super::layout::paragraph;
use crate::choose::{Answer, Choice, Linkage};

/// The command first, so that it is what is copied.
pub fn text(answer: &Answer) -> String {
    let mut blocks = Vec::new();
    // A command is pasted: it stays on its line.
    blocks.extend(answer.command().map(|command| format!("{command}\n")));
    for choice in &answer.choices {
        let mut block = format!("{}\n", choice.spec);
        block.push_str(&lines("why", &choice.why));
        block.push_str(&lines("price", &choice.price));
        block.push_str(&line(
            "test",
            &format!("xbuild test --target {}", choice.spec),
        ));
        block.push_str(&line("more", &format!("xbuild explain {}", choice.spec)));
        blocks.push(block);
    }
    for elsewhere in &answer.elsewhere {
        let mut block = paragraph("no target of xbuild: ", &elsewhere.what);
        block.push_str(&line("instead", &elsewhere.remedy));
        blocks.push(block);
    }
    if !answer.notes.is_empty() {
        blocks.push(lines("note", &answer.notes));
    }
    blocks.join("\n")
}

/// `{"version": 1, "command": …, "choices": […], …}`.
pub fn json(answer: &Answer) -> Value {
    let choices: Vec<Value> = answer.choices.iter().map(choice).collect();
    let elsewhere: Vec<Value> = answer
        .elsewhere
        .iter()
        .map(|one| json!({ "what": one.what, "remedy": one.remedy }))
        .collect();
    json!({
        "version": VERSION,
        "command": answer.command(),
        "choices": choices,
        "elsewhere": elsewhere,
        "notes": answer.notes,
    })
}

fn choice(choice: &Choice) -> Value {
    let linkage = match choice.linkage() {
        Linkage::Static => "static",
        Linkage::Dynamic => "dynamic",
    };
    json!({
        "target": choice.spec.to_string(),
        "triple": choice.spec.triple(),
        "floor": choice.spec.floor(),
        "linkage": linkage,
        "why": choice.why,
        "price": choice.price,
    })
}

/// A label and words behind it, in lines of the width.
pub fn labelled(label: &str, text: &str) -> String {
    paragraph(&format!("{label:<14}"), text)
}

fn line(label: &str, text: &str) -> String {
    paragraph(&format!("  {label:<9}"), text)
}

/// Sentences below each other, the label before the first.
fn lines(label: &str, sentences: &[String]) -> String {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let lines = labels.zip(sentences);
    lines
        .map(|(label, sentence)| line(label, sentence))
        .collect()
}
