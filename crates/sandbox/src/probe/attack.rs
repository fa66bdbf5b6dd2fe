//! What an attack is, and how an answer is judged.

use std::ffi::c_long;

use rustix::io::Errno;

use super::{Attempt, Outcome, Targets};

/// One way to break out.
pub(super) struct Attack {
    pub(super) name: &'static str,
    /// Any one of these walls refuses it. A test raises each of them alone.
    pub(super) held_by: &'static [&'static str],
    /// How a wall answers. Every other answer counts as got through.
    pub(super) refused_with: &'static [Errno],
    pub(super) attempt: fn(&Targets) -> Tried,
}

pub(super) enum Tried {
    Did(Result<String, Errno>),
    Nothing(&'static str),
}

impl Attack {
    pub(super) fn on(&self, targets: &Targets) -> Attempt {
        let result = match (self.attempt)(targets) {
            Tried::Nothing(why) => Outcome::NotTried { why: why.to_owned() },
            Tried::Did(Ok(how)) => Outcome::GotThrough { how },
            Tried::Did(Err(errno)) if self.refused_with.contains(&errno) => {
                Outcome::Refused { errno: name(errno) }
            }
            Tried::Did(Err(errno)) => {
                Outcome::GotThrough { how: format!("no wall answered, but the kernel: {}", name(errno)) }
            }
        };
        Attempt {
            attack: self.name.to_owned(),
            held_by: self.held_by.iter().map(|&wall| wall.to_owned()).collect(),
            result,
        }
    }
}

/// The first that gets through, else the last that was refused as expected, else nothing.
pub(super) fn each<T>(
    targets: impl IntoIterator<Item = T>,
    refused_with: &[Errno],
    nothing: &'static str,
    attempt: impl Fn(&T) -> Result<String, Errno>,
) -> Tried {
    let mut last = Tried::Nothing(nothing);
    for target in targets {
        let tried = attempt(&target);
        let refused = matches!(&tried, Err(errno) if refused_with.contains(errno));
        last = Tried::Did(tried);
        if !refused {
            return last;
        }
    }
    last
}

/// A bare system call.
///
/// Contract: an argument that the kernel takes for a pointer is null, or points to a C string that outlives the call, and
/// the call changes neither this process's memory nor its descriptors.
pub(super) fn call(number: c_long, [a, b, c, d]: [usize; 4]) -> Result<c_long, Errno> {
    #[expect(unsafe_code, reason = "what an attacker would do has no safe wrapper")]
    // SAFETY: by the contract above.
    match unsafe { libc::syscall(number, a, b, c, d) } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
        answer => Ok(answer),
    }
}

fn name(errno: Errno) -> String {
    let known = match errno {
        Errno::PERM => "EPERM",
        Errno::ACCESS => "EACCES",
        Errno::NOENT => "ENOENT",
        Errno::NOSYS => "ENOSYS",
        Errno::AFNOSUPPORT => "EAFNOSUPPORT",
        Errno::NETUNREACH => "ENETUNREACH",
        Errno::ADDRNOTAVAIL => "EADDRNOTAVAIL",
        Errno::CONNREFUSED => "ECONNREFUSED",
        Errno::INPROGRESS => "EINPROGRESS",
        Errno::SRCH => "ESRCH",
        Errno::INVAL => "EINVAL",
        Errno::FAULT => "EFAULT",
        Errno::BADF => "EBADF",
        Errno::EXIST => "EEXIST",
        Errno::NODEV => "ENODEV",
        Errno::TXTBSY => "ETXTBSY",
        Errno::OPNOTSUPP => "EOPNOTSUPP",
        _ => return format!("{errno}"),
    };
    known.to_owned()
}
