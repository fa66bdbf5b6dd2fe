//! A zone leaves the machine: its own namespaces, an empty root, its own user, no capabilities.
//!
//! Two ways lead there. With root's powers the namespaces are made first and belong to the machine, so that whatever a
//! zone becomes inside, it has no say over them; then the zone becomes its user. Without those powers a user namespace
//! is made first, which gives them over the other namespaces until they are dropped.

use rustix::thread::CapabilitySet;

use crate::guard::{self, Guarded, Leash};
use crate::namespaces::{Kind, OWN, PID};
use crate::powers::Power;
use crate::proc::Proc;
use crate::walls::{Wall, WallState, name};
use crate::{CannotEnter, Powers, Surroundings, capabilities, root, user};

const WALLS: [&str; 10] = [
    name::USER_NAMESPACE,
    name::MOUNT_NAMESPACE,
    name::ROOT,
    name::NETWORK_NAMESPACE,
    name::PID_NAMESPACE,
    name::IPC_NAMESPACE,
    name::UTS_NAMESPACE,
    name::CGROUP_NAMESPACE,
    name::USER,
    name::CAPABILITIES,
];

/// The order matters:
///
/// 1. `/proc` is opened, because no name leads there later.
/// 2. Who has no power over the machine gets some in a user namespace of its own.
/// 3. The namespaces, of which the one of processes takes in only a child: the zone goes on there, and this process
///    stays outside as its guard.
/// 4. The root, which needs a mount namespace and the capability to mount in it.
/// 5. Who came as root becomes the zone's user, and moves into a user namespace as that user.
/// 6. The capabilities, which everything above needed.
/// 7. The leash, because every change of user or of capabilities takes it off.
///
/// Returns in the zone only. An error ends the process; a wall that is missing is in the list.
pub(crate) fn leave(powers: &Powers, surroundings: &Surroundings) -> Result<Vec<Wall>, CannotEnter> {
    let wanted = |wall: &str| powers.machine == Power::GivenUp && powers.want(wall);
    if !WALLS.iter().any(|wall| wanted(wall)) {
        return Ok(WALLS.map(|name| Wall { name, state: WallState::NotWanted }).to_vec());
    }
    let proc = match Proc::open() {
        Ok(proc) => proc,
        Err(why) => {
            let state =
                |name: &str| if wanted(name) { WallState::missing(&why) } else { WallState::NotWanted };
            return Ok(WALLS.map(|name| Wall { name, state: state(name) }).to_vec());
        }
    };
    let mut walls = Vec::new();
    let mut raise = |name: &'static str, state: &mut dyn FnMut() -> WallState| {
        let state = if wanted(name) { state() } else { WallState::NotWanted };
        let stands = state == WallState::Stands;
        walls.push(Wall { name, state });
        stands
    };
    let leash = Leash::as_it_is();
    let privileged = capabilities::may(CapabilitySet::SYS_ADMIN);
    let own_user = |raise: &mut dyn FnMut(&'static str, &mut dyn FnMut() -> WallState) -> bool,
                    guarded: Option<&Guarded>| {
        raise(name::USER, &mut || surroundings.user.map_or(WallState::NotWanted, user::become_user));
        raise(name::USER_NAMESPACE, &mut || user::enter_namespace(&proc, guarded));
    };
    if !privileged {
        own_user(&mut raise, None);
    }
    let mut own_mounts = false;
    for kind in OWN {
        let stands = raise(kind.wall, &mut || kind.make(&proc));
        own_mounts |= stands && kind.wall == name::MOUNT_NAMESPACE;
    }
    let guarded = if wanted(PID.wall) {
        let users = surroundings.user.filter(|_| privileged && wanted(name::USER));
        let (state, guarded) = under_a_guard(PID, &proc, users, leash)?;
        raise(PID.wall, &mut || state.clone());
        guarded
    } else {
        raise(PID.wall, &mut || WallState::NotWanted);
        None
    };
    raise(name::ROOT, &mut || {
        if own_mounts {
            root::leave(surroundings.socket_folder.as_deref())
        } else {
            WallState::missing("a new root needs a mount namespace of its own")
        }
    });
    if privileged {
        own_user(&mut raise, guarded.as_ref());
    }
    raise(name::CAPABILITIES, &mut capabilities::drop_all);
    match guarded {
        Some(guarded) => {
            guarded.dismiss();
            guarded.hold()?;
        }
        None if leash.put_on_again() => {}
        None => return Err(CannotEnter::NoGuard(std::io::ErrorKind::BrokenPipe.into())),
    }
    Ok(walls)
}

/// Goes on as a child in a namespace of processes, where that can be had.
fn under_a_guard(
    kind: Kind,
    proc: &Proc,
    user: Option<crate::User>,
    leash: Leash,
) -> Result<(WallState, Option<Guarded>), CannotEnter> {
    let before = proc.namespace(kind.link);
    if let Err(errno) = crate::namespaces::unshare(kind.flag) {
        return Ok((kind.refused(errno, proc), None));
    }
    let guarded = guard::divide(proc, user, leash)?;
    Ok((kind.left(before, proc), Some(guarded)))
}
