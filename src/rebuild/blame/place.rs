//! Where two files differ: archive member, section, symbol, text. [pure]

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol};

use super::text::{self, Texts};

/// One place where two files differ: the most telling one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The member of an archive.
    pub member: Option<String>,
    pub section: Option<String>,
    /// The symbol that it belongs to, as it stands in the file.
    pub symbol: Option<String>,
    /// Bytes from the start of the first file, or of the member.
    pub offset: u64,
    /// What stands there: text, or bytes in hexadecimal.
    pub first: String,
    pub second: String,
}

impl Place {
    /// `member x.o, section .rodata, offset 0x41c20, symbol NAME`.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.member.as_ref().map(|name| format!("member {name}")));
        words.extend(self.section.as_ref().map(|name| format!("section {name}")));
        words.push(format!("offset {:#x}", self.offset));
        words.extend(self.symbol.as_ref().map(|name| format!("symbol {name}")));
        words.join(", ")
    }
}

/// The most telling difference of two files; `None` where they are equal.
pub fn place(first: &[u8], second: &[u8]) -> Option<Place> {
    if first == second {
        return None;
    }
    of_archive(first, second)
        .or_else(|| of_object(first, second))
        .or_else(|| Some(of_bytes(first, second)))
}

/// Texts that differ, for those who look for hints: of a program's telling
/// sections, of an archive's members, of anything else whole.
pub fn texts(first: &[u8], second: &[u8]) -> Vec<Texts> {
    if let (Some(ours), Some(theirs)) = (members(first), members(second)) {
        let pairs = ours.iter().zip(&theirs);
        let differing = pairs.filter(|(ours, theirs)| ours.data != theirs.data);
        return differing
            .flat_map(|(ours, theirs)| texts(ours.data, theirs.data))
            .collect();
    }
    let (Ok(ours), Ok(theirs)) = (object::File::parse(first), object::File::parse(second)) else {
        return text::pairs(first, second);
    };
    let telling = |name: &str| rank(name) < 3;
    let mut found = Vec::new();
    for section in ours.sections() {
        let other = section.name().ok().filter(|name| telling(name));
        let other = other.and_then(|name| theirs.section_by_name(name));
        if let Some(other) = other
            && let (Ok(ours), Ok(theirs)) = (section.data(), other.data())
            && ours != theirs
        {
            found.extend(text::pairs(ours, theirs));
        }
    }
    found
}

fn of_archive(first: &[u8], second: &[u8]) -> Option<Place> {
    let (ours, theirs) = (members(first)?, members(second)?);
    let mut place = ours
        .iter()
        .zip(&theirs)
        .find_map(|(ours, theirs)| differing_members(ours, theirs));
    if place.is_none() && ours.len() != theirs.len() {
        let count = |members: &[Member<'_>]| format!("{} members", members.len());
        place = Some(Place {
            first: count(&ours),
            second: count(&theirs),
            ..Place::default()
        });
    }
    place
}

struct Member<'d> {
    name: String,
    /// Time, owner, group and permissions.
    about: String,
    data: &'d [u8],
}

fn members(data: &[u8]) -> Option<Vec<Member<'_>>> {
    let archive = ArchiveFile::parse(data).ok()?;
    archive
        .members()
        .map(|member| {
            let member = member.ok()?;
            let (date, uid, gid, mode) = (member.date(), member.uid(), member.gid(), member.mode());
            Some(Member {
                name: String::from_utf8_lossy(member.name()).into_owned(),
                about: format!(
                    "time {} owner {} group {} mode {:o}",
                    date.unwrap_or(0),
                    uid.unwrap_or(0),
                    gid.unwrap_or(0),
                    mode.unwrap_or(0)
                ),
                data: member.data(data).ok()?,
            })
        })
        .collect()
}

fn differing_members(ours: &Member<'_>, theirs: &Member<'_>) -> Option<Place> {
    let told = |first: &str, second: &str| Place {
        first: first.to_owned(),
        second: second.to_owned(),
        ..Place::default()
    };
    let mut place = if ours.name != theirs.name {
        told(&ours.name, &theirs.name)
    } else if ours.data != theirs.data {
        of_object(ours.data, theirs.data).unwrap_or_else(|| of_bytes(ours.data, theirs.data))
    } else if ours.about != theirs.about {
        told(&ours.about, &theirs.about)
    } else {
        return None;
    };
    place.member = Some(ours.name.clone());
    Some(place)
}

/// How much a section's difference tells: what people wrote first, what follows
/// from other differences last.
fn rank(name: &str) -> u8 {
    match name {
        name if name.starts_with(".rodata") => 0,
        name if name.starts_with(".data") || name == ".comment" => 1,
        ".debug_str" | ".debug_line_str" => 2,
        name if name.starts_with(".debug") => 5,
        ".symtab" | ".strtab" | ".dynsym" | ".dynstr" => 4,
        ".note.gnu.build-id" | ".shstrtab" | ".eh_frame" | ".eh_frame_hdr" => 7,
        name if name.starts_with(".rela") || name.starts_with(".gcc_except") => 6,
        _ => 3,
    }
}

