//! The filter of system calls: what no build needs and what would reach
//! around the namespaces, seccomp(2).
//!
//! It names what is refused, not what is allowed: builds run programs that
//! nobody foresaw. What the namespaces confine already (ptrace, signals,
//! System V IPC) is left alone, so that debuggers work. Programs of another
//! ABI (32-bit) are killed: their numbers mean other calls.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Refused with EPERM, whatever their arguments.
const FORBIDDEN: &[c_long] = &[
    // The table of mounts, the root.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    // Files by handle pass by the mounts.
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Other namespaces.
    libc::SYS_setns,
    // Keyrings are not of any namespace.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // The kernel itself, its clock and its log.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_vhangup,
];

/// Refused as unknown, so that programs fall back to elder calls: io_uring
/// passes by this filter, clone3 hides its flags from it, and the last three
/// (statmount, listmount, open_tree_attr) know the mounts.
const UNKNOWN: &[c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_clone3,
    457,
    458,
    467,
];

/// CLONE_NEWTIME; as a flag of clone(2) it would mean a signal.
const NEW_TIME: u64 = 0x80;

/// Every other namespace of clone(2) and unshare(2).
const NEW: [libc::c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// TIOCSTI types into the terminal, TIOCLINUX pastes into a console, as if the
/// user did. (The constants of `libc` differ in type between C libraries.)
const TYPING: [u64; 2] = [0x5412, 0x541c];

/// The only families of sockets that know the network namespace and that a
/// build or a test may want. Netlink tells the addresses of the interfaces.
const FAMILIES: [libc::c_int; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// The programs to install, one for each kind of refusal.
pub(super) fn programs() -> Result<[BpfProgram; 3], Error> {
    let mut forbidden: Rules = always(FORBIDDEN);
    #[cfg(target_arch = "x86_64")]
    forbidden.extend(always(&[
        libc::SYS_kexec_file_load,
        libc::SYS_ioperm,
        libc::SYS_iopl,
        libc::SYS_uselib,
    ]));
    let flag = |argument: u8, flag: u64| {
        rule(argument, SeccompCmpOp::MaskedEq(flag), flag).map(|condition| vec![condition])
    };
    let new = |call: c_long, also: Option<u64>| {
        NEW.iter()
            .map(|flag| *flag as u64)
            .chain(also)
            .map(|bit| SeccompRule::new(flag(0, bit)?))
            .collect::<Result<Vec<_>, _>>()
            .map(|rules| (call, rules))
    };
    let typing = TYPING
        .iter()
        .map(|request| SeccompRule::new(vec![rule(1, SeccompCmpOp::Eq, *request)?]))
        .collect::<Result<Vec<_>, _>>();
    // Where any family of these four is asked for, one condition fails.
    let family = FAMILIES
        .iter()
        .map(|family| rule(0, SeccompCmpOp::Ne, *family as u64))
        .collect::<Result<Vec<_>, _>>()
        .and_then(SeccompRule::new);
    forbidden.extend([
        new(libc::SYS_clone, None).map_err(Error::other)?,
        new(libc::SYS_unshare, Some(NEW_TIME)).map_err(Error::other)?,
        (libc::SYS_ioctl, typing.map_err(Error::other)?),
    ]);
    let family = family.map_err(Error::other)?;
    let families =
        [libc::SYS_socket, libc::SYS_socketpair].map(|call| (call, vec![family.clone()]));
    let mut unknown = compile(always(UNKNOWN), libc::ENOSYS)?;
    unknown.splice(0..0, refuse_x32());
    Ok([
        unknown,
        compile(forbidden, libc::EPERM)?,
        compile(Rules::from(families), libc::EAFNOSUPPORT)?,
    ])
}

/// Installs the programs; from then on they hold for this process and for all
/// that it starts.
pub(super) fn install(programs: &[BpfProgram]) -> Result<(), Error> {
    programs
        .iter()
        .try_for_each(|program| seccompiler::apply_filter(program))
        .map_err(|error| match error {
            seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error) => error,
            _ => ErrorKind::InvalidInput.into(),
        })
}

fn always(calls: &[c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// The kernel takes the lower half of every argument compared here; so does
/// this, or the upper half would be a way around.
fn rule(
    argument: u8,
    comparison: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)
}

fn compile(rules: Rules, errno: libc::c_int) -> Result<BpfProgram, Error> {
    let arch = std::env::consts::ARCH.try_into().map_err(Error::other)?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)
        .and_then(TryInto::try_into)
        .map_err(Error::other)
}

/// On x86-64 the x32 ABI calls the same architecture's numbers with bit 30
/// set; the compiled rules would not know them. Loads the number and refuses
/// it with ENOSYS where it is that high.
fn refuse_x32() -> Vec<sock_filter> {
    if !cfg!(target_arch = "x86_64") {
        return Vec::new();
    }
    let statement = |code: u32, jf: u8, k: u32| sock_filter {
        code: code as u16,
        jt: 0,
        jf,
        k,
    };
    vec![
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, 0x4000_0000),
        statement(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(),
        ),
    ]
}
