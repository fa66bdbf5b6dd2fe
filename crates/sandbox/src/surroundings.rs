//! What a zone keeps of the machine around it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What stays around a zone once it is inside. By default nothing: an empty root, and the user that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The folder of the zone's own socket: all that its root will hold, read-only, as `/var/run/zone-bridge`.
    pub socket_folder: Option<PathBuf>,
    /// The user that the zone becomes. Only root can become somebody else.
    pub user: Option<User>,
}

/// A user and a group of a zone's own, written `UID:GID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
}

/// A text that names no user of a zone's own.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a user of a zone's own: write two numbers, `UID:GID`, neither of them 0")]
pub struct UnknownUser {
    /// The text as it was given.
    pub text: String,
}

impl Surroundings {
    /// Keeps the folder that this socket is in.
    pub fn of_socket(socket: &Path, user: Option<User>) -> std::io::Result<Surroundings> {
        Ok(Surroundings { socket_folder: std::path::absolute(socket)?.parent().map(Path::to_owned), user })
    }
}

impl FromStr for User {
    type Err = UnknownUser;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The largest number means "nobody in particular" to the kernel, and 0 is root, who is no zone's own.
        let number = |part: &str| part.parse().ok().filter(|&number| number != 0 && number != u32::MAX);
        text.split_once(':')
            .and_then(|(uid, gid)| Some(User { uid: number(uid)?, gid: number(gid)? }))
            .ok_or_else(|| UnknownUser { text: text.to_owned() })
    }
}

#[test]
fn a_user_is_two_numbers_and_never_root() {
    assert_eq!("41002:42002".parse(), Ok(User { uid: 41002, gid: 42002 }));
    for text in ["", "41002", "0:42002", "41002:0", "root:root", "-1:5", "4294967295:5", "1:2:3", " 1:2"] {
        assert_eq!(text.parse::<User>(), Err(UnknownUser { text: text.to_owned() }), "{text}");
    }
}
