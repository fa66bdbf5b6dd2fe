//! Which system calls are refused, and why, as data.
//!
//! Every entry belongs to a power and applies when that power is given up. Whoever gives up all of them, a reader or the
//! planner, is held to the list of what is [allowed](crate::allowed) instead, and keeps only the telling errnos of this one.

use libc::*;

use crate::Powers;
use crate::powers::Power;
use crate::rule::{Refusal, When, flag, refuse, refuse_when};

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
        when: When::Not { argument: 0, value: AF_UNIX as u32 },
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
    Refusal {
        call: SYS_io_uring_setup,
        when: When::Always,
        errno: ENOSYS,
        why: "opens, connects and sends behind this filter's back",
    },
    Refusal {
        call: SYS_io_uring_enter,
        when: When::Always,
        errno: ENOSYS,
        why: "the same on a ring that was inherited",
    },
    Refusal {
        call: SYS_io_uring_register,
        when: When::Always,
        errno: ENOSYS,
        why: "the same on a ring that was inherited",
    },
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

/// What these powers' absence refuses.
pub(crate) fn refusals(powers: &Powers) -> Vec<&'static Refusal> {
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
