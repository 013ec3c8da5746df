//! Which Debian mirrors a machine already uses, from its apt sources.
//!
//! The two formats are those of sources.list(5). Only sources that are
//! Debian's own main archive count: an Ubuntu, security or third-party one
//! would answer 404 to every question.

use std::collections::BTreeMap;
use std::path::Path;

use super::BaseUrl;

/// Suites of Debian, under which nobody else's archive is expected.
const SUITES: &[&str] = &[
    "stable",
    "oldstable",
    "oldoldstable",
    "testing",
    "unstable",
    "sid",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
];

/// One binary source of the machine, before it is known whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AptSource {
    pub uris: Vec<String>,
    pub suites: Vec<String>,
    pub components: Vec<String>,
    /// The keyring it is checked with, where it names one.
    pub signed_by: Option<String>,
}

impl AptSource {
    /// Whether this is the Debian archive itself.
    pub fn is_debian(&self) -> bool {
        let key_fits = match &self.signed_by {
            Some(keyring) => keyring.contains("debian-archive"),
            None => true,
        };
        let suite_fits = self.suites.iter().any(|suite| {
            let base = suite
                .strip_suffix("-updates")
                .or(suite.strip_suffix("-backports"));
            SUITES.contains(&base.unwrap_or(suite))
        });
        key_fits && suite_fits && self.components.iter().any(|name| name == "main")
    }
}

/// Reads `*.list` files: `deb [options] uri suite component…`, one a line. [pure]
/// Lines that make no sense are passed over, as they are none of our business.
pub fn parse_one_line(text: &str) -> Vec<AptSource> {
    text.lines().filter_map(one_line).collect()
}

fn one_line(line: &str) -> Option<AptSource> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let signed_by = options
        .split_whitespace()
        .find_map(|option| option.strip_prefix("signed-by="));
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(AptSource {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by: signed_by.map(str::to_owned),
    })
}

/// Reads `*.sources` files: deb822 stanzas. [pure]
pub fn parse_deb822(text: &str) -> Vec<AptSource> {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines
        .split(|line| line.trim().is_empty())
        .filter_map(stanza)
        .collect()
}

fn stanza(lines: &[&str]) -> Option<AptSource> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let field: &mut String = fields.get_mut(current.as_ref()?)?;
            field.push(' ');
            field.push_str(line.trim());
        } else {
            let (name, value) = line.split_once(':')?;
            let name = name.trim().to_ascii_lowercase();
            fields.insert(name.clone(), value.trim().to_owned());
            current = Some(name);
        }
    }
    let words = |name: &str| -> Vec<String> {
        let value = fields.get(name).map_or("", String::as_str);
        value.split_whitespace().map(str::to_owned).collect()
    };
    let off = ["no", "false", "off", "0", "without", "disable"];
    let enabled = fields
        .get("enabled")
        .map(|value| value.to_ascii_lowercase());
    let is_off = enabled.is_some_and(|value| off.contains(&value.as_str()));
    if is_off || !words("types").iter().any(|name| name == "deb") {
        return None;
    }
    Some(AptSource {
        uris: words("uris"),
        suites: words("suites"),
        components: words("components"),
        signed_by: fields.get("signed-by").cloned(),
    })
}

/// The Debian mirrors in a machine's apt folder, in the order of its files;
/// none where it has no apt, or apt is another distribution's.
pub fn of_machine(folder: &Path) -> Vec<BaseUrl> {
    let mut files = vec![folder.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(folder.join("sources.list.d")) {
        let mut more: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        more.sort();
        files.extend(more);
    }
    let mut bases = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let sources = match file.extension().and_then(|end| end.to_str()) {
            Some("list") => parse_one_line(&text),
            Some("sources") => parse_deb822(&text),
            _ => continue,
        };
        for source in sources.iter().filter(|source| source.is_debian()) {
            for uri in &source.uris {
                bases.extend(expand(uri));
            }
        }
    }
    bases
}

