//! The tables are whole, and what machines print is understood.

use super::release::KNOWN;
use super::*;

fn check(glibc: (u32, u32), machine: &str, expected: &str) {
    let found = runs_on(Floor::new(glibc.0, glibc.1), machine).join(", ");
    assert_eq!(found, expected, "{glibc:?} {machine}");
}

#[test]
fn the_first_release_of_each_family_is_named() {
    check(
        (2, 17),
        "x86_64",
        "Debian 8+, Ubuntu 14.04+, RHEL/CentOS 7+, Amazon Linux 2+, SLES 12+, Fedora 22+",
    );
    check((2, 28), "arm", "Debian 10+, Ubuntu 20.04+, Fedora 29+");
    check((2, 34), "riscv64", "Debian 13+, Ubuntu 22.04+");
    check((2, 41), "x86_64", "Debian 13+, Ubuntu 26.04+, Fedora 42+");
    check((9, 0), "x86_64", "");
    check((2, 17), "mips", "");
}

#[test]
fn the_tables_are_whole_and_each_family_grows() {
    assert!(KNOWN.families.len() >= 6 && KNOWN.others.len() == 3);
    for family in &KNOWN.families {
        for pair in family.releases.windows(2) {
            let what = format!("{} {}", family.name, pair[1].version);
            assert!(pair[0].glibc <= pair[1].glibc, "{what}");
        }
        for id in family.ids.keys() {
            assert!(!family.releases_of(id).is_empty(), "{id}");
        }
        for release in &family.releases {
            let found = family.release("", &release.version).expect("itself").0;
            assert_eq!(found.glibc, release.glibc, "{}", family.name);
            assert!(!release.shown || !release.machines.is_empty());
        }
    }
    assert!(Machine::all().len() >= 16);
    for machine in Machine::all() {
        assert!(machine.processor().is_some(), "{}", machine.name);
        for name in machine.names() {
            assert_eq!(Machine::find(name), Some(machine), "{name}");
        }
    }
    {
        for name in all_names() {
            assert!(
                named(&name).is_ok() || Processor::find(&name).is_some(),
                "{name}"
            );
        }
    }
}

fn shown(wanted: &Wanted) -> String {
    let places = wanted.places.iter().map(|place| match place {
        Place::Glibc { name, glibc } => format!("{name}={glibc}"),
        Place::Musl { name } => format!("{name}=musl"),
        Place::Rolling { name } => format!("{name}=rolling"),
        Place::Apart { name } => format!("{name}=apart"),
        Place::Any => "any".to_owned(),
        Place::Unknown { name } => format!("{name}=unknown"),
    });
    let processors = wanted.processors.iter().map(|one| one.name.to_owned());
    let systems = wanted.systems.iter().map(|one| one.name().to_owned());
    let all: Vec<String> = places.chain(processors).chain(systems).collect();
    all.join(" ")
}

#[test]
fn places_are_known_by_their_names() {
    for (word, expected) in [
        ("debian-11", "Debian 11=2.31"),
        ("debian11", "Debian 11=2.31"),
        ("Debian:12-slim", "Debian 12=2.36"),
        ("bookworm", "Debian 12=2.36"),
        ("debian-bookworm", "Debian 12=2.36"),
        ("ubuntu-22.04", "Ubuntu 22.04=2.35"),
        ("ubuntu 22.04.4", "Ubuntu 22.04.4=2.35"),
        ("jammy", "Ubuntu 22.04=2.35"),
        ("rhel-7", "RHEL 7=2.17"),
        ("centos-7.9", "CentOS 7.9=2.17"),
        ("rocky-8.10", "Rocky Linux 8.10=2.28"),
        ("alma9", "AlmaLinux 9=2.34"),
        ("al2023", "Amazon Linux 2023=2.34"),
        ("amazon-linux-2", "Amazon Linux 2=2.26"),
        ("sles-15-sp5", "SLES 15.5=2.31"),
        ("opensuse-leap-15.6", "openSUSE Leap 15.6=2.38"),
        ("fedora-40", "Fedora 40=2.39"),
        ("fedora-99", "Fedora 99 (as 44, the newest known here)=2.43"),
        ("alpine", "Alpine=musl"),
        ("alpine:3.20", "Alpine=musl"),
        ("arch", "Arch Linux=rolling"),
        ("nixos", "NixOS=apart"),
        ("any", "any"),
        ("glibc-2.17", "what you named=2.17"),
        ("glibc2.31", "what you named=2.31"),
        ("pi-4", "aarch64"),
        ("Raspberry Pi 4", "aarch64"),
        ("rpi-zero", "armv6"),
        ("pi-zero-2-w", "aarch64"),
        ("pi-2", "armv7"),
        ("graviton3", "aarch64"),
        ("AWS Graviton2", "aarch64"),
        ("grace", "aarch64"),
        ("raspbian-11", "Raspberry Pi OS (32-bit) 11=2.31 armv7"),
        ("windows", "Windows"),
        ("macos", "macOS"),
    ] {
        let wanted = named(word).unwrap_or_else(|error| panic!("{word}: {error}"));
        assert_eq!(shown(&wanted), expected, "{word}");
    }
}

