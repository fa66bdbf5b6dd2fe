//! Which system calls are refused, and why, as data.
//!
//! The list names what is refused. It is checked by the kernel for each call of this process and of its later threads.
//! Every entry belongs to a power and applies when that power is given up.

use std::collections::BTreeMap;
use std::ffi::c_long;

use libc::*;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};

use crate::Powers;
use crate::powers::Power;
use crate::walls::WallState;

/// A call that is refused, with the errno that its caller sees.
struct Refusal {
    call: c_long,
    when: When,
    errno: i32,
    #[expect(dead_code, reason = "the reason is for whoever reads the table")]
    why: &'static str,
}

#[derive(Clone, Copy)]
enum When {
    Always,
    /// `argument & mask == value`
    Masked {
        argument: u8,
        mask: u64,
        value: u64,
    },
    /// `argument & mask != value`, for masks that cover a small field
    Not {
        argument: u8,
        value: u64,
    },
}

const fn refuse(call: c_long, why: &'static str) -> Refusal {
    Refusal { call, when: When::Always, errno: EPERM, why }
}

const fn refuse_when(call: c_long, when: When, why: &'static str) -> Refusal {
    Refusal { call, when, errno: EPERM, why }
}

// The newest calls have one number on every processor, and not everywhere a name yet.
const FCHMODAT2: c_long = 452;
const SETXATTRAT: c_long = 463;
const REMOVEXATTRAT: c_long = 466;
const OPEN_TREE_ATTR: c_long = 467;
const FILE_SETATTR: c_long = 469;

const FILES: &[Refusal] = &[
    // Landlock decides about opening. It has no say about these, which change a file by its name.
    refuse(SYS_truncate, "Landlock refuses it only since Linux 6.2"),
    refuse(SYS_fchmodat, "makes a file readable for others without opening it"),
    refuse(FCHMODAT2, "the same with flags"),
    refuse(SYS_fchownat, "gives a file away without opening it"),
    refuse(SYS_setxattr, "changes attributes, capabilities among them, without opening"),
    refuse(SYS_lsetxattr, "the same on a link"),
    refuse(SYS_removexattr, "takes attributes away without opening"),
    refuse(SYS_lremovexattr, "the same on a link"),
    refuse(SETXATTRAT, "the newer way to change attributes"),
    refuse(REMOVEXATTRAT, "the newer way to take attributes away"),
    refuse(FILE_SETATTR, "changes a file's flags by its name"),
    refuse(SYS_utimensat, "forges the times that others sort and cache by"),
    refuse(SYS_chroot, "a new root confuses every check by path"),
    refuse(SYS_name_to_handle_at, "the first half of opening without a path"),
    refuse(SYS_open_by_handle_at, "opens a file without a path"),
    refuse(SYS_fanotify_init, "sees and decides what other processes open"),
];

#[cfg(target_arch = "x86_64")]
const FILES_BY_OLDER_NAMES: &[Refusal] = &[
    refuse(SYS_chmod, "an older name of `fchmodat`"),
    refuse(SYS_chown, "an older name of `fchownat`"),
    refuse(SYS_lchown, "an older name of `fchownat`"),
    refuse(SYS_utime, "an older name of `utimensat`"),
    refuse(SYS_utimes, "an older name of `utimensat`"),
    refuse(SYS_futimesat, "an older name of `utimensat`"),
];
#[cfg(not(target_arch = "x86_64"))]
const FILES_BY_OLDER_NAMES: &[Refusal] = &[];

const NETWORK: &[Refusal] = &[
    Refusal {
        call: SYS_socket,
        when: When::Always,
        errno: EAFNOSUPPORT,
        why: "TCP, UDP, raw, netlink, vsock (which no network namespace confines) and also Unix: a new Unix socket \
              reaches every path socket of the machine, a container engine's or a session bus's among them",
    },
    refuse(
        SYS_connect,
        "what is to be reached was dialled before; a datagram socket could be turned elsewhere",
    ),
    Refusal {
        call: SYS_socketpair,
        when: When::Not { argument: 0, value: AF_UNIX as u64 },
        errno: EAFNOSUPPORT,
        why: "a pair of Unix sockets reaches only itself; other families have no business here",
    },
    refuse_when(
        SYS_socketpair,
        When::Masked { argument: 1, mask: 0xf, value: SOCK_DGRAM as u64 },
        "a datagram socket can be given any path with each message; a runtime's own pairs are streams",
    ),
    refuse_when(
        SYS_socketpair,
        When::Masked { argument: 1, mask: 0xf, value: SOCK_RAW as u64 },
        "Unix sockets treat it as datagram",
    ),
];

