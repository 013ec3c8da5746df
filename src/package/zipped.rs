//! A zip archive (PKWARE's APPNOTE), compressed by deflate. [pure]

use std::io::{Cursor, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::{Contents, internal};
use crate::error::Result;

pub fn zip(contents: &Contents) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let time = time(contents.epoch)?;
    for member in contents.members() {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .system(System::Unix)
            .last_modified_time(time)
            .large_file(member.bytes.len() >= 1 << 31)
            .unix_permissions(member.mode());
        writer.start_file(&member.path, options).map_err(internal)?;
        writer.write_all(&member.bytes).map_err(internal)?;
    }
    Ok(writer.finish().map_err(internal)?.into_inner())
}

/// Zip has no time zone and counts in steps of two seconds: UTC, whatever the
/// machine's is.
fn time(epoch: i64) -> Result<DateTime> {
    let time = Timestamp::from_second(epoch).map_err(internal)?;
    let time = time.to_zoned(TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).map_err(internal);
    DateTime::from_date_and_time(
        u16::try_from(time.year()).map_err(internal)?,
        part(time.month())?,
        part(time.day())?,
        part(time.hour())?,
        part(time.minute())?,
        part(time.second())?,
    )
    .map_err(internal)
}