/// `mirror+file:/path` (apt-transport-mirror(1), as in Debian's cloud images)
/// names a file of addresses; other transports than HTTP are left out.
fn expand(uri: &str) -> Vec<BaseUrl> {
    let Some(path) = uri.strip_prefix("mirror+file:") else {
        return BaseUrl::parse(uri).into_iter().collect();
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    let list = std::fs::read_to_string(path).unwrap_or_default();
    let addresses = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    addresses.flat_map(BaseUrl::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The addresses in a text that count as Debian's.
    fn debian(sources: Vec<AptSource>) -> Vec<String> {
        let ours = sources.into_iter().filter(AptSource::is_debian);
        ours.flat_map(|source| source.uris).collect()
    }

    #[test]
    fn one_line_sources() {
        let table: &[(&str, &[&str])] = &[
            (
                "deb http://m.invalid/debian bookworm main contrib",
                &["http://m.invalid/debian"],
            ),
            (
                "deb http://m.invalid/debian stable-updates main",
                &["http://m.invalid/debian"],
            ),
            (
                "# comment\n\ndeb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://m.invalid/debian trixie main # tail",
                &["https://m.invalid/debian"],
            ),
            (
                "deb http://m.invalid/debian-security bookworm-security main",
                &[],
            ),
            ("deb-src http://m.invalid/debian bookworm main", &[]),
            ("deb http://m.invalid/ubuntu noble main universe", &[]),
            (
                "deb [signed-by=/etc/apt/keyrings/vendor.asc] http://m.invalid/vendor bookworm main",
                &[],
            ),
            ("deb https://m.invalid/linux/debian bookworm stable", &[]),
            ("deb [broken http://m.invalid/debian bookworm main", &[]),
            ("deb http://m.invalid/debian", &[]),
            ("debhttp://m.invalid/debian bookworm main", &[]),
            ("\u{0}\u{fffd} nonsense", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(&debian(parse_one_line(text)), expected, "{text}");
        }
    }

    #[test]
    fn deb822_sources() {
        let keyring = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n";
        let debian_text = format!(
            "Types: deb deb-src\n# a comment inside\nURIs: http://m.invalid/debian\nSuites: bookworm bookworm-updates\nComponents: main\n{keyring}\nTypes: deb\nURIs: http://m.invalid/debian-security\nSuites: bookworm-security\nComponents: main\n{keyring}"
        );
        let folded = "Types: deb\r\nURIs:\r\n http://a.invalid/debian\r\n http://b.invalid/debian\r\nSuites: sid\r\nComponents: main\r\n";
        let ubuntu = "Types: deb\nURIs: http://m.invalid/ubuntu/\nSuites: noble noble-updates\nComponents: main\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n";
        let inline_key = "Types: deb\nURIs: http://v.invalid\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ\n";
        let off = "Enabled: no\nTypes: deb\nURIs: http://m.invalid/debian\nSuites: trixie\nComponents: main\n";
        let sources_only =
            "Types: deb-src\nURIs: http://m.invalid/debian\nSuites: trixie\nComponents: main\n";
        let table: &[(&str, &[&str])] = &[
            (&debian_text, &["http://m.invalid/debian"]),
            (
                folded,
                &["http://a.invalid/debian", "http://b.invalid/debian"],
            ),
            (ubuntu, &[]),
            (inline_key, &[]),
            (off, &[]),
            (sources_only, &[]),
            (" continues nothing\n", &[]),
            ("no colon here\n", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(&debian(parse_deb822(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_machines_folder_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("sources.list.d");
        std::fs::create_dir(&parts).unwrap();
        let list = folder.path().join("mirrors.txt");
        std::fs::write(
            &list,
            "http://c.invalid/debian\tpriority:1\nftp://d.invalid\n",
        )
        .unwrap();
        let write =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "sources.list",
            "deb http://a.invalid/debian trixie main".to_owned(),
        );
        write(
            "sources.list.d/b.list",
            "deb file:/srv trixie main".to_owned(),
        );
        write(
            "sources.list.d/c.sources",
            format!(
                "Types: deb\nURIs: mirror+file://{}\nSuites: trixie\nComponents: main\n",
                list.display()
            ),
        );
        write(
            "sources.list.d/d.list.save",
            "deb http://e.invalid/debian trixie main".to_owned(),
        );
        let found: Vec<String> = of_machine(folder.path())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            ["http://a.invalid/debian", "http://c.invalid/debian"]
        );
        assert!(of_machine(&folder.path().join("none")).is_empty());
    }
}