const PROGRAMS: &[Refusal] = &[
    refuse(SYS_execve, "this process never becomes another program"),
    refuse(SYS_execveat, "the same by descriptor, a memory file's among them"),
    Refusal {
        call: SYS_clone3,
        when: When::Always,
        errno: ENOSYS,
        why: "its flags are behind a pointer and cannot be judged; the C library falls back to `clone`",
    },
    refuse_when(
        SYS_clone,
        When::Masked { argument: 0, mask: CLONE_THREAD as u64, value: 0 },
        "a thread is welcome, a process is not",
    ),
    refuse_when(SYS_clone, flag(CLONE_NEWNS), "a mount namespace opens the mount calls to anyone"),
    refuse_when(SYS_clone, flag(CLONE_NEWCGROUP), "namespaces are raised outside, never within"),
    refuse_when(SYS_clone, flag(CLONE_NEWUTS), "namespaces are raised outside, never within"),
    refuse_when(SYS_clone, flag(CLONE_NEWIPC), "namespaces are raised outside, never within"),
    refuse_when(SYS_clone, flag(CLONE_NEWUSER), "a user namespace makes anyone root over much kernel code"),
    refuse_when(SYS_clone, flag(CLONE_NEWPID), "namespaces are raised outside, never within"),
    refuse_when(SYS_clone, flag(CLONE_NEWNET), "a network namespace opens netfilter to anyone"),
    refuse_when(
        SYS_ioctl,
        When::Masked { argument: 1, mask: 0xffff_ffff, value: 0x5412 },
        "TIOCSTI types into the terminal, so that the owner's shell runs it",
    ),
    refuse_when(
        SYS_ioctl,
        When::Masked { argument: 1, mask: 0xffff_ffff, value: 0x541c },
        "TIOCLINUX pastes into a console, which is typing too",
    ),
];

#[cfg(target_arch = "x86_64")]
const PROGRAMS_BY_OLDER_NAMES: &[Refusal] =
    &[refuse(SYS_fork, "an older name of `clone`"), refuse(SYS_vfork, "an older name of `clone`")];
#[cfg(not(target_arch = "x86_64"))]
const PROGRAMS_BY_OLDER_NAMES: &[Refusal] = &[];

const KERNEL: &[Refusal] = &[
    // other processes
    refuse(SYS_ptrace, "takes another process over"),
    refuse(SYS_process_vm_readv, "reads another process's memory"),
    refuse(SYS_process_vm_writev, "writes another process's memory"),
    refuse(SYS_process_madvise, "evicts another process's memory"),
    refuse(SYS_pidfd_getfd, "takes an open file out of another process"),
    refuse(SYS_kcmp, "tells kernel addresses by comparing"),
    // other ways to do what is refused above
    refuse(SYS_io_uring_setup, "opens, connects and sends behind this filter's back"),
    refuse(SYS_io_uring_enter, "the same on a ring that was inherited"),
    refuse(SYS_io_uring_register, "the same on a ring that was inherited"),
    // namespaces and mounts
    refuse(SYS_unshare, "namespaces are raised outside, never within"),
    refuse(SYS_setns, "joins another process's namespaces"),
    refuse(SYS_mount, "changes which files there are"),
    refuse(SYS_umount2, "uncovers what a mount hides"),
    refuse(SYS_pivot_root, "changes which files there are"),
    refuse(SYS_open_tree, "the newer mount calls"),
    refuse(OPEN_TREE_ATTR, "the newer mount calls"),
    refuse(SYS_move_mount, "the newer mount calls"),
    refuse(SYS_fsopen, "the newer mount calls; has had holes of its own"),
    refuse(SYS_fsconfig, "the newer mount calls; has had holes of its own"),
    refuse(SYS_fsmount, "the newer mount calls"),
    refuse(SYS_fspick, "the newer mount calls"),
    refuse(SYS_mount_setattr, "the newer mount calls"),
    // code in the kernel
    refuse(SYS_bpf, "runs code in the kernel"),
    refuse(SYS_init_module, "runs code in the kernel"),
    refuse(SYS_finit_module, "runs code in the kernel"),
    refuse(SYS_delete_module, "takes code out of the kernel"),
    refuse(SYS_kexec_load, "starts another kernel"),
    // wide and rarely needed: a favourite of exploits
    refuse(SYS_userfaultfd, "holds the kernel still in the middle of a copy"),
    refuse(SYS_perf_event_open, "wide, and sees other processes"),
    refuse(SYS_add_key, "key rings outlive the process and are shared"),
    refuse(SYS_request_key, "starts a helper program as root"),
    refuse(SYS_keyctl, "key rings outlive the process and are shared"),
    // the machine
    refuse(SYS_reboot, "stops the machine"),
    refuse(SYS_swapon, "memory of others goes where it says"),
    refuse(SYS_swapoff, "the machine's memory is not its business"),
    refuse(SYS_acct, "writes a file about every process"),
    refuse(SYS_quotactl, "the machine's disks are not its business"),
    refuse(SYS_syslog, "kernel messages tell addresses"),
    refuse(SYS_settimeofday, "permits and approvals live by the clock"),
    refuse(SYS_clock_settime, "permits and approvals live by the clock"),
    refuse(SYS_clock_adjtime, "permits and approvals live by the clock"),
    refuse(SYS_adjtimex, "permits and approvals live by the clock"),
    refuse(SYS_sethostname, "the machine's name is not its business"),
    refuse(SYS_setdomainname, "the machine's name is not its business"),
];

