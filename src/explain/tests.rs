//! Every target explains itself, and every other triple has a remedy.

use super::words::parts;
use super::*;
use crate::target::HOST;

fn table() -> Table {
    Table::embedded().expect("the table is whole")
}

#[test]
fn each_target_explains_itself() {
    let table = table();
    for target in table.iter() {
        let one = explain(&table, &target.triple).expect("it is a target");
        let Here::Target(ours) = &one.here else {
            panic!("{} is ours", target.triple);
        };
        assert_eq!(ours.runs_on.is_empty(), ours.spec.floor().is_none());
        assert!(ours.kernel.is_some(), "{}", target.triple);
        let rust = one.rust.expect("Rust has it");
        assert!(rust.tier <= 2 && rust.std, "{}", target.triple);
        let words: Vec<&str> = one.parts.iter().map(|part| &*part.word).collect();
        assert_eq!(words.join("-"), target.triple);
        for part in &one.parts {
            assert!(!part.meaning.starts_with("a word"), "{}", target.triple);
        }
    }
}

#[test]
fn every_triple_of_rust_is_explained() {
    let table = table();
    let mut count = 0;
    for triple in RustTarget::triples() {
        let one = explain(&table, triple).expect("Rust has it");
        let ours = matches!(one.here, Here::Target(_));
        assert_eq!(ours, table.get(triple).is_some(), "{triple}");
        assert_eq!(one.parts.len(), 4);
        assert!(!one.parts[0].meaning.starts_with("a word"), "{triple}");
        let words = one.parts.iter().map(|part| &*part.word);
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        assert_eq!(words.join("-"), triple);
        count += 1;
    }
    assert!(count > 300);
    assert_eq!(RustTarget::find(HOST).map(|one| one.tier), Some(1));
}

#[test]
fn parts_are_told_apart_where_some_are_left_out() {
    for (triple, expected) in [
        ("aarch64-apple-darwin", "aarch64 apple darwin ."),
        ("x86_64-pc-windows-msvc", "x86_64 pc windows msvc"),
        ("thumbv7em-none-eabihf", "thumbv7em . none eabihf"),
        ("thumbv8m.main-none-eabi", "thumbv8m.main . none eabi"),
        ("wasm32-unknown-unknown", "wasm32 unknown unknown ."),
        ("wasm32-wasip1-threads", "wasm32 . wasip1 threads"),
        ("aarch64-linux-android", "aarch64 . linux android"),
        ("aarch64-apple-ios-sim", "aarch64 apple ios sim"),
        ("x86_64-unknown-freebsd", "x86_64 unknown freebsd ."),
    ] {
        let parts = parts(triple);
        let words = parts.iter().map(|part| match &*part.word {
            "" => ".",
            word => word,
        });
        let words: Vec<&str> = words.collect();
        assert_eq!(words.join(" "), expected);
    }
    let meaning = |triple: &str, at: usize| parts(triple)[at].meaning;
    assert_eq!(
        meaning("x86_64-pc-windows-gnu", 3),
        "MinGW: the GNU tools for Windows"
    );
    assert!(meaning("x86_64-unknown-linux-gnu", 3).contains("glibc"));
    assert!(meaning("armv7-unknown-linux-gnueabihf", 0).contains("ARMv7-A"));
    assert!(meaning("armv7r-none-eabi", 0).contains("real-time"));
}

#[test]
fn what_xbuild_has_not_comes_with_a_remedy() {
    let table = table();
    for (triple, expected) in [
        ("x86_64-pc-windows-msvc", "Windows"),
        ("aarch64-apple-darwin", "Mac"),
        ("aarch64-linux-android", "cargo-ndk"),
        ("wasm32-wasip1", "WebAssembly"),
        ("thumbv7em-none-eabihf", "bare metal"),
        ("x86_64-unknown-freebsd", "cross"),
        ("arm-unknown-linux-gnueabihf", "cross"),
        (
            "riscv64gc-unknown-linux-musl",
            "riscv64gc-unknown-linux-gnu there",
        ),
    ] {
        let one = explain(&table, triple).expect("Rust has it");
        let Here::Elsewhere(remedy) = one.here else {
            panic!("{triple} is not ours");
        };
        assert!(remedy.contains(expected), "{triple}: {remedy}");
    }
}

#[test]
fn floors_and_misspellings_are_refused_with_the_nearest() {
    let table = table();
    for (text, message, hint) in [
        (
            "aarch64-unknown-linux-gnu.2.9",
            "the lowest is 2.17",
            "2.17",
        ),
        ("x86_64-unknown-linux-musl.2.17", "has no glibc", "--target"),
        (
            "x86_64-unknown-linux-gun",
            "is no target of Rust's",
            "x86_64-unknown-linux-gnu",
        ),
        (
            "aarch64-linux-gnu",
            "is no target of Rust's",
            "aarch64-unknown-linux-gnu",
        ),
        (
            "aarch64-apple-darwn",
            "is no target of Rust's",
            "aarch64-apple-darwin",
        ),
        ("universal2-apple-darwin", "not a target of xbuild", "lipo"),
        ("", "is no target of Rust's", "xbuild targets"),
    ] {
        let error = explain(&table, text).expect_err(text);
        assert_eq!(error.kind(), Kind::Target, "{text}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(
            error.hints().join("\n").contains(hint),
            "{text}: {:?}",
            error.hints()
        );
    }
}

#[test]
fn the_oldest_kernel_is_rusts_own() {
    for (triple, expected) in [
        ("x86_64-unknown-linux-gnu", Some(Kernel::new(3, 2))),
        ("x86_64-unknown-linux-musl", Some(Kernel::new(3, 2))),
        ("aarch64-unknown-linux-gnu", Some(Kernel::new(4, 1))),
        ("riscv64gc-unknown-linux-gnu", Some(Kernel::new(4, 20))),
        ("powerpc64le-unknown-linux-gnu", Some(Kernel::new(3, 10))),
        ("x86_64-unknown-freebsd", None),
    ] {
        assert_eq!(kernel(triple), expected, "{triple}");
    }
}
