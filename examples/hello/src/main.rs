//! Says where it runs and what it was told, as text or as JSON (`--json`).

use std::env::{self, consts};

use serde_json::{json, Value};

fn facts(words: &[String]) -> Value {
    json!({
        "arch": consts::ARCH,
        "os": consts::OS,
        "bits": usize::BITS,
        "endian": if cfg!(target_endian = "big") { "big" } else { "little" },
        "words": words,
    })
}

fn main() {
    let (flags, words): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|word| word == "--json");
    let facts = facts(&words);
    if !flags.is_empty() {
        println!("{facts}");
        return;
    }
    println!(
        "Hello from {} {} ({} bits, {} endian)",
        consts::ARCH,
        consts::OS,
        facts["bits"],
        facts["endian"].as_str().unwrap_or_default(),
    );
    if !words.is_empty() {
        println!("You said: {}", words.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_json() {
        let words = vec!["a \"b\"".to_owned(), "ü".to_owned()];
        let back: Value =
            serde_json::from_str(&facts(&words).to_string()).expect("own JSON parses");
        assert_eq!(back["words"][0], "a \"b\"");
        assert_eq!(back["words"][1], "ü");
    }

    #[test]
    fn width_is_the_targets_own() {
        assert_eq!(facts(&[])["bits"], usize::BITS);
    }
}
