//! Out through the kernel.

use libc::{
    CLONE_FS, CLONE_NEWUSER, MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, SIGCHLD, SYS_bpf, SYS_chroot,
    SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_io_uring_setup, SYS_ioctl, SYS_keyctl, SYS_mknodat,
    SYS_mount, SYS_ptrace, SYS_setns, SYS_setresuid, SYS_unshare,
};
use rustix::io::Errno;

use super::Targets;
use super::attack::{Attack, Tried, call};

/// What the kernel takes for "no such command", "unchanged", or a descriptor that nobody has.
const NONE: usize = usize::MAX;
const BY_FILTER: &[&str] = &["system-calls"];
const BY_CAPABILITIES: &[&str] = &["system-calls", "capabilities"];
const EPERM: &[Errno] = &[Errno::PERM];

pub(super) const ATTACKS: &[Attack] = &[
    // There is no such file system, which the kernel says only to who may mount.
    plain("mount", BY_CAPABILITIES, EPERM, |_| {
        let (at, kind) = (c"/".as_ptr() as usize, c"no-such-file-system".as_ptr() as usize);
        made(SYS_mount, [at, at, kind, 0])
    }),
    // The root stays where it is.
    plain("chroot", BY_CAPABILITIES, EPERM, |_| made(SYS_chroot, [c"/".as_ptr() as usize, 0, 0, 0])),
    // It exists.
    plain("mknod", BY_FILTER, EPERM, |_| made(SYS_mknodat, [NONE, c"/".as_ptr() as usize, 0o020_600, 0x103])),
    // Or there is nobody else in this user namespace.
    plain("setuid", BY_CAPABILITIES, &[Errno::PERM, Errno::INVAL], |_| become_somebody_else()),
    // A flag that is none.
    plain("unshare", BY_FILTER, EPERM, |_| made(SYS_unshare, [1 << 31, 0, 0, 0])),
    plain("setns", BY_FILTER, EPERM, |_| made(SYS_setns, [NONE, 0, 0, 0])),
    // Two flags that exclude each other.
    plain("clone-with-namespace", BY_FILTER, EPERM, |_| {
        made(SYS_clone, [(CLONE_NEWUSER | CLONE_FS) as usize, 0, 0, 0])
    }),
    plain("clone", BY_FILTER, EPERM, |_| start_a_process()),
    // A size that is none.
    plain("clone3", BY_FILTER, &[Errno::NOSYS, Errno::PERM], |_| made(SYS_clone3, [0; 4])),
    // No name.
    plain("exec", BY_FILTER, EPERM, |_| made(SYS_execve, [0; 4])),
    plain("exec-descriptor", BY_FILTER, EPERM, |_| made(SYS_execveat, [NONE, 0, 0, 0])),
    // Nobody has the number 0.
    plain("ptrace", BY_FILTER, EPERM, |_| made(SYS_ptrace, [libc::PTRACE_CONT as usize, 0, 0, 0])),
    plain("io-uring", BY_FILTER, &[Errno::NOSYS, Errno::PERM], |_| made(SYS_io_uring_setup, [0; 4])),
    plain("bpf", BY_FILTER, EPERM, |_| made(SYS_bpf, [NONE, 0, 0, 0])),
    plain("keyctl", BY_FILTER, EPERM, |_| made(SYS_keyctl, [NONE, 0, 0, 0])),
    plain("type-into-terminal", BY_FILTER, EPERM, |_| made(SYS_ioctl, [NONE, libc::TIOCSTI as usize, 0, 0])),
    plain("code-of-data", BY_FILTER, EPERM, |_| executable_memory()),
];

const fn plain(
    name: &'static str,
    held_by: &'static [&'static str],
    refused_with: &'static [Errno],
    attempt: fn(&Targets) -> Tried,
) -> Attack {
    Attack { name, held_by, refused_with, attempt }
}

fn made(number: std::ffi::c_long, arguments: [usize; 4]) -> Tried {
    Tried::Did(call(number, arguments).map(|_| "the kernel did it".to_owned()))
}

/// Root becomes nobody, anybody else root; only for a moment.
fn become_somebody_else() -> Tried {
    let ourselves = rustix::process::geteuid().as_raw() as usize;
    let somebody = if ourselves == 0 { 65_534 } else { 0 };
    let became = call(SYS_setresuid, [NONE, somebody, NONE, 0]);
    if became.is_ok() {
        // It was its user a moment ago, and may be it again.
        let _ = call(SYS_setresuid, [NONE, ourselves, NONE, 0]);
    }
    Tried::Did(became.map(|_| format!("user {ourselves} became {somebody}")))
}

/// A child that ends at once and is waited for.
fn start_a_process() -> Tried {
    #[expect(unsafe_code, reason = "what an attacker would do has no safe wrapper")]
    // SAFETY: like `fork`: the child has a copy of this memory, and does nothing but end, so no lock matters to it.
    let started = unsafe { libc::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) };
    match started {
        -1 => Tried::Did(Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))),
        #[expect(unsafe_code, reason = "the standard library's way out runs what is the parent's")]
        // SAFETY: `_exit` has no precondition.
        0 => unsafe { libc::_exit(0) },
        child => {
            let child = i32::try_from(child).ok().and_then(rustix::process::Pid::from_raw);
            let _ = rustix::process::waitpid(child, rustix::process::WaitOptions::empty());
            Tried::Did(Ok("a process was started, and ended".to_owned()))
        }
    }
}

fn executable_memory() -> Tried {
    const PAGE: usize = 4096;
    #[expect(unsafe_code, reason = "what an attacker would do has no safe wrapper")]
    // SAFETY: new memory at an address of the kernel's choice, which nobody has used when it goes again.
    unsafe {
        let page =
            libc::mmap(std::ptr::null_mut(), PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if page == libc::MAP_FAILED {
            return Tried::Did(Err(
                Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
            ));
        }
        libc::munmap(page, PAGE);
    }
    Tried::Did(Ok("data can be run".to_owned()))
}
