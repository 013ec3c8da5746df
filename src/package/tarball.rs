//! A tar (POSIX.1-1988, with GNU's long names) and gzip (RFC 1952). [pure]

use std::io::Write;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::{Contents, internal};
use crate::error::Result;

/// The members one after another, without folders of their own.
pub fn tar(contents: &Contents) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for member in contents.members() {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(member.mode());
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(u64::try_from(contents.epoch).map_err(internal)?);
        header.set_size(u64::try_from(member.bytes.len()).map_err(internal)?);
        builder
            .append_data(&mut header, &member.path, &*member.bytes)
            .map_err(internal)?;
    }
    builder.into_inner().map_err(internal)
}

/// Compressed at the highest level; without a name, a time or a system.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::best());
    encoder.write_all(bytes).map_err(internal)?;
    encoder.finish().map_err(internal)
}
