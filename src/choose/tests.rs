//! The tree of decisions, and the questions.

use std::collections::VecDeque;

use super::*;
use crate::deploy::{all_names, named, said};

fn table() -> Table {
    Table::embedded().expect("the table is whole")
}

/// `--for` and `--arch`, by words.
fn wanted(words: &str) -> Wanted {
    let mut wanted = Wanted::default();
    for word in words.split_whitespace() {
        match Processor::find(word) {
            Some(processor) => wanted.add(processor),
            None => wanted = wanted.and(named(word).expect("it is known")),
        }
    }
    wanted
}

fn check(words: &str, linkage: Option<Linkage>, expected: &str) {
    let answer = answer(&table(), &wanted(words), linkage).expect("an answer");
    let choices = answer.choices.iter().map(|one| one.spec.to_string());
    let elsewhere = answer.elsewhere.iter().map(|_| "elsewhere".to_owned());
    let all: Vec<String> = choices.chain(elsewhere).collect();
    assert_eq!(all.join(" "), expected, "{words}");
}

#[test]
fn the_oldest_glibc_decides() {
    for (words, expected) in [
        ("debian-11", "x86_64-unknown-linux-gnu.2.31"),
        ("debian-11 rhel-7", "x86_64-unknown-linux-gnu.2.17"),
        ("rhel-7 debian-11", "x86_64-unknown-linux-gnu.2.17"),
        ("amzn-2023 aarch64", "aarch64-unknown-linux-gnu.2.34"),
        ("pi-4 debian-12", "aarch64-unknown-linux-gnu.2.36"),
        ("raspbian-12", "armv7-unknown-linux-gnueabihf.2.36"),
        ("fedora-44", "x86_64-unknown-linux-gnu.2.41"),
        ("arch", "x86_64-unknown-linux-gnu.2.28"),
        ("arch debian-9", "x86_64-unknown-linux-gnu.2.24"),
        ("glibc-2.17 i686", "i686-unknown-linux-gnu.2.17"),
        ("debian-13 riscv64", "riscv64gc-unknown-linux-gnu.2.41"),
        (
            "debian-12 x86_64 aarch64",
            "x86_64-unknown-linux-gnu.2.36 aarch64-unknown-linux-gnu.2.36",
        ),
    ] {
        check(words, None, expected);
    }
}

#[test]
fn what_no_glibc_program_starts_on_gets_a_static_one() {
    for (words, expected) in [
        ("alpine", "x86_64-unknown-linux-musl"),
        ("alpine debian-12 arm64", "aarch64-unknown-linux-musl"),
        ("nixos", "x86_64-unknown-linux-musl"),
        ("any armhf", "armv7-unknown-linux-musleabihf"),
        // Below the lowest floor.
        ("rhel-6", "x86_64-unknown-linux-musl"),
        ("glibc-2.5", "x86_64-unknown-linux-musl"),
        // Nobody said where.
        ("aarch64", "aarch64-unknown-linux-musl"),
        ("graviton3", "aarch64-unknown-linux-musl"),
        ("", "x86_64-unknown-linux-musl"),
        // There is no musl target for it.
        ("s390x", "s390x-unknown-linux-gnu.2.34"),
        ("alpine s390x", "elsewhere"),
        ("rhel-8 s390x", "elsewhere"),
    ] {
        check(words, None, expected);
    }
    let fixed = Some(Linkage::Static);
    check("debian-12", fixed, "x86_64-unknown-linux-musl");
    check("debian-12 i686", fixed, "elsewhere");
    let loaded = Some(Linkage::Dynamic);
    check("", loaded, "x86_64-unknown-linux-gnu.2.28");
    check("rhel-6", loaded, "x86_64-unknown-linux-gnu.2.17");
}

#[test]
fn what_xbuild_has_no_target_for_is_said() {
    for (words, remedy) in [
        ("pi-zero", "arm-unknown-linux-gnueabihf"),
        ("pi-1 debian-12", "arm-unknown-linux-gnueabihf"),
        ("loongarch64", "cross"),
        ("windows", "Windows"),
        ("macos", "Mac"),
        ("android", "cargo-ndk"),
        ("freebsd", "cross"),
    ] {
        let answer = answer(&table(), &wanted(words), None).expect("an answer");
        assert!(answer.choices.is_empty(), "{words}");
        assert_eq!(answer.command(), None);
        let remedies: Vec<&str> = answer.elsewhere.iter().map(|one| &*one.remedy).collect();
        assert!(remedies.join(" ").contains(remedy), "{words}: {remedies:?}");
    }
    // Of several places some can be had.
    check(
        "windows debian-12",
        None,
        "x86_64-unknown-linux-gnu.2.36 elsewhere",
    );
    check(
        "pi-zero pi-4 debian-12",
        None,
        "aarch64-unknown-linux-gnu.2.36 elsewhere",
    );
}