#[test]
fn unknown_places_name_the_nearest() {
    for (word, message, hint) in [
        ("debain-11", "is no place that is known", "debian-11"),
        ("debian", "is several releases", "--for debian-N"),
        ("debian-5", "no release `5` of Debian", "one of 7, 8"),
        (
            "rocky-7",
            "no release `7` of Rocky Linux",
            "one of 8, 9, 10",
        ),
        ("fedora-3", "no release `3` of Fedora", "from 22 to 44"),
        ("glibc-new", "--for glibc-new", "--for glibc-2.17"),
        ("qqq", "is no place", "--list"),
    ] {
        let error = named(word).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage, "{word}");
        assert!(error.to_string().contains(message), "{word}: {error}");
        let hints = error.hints().join("\n");
        assert!(hints.contains(hint), "{word}: {hints}");
    }
}

const CENTOS_7: &str = "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\n\
    ID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n";
const MINT: &str = "NAME=\"Linux Mint\"\nVERSION=\"21.3 (Virginia)\"\nID=linuxmint\n\
    ID_LIKE=\"ubuntu debian\"\nPRETTY_NAME=\"Linux Mint 21.3\"\nVERSION_ID=\"21.3\"\n\
    VERSION_CODENAME=virginia\nUBUNTU_CODENAME=jammy\n";
const CLOUDLINUX: &str = "NAME=\"CloudLinux\"\nVERSION_ID=\"8.10\"\nID=\"cloudlinux\"\n\
    ID_LIKE=\"rhel fedora centos\"\nPLATFORM_ID=\"platform:el8\"\n\
    PRETTY_NAME=\"CloudLinux 8.10 (Vladislav Volkov)\"\n";
const ALPINE: &str = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\n\
    PRETTY_NAME=\"Alpine Linux v3.20\"\n";
const SID: &str = "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nNAME=\"Debian GNU/Linux\"\n\
    VERSION_CODENAME=forky\nID=debian\n";
const AMAZON: &str = "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\n\
    VERSION_ID=\"2023\"\nPLATFORM_ID=\"platform:al2023\"\nPRETTY_NAME=\"Amazon Linux 2023\"\n";
const RASPBIAN: &str = "PRETTY_NAME=\"Raspbian GNU/Linux 12 (bookworm)\"\n\
    NAME=\"Raspbian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n\
    ID=raspbian\nID_LIKE=debian\n";
const SLES: &str = "NAME=\"SLES\"\nVERSION=\"15-SP5\"\nVERSION_ID=\"15.5\"\n\
    PRETTY_NAME=\"SUSE Linux Enterprise Server 15 SP5\"\nID=\"sles\"\nID_LIKE=\"suse\"\n";
const YOCTO: &str = "ID=poky\nNAME=\"Poky (Yocto Project Reference Distro)\"\n\
    VERSION_ID=4.0.1\nPRETTY_NAME=\"Poky 4.0.1 (kirkstone)\"\n";
const LDD_DEBIAN: &str = "ldd (Debian GLIBC 2.31-13+deb11u11) 2.31\nCopyright (C) 2020 Free \
    Software Foundation, Inc.\nWritten by Roland McGrath and Ulrich Drepper.\n";

