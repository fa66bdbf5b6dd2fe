//! Capabilities: the parts that root's power is cut into.

use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_capabilities_secure_bits, set_keep_capabilities,
};

use crate::walls::WallState;

/// The kernel numbers them from 0 and has room for this many.
const ROOM: u32 = 64;

/// Whether this process may use a capability now.
pub(crate) fn may(capability: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
}

/// Lets the capabilities live through a change of user; otherwise they end with it.
pub(crate) fn keep_through_a_change_of_user() -> rustix::io::Result<()> {
    set_keep_capabilities(true)
}

/// After a change of user the kept ones sleep.
pub(crate) fn wake() -> rustix::io::Result<()> {
    let sets = capabilities(None)?;
    set_capabilities(None, CapabilitySets { effective: sets.permitted, ..sets })
}

/// Drops every capability from every set. The state of the wall `capabilities`.
pub(crate) fn drop_all() -> WallState {
    // Whether they can be locked too depends on CAP_SETPCAP; without it no_new_privs does the same work.
    let locked = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    let _ = set_capabilities_secure_bits(locked);
    let _ = clear_ambient_capability_set();
    empty_the_bounding_set();
    let none = CapabilitySet::empty();
    if let Err(error) =
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
    {
        return WallState::missing(format_args!("`capset`: {error}"));
    }
    state()
}

/// What is left is judged afterwards. A change of user takes the capability that this needs.
pub(crate) fn empty_the_bounding_set() {
    // The kernel numbers them without a gap, so the first unknown one ends this.
    let _ = every().try_for_each(remove_capability_from_bounding_set);
}

fn state() -> WallState {
    match capabilities(None) {
        Ok(sets) if (sets.effective | sets.permitted | sets.inheritable).is_empty() => {}
        Ok(sets) => return WallState::missing(format_args!("these are left: {sets:?}")),
        Err(error) => return WallState::missing(format_args!("`capget`: {error}")),
    }
    let known = every().map_while(|capability| capability_is_in_bounding_set(capability).ok());
    match known.filter(|&is_in| is_in).count() {
        0 => WallState::Stands,
        left => WallState::missing(format_args!(
            "{left} capabilities are left in the bounding set, which only CAP_SETPCAP empties"
        )),
    }
}

fn every() -> impl Iterator<Item = CapabilitySet> {
    (0..ROOM).map(|number| CapabilitySet::from_bits_retain(1 << number))
}
