//! Who made a difference: two target folders compared, from what build scripts
//! wrote to what was compiled from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::place::{self, Place};
use super::units::{self, Units};
use crate::error::{IoContext, Result};

/// Files larger than this are not looked into. Bytes.
const LARGEST: u64 = 256 << 20;

/// Who made a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A build script wrote a file that differs.
    Script {
        krate: String,
        /// Below its `OUT_DIR`.
        file: String,
        place: Place,
    },
    /// A build script told cargo something else.
    Directive {
        krate: String,
        first: String,
        second: String,
    },
    /// `env!` or `option_env!` took a variable that differs.
    Variable { krate: String, name: String },
    /// A crate was compiled in another number of codegen units.
    Units(Units),
    /// What was compiled of a crate differs, and nothing that it was compiled
    /// with: a macro, or the compiler itself.
    Crate { krate: String },
}

impl Origin {
    /// The crate's name.
    pub fn krate(&self) -> &str {
        match self {
            Origin::Script { krate, .. }
            | Origin::Directive { krate, .. }
            | Origin::Variable { krate, .. }
            | Origin::Crate { krate } => krate,
            Origin::Units(units) => &units.krate,
        }
    }

    /// ``the build script of hello 0.1.0 writes `seen` ``, for a version where
    /// it is known.
    pub fn words(&self, version: Option<&str>) -> String {
        let mut krate = self.krate().to_owned();
        if let Some(version) = version {
            krate.push(' ');
            krate.push_str(version);
        }
        match self {
            Origin::Script { file, .. } => {
                format!("the build script of {krate} writes `{file}`")
            }
            Origin::Directive { first, second, .. } => {
                let same = first
                    .bytes()
                    .zip(second.bytes())
                    .take_while(|(a, b)| a == b);
                let same = first.get(..same.count()).unwrap_or(first);
                // Up to the value.
                let key = same.rfind('=').map_or(same, |at| &same[..=at]);
                format!("the build script of {krate} says `{key}…`")
            }
            Origin::Variable { name, .. } => format!("{krate} takes it by env!(\"{name}\")"),
            Origin::Units(Units { first, second, .. }) => {
                let units = if *first == 1 { "unit" } else { "units" };
                format!("{krate} is compiled in {first} codegen {units} and in {second}")
            }
            Origin::Crate { .. } => format!(
                "{krate} is compiled to something else, and no build script made the \
                 difference: a macro, or the compiler"
            ),
        }
    }
}

/// The versions of the crates in a `Cargo.lock`, by name; those that are there
/// in several versions are left out.
pub fn versions(lock: &str) -> BTreeMap<String, String> {
    let mut versions: BTreeMap<String, Option<String>> = BTreeMap::new();
    let table: toml::Table = lock.parse().unwrap_or_default();
    let packages = table.get("package").and_then(toml::Value::as_array);
    for package in packages.into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            versions
                .entry(name.replace('-', "_"))
                .and_modify(|known| *known = None)
                .or_insert_with(|| Some(version.to_owned()));
        }
    }
    let single = versions.into_iter();
    single
        .filter_map(|(name, version)| Some((name, version?)))
        .collect()
}

/// Profile folders of two builds: those of the target and of the host, in pairs.
pub type Folders = Vec<(PathBuf, PathBuf)>;

/// Who made the difference of an artefact named `artefact`, whose bytes in both
/// builds are `bytes` and differ at `found`; `None` where nothing shows it.
///
/// # Errors
/// `Kind::Filesystem`.
pub fn origin(
    folders: &Folders,
    artefact: &str,
    bytes: (&[u8], &[u8]),
    found: &Place,
) -> Result<Option<Origin>> {
    let mut scripts = Vec::new();
    for (first, second) in folders {
        scripts.extend(of_scripts(first, second)?);
    }
    // What stands in the artefact too is surely it.
    let told = |origin: &&Origin| {
        let (ours, theirs) = match origin {
            Origin::Script { place, .. } => (&place.first, &place.second),
            Origin::Directive { first, second, .. } => (first, second),
            _ => return false,
        };
        akin(ours, &found.first) || akin(theirs, &found.second)
    };
    if let Some(sure) = scripts.iter().find(told) {
        return Ok(Some(sure.clone()));
    }
    let crates = of_crates(folders)?;
    let units = crates.iter().find_map(|(_, units)| units.clone());
    let units = units.or_else(|| units::differing(bytes.0, bytes.1));
    // A script may have made more code of it.
    let made = |units: &Units| {
        let plain = |script: &Origin| script.krate().replace('-', "_") == units.krate;
        scripts.iter().any(plain)
    };
    if let Some(units) = units.filter(|units| !made(units)) {
        return Ok(Some(Origin::Units(units)));
    }
    let variables = of_variables(folders, found)?;
    let root = crates.first().map(|(krate, _)| krate.clone());
    let variable = |krate: Option<&str>| {
        let fits = |(owner, _): &&(String, String)| krate.is_none_or(|krate| owner == krate);
        variables.iter().find(fits)
    };
    let plain = artefact.replace('-', "_");
    let named = root.clone().unwrap_or_else(|| plain.clone());
    if let Some((krate, name)) = variable(Some(&named)).or_else(|| variable(None)) {
        return Ok(Some(Origin::Variable {
            krate: krate.clone(),
            name: name.clone(),
        }));
    }
    if let Some(script) = scripts.into_iter().next() {
        return Ok(Some(script));
    }
    Ok(Some(Origin::Crate { krate: named }))
}

