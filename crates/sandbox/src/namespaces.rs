//! Namespaces: the process's own view of a part of the machine.

use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::thread::{CapabilitySet, UnshareFlags};

use crate::capabilities;
use crate::proc::{Place, Proc};
use crate::walls::{WallState, name};

/// One kind of namespace: its wall, its link in `/proc/self/ns`, its flag.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) wall: &'static str,
    pub(crate) link: &'static str,
    pub(crate) flag: UnshareFlags,
}

/// A process gets a user namespace's powers over those that are made after it.
pub(crate) const USER: Kind = Kind { wall: name::USER_NAMESPACE, link: "user", flag: UnshareFlags::NEWUSER };

/// Those that a process moves into itself.
pub(crate) const OWN: [Kind; 5] = [
    Kind { wall: name::MOUNT_NAMESPACE, link: "mnt", flag: UnshareFlags::NEWNS },
    Kind { wall: name::NETWORK_NAMESPACE, link: "net", flag: UnshareFlags::NEWNET },
    Kind { wall: name::IPC_NAMESPACE, link: "ipc", flag: UnshareFlags::NEWIPC },
    Kind { wall: name::UTS_NAMESPACE, link: "uts", flag: UnshareFlags::NEWUTS },
    Kind { wall: name::CGROUP_NAMESPACE, link: "cgroup", flag: UnshareFlags::NEWCGROUP },
];

/// A process never changes its own number: only its children move into this one.
pub(crate) const PID: Kind = Kind { wall: name::PID_NAMESPACE, link: "pid", flag: UnshareFlags::NEWPID };

impl Kind {
    /// Makes a namespace of this kind and looks whether this process is in it.
    pub(crate) fn make(self, proc: &Proc) -> WallState {
        let before = proc.namespace(self.link);
        match unshare(self.flag) {
            Ok(()) => {
                if self.flag == UnshareFlags::NEWNS {
                    // Or what is mounted inside would show outside. In a chroot the root is no mount and this fails;
                    // what `root` mounts there it keeps to itself.
                    let _ = mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC);
                }
                self.left(before, proc)
            }
            Err(errno) => self.refused(errno, proc),
        }
    }

    /// Whether this process is in another namespace than `before`.
    pub(crate) fn left(self, before: Option<String>, proc: &Proc) -> WallState {
        match (before, proc.namespace(self.link)) {
            (Some(before), Some(now)) if before != now => WallState::Stands,
            (Some(_), Some(now)) => WallState::missing(format_args!("this process is still in {now}")),
            _ => WallState::missing(format_args!("`/proc/self/ns/{}` cannot be read", self.link)),
        }
    }

    /// Why the kernel said no, in words that an operator can act on.
    pub(crate) fn refused(self, errno: Errno, proc: &Proc) -> WallState {
        let powerless = self.flag != USER.flag && !capabilities::may(CapabilitySet::SYS_ADMIN);
        let reason = match (errno, proc.place()) {
            (Errno::PERM | Errno::ACCESS, Place::RestrictedByAppArmor) => {
                "AppArmor restricts user namespaces here (`kernel.apparmor_restrict_unprivileged_userns` is 1); the \
                 profile deploy/linux/apparmor/moltbot lifts that for these programs alone"
            }
            (Errno::PERM, _) if powerless => {
                "it takes root's powers or a user namespace, and this process has neither"
            }
            (Errno::PERM, Place::Chroot) => {
                "this process runs in a chroot, where Linux gives no user namespaces"
            }
            (Errno::PERM | Errno::ACCESS | Errno::NOSYS, _) => {
                "the container or service that surrounds this process forbids namespaces"
            }
            (Errno::NOSPC | Errno::USERS, _) => "a limit in `/proc/sys/user/` is used up or 0",
            (Errno::INVAL, _) => "this kernel was built without it",
            _ => "unexpected",
        };
        WallState::missing(format_args!("{errno}: {reason}"))
    }
}

#[expect(unsafe_code, reason = "the same call can also split the table of open files")]
pub(crate) fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: only CLONE_FILES can invalidate a descriptor that safe code holds, and no kind above has it.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}
