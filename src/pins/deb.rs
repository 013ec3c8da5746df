//! One file out of a Debian package (deb(5)). [pure]

use std::io::Read;
use std::path::Path;

/// The bytes of a file inside a package, named as it is installed, without
/// the leading slash.
///
/// # Errors
/// Where the package is broken, packed other than with xz, or has no such file.
pub fn file_in(deb: &[u8], wanted: &str) -> Result<Vec<u8>, String> {
    let mut archive = ar::Archive::new(deb);
    while let Some(member) = archive.next_entry() {
        let member = member.map_err(|error| format!("is no ar archive: {error}"))?;
        if member.header().identifier() == b"data.tar.xz" {
            return file_in_tar(xz2::read::XzDecoder::new_multi_decoder(member), wanted);
        }
    }
    Err("has no data.tar.xz".to_owned())
}

fn file_in_tar(tar: impl Read, wanted: &str) -> Result<Vec<u8>, String> {
    let broken = |error: std::io::Error| format!("has a broken data.tar.xz: {error}");
    let mut tar = tar::Archive::new(tar);
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?;
        if path.strip_prefix("./").unwrap_or(&path) == Path::new(wanted) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            return Ok(bytes);
        }
    }
    Err(format!("has no `{wanted}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deb(member: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(xz2::write::XzEncoder::new(Vec::new(), 1));
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        tar.append_data(&mut header, "./usr/bin/tool", &b"bytes"[..])
            .unwrap();
        let data = tar.into_inner().unwrap().finish().unwrap();
        let mut deb = ar::Builder::new(Vec::new());
        let version = ar::Header::new(b"debian-binary".to_vec(), 4);
        deb.append(&version, &b"2.0\n"[..]).unwrap();
        let header = ar::Header::new(member.as_bytes().to_vec(), data.len() as u64);
        deb.append(&header, &data[..]).unwrap();
        deb.into_inner().unwrap()
    }

    #[test]
    fn a_file_is_found_by_its_installed_name() {
        assert_eq!(
            file_in(&deb("data.tar.xz"), "usr/bin/tool").unwrap(),
            b"bytes"
        );
        assert!(file_in(&deb("data.tar.xz"), "bin/tool").is_err());
        assert!(file_in(&deb("data.tar.zst"), "usr/bin/tool").is_err());
        assert!(file_in(b"nonsense", "usr/bin/tool").is_err());
    }
}
