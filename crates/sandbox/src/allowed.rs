//! Which system calls a reader and the planner may make, and why, as data. Every other one is refused, those included
//! that Linux gains tomorrow.
//!
//! The list is what a current-thread runtime, its helper threads, the allocator and the C library ask for once everything
//! is open. Nothing in it opens, dials, starts, or names anything.

use libc::*;

use crate::rule::{Allowance, When, allow, allow_when};

const OF_OPEN_FILES: &[Allowance] = &[
    allow(SYS_read, "the bridge, and the runtime's own wake-ups"),
    allow(SYS_readv, "the same into several buffers"),
    allow(SYS_write, "the bridge, the log, and the runtime's own wake-ups"),
    allow(SYS_writev, "the same out of several buffers"),
    allow(SYS_recvfrom, "how sockets are read"),
    allow(SYS_recvmsg, "how sockets are read"),
    allow_when(
        SYS_sendto,
        &[NOT_DIALLING_3],
        "how sockets are written; a stream cannot be told another address",
    ),
    allow_when(SYS_sendmsg, &[NOT_DIALLING_2], "the same out of several buffers"),
    allow(SYS_accept4, "callers of the health socket, and of a doorkeeper's, which were bound before"),
    allow(SYS_getsockname, "the accepting side asks for it"),
    allow(SYS_getpeername, "the accepting side asks for it"),
    allow_when(
        SYS_getsockopt,
        &[is(1, SOL_SOCKET as u32), is(2, SO_PEERCRED as u32)],
        "who calls on the health socket",
    ),
    allow_when(
        SYS_getsockopt,
        &[is(1, SOL_SOCKET as u32), is(2, SO_ERROR as u32)],
        "what became of a connection",
    ),
    allow(SYS_shutdown, "ends one direction of a connection"),
    allow(SYS_close, "gives a descriptor back"),
    allow_when(SYS_fcntl, &[is(1, F_GETFL as u32)], "whether a socket blocks"),
    allow_when(SYS_fcntl, &[is(1, F_SETFL as u32)], "makes a socket not block"),
    allow_when(SYS_fcntl, &[is(1, F_GETFD as u32)], "the standard library's check before it closes"),
    allow_when(
        SYS_fcntl,
        &[is(1, F_SETFD as u32)],
        "closes a descriptor for programs, of which there are none",
    ),
    allow_when(SYS_fcntl, &[is(1, F_DUPFD_CLOEXEC as u32)], "the runtime holds its selector twice"),
    allow_when(SYS_ioctl, &[is(1, FIONBIO as u32)], "makes a socket not block"),
    allow_when(
        SYS_socketpair,
        &[is(0, AF_UNIX as u32), When::Masked { argument: 1, mask: 0xf, value: SOCK_STREAM as u64 }],
        "the runtime's pipe to itself; a pair of streams reaches only itself",
    ),
    allow(SYS_epoll_create1, "the runtime's selector"),
    allow(SYS_epoll_ctl, "the runtime's selector"),
    allow(SYS_epoll_pwait, "the runtime waits"),
    allow(SYS_eventfd2, "the runtime wakes itself"),
];

#[cfg(target_arch = "x86_64")]
const OF_OPEN_FILES_BY_OLDER_NAMES: &[Allowance] = &[allow(SYS_epoll_wait, "the runtime waits")];
#[cfg(not(target_arch = "x86_64"))]
const OF_OPEN_FILES_BY_OLDER_NAMES: &[Allowance] = &[];

/// A TCP socket that is told to send with `MSG_FASTOPEN` dials first, also one that listened and was shut down; it would dial from
/// the network that it was made in.
const NOT_DIALLING_2: When = When::Masked { argument: 2, mask: MSG_FASTOPEN as u64, value: 0 };
const NOT_DIALLING_3: When = When::Masked { argument: 3, mask: MSG_FASTOPEN as u64, value: 0 };

/// Neither may make code of data.
const NOT_EXECUTABLE: When = When::Masked { argument: 2, mask: PROT_EXEC as u64, value: 0 };

const OF_MEMORY: &[Allowance] = &[
    allow(SYS_brk, "the allocator"),
    allow_when(SYS_mmap, &[NOT_EXECUTABLE], "the allocator and stacks"),
    allow_when(SYS_mprotect, &[NOT_EXECUTABLE], "the allocator and the guards of stacks"),
    allow(SYS_munmap, "the allocator and stacks"),
    allow(SYS_mremap, "the allocator grows large blocks"),
    allow_when(
        SYS_madvise,
        &[is(2, MADV_DONTNEED as u32)],
        "the allocator and ended stacks give memory back",
    ),
    allow_when(SYS_madvise, &[is(2, MADV_FREE as u32)], "the allocator gives memory back"),
    allow_when(SYS_madvise, &[is(2, MADV_HUGEPAGE as u32)], "the allocator, where it was told to"),
    allow_when(SYS_madvise, &[is(2, MADV_GUARD_INSTALL)], "the guards of stacks since glibc 2.42"),
    allow_when(SYS_madvise, &[is(2, MADV_GUARD_REMOVE)], "the guards of stacks since glibc 2.42"),
];

