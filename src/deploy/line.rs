//! Single lines of what machines print. [pure]

use super::System;
use crate::target::Floor;

/// The fields of os-release that are read here.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    const KEYS: [&str; 9] = [
        "DEBIAN_CODENAME",
        "ID",
        "ID_LIKE",
        "NAME",
        "PLATFORM_ID",
        "PRETTY_NAME",
        "UBUNTU_CODENAME",
        "VERSION_CODENAME",
        "VERSION_ID",
    ];
    let (key, value) = line.split_once('=')?;
    KEYS.contains(&key)
        .then(|| (key, value.trim_matches(['"', '\''])))
}

/// `ldd (GNU libc) 2.17`, `glibc 2.35` of getconf, and what libc.so.6 prints.
pub(super) fn glibc(line: &str, words: &[&str]) -> Option<Floor> {
    let number = |word: &str| {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
        let word = &word[..end.unwrap_or(word.len())];
        let pair: Vec<&str> = word.trim_end_matches('.').splitn(3, '.').collect();
        let [major, minor, ..] = pair[..] else {
            return None;
        };
        format!("{major}.{minor}").parse().ok()
    };
    if line.starts_with("ldd (") {
        return number(words.last()?);
    }
    if line.starts_with("GNU C Library") {
        let at = words.iter().position(|word| *word == "version")?;
        return number(words.get(at + 1)?);
    }
    match words {
        ["glibc", version] => number(version),
        _ => None,
    }
}

/// The system that `uname -a` or `sw_vers` names, where it is not Linux.
pub(super) fn system(line: &str) -> Option<System> {
    const BEGINNINGS: [(&str, System); 10] = [
        ("CYGWIN_NT", System::Windows),
        ("Darwin", System::MacOs),
        ("DragonFly", System::Bsd),
        ("FreeBSD", System::Bsd),
        ("MINGW", System::Windows),
        ("MSYS_NT", System::Windows),
        ("Microsoft Windows", System::Windows),
        ("NetBSD", System::Bsd),
        ("OpenBSD", System::Bsd),
        ("ProductName:", System::MacOs),
    ];
    let found = BEGINNINGS.iter().find(|(begin, _)| line.starts_with(begin));
    found.map(|(_, system)| *system)
}
