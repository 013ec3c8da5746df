//! Draws small ELF files of any class and byte order, with what the tests need
//! in them: one loaded segment, addresses a constant above file offsets.

use crate::artifact::{Class, Endian};

const BASE: u64 = 0x1_0000;

/// A version of a library: name, weak, and its symbols with their weakness.
type Version = (&'static str, bool, Vec<(&'static str, bool)>);

#[derive(Clone)]
pub(crate) struct Sketch {
    pub class: Class,
    pub endian: Endian,
    pub machine: u16,
    pub flags: u32,
    pub kind: u16,
    pub dynamic: bool,
    pub interpreter: Option<&'static str>,
    pub soname: Option<&'static str>,
    pub needed: Vec<(&'static str, Vec<Version>)>,
    pub unversioned: Vec<(&'static str, bool)>,
    pub runpath: Option<&'static str>,
    pub rpath: Option<&'static str>,
    /// `DT_FLAGS_1`: 0x0800_0000 is a PIE, 1 binds at start-up.
    pub flags_1: u64,
    /// The flags of `PT_GNU_STACK`: 6 is not executable, 7 is.
    pub stack: Option<u32>,
    pub relro: bool,
    pub notes: Vec<u8>,
    /// Sections of type `PROGBITS`, by name.
    pub sections: Vec<(&'static str, Vec<u8>)>,
    pub section_headers: bool,
}

impl Default for Sketch {
    /// A stripped PIE for aarch64 that needs glibc 2.17.
    fn default() -> Self {
        Sketch {
            class: Class::Elf64,
            endian: Endian::Little,
            machine: 183,
            flags: 0,
            kind: 3,
            dynamic: true,
            interpreter: Some("/lib/ld-linux-aarch64.so.1"),
            soname: None,
            needed: vec![(
                "libc.so.6",
                vec![("GLIBC_2.17", false, vec![("puts", false), ("exit", false)])],
            )],
            unversioned: vec![("gettid", true)],
            runpath: None,
            rpath: None,
            flags_1: 0x0800_0001,
            stack: Some(6),
            relro: true,
            notes: Vec::new(),
            sections: Vec::new(),
            section_headers: true,
        }
    }
}

impl Sketch {
    /// A program without a loader.
    pub(crate) fn statically_linked() -> Self {
        Sketch {
            interpreter: None,
            needed: Vec::new(),
            unversioned: Vec::new(),
            ..Sketch::default()
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Out {
            bytes: Vec::new(),
            wide: self.class == Class::Elf64,
            big: self.endian == Endian::Big,
        };
        let wide = out.wide;
        let (header, segment) = if wide { (64, 56) } else { (52, 32) };
        let segments = 1
            + usize::from(self.interpreter.is_some())
            + usize::from(self.dynamic)
            + usize::from(self.stack.is_some())
            + usize::from(self.relro)
            + usize::from(!self.notes.is_empty());
        out.bytes.resize(header + segments * segment, 0);

        let mut pieces: Vec<(&str, u32, usize, usize)> = Vec::new();
        let mut programs: Vec<(u32, u32, usize, usize)> = Vec::new();
        if let Some(path) = self.interpreter {
            let place = out.piece(&[path.as_bytes(), b"\0"].concat());
            programs.push((3, 4, place.0, place.1));
            pieces.push((".interp", 1, place.0, place.1));
        }
        if !self.notes.is_empty() {
            let place = out.piece(&self.notes);
            programs.push((4, 4, place.0, place.1));
            pieces.push((".note", 7, place.0, place.1));
        }
        if self.dynamic {
            self.dynamic(&mut out, &mut pieces, &mut programs);
        }
        for (name, contents) in &self.sections {
            let place = out.piece(contents);
            pieces.push((name, 1, place.0, place.1));
        }
        if let Some(flags) = self.stack {
            programs.push((0x6474_e551, flags, 0, 0));
        }
        if self.relro {
            programs.push((0x6474_e552, 4, 0, 0));
        }

        let sections = if self.section_headers {
            let mut names = b"\0.shstrtab\0".to_vec();
            let mut table = vec![(0, 0, 0, 0), (1, 3, 0, 0)];
            for (name, kind, offset, size) in &pieces {
                table.push((names.len(), *kind, *offset, *size));
                names.extend(name.as_bytes());
                names.push(0);
            }
            let place = out.piece(&names);
            table[1].2 = place.0;
            table[1].3 = place.1;
            out.align();
            let start = out.bytes.len();
            for (name, kind, offset, size) in &table {
                out.u32(*name as u32);
                out.u32(*kind);
                out.word(0);
                out.word(if offset == &0 {
                    0
                } else {
                    BASE + *offset as u64
                });
                out.word(*offset as u64);
                out.word(*size as u64);
                out.u32(0);
                out.u32(0);
                out.word(1);
                out.word(0);
            }
            Some((start, table.len()))
        } else {
            None
        };

        let end = out.bytes.len();
        programs.insert(0, (1, 5, 0, end));
        let mut head = Out {
            bytes: Vec::new(),
            ..out
        };
        let class = if wide { 2 } else { 1 };
        let order = if head.big { 2 } else { 1 };
        head.bytes
            .extend([0x7f, b'E', b'L', b'F', class, order, 1, 0]);
        head.bytes.extend([0; 8]);
        head.u16(self.kind);
        head.u16(self.machine);
        head.u32(1);
        head.word(BASE);
        head.word(header as u64);
        head.word(sections.map_or(0, |(start, _)| start as u64));
        head.u32(self.flags);
        head.u16(header as u16);
        head.u16(segment as u16);
        head.u16(programs.len() as u16);
        head.u16(if wide { 64 } else { 40 });
        head.u16(sections.map_or(0, |(_, count)| count as u16));
        head.u16(u16::from(sections.is_some()));
        for (kind, flags, offset, size) in programs {
            head.u32(kind);
            if wide {
                head.u32(flags);
            }
            head.word(offset as u64);
            head.word(BASE + offset as u64);
            head.word(BASE + offset as u64);
            head.word(size as u64);
            head.word(size as u64);
            if !wide {
                head.u32(flags);
            }
            head.word(4);
        }
        assert_eq!(head.bytes.len(), header + segments * segment);
        out.bytes[..head.bytes.len()].copy_from_slice(&head.bytes);
        out.bytes
    }

    fn dynamic(
        &self,
        out: &mut Out,
        pieces: &mut Vec<(&str, u32, usize, usize)>,
        programs: &mut Vec<(u32, u32, usize, usize)>,
    ) {
        let mut strings = vec![0];
        let mut name = |text: &str| {
            let place = strings.len();
            strings.extend(text.as_bytes());
            strings.push(0);
            place as u64
        };
        let like = |out: &Out| Out {
            bytes: Vec::new(),
            ..*out
        };
        let (mut symbols, mut indices, mut needs) = (like(out), like(out), like(out));
        symbols.symbol(0, false);
        indices.u16(0);
        let mut count = 1;
        for (text, weak) in &self.unversioned {
            symbols.symbol(name(text) as u32, *weak);
            indices.u16(1);
            count += 1;
        }
        let mut entries = Vec::new();
        let mut index = 2;
        for (position, (library, versions)) in self.needed.iter().enumerate() {
            let library = name(library);
            entries.push((1, library));
            if versions.is_empty() {
                continue;
            }
            let more = self.needed[position + 1..]
                .iter()
                .any(|(_, versions)| !versions.is_empty());
            needs.u16(1);
            needs.u16(versions.len() as u16);
            needs.u32(library as u32);
            needs.u32(16);
            needs.u32(if more {
                16 + 16 * versions.len() as u32
            } else {
                0
            });
            for (position, (version, weak, wanted)) in versions.iter().enumerate() {
                needs.u32(0);
                needs.u16(if *weak { 2 } else { 0 });
                needs.u16(index);
                needs.u32(name(version) as u32);
                needs.u32(if position + 1 < versions.len() { 16 } else { 0 });
                for (symbol, weak) in wanted {
                    symbols.symbol(name(symbol) as u32, *weak);
                    indices.u16(index);
                    count += 1;
                }
                index += 1;
            }
        }
        for (tag, text) in [(14, self.soname), (29, self.runpath), (15, self.rpath)] {
            entries.extend(text.map(|text| (tag, name(text))));
        }
        // A hash table that no symbol is in: all are undefined.
        let mut hash = like(out);
        for number in [1, count, 1, 0] {
            hash.u32(number);
        }
        hash.word(0);
        hash.u32(0);

        let mut add = |section, kind, tag: Option<u64>, contents: &[u8]| {
            let place = out.piece(contents);
            pieces.push((section, kind, place.0, place.1));
            entries.extend(tag.map(|tag| (tag, BASE + place.0 as u64)));
        };
        add(".dynstr", 3, Some(5), &strings);
        add(".dynsym", 11, Some(6), &symbols.bytes);
        add(".gnu.hash", 0x6fff_fff6, Some(0x6fff_fef5), &hash.bytes);
        if !needs.bytes.is_empty() {
            add(
                ".gnu.version",
                0x6fff_ffff,
                Some(0x6fff_fff0),
                &indices.bytes,
            );
            add(
                ".gnu.version_r",
                0x6fff_fffe,
                Some(0x6fff_fffe),
                &needs.bytes,
            );
        }
        entries.push((10, strings.len() as u64));
        entries.push((0x6fff_fffb, self.flags_1));
        entries.push((0, 0));
        let mut table = like(out);
        for (tag, value) in entries {
            table.word(tag);
            table.word(value);
        }
        let place = out.piece(&table.bytes);
        pieces.push((".dynamic", 6, place.0, place.1));
        programs.push((2, 6, place.0, place.1));
    }
}

/// A note of the vendor "GNU".
pub(crate) fn note(endian: Endian, kind: u32, desc: &[u8]) -> Vec<u8> {
    let mut out = Out {
        bytes: Vec::new(),
        wide: true,
        big: endian == Endian::Big,
    };
    out.u32(4);
    out.u32(desc.len() as u32);
    out.u32(kind);
    out.bytes.extend(b"GNU\0");
    out.bytes.extend(desc);
    out.bytes.resize(out.bytes.len().next_multiple_of(4), 0);
    out.bytes
}

/// A section of build attributes of file scope.
pub(crate) fn attributes(endian: Endian, vendor: &str, attributes: &[u8]) -> Vec<u8> {
    let mut out = Out {
        bytes: vec![b'A'],
        wide: true,
        big: endian == Endian::Big,
    };
    out.u32((4 + vendor.len() + 1 + 5 + attributes.len()) as u32);
    out.bytes.extend(vendor.as_bytes());
    out.bytes.extend([0, 1]);
    out.u32((5 + attributes.len()) as u32);
    out.bytes.extend(attributes);
    out.bytes
}

struct Out {
    bytes: Vec<u8>,
    wide: bool,
    big: bool,
}

impl Out {
    fn u16(&mut self, value: u16) {
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend(bytes);
    }

    fn u32(&mut self, value: u32) {
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend(bytes);
    }

    /// A number of the class's width.
    fn word(&mut self, value: u64) {
        if !self.wide {
            return self.u32(value as u32);
        }
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.bytes.extend(bytes);
    }

    /// An undefined function.
    fn symbol(&mut self, name: u32, weak: bool) {
        let info = if name == 0 {
            0
        } else if weak {
            0x22
        } else {
            0x12
        };
        self.u32(name);
        if self.wide {
            self.bytes.extend([info, 0, 0, 0]);
            self.bytes.extend([0; 16]);
        } else {
            self.bytes.extend([0; 8]);
            self.bytes.extend([info, 0, 0, 0]);
        }
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    /// Adds aligned contents: their offset and size.
    fn piece(&mut self, contents: &[u8]) -> (usize, usize) {
        self.align();
        let offset = self.bytes.len();
        self.bytes.extend(contents);
        (offset, contents.len())
    }
}