/// Whether two texts tell the same difference: a word of some length in common.
fn akin(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| c.is_whitespace() || "\"'".contains(c))
            .filter(|word| word.len() > 2)
            .map(str::to_owned)
            .collect()
    };
    let theirs = words(other);
    words(one).iter().any(|word| {
        theirs
            .iter()
            .any(|other| other.contains(word) || word.contains(other))
    })
}

/// Build scripts whose words or files differ.
fn of_scripts(first: &Path, second: &Path) -> Result<Vec<Origin>> {
    let mut found = Vec::new();
    for name in names(&first.join("build"))? {
        let (ours, theirs) = (
            first.join("build").join(&name),
            second.join("build").join(&name),
        );
        if !theirs.is_dir() {
            continue;
        }
        let krate = without_hash(&name).to_owned();
        let mut files = Vec::new();
        walk(&ours.join("out"), Path::new(""), &mut files)?;
        for file in files {
            let pair = (
                read(&ours.join("out").join(&file))?,
                read(&theirs.join("out").join(&file))?,
            );
            if let (Some(ours), Some(theirs)) = pair
                && let Some(place) = place::place(&ours, &theirs)
            {
                found.push(Origin::Script {
                    krate: krate.clone(),
                    file: file.display().to_string(),
                    place,
                });
            }
        }
        let output = (read(&ours.join("output"))?, read(&theirs.join("output"))?);
        if let (Some(ours), Some(theirs)) = output
            && let Some((first, second)) = directives(&ours, &theirs)
        {
            found.push(Origin::Directive {
                krate,
                first,
                second,
            });
        }
    }
    Ok(found)
}

/// The first directive that reaches the compiler and differs.
fn directives(first: &[u8], second: &[u8]) -> Option<(String, String)> {
    let reaching = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().filter_map(|line| {
            let word = line
                .strip_prefix("cargo::")
                .or_else(|| line.strip_prefix("cargo:"))?;
            word.starts_with("rustc-").then(|| line.to_owned())
        });
        lines.collect()
    };
    let (ours, theirs) = (reaching(first), reaching(second));
    let differing = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    if let Some((ours, theirs)) = differing {
        return Some((ours.clone(), theirs.clone()));
    }
    let missing = "nothing".to_owned();
    match ours.len().cmp(&theirs.len()) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some((missing, theirs[ours.len()].clone())),
        std::cmp::Ordering::Greater => Some((ours[theirs.len()].clone(), missing)),
    }
}

/// Crates whose libraries differ, the one that was compiled first before the
/// others: they may differ only because it does. With each its codegen units,
/// where their number is another.
fn of_crates(folders: &Folders) -> Result<Vec<(String, Option<Units>)>> {
    let mut found = Vec::new();
    for (first, second) in folders {
        for name in names(&first.join("deps"))? {
            let Some(krate) = name
                .strip_prefix("lib")
                .and_then(|rest| rest.strip_suffix(".rlib"))
            else {
                continue;
            };
            let (ours, theirs) = (
                first.join("deps").join(&name),
                second.join("deps").join(&name),
            );
            let (first, second) = (read(&ours)?, read(&theirs)?);
            if first != second {
                let made = fs::metadata(&ours).and_then(|about| about.modified()).ok();
                let both = first.as_deref().zip(second.as_deref());
                let units = both.and_then(|(first, second)| units::differing(first, second));
                found.push((made, without_hash(krate).to_owned(), units));
            }
        }
    }
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let found = found.into_iter();
    Ok(found.map(|(_, krate, units)| (krate, units)).collect())
}

/// Crates that took a variable by a macro whose value differs, as rustc wrote
/// into their dep-info.
fn of_variables(folders: &Folders, found: &Place) -> Result<Vec<(String, String)>> {
    let mut variables = Vec::new();
    for (first, second) in folders {
        for name in names(&first.join("deps"))? {
            let Some(krate) = name.strip_suffix(".d") else {
                continue;
            };
            let (ours, theirs) = (
                first.join("deps").join(&name),
                second.join("deps").join(&name),
            );
            let (Some(ours), Some(theirs)) = (read(&ours)?, read(&theirs)?) else {
                continue;
            };
            let (ours, theirs) = (taken(&ours), taken(&theirs));
            for (variable, value) in ours {
                let other = theirs.get(&variable);
                if other.is_some_and(|other| *other != value) {
                    // Where several differ, the one that is seen comes first.
                    let seen = !value.is_empty() && found.first.contains(&value);
                    variables.push((!seen, without_hash(krate).to_owned(), variable));
                }
            }
        }
    }
    variables.sort();
    Ok(variables
        .into_iter()
        .map(|(_, krate, name)| (krate, name))
        .collect())
}