#[cfg(target_arch = "x86_64")]
const KERNEL_OF_THIS_PROCESSOR: &[Refusal] = &[
    refuse(SYS_kexec_file_load, "starts another kernel"),
    refuse(SYS_iopl, "talks to devices directly"),
    refuse(SYS_ioperm, "talks to devices directly"),
    refuse(SYS_modify_ldt, "16-bit segments: old, wide, and never needed"),
];
#[cfg(not(target_arch = "x86_64"))]
const KERNEL_OF_THIS_PROCESSOR: &[Refusal] = &[refuse(SYS_kexec_file_load, "starts another kernel")];

const fn flag(flag: i32) -> When {
    When::Masked { argument: 0, mask: flag as u64, value: flag as u64 }
}

/// Refuses every call of the powers that are given up. The state of the wall `system-calls`.
pub(crate) fn refuse_given_up(powers: &Powers) -> WallState {
    let refusals = refusals(powers);
    if refusals.is_empty() {
        return WallState::NotWanted;
    }
    let programs = match programs(&refusals) {
        Ok(programs) => programs,
        Err(why) => return WallState::missing(why),
    };
    for program in &programs {
        if let Err(error) = apply_filter_all_threads(program) {
            return WallState::missing(error);
        }
    }
    no_socket_is_given(powers)
}

fn refusals(powers: &Powers) -> Vec<&'static Refusal> {
    [
        (powers.files, FILES),
        (powers.files, FILES_BY_OLDER_NAMES),
        (powers.network, NETWORK),
        (powers.programs, PROGRAMS),
        (powers.programs, PROGRAMS_BY_OLDER_NAMES),
        (powers.kernel, KERNEL),
        (powers.kernel, KERNEL_OF_THIS_PROCESSOR),
    ]
    .into_iter()
    .filter(|(power, _)| *power == Power::GivenUp)
    .flat_map(|(_, refusals)| refusals)
    .collect()
}

/// One program per errno, because a program can give only one answer. The kernel asks all of them and takes the
/// strictest.
fn programs(refusals: &[&Refusal]) -> Result<Vec<BpfProgram>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| format!("there is no filter for this processor (`{}`)", std::env::consts::ARCH))?;
    let mut by_errno: BTreeMap<i32, BTreeMap<i64, Vec<SeccompRule>>> = BTreeMap::new();
    for refusal in refusals {
        let rules = by_errno.entry(refusal.errno).or_default().entry(refusal.call).or_default();
        rules.extend(refusal.when.rule().map_err(|error| error.to_string())?);
    }
    let mut programs: Vec<BpfProgram> = second_numbering().into_iter().collect();
    for (errno, rules) in by_errno {
        let refused = SeccompAction::Errno(errno.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch);
        programs.push(filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())?);
    }
    Ok(programs)
}

/// x86-64 kernels may offer a second numbering of all calls (x32), which a list of numbers would not notice. Four
/// instructions: load the number; at or above the bit that marks x32 it is `ENOSYS`; below, it is for the others.
#[cfg(target_arch = "x86_64")]
fn second_numbering() -> Option<BpfProgram> {
    let instruction =
        |code: u32, jf: u8, k: u32| seccompiler::sock_filter { code: code as u16, jt: 0, jf, k };
    Some(vec![
        instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0),
        instruction(BPF_JMP | BPF_JGE | BPF_K, 1, 0x4000_0000),
        instruction(BPF_RET | BPF_K, 0, SECCOMP_RET_ERRNO | ENOSYS.unsigned_abs()),
        instruction(BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW),
    ])
}

#[cfg(not(target_arch = "x86_64"))]
fn second_numbering() -> Option<BpfProgram> {
    None
}

/// The wall is tried at once.
fn no_socket_is_given(powers: &Powers) -> WallState {
    use rustix::net::{AddressFamily, SocketType, socket};
    if powers.network == Power::Kept {
        return WallState::Stands;
    }
    match socket(AddressFamily::UNIX, SocketType::STREAM, None) {
        Err(rustix::io::Errno::AFNOSUPPORT) => WallState::Stands,
        Err(error) => WallState::missing(format_args!("`socket` failed with `{error}`, not by this filter")),
        Ok(_) => WallState::missing("the filter is on, but a socket can still be made"),
    }
}

// === impl When ===

impl When {
    /// `None` refuses the call whatever its arguments are.
    fn rule(self) -> Result<Option<SeccompRule>, seccompiler::BackendError> {
        let condition = match self {
            When::Always => return Ok(None),
            When::Masked { argument, mask, value } => {
                SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask), value)
            }
            When::Not { argument, value } => {
                SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)
            }
        };
        SeccompRule::new(vec![condition?]).map(Some)
    }
}
