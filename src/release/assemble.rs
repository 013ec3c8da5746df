//! What two builds made → the archives, and what the two have in common.
//! [pure]

use std::collections::BTreeMap;

use crate::attest::Comparison;
use crate::attest::manifest::{Content, File};
use crate::error::Result;
use crate::package::{Contents, Format, Image, Member, image_architecture};
use crate::pins::Sha256;

/// One artefact of the first build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The target as typed.
    pub target: String,
    pub triple: String,
    /// The file's name.
    pub file: String,
    pub program: bool,
    pub bytes: Vec<u8>,
}

/// What a second build gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Second {
    /// What differed around each of its builds; none before the first.
    pub variations: Option<Vec<String>>,
    /// The digest of each artefact that it made, by target and file.
    pub digests: BTreeMap<(String, String), Sha256>,
}

/// A package, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    pub name: String,
    pub target: String,
    pub bytes: Vec<u8>,
    contents: Vec<Content>,
    /// The artefacts in it.
    artefacts: Vec<String>,
}

impl Archive {
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.bytes)
    }

    /// As the manifest lists it.
    pub fn file(&self) -> File {
        File {
            name: self.name.clone(),
            size: self.bytes.len() as u64,
            sha256: self.sha256(),
            target: Some(self.target.clone()),
            contents: self.contents.clone(),
        }
    }
}

/// Packs each target's artefacts and the documents in each format, below a
/// folder of the archive's name.
///
/// # Errors
/// From packing.
pub fn archives(
    stem: &str,
    formats: &[Format],
    artefacts: &[Artefact],
    documents: &[(String, Vec<u8>)],
    epoch: i64,
) -> Result<Vec<Archive>> {
    let mut by_target: BTreeMap<&str, Vec<&Artefact>> = BTreeMap::new();
    for artefact in artefacts {
        by_target
            .entry(&artefact.target)
            .or_default()
            .push(artefact);
    }
    let mut archives = Vec::new();
    for (target, artefacts) in by_target {
        let folder = format!("{stem}-{target}");
        let mut members = Vec::new();
        for (name, bytes) in documents {
            members.push(Member::new(
                format!("{folder}/{name}"),
                bytes.clone(),
                false,
            )?);
        }
        for one in &artefacts {
            let path = format!("{folder}/{}", one.file);
            members.push(Member::new(path, one.bytes.clone(), one.program)?);
        }
        let contents = Contents::new(members, epoch)?;
        let image = image(stem, &folder, &artefacts);
        for format in formats {
            archives.push(Archive {
                name: format!("{folder}{}", format.suffix()),
                target: target.to_owned(),
                bytes: contents.pack(*format, image.as_ref())?,
                contents: listed(&contents),
                artefacts: artefacts.iter().map(|one| one.file.clone()).collect(),
            });
        }
    }
    Ok(archives)
}

fn listed(contents: &Contents) -> Vec<Content> {
    let members = contents.members().iter();
    members
        .map(|member| Content {
            path: member.path().to_owned(),
            size: member.bytes().len() as u64,
            sha256: Sha256::of(member.bytes()),
        })
        .collect()
}

/// An image starts the only program that it has.
fn image(stem: &str, folder: &str, artefacts: &[&Artefact]) -> Option<Image> {
    let triple = &artefacts.first()?.triple;
    let (architecture, variant) = image_architecture(triple)?;
    let mut programs = artefacts.iter().filter(|one| one.program);
    let only = programs.next().filter(|_| programs.next().is_none());
    Some(Image {
        architecture: architecture.to_owned(),
        variant: variant.map(str::to_owned),
        entrypoint: only.map(|one| format!("{folder}/{}", one.file)),
        user: None,
        labels: BTreeMap::new(),
        tag: stem.to_owned(),
    })
}