/// The variables of a dep-info: lines `# env-dep:NAME=VALUE`.
fn taken(text: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(text);
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("# env-dep:"));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// `hello-0123456789abcdef` → `hello`.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((begin, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            begin
        }
        _ => name,
    }
}

/// The names in a folder, sorted; none where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>> {
    // The build made it, and may have put a link to somewhere else there.
    if fs::symlink_metadata(folder).is_ok_and(|about| !about.is_dir()) {
        return Ok(Vec::new());
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at("read", folder),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.at("read", folder)?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Regular files below a folder, sorted, through no links.
fn walk(folder: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for name in names(&folder.join(below))? {
        let path = below.join(&name);
        let full = folder.join(&path);
        let about = fs::symlink_metadata(&full).at("read", &full)?;
        if about.is_dir() {
            walk(folder, &path, files)?;
        } else if about.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// A file that a build made; nothing where it is missing, no plain file, or
/// too large.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() && about.len() <= LARGEST => {
            fs::read(path).map(Some).at("read", path)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reaches_the_compiler_counts() {
        let first = b"cargo::rerun-if-changed=/a\ncargo:rustc-env=BUILT=1\nwords\n";
        let second = b"cargo::rerun-if-changed=/b\ncargo:rustc-env=BUILT=2\nother\n";
        assert_eq!(
            directives(first, second),
            Some((
                "cargo:rustc-env=BUILT=1".into(),
                "cargo:rustc-env=BUILT=2".into()
            ))
        );
        assert_eq!(
            directives(b"cargo::rerun-if-changed=/a", b"cargo::rerun-if-changed=/b"),
            None
        );
        assert_eq!(
            directives(b"", b"cargo::rustc-cfg=fast\n"),
            Some(("nothing".into(), "cargo::rustc-cfg=fast".into()))
        );
    }

    #[test]
    fn a_directive_is_told_without_its_value() {
        let origin = Origin::Directive {
            krate: "stamp".into(),
            first: "cargo::rustc-env=HOST=xbuild".into(),
            second: "cargo::rustc-env=HOST=elsewhere".into(),
        };
        let lock = "[[package]]\nname = \"stamp\"\nversion = \"0.3.0\"\n\
                    [[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                    [[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        let versions = versions(lock);
        assert_eq!(versions.get("a"), None);
        assert_eq!(
            origin.words(versions.get("stamp").map(String::as_str)),
            "the build script of stamp 0.3.0 says `cargo::rustc-env=HOST=…`"
        );
    }

    #[test]
    fn names_lose_cargos_hash_and_nothing_else() {
        for (name, expected) in [
            ("hello-0123456789abcdef", "hello"),
            ("a-b-0123456789abcdef", "a-b"),
            ("a-b", "a-b"),
            ("hello-0123456789abcdeg", "hello-0123456789abcdeg"),
        ] {
            assert_eq!(without_hash(name), expected);
        }
    }

    #[test]
    fn a_macro_is_known_by_the_variable_it_took() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("1"), folder.path().join("2"));
        for (at, value) in [(&first, "/build/source"), (&second, "/build/elsewhere")] {
            fs::create_dir_all(at.join("deps")).unwrap();
            let text = format!("x: src/main.rs\n\n# env-dep:CARGO_MANIFEST_DIR={value}\n");
            fs::write(at.join("deps/x-0123456789abcdef.d"), text).unwrap();
        }
        let found = Place {
            first: "assets are in /build/source/assets".into(),
            ..Place::default()
        };
        let origin = origin(&vec![(first, second)], "x", (b"", b""), &found).unwrap();
        assert_eq!(
            origin,
            Some(Origin::Variable {
                krate: "x".into(),
                name: "CARGO_MANIFEST_DIR".into()
            })
        );
    }

    #[test]
    fn a_crate_in_another_number_of_units_is_blamed_before_its_variables() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("1"), folder.path().join("2"));
        let members = ["a-01.a.1f-cgu.0.rcgu.o", "a-01.a.1f-cgu.1.rcgu.o"];
        for (at, count) in [(&first, 2), (&second, 1)] {
            let deps = at.join("deps");
            fs::create_dir_all(&deps).unwrap();
            let rlib = units::library(&members[..count]);
            fs::write(deps.join("liba-0123456789abcdef.rlib"), rlib).unwrap();
            let taken = format!("# env-dep:COUNT={count}\n");
            fs::write(deps.join("a-0123456789abcdef.d"), taken).unwrap();
        }
        let folders = vec![(first.clone(), second.clone())];
        let who = || origin(&folders, "x", (b"", b""), &Place::default()).unwrap();
        let found = who().unwrap();
        assert_eq!(
            found.words(Some("1.0.0")),
            "a 1.0.0 is compiled in 2 codegen units and in 1"
        );
        // A script of its own may have written another amount of code.
        for (at, text) in [(&first, "fn a() {} fn b() {}"), (&second, "fn a() {}")] {
            let out = at.join("build/a-0123456789abcdef/out");
            fs::create_dir_all(&out).unwrap();
            fs::write(out.join("code.rs"), text).unwrap();
        }
        assert!(!matches!(who(), Some(Origin::Units(_))));
    }
}
