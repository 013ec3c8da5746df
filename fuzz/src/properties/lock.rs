//! `xbuild.lock`.

use std::path::{Component, Path};

use xbuild::lock::Lock;

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let path = Path::new("xbuild.lock");
    let Ok(lock) = Lock::parse(path, text) else {
        return;
    };
    let printed = lock.to_text().expect("a lock can be written");
    let again = Lock::parse(path, &printed).expect("what is printed can be read");
    assert_eq!(again, lock);
    assert_eq!(again.to_text().expect("a lock can be written"), printed);
    for libraries in lock.targets() {
        for package in &libraries.packages {
            // What is asked of a mirror, and what the file is called here.
            let parts = Path::new(&package.path).components();
            let plain = |part| matches!(part, Component::Normal(_));
            assert!(parts.clone().count() > 0 && parts.clone().all(plain));
            assert!(!package.file_name().contains('/') && package.file_name() != "..");
        }
    }
}
