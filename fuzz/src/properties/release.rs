//! `InRelease`: what is signed is read, and nothing else.
//!
//! Input that is a clear-signed message is taken as it is; any other is signed
//! first, so that what lies behind the signature is reached.

use xbuild::pins::{Expected, Release};

use super::keys::ARCHIVE;

/// The text of the only release that messages of the corpus are signed over.
pub const SIGNED: &str = "Origin: Debian\nSuite: stable\nVersion: 13.7\nCodename: trixie\n\
    Date: Sat, 12 Sep 2026 07:55:41 UTC\nAcquire-By-Hash: yes\nSHA256:\n \
    2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 12 main/Packages.xz\n";

const EXPECTED: Expected<'_> = Expected {
    suite: "trixie",
    now: None,
    not_before: None,
};

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if text.trim_start().starts_with("-----BEGIN") {
        // Whatever is done to the message, the release is the signed one.
        if let Ok(release) = Release::verify(text, &ARCHIVE.keys, &EXPECTED) {
            let message = ARCHIVE.sign(SIGNED).expect("it can be signed");
            let signed = Release::verify(&message, &ARCHIVE.keys, &EXPECTED);
            assert_eq!(Ok(release), signed);
        }
        return;
    }
    // The crate that signs here hashes blanks at the ends of lines, and the
    // standard does not.
    let text = &lines(text).join("\n");
    let Some(message) = ARCHIVE.sign(text) else {
        return;
    };
    let read = ARCHIVE.keys.signed_text(&message, None);
    let read = read.expect("a message that was just signed is believed");
    assert_eq!(lines(&read), lines(text));
    let release = Release::verify(&message, &ARCHIVE.keys, &EXPECTED);
    if let Ok(release) = &release {
        assert!(release.codename == "trixie" || release.suite == "trixie");
        release.snapshot();
    }
    // One letter of the text that is another one.
    let start = message.find("\n\n").map_or(0, |at| at + 2);
    let end = message.find("\n-----BEGIN PGP SIG").unwrap_or(start);
    let letters = message[start..end.max(start)].bytes().enumerate();
    let mut letters = letters.filter(|(_, byte)| byte.is_ascii_alphanumeric());
    let chosen = text.len() % 7;
    if let Some((at, byte)) = letters.nth(chosen) {
        let mut altered = message.clone().into_bytes();
        altered[start + at] = if byte == b'x' { b'y' } else { b'x' };
        let altered = String::from_utf8(altered).expect("letters are letters");
        assert!(ARCHIVE.keys.signed_text(&altered, None).is_err());
    }
}

/// A text as OpenPGP signs it: line ends are one thing, and blanks before them
/// nothing.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.split('\n').map(|line| line.trim_end().to_owned());
    let mut lines: Vec<String> = lines.collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
