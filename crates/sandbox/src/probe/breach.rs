//! Whether walls that are said to stand hold.

use crate::{Attempt, WallState, Walls};

/// A wall that is said to stand does not hold. The process must end: whatever it would read next could leave.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "walls that are said to stand do not hold against {}: nothing is read or planned behind them",
    .attacks.join(", ")
)]
pub struct Breached {
    /// The attacks that got through.
    pub attacks: Vec<String>,
}

// === impl Walls ===

impl Walls {
    /// Whether these walls refused every attempt that they should have refused. An attempt against which no wall stands, which
    /// was reported when the walls were raised, is not held against them.
    pub fn withstood(&self, attempts: &[Attempt]) -> Result<(), Breached> {
        let stands =
            |name: &String| self.iter().any(|wall| wall.name == name && wall.state == WallState::Stands);
        // An attack that no wall is named for is no excuse.
        let held = |attempt: &Attempt| attempt.held_by.is_empty() || attempt.held_by.iter().any(stands);
        let through = |attempt: &&Attempt| attempt.got_through() && held(attempt);
        let attacks: Vec<_> = attempts.iter().filter(through).map(|attempt| attempt.attack.clone()).collect();
        if attacks.is_empty() { Ok(()) } else { Err(Breached { attacks }) }
    }
}

#[test]
fn what_gets_through_a_wall_that_is_said_to_stand_is_a_breach_and_what_meets_none_is_not() {
    use crate::{Outcome, Wall};
    let walls = Walls::new(vec![
        Wall { name: "files", state: WallState::Stands },
        Wall { name: "tcp", state: WallState::Missing { why: "none here".to_owned() } },
    ]);
    let attempt = |held_by: &[&str], result: Outcome| Attempt {
        attack: "read-a-file".to_owned(),
        held_by: held_by.iter().map(|&wall| wall.to_owned()).collect(),
        result,
    };
    let through = || Outcome::GotThrough { how: "it was read".to_owned() };
    let refused = Outcome::Refused { errno: "EACCES".to_owned() };
    assert_eq!(walls.withstood(&[attempt(&["files"], refused), attempt(&["tcp"], through())]), Ok(()));
    assert!(walls.withstood(&[attempt(&[], through())]).is_err());
    let breached = walls.withstood(&[attempt(&["tcp", "files"], through())]);
    assert_eq!(breached, Err(Breached { attacks: vec!["read-a-file".to_owned()] }));
}
