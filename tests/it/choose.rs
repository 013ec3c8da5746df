//! `xbuild choose` and `xbuild explain`, as people and scripts call them.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Stdio;

use nix::pty::openpty;
use xbuild::process::Command;

use crate::support::{Outcome, run_reading, temp, xbuild};

const CENTOS: &str = "NAME=\"CentOS Linux\"\nID=\"centos\"\nVERSION_ID=\"7\"\n\
    PRETTY_NAME=\"CentOS Linux 7 (Core)\"\n\
    Linux web1 3.10.0-1160.el7.x86_64 #1 SMP x86_64 x86_64 x86_64 GNU/Linux\n\
    ldd (GNU libc) 2.17\n";

fn call(words: &str) -> Outcome {
    let outcome = xbuild().args(words.split_whitespace()).run();
    let lines = outcome.stdout.lines().chain(outcome.stderr.lines());
    for line in lines.filter(|_| !words.contains("json")) {
        assert!(line.chars().count() <= 80, "{line:?} of\n{outcome}");
    }
    outcome
}

#[test]
fn the_oldest_of_several_places_decides() {
    let answer = call("choose --for debian-11 --for rhel-7 --arch aarch64").ok();
    snapbox::assert_data_eq!(
        answer.stdout,
        snapbox::str![[r#"
xbuild build --release --target aarch64-unknown-linux-gnu.2.17

aarch64-unknown-linux-gnu.2.17
  why      RHEL 7 has glibc 2.17, the oldest there (Debian 11: 2.31)
           the program runs on glibc 2.17 and newer: Debian 8+, Ubuntu 14.04+,
           RHEL/CentOS 7+, Amazon Linux 2+, SLES 15+, Fedora 22+
  price    glibc must be there, as it is not on Alpine and in an image FROM
           scratch: --static is for these
  test     xbuild test --target aarch64-unknown-linux-gnu.2.17
  more     xbuild explain aarch64-unknown-linux-gnu.2.17

"#]]
    );
}

#[test]
fn a_static_answer_says_its_price() {
    let answer = call("choose --for alpine --arch armhf").ok();
    snapbox::assert_data_eq!(
        answer.stdout,
        snapbox::str![[r#"
xbuild build --release --target armv7-unknown-linux-musleabihf

armv7-unknown-linux-musleabihf
  why      Alpine has musl and no glibc
           a static program needs no library of the machine: it runs on any
           Linux
  price    musl's allocator is slow where threads share it: another one, such as
           mimalloc, as #[global_allocator]
           no dlopen: no plugins, and no users or hosts from where NSS would
           look (LDAP, mDNS)
           names are looked up by musl: it asks all name servers at once and
           reads no nsswitch.conf
  test     xbuild test --target armv7-unknown-linux-musleabihf
  more     xbuild explain armv7-unknown-linux-musleabihf

"#]]
    );
}

#[test]
fn what_xbuild_has_no_target_for_ends_with_80_and_a_remedy() {
    let answer = call("choose --for pi-zero").exits(80);
    snapbox::assert_data_eq!(
        answer.stdout,
        snapbox::str![[r#"
no target of xbuild: armv6, ARM of the first Raspberry Pi and of the Zero
  instead  programs for armv7 do not start there; cross has a target for it:
           cross build --release --target arm-unknown-linux-gnueabihf

  note     Raspberry Pi Zero and Zero W (BCM2835, ARM1176JZF-S) is armv6

"#]]
    );
    for words in ["choose --for windows", "choose --for macos --format json"] {
        call(words).exits(80);
    }
}

#[test]
fn what_a_machine_prints_is_read_from_files_and_from_a_pipe() {
    let folder = temp();
    let path = folder.path().join("web1");
    fs::write(&path, CENTOS).expect("a file");
    let expected = "xbuild build --release --target x86_64-unknown-linux-gnu.2.17";
    let program = || Command::new(env!("CARGO_BIN_EXE_xbuild")).arg("choose");
    for outcome in [
        xbuild().arg("choose").arg(&path).run(),
        run_reading(&program(), &path),
        run_reading(&program().args(["--for", "ubuntu-24.04", "-"]), &path),
    ] {
        let outcome = outcome.ok();
        let first = outcome.stdout.lines().next();
        assert_eq!(first, Some(expected), "{outcome}");
        assert!(
            outcome.stdout.contains("CentOS 7 has glibc 2.17"),
            "{outcome}"
        );
    }
    // Flags are enough: nothing is waited for.
    let outcome = run_reading(&program().args(["--for", "debian-12"]), &path).ok();
    assert!(outcome.stdout.contains("gnu.2.36"), "{outcome}");

    let json = xbuild()
        .args(["choose", "--format", "json"])
        .arg(&path)
        .run();
    let json = json.ok().json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["command"], expected);
    assert_eq!(json["choices"][0]["floor"], "2.17");
    assert_eq!(json["choices"][0]["linkage"], "dynamic");
    assert_eq!(json["elsewhere"], serde_json::json!([]));
}

#[test]
fn what_is_not_understood_is_said_with_what_would_be() {
    for (words, says) in [
        ("choose", "nothing on standard input, and no flags"),
        ("choose --for debain-11", "did you mean debian-11"),
        ("choose --for debian", "--for debian-N, with one of 7, 8"),
        ("choose --arch z80", "is no processor that is known"),
        ("choose --static --dynamic", "cannot be used with"),
        ("explain", "<TRIPLE>..."),
    ] {
        call(words).exits(2).says(says);
    }
    call("choose missing")
        .exits(87)
        .says("failed to open `missing`");
    call("explain x86_64-unknown-linux-gun")
        .exits(80)
        .says("did you mean x86_64-unknown-linux-gnu");
    let below = ["explain", "riscv64gc-unknown-linux-gnu.2.17"];
    xbuild()
        .args(below)
        .run()
        .exits(80)
        .says("the lowest is 2.34");
    let folder = temp();
    let path = folder.path().join("notes");
    fs::write(&path, "hello\n").expect("a file");
    let outcome = xbuild().arg("choose").arg(&path).run();
    outcome.exits(2).says("tells what the machine is");
}

#[test]
fn the_names_of_places_are_listed() {
    let list = call("choose --list").ok();
    for name in ["debian-, raspbian-: 7 8", "alpine", "graviton3", "s390x"] {
        assert!(list.stdout.contains(name), "{name}: {list}");
    }
}

/// In a home without anything, so that all is to be downloaded.
#[test]
fn a_target_is_explained_with_what_it_costs() {
    let home = temp();
    let explain = |words: &[&str]| {
        let caller = xbuild().arg("explain").args(words.iter().copied());
        caller.env("XBUILD_HOME", home.path()).run().ok()
    };
    let told = explain(&["aarch64-unknown-linux-gnu.2.17"]);
    snapbox::assert_data_eq!(
        told.stdout,
        snapbox::str![[r#"
aarch64-unknown-linux-gnu.2.17

  aarch64     architecture  64-bit ARM, ARMv8-A and newer: Graviton, Ampere,
                            Grace, Raspberry Pi 3 and newer with a 64-bit system
  unknown     vendor        nobody in particular: no vendor matters here
  linux       system        Linux: programs call its kernel
  gnu         ABI           the GNU C library, glibc: programs load it when they
                            start
  .2.17       floor         the oldest glibc that its programs are to run on

  programs    dynamic: they load glibc, and nothing else by themselves
  runs on     glibc ≥ 2.17: Debian 8+, Ubuntu 14.04+, RHEL/CentOS 7+,
              Amazon Linux 2+, SLES 15+, Fedora 22+
  kernel      Linux ≥ 4.1
  floors      2.17 – 2.41; 2.28 where none is named
  bits        64, little-endian; the loader is /lib/ld-linux-aarch64.so.1
  tier        1 of Rust's: guaranteed to work; rustc runs there too
  in Rust     ARM64 Linux (kernel 4.1, glibc 2.17+)
  std         Debian's package, of Rust [..]
  test        xbuild test --target aarch64-unknown-linux-gnu.2.17: under QEMU,
              qemu-aarch64
  costs       [..] MB to download for the first build; [..] MB more for the first
              test

"#]]
    );
    let json = explain(&[
        "--format",
        "json",
        "x86_64-unknown-linux-musl",
        "wasm32-wasip1",
    ])
    .json();
    let (ours, other) = (&json["triples"][0], &json["triples"][1]);
    assert_eq!(ours["target"]["linkage"], "static");
    assert_eq!(ours["target"]["std"], "source");
    assert_eq!(ours["target"]["cost"]["ready"], false);
    assert!(ours["target"]["cost"]["download"].as_u64() > Some(100_000_000));
    assert_eq!(ours["target"]["cost"]["download_for_tests"], 0);
    assert_eq!(ours["parts"][3]["word"], "musl");
    assert!(other["target"].is_null());
    assert!(
        other["remedy"]
            .as_str()
            .is_some_and(|text| text.contains("WebAssembly"))
    );
    // Explaining is no use of a toolchain: it leaves nothing behind.
    let left = fs::read_dir(home.path()).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn every_target_is_explained_in_80_columns() {
    let table = xbuild::target::Table::embedded().expect("the table is whole");
    let triples: Vec<&str> = table.iter().map(|target| &*target.triple).collect();
    let told = call(&format!("explain {}", triples.join(" "))).ok();
    for triple in triples {
        let begins = |line: &str| line == triple || line.starts_with(&format!("{triple}."));
        assert!(told.stdout.lines().any(begins), "{triple}: {told}");
    }
    call("explain aarch64-apple-darwin x86_64-pc-windows-gnu thumbv7em-none-eabihf").ok();
}

/// Runs `xbuild choose` on a terminal of its own, where somebody types.
/// Returns its exit code, standard output, and what the terminal showed.
fn typed(keys: &[u8]) -> (Option<i32>, String, String) {
    let pty = openpty(None, None).expect("a terminal");
    let mut master = File::from(pty.master);
    // The command keeps the terminal open, and with it the end of this block.
    let output = {
        let stdin = pty.slave.try_clone().expect("another handle");
        let mut command = Command::new(env!("CARGO_BIN_EXE_xbuild"))
            .arg("choose")
            .to_std();
        command
            .stdin(stdin)
            .stderr(pty.slave)
            .stdout(Stdio::piped());
        let child = command.spawn().expect("xbuild");
        master.write_all(keys).expect("the keys");
        child.wait_with_output().expect("its end")
    };
    let mut seen = Vec::new();
    // Reading ends with an error where nobody holds the other side.
    let _ = master.read_to_end(&mut seen);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for line in text(&seen).lines().map(|line| line.trim_end()) {
        let shown = anstream::adapter::strip_str(line).to_string();
        assert!(shown.chars().count() <= 80, "{shown}");
    }
    (output.status.code(), text(&output.stdout), text(&seen))
}

#[test]
fn three_questions_are_asked_on_a_terminal() {
    let (code, said, seen) = typed(b"1\n2\nnowhere-1\ndebian-11 rocky-8\n2\n");
    assert_eq!(code, Some(0), "{seen}");
    let expected = "xbuild build --release --target aarch64-unknown-linux-gnu.2.28";
    assert_eq!(said.lines().next(), Some(expected), "{seen}");
    for text in [
        "Which system is it to run on?",
        "  1  Linux",
        "Where on Linux?",
        "`nowhere-1` is no place that is known",
        "Which processor has it?",
    ] {
        assert!(seen.contains(text), "{text}: {seen}");
    }
}

/// No answer is an error, and no endless question.
#[test]
fn a_terminal_without_answers_ends_it() {
    // Ctrl-D at the beginning of a line.
    let (code, said, seen) = typed(b"\x04");
    assert_eq!((code, said.as_str()), (Some(2), ""), "{seen}");
    assert!(seen.contains("the question was not answered"), "{seen}");
}
