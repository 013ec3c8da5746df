//! Debian packages: ar, xz and tar in one.

use std::fs;
use std::path::Path;

use xbuild::unpack::{file_in_deb, unpack_deb};

use super::tar;

pub fn holds(data: &[u8]) {
    let found = file_in_deb(data, "usr/bin/tool");
    tar::in_a_folder(|root| {
        let packages = tempfile::tempdir().expect("there is room for a folder");
        let package = packages.path().join("p.deb");
        fs::write(&package, data).expect("there is room for a file");
        let unpacked = unpack_deb(&package, root, &|path| path == Path::new("usr/bin/tool"));
        if let Err(error) = unpacked {
            assert!(error.to_string().contains("p.deb"), "{error}");
        } else if let (Ok(bytes), Ok(file)) = (found, fs::read(root.join("usr/bin/tool"))) {
            assert_eq!(bytes, file);
        }
    });
}