fn of_object(first: &[u8], second: &[u8]) -> Option<Place> {
    let (ours, theirs) = (
        object::File::parse(first).ok()?,
        object::File::parse(second).ok()?,
    );
    let mut best: Option<(u8, Place)> = None;
    for section in ours.sections() {
        let Ok(name) = section.name() else { continue };
        let Some(other) = theirs.section_by_name(name) else {
            continue;
        };
        let (Ok(a), Ok(b)) = (section.data(), other.data()) else {
            continue;
        };
        if a == b {
            continue;
        }
        let texts = text::pairs(a, b).into_iter().next();
        // A section that differs in texts tells more than one that does not.
        let rank = rank(name) + if texts.is_some() { 0 } else { 10 };
        if best.as_ref().is_some_and(|(known, _)| *known <= rank) {
            continue;
        }
        let (offset, mut place) = match texts {
            Some(texts) => (
                texts.offset as u64,
                Place {
                    first: texts.first,
                    second: texts.second,
                    ..Place::default()
                },
            ),
            None => {
                let place = of_bytes(a, b);
                (place.offset, place)
            }
        };
        let start = section.file_range().map_or(0, |(start, _)| start);
        place.section = Some(name.to_owned());
        place.offset = start + offset;
        place.symbol = symbol_at(&ours, &section, offset);
        best = Some((rank, place));
    }
    best.map(|(_, place)| place)
}

/// The smallest symbol that covers a place of a section.
fn symbol_at(
    file: &object::File<'_>,
    section: &object::Section<'_, '_>,
    offset: u64,
) -> Option<String> {
    let address = section.address() + offset;
    let covers = |symbol: &object::Symbol<'_, '_>| {
        let begin = symbol.address();
        symbol.section_index() == Some(section.index())
            && begin <= address
            && address < begin.saturating_add(symbol.size())
    };
    let symbol = file.symbols().filter(covers).min_by_key(ObjectSymbol::size);
    // What LLVM named tells nobody anything.
    let nameless =
        |name: &&str| name.is_empty() || name.starts_with("anon.") || name.starts_with(".L");
    let name = symbol?.name().ok().filter(|name| !nameless(name))?;
    Some(name.to_owned())
}

fn of_bytes(first: &[u8], second: &[u8]) -> Place {
    const SHOWN: usize = 16;
    if let Some(texts) = text::pairs(first, second).into_iter().next() {
        return Place {
            offset: texts.offset as u64,
            first: texts.first,
            second: texts.second,
            ..Place::default()
        };
    }
    let at = first.iter().zip(second).take_while(|(a, b)| a == b).count();
    let hex = |data: &[u8]| {
        let bytes = data[at.min(data.len())..].iter().take(SHOWN);
        let bytes: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
        match &bytes[..] {
            [] => "the end".to_owned(),
            bytes => bytes.join(" "),
        }
    };
    Place {
        offset: at as u64,
        first: hex(first),
        second: hex(second),
        ..Place::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &[u8], u64)]) -> Vec<u8> {
        let mut builder = ar::Builder::new(Vec::new());
        for (name, data, time) in members {
            let mut header = ar::Header::new(name.as_bytes().to_vec(), data.len() as u64);
            header.set_mtime(*time);
            header.set_mode(0o644);
            builder.append(&header, *data).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn plain_files_differ_in_text_or_bytes() {
        assert_eq!(place(b"same", b"same"), None);
        let found = place(b"built on xbuild.", b"built on elsewhere.").unwrap();
        assert_eq!((found.offset, &*found.first), (9, "built on xbuild."));
        let found = place(&[0, 1, 2, 3], &[0, 1, 9]).unwrap();
        assert_eq!((&*found.first, &*found.second), ("02 03", "09"));
        assert_eq!(place(&[0, 1], &[0]).unwrap().second, "the end");
    }

    #[test]
    fn archives_differ_by_member() {
        let ours = archive(&[("a.o", b"same", 0), ("b.o", b"on host one", 0)]);
        let theirs = archive(&[("a.o", b"same", 0), ("b.o", b"on host two", 0)]);
        let found = place(&ours, &theirs).unwrap();
        assert_eq!(found.member.as_deref(), Some("b.o"));
        assert_eq!(
            (&*found.first, &*found.second),
            ("on host one", "on host two")
        );

        let later = archive(&[("a.o", b"same", 7), ("b.o", b"on host one", 0)]);
        let found = place(&ours, &later).unwrap();
        assert_eq!(found.member.as_deref(), Some("a.o"));
        assert_eq!(found.second, "time 7 owner 0 group 0 mode 644");

        let fewer = archive(&[("a.o", b"same", 0)]);
        assert_eq!(place(&ours, &fewer).unwrap().second, "1 members");
        let other = archive(&[("a.o", b"same", 0), ("c.o", b"on host one", 0)]);
        assert_eq!(place(&ours, &other).unwrap().second, "c.o");
    }

    #[test]
    fn sections_that_people_wrote_come_first() {
        let mut names = [
            ".note.gnu.build-id",
            ".text",
            ".debug_str",
            ".rodata.str",
            ".data",
        ];
        names.sort_by_key(|name| rank(name));
        assert_eq!(
            names,
            [
                ".rodata.str",
                ".data",
                ".debug_str",
                ".text",
                ".note.gnu.build-id"
            ]
        );
    }
}
