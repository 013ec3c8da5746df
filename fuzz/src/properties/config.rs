//! `xbuild.toml`, the same in a manifest's metadata, and a policy.

use std::path::Path;

use toml::{Table, Value};
use xbuild::attest::Policy;
use xbuild::config::FileLayer;

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = Policy::parse(Path::new("policy.toml"), text);
    let _ = FileLayer::parse_manifest(Path::new("Cargo.toml"), text);
    let path = Path::new("xbuild.toml");
    let layer = match FileLayer::parse(path, text) {
        Ok(layer) => layer,
        Err(error) => {
            let place = error.to_string();
            assert!(place.starts_with("xbuild.toml:"), "{place}");
            return;
        }
    };
    // The configuration reads spans, not values; values must mean the same.
    let Ok(table) = text.parse::<Table>() else {
        return;
    };
    let printed = toml::to_string(&table).expect("a table can be written");
    let again = FileLayer::parse(path, &printed).expect("what is printed can be read");
    assert!(layer.same_settings(&again));

    let mut manifest = Value::Table(table);
    for key in ["xbuild", "metadata", "workspace"] {
        manifest = Value::Table(Table::from_iter([(key.to_owned(), manifest)]));
    }
    let printed = toml::to_string(&manifest).expect("a table can be written");
    let again = FileLayer::parse_manifest(Path::new("Cargo.toml"), &printed);
    let again = again.expect("what is printed can be read");
    assert!(layer.same_settings(&again.expect("the manifest has the key")));
}
