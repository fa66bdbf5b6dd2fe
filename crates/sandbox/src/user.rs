//! A user of the zone's own, and a user namespace in which nobody else can be become.

use rustix::process::{
    DumpableBehavior, Gid, Uid, getegid, geteuid, getgid, getgroups, getuid, set_dumpable_behavior,
};
use rustix::thread::{CapabilitySet, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::User;
use crate::capabilities;
use crate::guard::Guarded;
use crate::namespaces::{USER, unshare};
use crate::proc::Proc;
use crate::walls::WallState;

/// Becomes `user` for good and keeps capabilities until [`capabilities::drop_all`]. The state of the wall `user`.
pub(crate) fn become_user(user: User) -> WallState {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    if !capabilities::may(CapabilitySet::SETUID | CapabilitySet::SETGID) {
        return if is(uid, gid) {
            WallState::Stands
        } else {
            WallState::missing(format_args!(
                "only root can become {}:{}, and this process runs as {}:{}",
                user.uid,
                user.gid,
                getuid().as_raw(),
                getgid().as_raw()
            ))
        };
    }
    let became = capabilities::keep_through_a_change_of_user()
        .and_then(|()| change(user))
        .and_then(|()| capabilities::wake());
    match became {
        Ok(()) if is(uid, gid) && getgroups().is_ok_and(|groups| groups.is_empty()) => WallState::Stands,
        Ok(()) => WallState::missing("the kernel said yes and this process is still somebody else"),
        Err(error) => WallState::missing(format_args!("`setresuid`: {error}")),
    }
}

/// Groups first and the user last, because nothing of this is allowed afterwards.
pub(crate) fn change(user: User) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)
}

fn is(uid: Uid, gid: Gid) -> bool {
    (getuid(), geteuid(), getgid(), getegid()) == (uid, uid, gid, gid)
}

/// Moves into a user namespace that knows this process's own user and, where a guard with root's powers can say so,
/// root: without it a zone could not tell that it is root who asks on its health socket. Neither can be become there,
/// because [`capabilities::drop_all`] follows. The state of the wall `user-namespace`.
pub(crate) fn enter_namespace(proc: &Proc, guarded: Option<&Guarded>) -> WallState {
    let (uid, gid) = (getuid(), getgid());
    let before = proc.namespace(USER.link);
    // A change of user makes a process's files in `/proc` root's, its own map among them.
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    if let Err(errno) = unshare(USER.flag) {
        return USER.refused(errno, proc);
    }
    let mapped = match guarded {
        Some(guarded) if !uid.is_root() => guarded.ask_for_maps(),
        _ => write_maps(proc, "self", uid, gid, false),
    };
    match mapped {
        Ok(()) if (getuid(), getgid()) == (uid, gid) => USER.left(before, proc),
        Ok(()) => WallState::missing("the map of users was written and does not hold"),
        Err(errno) => USER.refused(errno, proc),
    }
}

/// Writes who exists in the user namespace of a process (`self`, or its number).
pub(crate) fn write_maps(
    proc: &Proc,
    process: &str,
    uid: Uid,
    gid: Gid,
    with_root: bool,
) -> rustix::io::Result<()> {
    let root = if with_root { "0 0 1\n" } else { "" };
    proc.write(&format!("{process}/setgroups"), "deny")?;
    proc.write(&format!("{process}/uid_map"), &format!("{root}{uid} {uid} 1\n", uid = uid.as_raw()))?;
    proc.write(&format!("{process}/gid_map"), &format!("{gid} {gid} 1\n", gid = gid.as_raw()))
}
