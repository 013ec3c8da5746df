//! The fuzz targets' corpus through the same properties, as ordinary tests;
//! CONTRIBUTING.md says how to let the fuzzer itself run.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/properties/mod.rs"]
mod properties;

#[test]
fn every_input_of_the_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let folders = fs::read_dir(&corpus).unwrap();
    let mut folders: Vec<_> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let names: Vec<_> = properties::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(folders, names, "a folder a target");
    for (name, holds) in properties::ALL {
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::read(&path).unwrap();
            let survived = std::panic::catch_unwind(|| {
                holds(&data);
                // Cut and altered, each input is several.
                for place in [data.len() / 3, data.len() / 2, data.len() * 9 / 10] {
                    holds(&data[..place]);
                    let mut altered = data.clone();
                    if let Some(byte) = altered.get_mut(place) {
                        *byte ^= 1;
                        holds(&altered);
                    }
                }
            });
            assert!(survived.is_ok(), "{}", path.display());
        }
    }
}