#[test]
fn what_machines_print_is_understood() {
    let table: Vec<(String, &str)> = vec![
        (CENTOS_7.to_owned(), "CentOS 7=2.17"),
        (
            format!(
                "{CENTOS_7}Linux web1 3.10.0-1160.el7.x86_64 #1 SMP Mon Oct 19 16:18:59 UTC 2020 x86_64 x86_64 x86_64 GNU/Linux\nldd (GNU libc) 2.17\n"
            ),
            "CentOS 7=2.17 x86_64",
        ),
        (MINT.to_owned(), "Linux Mint 21.3 (as Ubuntu 22.04)=2.35"),
        (
            CLOUDLINUX.to_owned(),
            "CloudLinux 8.10 (Vladislav Volkov) (as RHEL/CentOS 8)=2.28",
        ),
        (
            format!(
                "{ALPINE}Linux alp 6.6.56-0-lts #1-Alpine SMP aarch64 Linux\nmusl libc (aarch64)\nVersion 1.2.5\nDynamic Program Loader\n"
            ),
            "Alpine=musl aarch64",
        ),
        (SID.to_owned(), "Debian GNU/Linux forky/sid=rolling"),
        (
            "ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian\"\n".to_owned(),
            "Debian (as Debian 12)=2.36",
        ),
        ("ID=rhel\n".to_owned(), "the machine=unknown"),
        (
            format!("{SID}ldd (Debian GLIBC 2.42-5) 2.42\n"),
            "Debian GNU/Linux forky/sid=2.42",
        ),
        (
            format!("{AMAZON}aarch64\n"),
            "Amazon Linux 2023=2.34 aarch64",
        ),
        (SLES.to_owned(), "SLES 15.5=2.31"),
        (
            format!(
                "{RASPBIAN}Linux raspberrypi 6.6.31+rpt-rpi-v8 #1 SMP PREEMPT Debian aarch64 GNU/Linux\n"
            ),
            "Raspberry Pi OS (32-bit) 12=2.36 armv7",
        ),
        (
            format!(
                "{RASPBIAN}Linux raspberrypi 6.6.31+rpt-rpi-v6 #1 Raspbian armv6l GNU/Linux\narmhf\n"
            ),
            "Raspberry Pi OS (32-bit) 12=2.36 armv6",
        ),
        ("Raspberry Pi Zero W Rev 1.1\0".to_owned(), "armv6"),
        (
            "Model\t\t: Raspberry Pi Zero 2 W Rev 1.0\n".to_owned(),
            "aarch64",
        ),
        (
            "Model\t\t: Raspberry Pi 3 Model B Plus Rev 1.3\narmv7l\n".to_owned(),
            "armv7",
        ),
        ("aarch64\narmhf\n".to_owned(), "armv7"),
        (LDD_DEBIAN.to_owned(), "the machine=2.31"),
        (
            "ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35\n".to_owned(),
            "the machine=2.35",
        ),
        (
            "ldd (Ubuntu EGLIBC 2.19-0ubuntu6.15) 2.19\n".to_owned(),
            "the machine=2.19",
        ),
        ("glibc 2.28\nx86_64\n".to_owned(), "the machine=2.28 x86_64"),
        (
            "GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n".to_owned(),
            "the machine=2.31",
        ),
        (
            "CentOS release 6.10 (Final)\ni686\n".to_owned(),
            "CentOS 6.10=2.12 i686",
        ),
        (
            "Red Hat Enterprise Linux Server release 7.9 (Maipo)\r\nx86_64\r\n".to_owned(),
            "RHEL 7.9=2.17 x86_64",
        ),
        ("Codename:\tfocal\n".to_owned(), "Ubuntu 20.04=2.31"),
        (
            format!("{YOCTO}armv7l\n"),
            "Poky 4.0.1 (kirkstone)=unknown armv7",
        ),
        (
            format!("{YOCTO}ldd (GNU libc) 2.35\narmv7l\n"),
            "Poky 4.0.1 (kirkstone)=2.35 armv7",
        ),
        (
            format!("{YOCTO}musl libc (armhf)\nVersion 1.2.4\narmv7l\n"),
            "Poky 4.0.1 (kirkstone)=musl armv7",
        ),
        // Two machines: the older glibc is not the newer machine's.
        (format!("{CENTOS_7}{SLES}"), "CentOS 7=2.17 SLES 15.5=2.31"),
        (
            "Darwin mac.local 23.5.0 Darwin Kernel Version 23.5.0 arm64\n".to_owned(),
            "macOS",
        ),
        (
            "MINGW64_NT-10.0-22631 pc 3.4.10 x86_64 Msys\n".to_owned(),
            "Windows",
        ),
        ("FreeBSD bsd 14.1-RELEASE amd64\n".to_owned(), "BSD"),
        (
            "Linux localhost 5.10.149 #1 SMP aarch64 Android\n".to_owned(),
            "aarch64 Android",
        ),
        ("Linux x86_64\n".to_owned(), "x86_64"),
        ("hello, world\n".to_owned(), ""),
        (String::new(), ""),
    ];
    for (text, expected) in table {
        assert_eq!(shown(&said(&text)), expected, "{text}");
    }
}

#[test]
fn kernels_are_read_with_their_place() {
    let text = format!("{CENTOS_7}Linux web1 3.10.0-1160.el7.x86_64 #1 SMP x86_64 GNU/Linux\n");
    let expected = ("CentOS 7".to_owned(), Kernel::new(3, 10));
    assert_eq!(said(&text).kernels, [expected]);
    let expected = ("RHEL 6".to_owned(), Kernel::new(2, 6));
    assert_eq!(named("rhel-6").expect("known").kernels, [expected]);
    assert_eq!(Kernel::parse("x"), None);
    assert!(Kernel::new(2, 6) < Kernel::new(3, 2));
}