#[test]
fn every_place_gets_a_floor_that_the_target_has() {
    let table = table();
    let names = all_names().into_iter();
    let names: Vec<Wanted> = names.map(|name| named(&name).expect("known")).collect();
    assert!(names.len() > 100);
    for wanted in names {
        for processor in Processor::all() {
            let wanted = Wanted {
                processors: vec![processor],
                ..wanted.clone()
            };
            // Parsing proves the floor; every answer is one or says why not.
            let answer = answer(&table, &wanted, None).expect("an answer");
            assert_eq!(
                answer.choices.len() + answer.elsewhere.len(),
                1 + extra(&wanted)
            );
            for choice in &answer.choices {
                let floors = choice.spec.target().glibc.as_ref();
                assert_eq!(floors.is_some(), choice.spec.floor().is_some());
                if let (Some(glibc), Some(floor)) = (floors, choice.spec.floor()) {
                    assert!(glibc.base(floor).is_some());
                    assert!(!runs_on(floor, &choice.spec.target().elf.machine).is_empty());
                }
                assert!(!choice.why.is_empty() && !choice.price.is_empty());
            }
        }
    }
}

/// Other systems have one answer, and no processor.
fn extra(wanted: &Wanted) -> usize {
    let only = wanted.places.is_empty() && !wanted.systems.is_empty();
    usize::from(!wanted.systems.is_empty()) - usize::from(only)
}

#[test]
fn an_old_kernel_is_named() {
    let answer = answer(&table(), &wanted("rhel-6"), None).expect("an answer");
    let price = answer.choices[0].price.join("\n");
    assert!(price.contains("RHEL 6 has Linux 2.6"), "{price}");
}

#[test]
fn a_place_of_which_nothing_is_known_is_an_error() {
    let wanted = said("ID=poky\nPRETTY_NAME=\"Poky 4\"\n");
    let error = answer(&table(), &wanted, None).expect_err("which glibc?");
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("Poky 4"), "{error}");
    assert!(error.hints().join("\n").contains("ldd --version"));
}

#[test]
fn three_questions_are_enough() {
    for (answers, expected) in [
        ("|| ", "x86_64-unknown-linux-musl"),
        ("1|1|2", "aarch64-unknown-linux-musl"),
        ("1|2|debian-11 rhel-8|1", "x86_64-unknown-linux-gnu.2.28"),
        ("1|2|pi-4, debian-12", "aarch64-unknown-linux-gnu.2.36"),
        // What is no answer is asked again.
        (
            "9|x|1|2||debain-11|debian-11|3",
            "armv7-unknown-linux-gnueabihf.2.31",
        ),
        ("2", "elsewhere"),
        ("3", "elsewhere"),
    ] {
        let mut left: VecDeque<&str> = answers.split('|').collect();
        let mut asked = Vec::new();
        let mut ask = |question: &Question| {
            asked.push(question.clone());
            let answer = left.pop_front().expect("no more questions than answers");
            Ok(answer.to_owned())
        };
        let table = table();
        let wanted = questions(&table, &mut ask).expect("they are answered");
        assert!(left.is_empty(), "{answers}");
        let answer = answer(&table, &wanted, None).expect("an answer");
        let found = match &answer.choices[..] {
            [] => "elsewhere".to_owned(),
            [one, ..] => one.spec.to_string(),
        };
        assert_eq!(found, expected, "{answers}");
        let refused = asked.iter().filter(|one| !one.refused.is_empty());
        assert_eq!(refused.count() > 0, answers.starts_with('9'), "{answers}");
    }
    let mut gone = |_: &Question| Err(Error::new(Kind::Usage, "gone"));
    assert!(questions(&table(), &mut gone).is_err());
    let mut other = |_: &Question| Ok("4".to_owned());
    assert!(questions(&table(), &mut other).is_err());
}
