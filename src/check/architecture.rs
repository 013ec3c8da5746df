//! `architecture`: the file is for the target's processor and ABI. [pure]

use super::{CheckId, Cpu, ElfTarget, Expectation, Finding};
use crate::artifact::{ArchiveFacts, ArmAttributes, ElfFacts, Float, Format, Machine, VfpArgs};

/// `Tag_CPU_arch` of ARMv7; higher numbers are newer, but for the two
/// microcontroller subsets of ARMv6 that came later.
const ARM_V7: u64 = 10;
const ARM_V6M: std::ops::RangeInclusive<u64> = 11..=12;

pub(super) fn elf(elf: &ElfFacts, expected: &Expectation) -> Vec<Finding> {
    let target = &expected.elf;
    let found = describe(&elf.machine.name(), elf.class.bits(), elf.endian.name());
    let wanted = wanted(target);
    if found != wanted {
        return vec![foreign(&found, &wanted, expected)];
    }
    let mut findings = Vec::new();
    if let Some(float) = target.float {
        findings.extend(float_abi(elf, float));
    }
    if let (Some(Cpu::V7), Some(arm)) = (target.cpu, &elf.arm) {
        findings.extend(newer_cpu(arm));
    }
    if elf.machine == Machine::Ppc64 && target.endian.name() == "little" && elf.ppc64_abi == Some(1)
    {
        findings.push(Finding::new(
            CheckId::Architecture,
            "the file follows the ELFv1 ABI, and little-endian PowerPC has ELFv2 only",
            "rebuild the object that was compiled with `-mabi=elfv1`",
        ));
    }
    findings
}

pub(super) fn archive(archive: &ArchiveFacts, expected: &Expectation) -> Vec<Finding> {
    let wanted = wanted(&expected.elf);
    archive
        .machines
        .iter()
        .map(|(machine, class, endian)| describe(&machine.name(), class.bits(), endian.name()))
        .filter(|found| *found != wanted)
        .map(|found| foreign(&found, &wanted, expected))
        .collect()
}

pub(super) fn other(format: Format, expected: &Expectation) -> Finding {
    foreign(format.name(), &wanted(&expected.elf), expected)
}

fn foreign(found: &str, wanted: &str, expected: &Expectation) -> Finding {
    let triple = &expected.triple;
    Finding::new(
        CheckId::Architecture,
        format!("the file is {found}, and {triple} is {wanted}"),
        "look for a build script or a `linker` or `rustflags` setting that ignores `TARGET`",
    )
}

fn describe(machine: &str, bits: u8, endian: &str) -> String {
    format!("{machine}, {bits}-bit, {endian}-endian")
}

fn wanted(target: &ElfTarget) -> String {
    describe(&target.machine, target.class, target.endian.name())
}

/// The calling convention for floating-point numbers: `e_flags` of linked
/// files; ARM objects say it in their attributes, and an object that passes
/// none need not say it at all.
fn float_abi(elf: &ElfFacts, wanted: Float) -> Option<Finding> {
    let args = elf.arm.as_ref().and_then(|arm| arm.vfp_args);
    let found = match (args, elf.float) {
        (Some(VfpArgs::Vfp), _) => Some(Float::Hard),
        (Some(VfpArgs::Core), _) => Some(Float::Soft),
        (Some(VfpArgs::Either), None) => Some(wanted),
        (_, Some(flags)) => Some(flags),
        _ if elf.machine == Machine::Arm && elf.kind.is_linked() => None,
        _ => Some(wanted),
    };
    // Both must agree where both speak: a loader goes by the flags.
    let flags_differ = elf.float.is_some_and(|flags| flags != wanted);
    if found == Some(wanted) && !flags_differ {
        return None;
    }
    let found = match (flags_differ, elf.float, found) {
        (true, Some(flags), _) => flags.name(),
        (_, _, Some(found)) => found.name(),
        _ => "an unstated",
    };
    Some(Finding::new(
        CheckId::Architecture,
        format!(
            "the file has {found} float ABI, and the target has {} float ABI",
            wanted.name()
        ),
        "look for `-mfloat-abi`, `-mabi` or `-march` in CFLAGS, build scripts or `rustflags`",
    ))
}

fn newer_cpu(arm: &ArmAttributes) -> Option<Finding> {
    let arch = arm.cpu_arch?;
    let name = arm.architecture()?;
    if arch <= ARM_V7 || ARM_V6M.contains(&arch) {
        return None;
    }
    Some(Finding::new(
        CheckId::Architecture,
        format!("the file has code for {name}, and the target stops at ARMv7-A"),
        "look for `-mcpu`, `-march` or `-Ctarget-cpu` in CFLAGS, build scripts or `rustflags`",
    ))
}
