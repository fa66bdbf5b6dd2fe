//! Landlock: what a process can reach by name (files, TCP ports, abstract sockets, other processes).

use crate::Powers;
use crate::powers::Power;
use crate::walls::{Wall, WallState, name};

/// Leaves only what is open already: the walls `files`, `tcp` and `scope`.
pub(crate) fn only_what_is_open(powers: &Powers) -> [Wall; 3] {
    let wanted = [(name::FILES, powers.files), (name::TCP, powers.network), (name::SCOPE, powers.network)]
        .map(|(wall, power)| (wall, if powers.want(wall) { power } else { Power::Kept }));
    let states = states(wanted.map(|(_, power)| power));
    let mut states = states.into_iter();
    wanted.map(|(name, _)| Wall { name, state: states.next().unwrap_or(WallState::NotWanted) })
}

#[cfg(target_os = "linux")]
fn states(powers: [Power; 3]) -> [WallState; 3] {
    if powers == [Power::Kept; 3] {
        return powers.map(|_| WallState::NotWanted);
    }
    match linux::restrict(powers) {
        Ok(abi) => linux::states(powers, abi),
        Err(why) => linux::states_without(powers, &why),
    }
}

#[cfg(not(target_os = "linux"))]
fn states(powers: [Power; 3]) -> [WallState; 3] {
    powers.map(|power| match power {
        Power::Kept => WallState::NotWanted,
        Power::GivenUp => crate::walls::not_raised_here(),
    })
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::ErrorKind;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus,
        Scope,
    };

    use super::{Power, WallState};

    /// The newest version this was written for; an older kernel enforces what it knows of it.
    const KNOWN: ABI = ABI::V9;
    /// From here on TCP ports are a matter of Landlock.
    const TCP: ABI = ABI::V4;
    /// From here on abstract sockets and signals are.
    const SCOPE: ABI = ABI::V6;

    /// A ruleset without a single rule: everything it handles is refused. The version that the kernel enforces.
    pub(super) fn restrict(powers: [Power; 3]) -> Result<ABI, String> {
        let status = ruleset(powers)
            .and_then(|ruleset| ruleset.create()?.restrict_self())
            .map_err(|error| format!("Landlock: {error}"))?;
        match (status.ruleset, status.landlock) {
            (
                RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
                LandlockStatus::Available { effective_abi, .. },
            ) => Ok(effective_abi),
            (_, LandlockStatus::NotImplemented) => Err("this kernel was built without Landlock".to_owned()),
            (_, LandlockStatus::NotEnabled) => {
                Err("Landlock is in this kernel but not enabled at boot".to_owned())
            }
            (_, LandlockStatus::Available { .. }) => {
                Err("Landlock enforces nothing of what was asked".to_owned())
            }
        }
    }

    fn ruleset([files, tcp, scope]: [Power; 3]) -> Result<Ruleset, RulesetError> {
        let mut ruleset = Ruleset::default();
        if files == Power::GivenUp {
            ruleset = ruleset.handle_access(AccessFs::from_all(KNOWN))?;
        }
        if tcp == Power::GivenUp {
            ruleset = ruleset.handle_access(AccessNet::from_all(KNOWN))?;
        }
        if scope == Power::GivenUp {
            ruleset = ruleset.scope(Scope::from_all(KNOWN))?;
        }
        Ok(ruleset)
    }

    pub(super) fn states([files, tcp, scope]: [Power; 3], abi: ABI) -> [WallState; 3] {
        let since = |needed: ABI, what: &str| {
            if abi >= needed {
                WallState::Stands
            } else {
                WallState::missing(format_args!(
                    "Landlock of this kernel is version {} and knows no {what}",
                    abi as i32
                ))
            }
        };
        [
            wanted(files, files_are_shut),
            wanted(tcp, || since(TCP, "TCP ports")),
            wanted(scope, || since(SCOPE, "scopes for signals and abstract sockets")),
        ]
    }

    pub(super) fn states_without(powers: [Power; 3], why: &str) -> [WallState; 3] {
        powers.map(|power| wanted(power, || WallState::missing(why)))
    }

    fn wanted(power: Power, state: impl FnOnce() -> WallState) -> WallState {
        match power {
            Power::Kept => WallState::NotWanted,
            Power::GivenUp => state(),
        }
    }

    /// The wall is tried at once: the one folder that every process could open must be shut.
    fn files_are_shut() -> WallState {
        match std::fs::read_dir("/") {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => WallState::Stands,
            Err(error) => {
                WallState::missing(format_args!("opening `/` failed with `{error}`, not by Landlock"))
            }
            Ok(_) => WallState::missing("`/` can still be opened"),
        }
    }
}
