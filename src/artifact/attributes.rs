//! Build attributes: `.ARM.attributes` after "Addenda to, and Errata in, the
//! ABI for the Arm Architecture" (section 3), `.riscv.attributes` after the
//! RISC-V ELF psABI. [pure]

use object::read::elf::{AttributesSection, FileHeader};

use super::Malformed;

/// Which profile of the architecture the code wants: `Tag_CPU_arch_profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArmProfile {
    /// None in particular.
    Any,
    Application,
    RealTime,
    Microcontroller,
    /// Application or real-time.
    System,
}

/// Where floating-point arguments go: `Tag_ABI_VFP_args`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VfpArgs {
    /// Core registers: soft-float callers.
    Core,
    /// VFP registers: hard-float callers.
    Vfp,
    /// A vendor's own way.
    Toolchain,
    /// No call passes floating-point numbers.
    Either,
}

/// The attributes of a whole ARM file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArmAttributes {
    /// `Tag_CPU_name`, as the compiler wrote it.
    pub cpu_name: Option<String>,
    /// `Tag_CPU_arch`: 10 is ARMv7, 14 ARMv8-A.
    pub cpu_arch: Option<u64>,
    pub profile: Option<ArmProfile>,
    /// `Tag_THUMB_ISA_use`: whether Thumb code may occur.
    pub thumb: Option<bool>,
    /// `Tag_FP_arch`: 3 is VFPv3, 4 VFPv3-D16, 5 VFPv4.
    pub fp_arch: Option<u64>,
    /// `Tag_Advanced_SIMD_arch`: 0 is none, 1 NEON, 2 NEON with fused multiply-add.
    pub simd: Option<u64>,
    pub vfp_args: Option<VfpArgs>,
}

impl ArmAttributes {
    /// The architecture's name, `ARMv7-A` for example.
    pub fn architecture(&self) -> Option<String> {
        let name = match self.cpu_arch? {
            0 => "pre-ARMv4",
            1 => "ARMv4",
            2 => "ARMv4T",
            3 => "ARMv5T",
            4 => "ARMv5TE",
            5 => "ARMv5TEJ",
            6 => "ARMv6",
            7 => "ARMv6KZ",
            8 => "ARMv6T2",
            9 => "ARMv6K",
            10 => "ARMv7",
            11 => "ARMv6-M",
            12 => "ARMv6S-M",
            13 => "ARMv7E-M",
            14 => "ARMv8-A",
            15 => "ARMv8-R",
            16 => "ARMv8-M.baseline",
            17 => "ARMv8-M.mainline",
            18 => "ARMv8.1-A",
            19 => "ARMv8.2-A",
            20 => "ARMv8.3-A",
            21 => "ARMv8.1-M.mainline",
            22 => "ARMv9-A",
            other => return Some(format!("ARM architecture {other}")),
        };
        let profile = match self.profile {
            Some(ArmProfile::Application) if self.cpu_arch == Some(10) => "-A",
            Some(ArmProfile::RealTime) if self.cpu_arch == Some(10) => "-R",
            Some(ArmProfile::Microcontroller) if self.cpu_arch == Some(10) => "-M",
            _ => "",
        };
        Some(format!("{name}{profile}"))
    }

    /// The floating-point unit's name, `VFPv3-D16` for example; nothing where
    /// the code uses none.
    pub fn floating_point(&self) -> Option<&'static str> {
        match self.fp_arch? {
            1 => Some("VFPv1"),
            2 => Some("VFPv2"),
            3 => Some("VFPv3"),
            4 => Some("VFPv3-D16"),
            5 => Some("VFPv4"),
            6 => Some("VFPv4-D16"),
            7 => Some("ARMv8 FP"),
            8 => Some("ARMv8 FP-D16"),
            _ => None,
        }
    }
}

/// Reads the attributes that hold for a whole ARM file.
///
/// # Errors
/// Where lengths or numbers run out of the section.
pub(super) fn arm<E: FileHeader>(
    endian: E::Endian,
    section: &[u8],
) -> Result<ArmAttributes, Malformed> {
    let mut found = ArmAttributes::default();
    each::<E>(endian, section, "aeabi", |tag, value| match (tag, value) {
        (5, Value::Text(name)) => found.cpu_name = Some(name),
        (6, Value::Number(arch)) => found.cpu_arch = Some(arch),
        (7, Value::Number(letter)) => {
            found.profile = match u8::try_from(letter) {
                Ok(0) => Some(ArmProfile::Any),
                Ok(b'A') => Some(ArmProfile::Application),
                Ok(b'R') => Some(ArmProfile::RealTime),
                Ok(b'M') => Some(ArmProfile::Microcontroller),
                Ok(b'S') => Some(ArmProfile::System),
                _ => None,
            }
        }
        (9, Value::Number(thumb)) => found.thumb = Some(thumb != 0),
        (10, Value::Number(fp)) => found.fp_arch = Some(fp),
        (12, Value::Number(simd)) => found.simd = Some(simd),
        (28, Value::Number(args)) => {
            found.vfp_args = match args {
                0 => Some(VfpArgs::Core),
                1 => Some(VfpArgs::Vfp),
                2 => Some(VfpArgs::Toolchain),
                3 => Some(VfpArgs::Either),
                _ => None,
            }
        }
        _ => {}
    })?;
    Ok(found)
}

/// Reads the ISA string (`Tag_RISCV_arch`) of a RISC-V file.
///
/// # Errors
/// As [`arm`].
pub(super) fn riscv<E: FileHeader>(
    endian: E::Endian,
    section: &[u8],
) -> Result<Option<String>, Malformed> {
    let mut isa = None;
    each::<E>(endian, section, "riscv", |tag, value| {
        if let (5, Value::Text(text)) = (tag, value) {
            isa = Some(text);
        }
    })?;
    Ok(isa)
}

enum Value {
    Number(u64),
    Text(String),
}

/// Walks the vendor's attributes of file scope. Both ABIs say that a tag's
/// parity tells its kind, odd for text; ARM excepts the tags below 32, which
/// are numbers but for 4 and 5, and 32, which is a number and then text.
fn each<E: FileHeader>(
    endian: E::Endian,
    section: &[u8],
    vendor: &str,
    mut take: impl FnMut(u64, Value),
) -> Result<(), Malformed> {
    const FILE_SCOPE: u8 = 1;
    let broken = |error: object::read::Error| Malformed::new("build attributes", error);
    let arm = vendor == "aeabi";
    let section = AttributesSection::<E>::new(endian, section).map_err(broken)?;
    let mut subsections = section.subsections().map_err(broken)?;
    while let Some(subsection) = subsections.next().map_err(broken)? {
        if subsection.vendor() != vendor.as_bytes() {
            continue;
        }
        let mut parts = subsection.subsubsections();
        while let Some(part) = parts.next().map_err(broken)? {
            if part.tag().0 != FILE_SCOPE {
                continue;
            }
            let mut attributes = part.attributes();
            while let Some(tag) = attributes.read_tag().map_err(broken)? {
                let text = match tag {
                    4 | 5 if arm => true,
                    32 if arm => {
                        attributes.read_integer().map_err(broken)?;
                        true
                    }
                    0..32 if arm => false,
                    tag => tag % 2 == 1,
                };
                let value = if text {
                    let text = attributes.read_string().map_err(broken)?;
                    Value::Text(String::from_utf8_lossy(text).into_owned())
                } else {
                    Value::Number(attributes.read_integer().map_err(broken)?)
                };
                take(tag, value);
            }
        }
    }
    Ok(())
}