/// Puts both builds side by side: artefacts as `TARGET/FILE`, and archives
/// under their names.
///
/// Packing is a function of bytes alone. So where the second build gave each
/// artefact of an archive again, its archive is the first one's; where it did
/// not, it has no archive of that name that is known.
pub fn compare(artefacts: &[Artefact], archives: &[Archive], second: &Second) -> Comparison {
    let key = |target: &str, file: &str| (target.to_owned(), file.to_owned());
    let path = |(target, file): &(String, String)| format!("{target}/{file}");
    let firsts: BTreeMap<(String, String), Sha256> = artefacts
        .iter()
        .map(|one| (key(&one.target, &one.file), Sha256::of(&one.bytes)))
        .collect();
    let again = |archive: &&Archive| {
        archive.artefacts.iter().all(|file| {
            let key = key(&archive.target, file);
            second.digests.contains_key(&key) && second.digests.get(&key) == firsts.get(&key)
        })
    };
    let packed = |archive: &Archive| (archive.name.clone(), archive.sha256());
    let first = firsts.iter().map(|(key, sha256)| (path(key), *sha256));
    let other = second
        .digests
        .iter()
        .map(|(key, sha256)| (path(key), *sha256));
    Comparison::new(
        second.variations.iter().flatten().cloned(),
        first.chain(archives.iter().map(packed)),
        other.chain(archives.iter().filter(again).map(packed)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefact(target: &str, file: &str, bytes: &str) -> Artefact {
        Artefact {
            target: target.into(),
            triple: "x86_64-unknown-linux-musl".into(),
            file: file.into(),
            program: true,
            bytes: bytes.into(),
        }
    }

    #[test]
    fn archives_hold_their_targets_artefacts_and_the_documents() {
        let artefacts = [
            artefact("t1", "a", "1"),
            artefact("t2", "a", "2"),
            artefact("t1", "b", "3"),
        ];
        let documents = [("README.md".to_owned(), b"read".to_vec())];
        let formats = [Format::TarGz, Format::Oci];
        let archives = archives("me-1.0", &formats, &artefacts, &documents, 1_700_000_000).unwrap();
        let listed: Vec<(String, Vec<String>)> = archives
            .iter()
            .map(|archive| {
                let file = archive.file();
                assert_eq!(file.sha256, Sha256::of(&archive.bytes));
                (
                    file.name,
                    file.contents.into_iter().map(|one| one.path).collect(),
                )
            })
            .collect();
        let t1 = ["me-1.0-t1/README.md", "me-1.0-t1/a", "me-1.0-t1/b"].map(str::to_owned);
        let t2 = ["me-1.0-t2/README.md", "me-1.0-t2/a"].map(str::to_owned);
        let expected = [
            ("me-1.0-t1.tar.gz".to_owned(), t1.to_vec()),
            ("me-1.0-t1.oci.tar".to_owned(), t1.to_vec()),
            ("me-1.0-t2.tar.gz".to_owned(), t2.to_vec()),
            ("me-1.0-t2.oci.tar".to_owned(), t2.to_vec()),
        ];
        assert_eq!(listed, expected);
    }

    #[test]
    fn an_archive_is_reproducible_where_all_in_it_is() {
        let artefacts = [
            artefact("t1", "a", "1"),
            artefact("t1", "b", "2"),
            artefact("t2", "a", "3"),
        ];
        let archives = archives("me", &[Format::Zip], &artefacts, &[], 1_700_000_000).unwrap();
        let (t1, t2) = (archives[0].sha256(), archives[1].sha256());
        let check = |changes: &[(&str, &str, Option<&str>)]| {
            let mut second = Second::default();
            for one in &artefacts {
                let key = (one.target.clone(), one.file.clone());
                second.digests.insert(key, Sha256::of(&one.bytes));
            }
            for (target, file, bytes) in changes {
                let key = ((*target).to_owned(), (*file).to_owned());
                match bytes {
                    Some(bytes) => second.digests.insert(key, Sha256::of(bytes.as_bytes())),
                    None => second.digests.remove(&key),
                };
            }
            let found = compare(&artefacts, &archives, &second);
            let covers = (found.covers("me-t1.zip", t1), found.covers("me-t2.zip", t2));
            (found.is_reproducible(), covers)
        };
        assert_eq!(check(&[]), (true, (true, true)));
        assert_eq!(check(&[("t1", "b", Some("x"))]), (false, (false, true)));
        assert_eq!(check(&[("t2", "a", None)]), (false, (true, false)));
        assert_eq!(check(&[("t2", "more", Some("x"))]), (false, (true, true)));
    }
}
