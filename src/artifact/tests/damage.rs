//! Files that were cut or changed: an error or some facts, never a panic.

use proptest::prelude::*;

use super::sketch::{Sketch, attributes, note};
use super::*;

/// Files that together use every part of the parser.
fn samples() -> Vec<Vec<u8>> {
    let list = b"\x05cortex-a9\0\x06\x0a\x07A\x09\x02\x20\x00gnu\0\x1c\x01";
    let arm = |endian| Sketch {
        class: Class::Elf32,
        endian,
        machine: 40,
        notes: note(endian, 3, &[1, 2, 3, 4]),
        sections: vec![
            (".ARM.attributes", attributes(endian, "aeabi", list)),
            (".comment", b"clang\0".to_vec()),
        ],
        ..linking()
    };
    vec![
        arm(Endian::Little).bytes(),
        arm(Endian::Big).bytes(),
        Sketch {
            machine: 62,
            ..linking()
        }
        .bytes(),
        Sketch {
            section_headers: false,
            ..linking()
        }
        .bytes(),
        Sketch::statically_linked().bytes(),
    ]
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    for sample in samples() {
        for length in 4..sample.len() {
            assert!(
                facts(&sample[..length]).is_err(),
                "{length} of {}",
                sample.len()
            );
        }
    }
}

#[test]
fn any_single_changed_byte_is_survived() {
    for sample in samples() {
        for place in 0..sample.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = sample.clone();
                bytes[place] ^= change;
                let _ = facts(bytes.as_slice());
            }
        }
    }
}

#[test]
fn a_real_file_that_was_damaged_is_survived() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("nix/seed/busybox");
    let whole = std::fs::read(path).expect("the seed is in the repository");
    for length in (4..whole.len())
        .step_by(99_991)
        .chain([52, 64, 120, whole.len() - 1])
    {
        assert!(facts(&whole[..length]).is_err(), "{length}");
    }
    let mut bytes = whole.clone();
    for place in (0..4096).chain(whole.len() - 2048..whole.len()) {
        bytes[place] ^= 0xff;
        let _ = facts(bytes.as_slice());
        bytes[place] = whole[place];
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_changed_bytes_are_survived(
        sample in 0usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = facts(bytes.as_slice());
    }

    #[test]
    fn noise_after_a_magic_number_is_survived(
        magic in prop::sample::select(vec![&b"\x7fELF\x01\x01\x01"[..], b"\x7fELF\x02\x02\x01", b"!<arch>\n", b"!<thin>\n"]),
        noise in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        let bytes = [magic, &noise].concat();
        let _ = facts(bytes.as_slice());
    }
}
