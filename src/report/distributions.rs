//! Which glibc the well-known distributions have, and for which processors.
//! [pure]
//!
//! The versions are those of each release's own `libc6` or `glibc` package on
//! the day of the release (SLES: of its first service level).

use crate::artifact::{GlibcVersion, Machine};

use Machine::{Aarch64, Arm, I386, Ppc64, Riscv64, S390x, X86_64};

/// A release and its glibc.
struct Release {
    family: &'static str,
    version: &'static str,
    glibc: GlibcVersion,
    machines: &'static [Machine],
}

const fn release(
    family: &'static str,
    version: &'static str,
    glibc: (u32, u32),
    machines: &'static [Machine],
) -> Release {
    Release {
        family,
        version,
        glibc: GlibcVersion::new(glibc.0, glibc.1),
        machines,
    }
}

/// Each family from old to new.
const RELEASES: [Release; 43] = [
    release("Debian", "7", (2, 13), &[X86_64, I386, Arm, S390x]),
    release(
        "Debian",
        "8",
        (2, 19),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Debian",
        "9",
        (2, 24),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Debian",
        "10",
        (2, 28),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Debian",
        "11",
        (2, 31),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Debian",
        "12",
        (2, 36),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Debian",
        "13",
        (2, 41),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x, Riscv64],
    ),
    release(
        "Ubuntu",
        "14.04",
        (2, 19),
        &[X86_64, I386, Arm, Aarch64, Ppc64],
    ),
    release(
        "Ubuntu",
        "16.04",
        (2, 23),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Ubuntu",
        "18.04",
        (2, 27),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Ubuntu",
        "20.04",
        (2, 31),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x, Riscv64],
    ),
    release(
        "Ubuntu",
        "22.04",
        (2, 35),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x, Riscv64],
    ),
    release(
        "Ubuntu",
        "24.04",
        (2, 39),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x, Riscv64],
    ),
    release("RHEL/CentOS", "6", (2, 12), &[X86_64, I386, S390x]),
    release(
        "RHEL/CentOS",
        "7",
        (2, 17),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "RHEL/CentOS",
        "8",
        (2, 28),
        &[X86_64, Aarch64, Ppc64, S390x],
    ),
    release(
        "RHEL/CentOS",
        "9",
        (2, 34),
        &[X86_64, Aarch64, Ppc64, S390x],
    ),
    release(
        "RHEL/CentOS",
        "10",
        (2, 39),
        &[X86_64, Aarch64, Ppc64, S390x],
    ),
    release("Amazon Linux", "2", (2, 26), &[X86_64, Aarch64]),
    release("Amazon Linux", "2023", (2, 34), &[X86_64, Aarch64]),
    release("SLES", "12", (2, 19), &[X86_64, Ppc64, S390x]),
    release("SLES", "15", (2, 26), &[X86_64, Aarch64, Ppc64, S390x]),
    release(
        "Fedora",
        "22",
        (2, 21),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "23",
        (2, 22),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "24",
        (2, 23),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "25",
        (2, 24),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "26",
        (2, 25),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "27",
        (2, 26),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "28",
        (2, 27),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "29",
        (2, 28),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "30",
        (2, 29),
        &[X86_64, I386, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "31",
        (2, 30),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "32",
        (2, 31),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "33",
        (2, 32),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "34",
        (2, 33),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "35",
        (2, 34),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release(
        "Fedora",
        "36",
        (2, 35),
        &[X86_64, Arm, Aarch64, Ppc64, S390x],
    ),
    release("Fedora", "37", (2, 36), &[X86_64, Aarch64, Ppc64, S390x]),
    release("Fedora", "38", (2, 37), &[X86_64, Aarch64, Ppc64, S390x]),
    release("Fedora", "39", (2, 38), &[X86_64, Aarch64, Ppc64, S390x]),
    release("Fedora", "40", (2, 39), &[X86_64, Aarch64, Ppc64, S390x]),
    release("Fedora", "41", (2, 40), &[X86_64, Aarch64, Ppc64, S390x]),
    release("Fedora", "42", (2, 41), &[X86_64, Aarch64, Ppc64, S390x]),
];

/// The first release of each family that has a glibc and a processor:
/// `Debian 8+`, … Families that never had both are left out.
pub(super) fn runs_on(glibc: GlibcVersion, machine: Machine) -> Vec<String> {
    let mut found: Vec<&Release> = Vec::new();
    for release in &RELEASES {
        let fits = release.glibc >= glibc && release.machines.contains(&machine);
        if fits && found.iter().all(|earlier| earlier.family != release.family) {
            found.push(release);
        }
    }
    found
        .iter()
        .map(|release| format!("{} {}+", release.family, release.version))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glibc: (u32, u32), machine: Machine, expected: &str) {
        let found = runs_on(glibc.into(), machine).join(", ");
        assert_eq!(found, expected, "{glibc:?} {machine}");
    }

    #[test]
    fn the_first_release_of_each_family_is_named() {
        check(
            (2, 17),
            X86_64,
            "Debian 8+, Ubuntu 14.04+, RHEL/CentOS 7+, Amazon Linux 2+, SLES 12+, Fedora 22+",
        );
        check((2, 28), Arm, "Debian 10+, Ubuntu 20.04+, Fedora 29+");
        check((2, 34), Riscv64, "Debian 13+, Ubuntu 22.04+");
        check((2, 41), X86_64, "Debian 13+, Fedora 42+");
        check((9, 0), X86_64, "");
        check((2, 17), Machine::Mips, "");
    }

    #[test]
    fn each_family_grows() {
        for pair in RELEASES.windows(2) {
            if pair[0].family == pair[1].family {
                assert!(
                    pair[0].glibc < pair[1].glibc,
                    "{} {}",
                    pair[1].family,
                    pair[1].version
                );
            }
        }
    }
}
