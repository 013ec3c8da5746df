//! The beginning of every program of a target, by which the kernel chooses an
//! emulator. [pure]

use object::elf;

use super::Elf;

/// What the first bytes of a program are, where the mask has a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Magic {
    pub bytes: [u8; 20],
    pub mask: [u8; 20],
}

impl Magic {
    /// The ELF header (gABI, "ELF Header") up to `e_machine`: executables and
    /// shared objects, for any operating system's ABI. `None` for a machine
    /// that no target here has.
    pub fn of(target: &Elf) -> Option<Magic> {
        let machine = match &*target.machine {
            "aarch64" => elf::EM_AARCH64,
            "arm" => elf::EM_ARM,
            "i386" => elf::EM_386,
            "ppc64" => elf::EM_PPC64,
            "riscv64" => elf::EM_RISCV,
            "s390x" => elf::EM_S390,
            "x86_64" => elf::EM_X86_64,
            _ => return None,
        };
        let little = target.endian == "little";
        let half = |number: u16| match little {
            true => number.to_le_bytes(),
            false => number.to_be_bytes(),
        };
        let class = if target.class == 64 { 2 } else { 1 };
        let data = if little { 1 } else { 2 };
        let mut bytes = [0; 20];
        bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, data, 1]);
        bytes[16..18].copy_from_slice(&half(elf::ET_EXEC.0));
        bytes[18..].copy_from_slice(&half(machine.0));
        let mut mask = [0xff; 20];
        mask[7..16].fill(0);
        // ET_EXEC is 2 and ET_DYN is 3.
        mask[16..18].copy_from_slice(&half(0xfffe));
        Some(Magic { bytes, mask })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Table;

    #[test]
    fn each_target_has_the_magic_of_its_programs() {
        let table = Table::embedded().unwrap();
        for (triple, bytes, mask) in [
            (
                "aarch64-unknown-linux-gnu",
                "7f454c460201010000000000000000000200b700",
                "ffffffffffffff000000000000000000feffffff",
            ),
            (
                "s390x-unknown-linux-gnu",
                "7f454c4602020100000000000000000000020016",
                "ffffffffffffff000000000000000000fffeffff",
            ),
            (
                "armv7-unknown-linux-musleabihf",
                "7f454c4601010100000000000000000002002800",
                "ffffffffffffff000000000000000000feffffff",
            ),
        ] {
            let target = table.iter().find(|target| target.triple == triple).unwrap();
            let magic = Magic::of(&target.elf).unwrap();
            let hex = |bytes: [u8; 20]| bytes.map(|byte| format!("{byte:02x}")).concat();
            assert_eq!((&*hex(magic.bytes), &*hex(magic.mask)), (bytes, mask));
        }
        for target in table.iter() {
            assert!(Magic::of(&target.elf).is_some(), "{}", target.triple);
        }
    }
}