// Not everywhere a name yet.
const MADV_GUARD_INSTALL: u32 = 102;
const MADV_GUARD_REMOVE: u32 = 103;

/// Exactly what the C library asks for when it starts a thread; a process, a namespace or a tracer asks for other flags.
const THREAD: u32 = (CLONE_VM
    | CLONE_FS
    | CLONE_FILES
    | CLONE_SIGHAND
    | CLONE_THREAD
    | CLONE_SYSVSEM
    | CLONE_SETTLS
    | CLONE_PARENT_SETTID
    | CLONE_CHILD_CLEARTID) as u32;

const OF_THREADS: &[Allowance] = &[
    allow_when(SYS_clone, &[is(0, THREAD)], "the runtime's threads for blocking work"),
    allow_when(SYS_clone, &[is(0, THREAD | CLONE_DETACHED as u32)], "the same with musl"),
    allow(SYS_set_robust_list, "each new thread"),
    allow(SYS_rseq, "each new thread"),
    allow_when(SYS_prctl, &[is(0, PR_SET_NAME as u32)], "each new thread is named"),
    allow(SYS_sched_getaffinity, "how many threads are worth while"),
    allow(SYS_sched_yield, "a lock that waits shortly"),
    allow_when(SYS_futex, &[futex(FUTEX_WAIT)], "a lock that waits"),
    allow_when(SYS_futex, &[futex(FUTEX_WAKE)], "a lock that lets go"),
    allow_when(SYS_futex, &[futex(FUTEX_WAIT_BITSET)], "a lock that waits until a deadline"),
    allow_when(SYS_futex, &[futex(FUTEX_WAKE_BITSET)], "the same"),
    allow(SYS_rt_sigaction, "what a signal does in this process"),
    allow(SYS_rt_sigprocmask, "a new thread starts without signals"),
    allow(SYS_rt_sigreturn, "the end of every signal"),
    allow(SYS_sigaltstack, "each new thread can tell that its stack is used up"),
    allow(SYS_restart_syscall, "a wait goes on after a stop"),
    allow_when(SYS_tgkill, &[When::IsThisProcess { argument: 0 }], "`abort` ends this process"),
    allow(SYS_gettid, "locks that know their holder, and `abort`"),
    allow(SYS_exit, "the end of a thread"),
    allow(SYS_exit_group, "the end of the process"),
];

const OF_TIME_AND_SELF: &[Allowance] = &[
    allow(SYS_clock_gettime, "the time, where it is not read without a call"),
    allow(SYS_clock_getres, "the same"),
    allow(SYS_clock_nanosleep, "sleep"),
    allow(SYS_nanosleep, "sleep"),
    allow(SYS_getrandom, "hash tables that nobody can aim at"),
    allow(SYS_getpid, "tells only who this is"),
    allow(SYS_getuid, "tells only who this is"),
    allow(SYS_geteuid, "whom the health socket admits"),
    allow(SYS_getgid, "tells only who this is"),
    allow(SYS_getegid, "tells only who this is"),
    allow_when(
        SYS_prlimit64,
        &[is(0, 0), When::Masked { argument: 2, mask: u64::MAX, value: 0 }],
        "how large the stack may be; nothing is set",
    ),
];

#[cfg(target_arch = "x86_64")]
const OF_TIME_BY_OLDER_NAMES: &[Allowance] =
    &[allow(SYS_gettimeofday, "the time, where it is not read without a call")];
#[cfg(not(target_arch = "x86_64"))]
const OF_TIME_BY_OLDER_NAMES: &[Allowance] = &[];

const fn is(argument: u8, value: u32) -> When {
    When::Is { argument, value }
}

/// A way of waiting, whichever clock it waits by and whether or not it is shared with other processes.
const fn futex(operation: i32) -> When {
    let options = (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME) as u32;
    When::Masked { argument: 1, mask: !options as u64, value: operation as u64 }
}

/// The whole list.
pub(crate) fn allowances() -> impl Iterator<Item = &'static Allowance> {
    [
        OF_OPEN_FILES,
        OF_OPEN_FILES_BY_OLDER_NAMES,
        OF_MEMORY,
        OF_THREADS,
        OF_TIME_AND_SELF,
        OF_TIME_BY_OLDER_NAMES,
    ]
    .into_iter()
    .flatten()
}
