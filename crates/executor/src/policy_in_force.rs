//! The policy in force: the one that was applied, for as long as the policy file says the same.
//!
//! A file that was changed behind Zone 1's back, by whomever, puts nothing in force: everything is denied until the owner
//! applies it or restores the old one. The file is looked at before every decision.

use crate::record::{Record, Written};
use crate::refusal::Refusal;
use action::Digest;
use jiff::Timestamp;
use ledger::Event;
use policy::{Policy, Problem};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The policy in force, and the file that must say the same.
#[derive(Debug)]
pub struct PolicyInForce {
    file: PathBuf,
    state: Mutex<State>,
}

/// A policy file as it was read.
#[derive(Debug)]
pub struct PolicyText {
    /// The text.
    pub text: String,
    /// What it says, or what is wrong with it.
    pub policy: Result<Policy, Vec<Problem>>,
}

#[derive(Debug)]
struct State {
    policy: Arc<Policy>,
    text: Arc<str>,
    looked_at: Option<Mark>,
}

/// What changes when somebody writes or replaces a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// What the policy file is, beside what is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// It says what is in force.
    Same,
    /// It says something else, or cannot be read.
    Differs {
        /// The digest of its bytes; `None` when there are none to read.
        found: Option<Digest>,
    },
}

/// Why there is no policy to go on with.
#[derive(Debug, thiserror::Error)]
pub enum NoPolicy {
    /// The first policy of a home is not valid.
    #[error("{}: {}", file.display(), problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// The policy that was applied last is nowhere any more.
    #[error(
        "the policy file `{}` is not the policy that was applied, and that one is no longer kept; put the policy whose \
         SHA-256 is {applied} back into the file", file.display()
    )]
    Lost {
        /// Which file.
        file: PathBuf,
        /// What was applied last.
        applied: Digest,
    },
    /// What is in force cannot be recorded.
    #[error(transparent)]
    Record(#[from] audit_log::Unwritable),
    /// What is in force cannot be kept or read.
    #[error(transparent)]
    Content(#[from] audit_log::ContentProblem),
}

// === impl PolicyText ===

impl PolicyText {
    /// Reads a text as a policy.
    pub fn new(text: String) -> Self {
        let policy = Policy::load(&text);
        Self { text, policy }
    }

    /// SHA-256 of the text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

// === impl PolicyInForce ===

impl PolicyInForce {
    /// This policy is in force for as long as the file says the same.
    pub fn new(file: PathBuf, policy: Policy, text: &str) -> Self {
        let state = State { policy: Arc::new(policy), text: text.into(), looked_at: None };
        Self { file, state: Mutex::new(state) }
    }

    /// What the record says is in force. The first policy of a home is the one that is found; every other one was applied.
    pub fn establish(
        record: &mut Record,
        file: PathBuf,
        found: PolicyText,
        now: Timestamp,
    ) -> Result<(Self, Written), NoPolicy> {
        let digest = found.digest();
        let (text, policy) = match record.ledger().policy() {
            Some(applied) if applied != digest => {
                let kept = record.content().get(applied)?.and_then(|bytes| String::from_utf8(bytes).ok());
                let Some(text) = kept else { return Err(NoPolicy::Lost { file, applied }) };
                let policy = Policy::load(&text);
                (text, policy)
            }
            Some(_) | None => (found.text, found.policy),
        };
        let policy = policy.map_err(|problems| NoPolicy::Invalid { file: file.clone(), problems })?;
        let mut written = Written::default();
        if record.ledger().policy().is_none() {
            written.and(record.keep(text.as_bytes())?.1);
            written.and(record.write(now, Event::PolicyApplied { from: None, to: digest, receipt: None })?);
        }
        Ok((Self::new(file, policy, &text), written))
    }

    /// The policy to decide by.
    pub fn in_force(&self) -> Result<Arc<Policy>, Refusal> {
        match self.file() {
            File::Same => Ok(self.applied().0),
            File::Differs { found: _ } => {
                Err(Refusal::PolicyChanged { file: self.file.display().to_string() })
            }
        }
    }

    /// The policy that was applied, whatever the file says, and its text.
    pub fn applied(&self) -> (Arc<Policy>, Arc<str>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&state.policy), Arc::clone(&state.text))
    }

    /// Looks at the file. What was looked at and was not touched since is not read again.
    pub fn file(&self) -> File {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = mark_of(&self.file);
        if mark.is_some() && state.looked_at == mark {
            return File::Same;
        }
        state.looked_at = None;
        let found = std::fs::read(&self.file).ok().map(|bytes| Digest::of(&bytes));
        if found != Some(state.policy.digest()) {
            return File::Differs { found };
        }
        // Only what did not move while it was read is trusted without reading it again.
        if mark == mark_of(&self.file) {
            state.looked_at = mark;
        }
        File::Same
    }

    /// Puts another policy in force. The record says so already.
    pub(crate) fn replace(&self, policy: Policy, text: String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { policy: Arc::new(policy), text: text.into(), looked_at: None };
    }
}

fn mark_of(file: &Path) -> Option<Mark> {
    let found = std::fs::metadata(file).ok()?;
    let changed = (found.ctime(), found.ctime_nsec());
    Some(Mark { device: found.dev(), inode: found.ino(), size: found.size(), changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::load(text).unwrap()
    }

    #[test]
    fn a_file_that_was_changed_puts_nothing_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.cedar");
        std::fs::write(&file, policy::DEFAULT).unwrap();
        let in_force = PolicyInForce::new(file.clone(), policy(policy::DEFAULT), policy::DEFAULT);
        assert!(in_force.in_force().is_ok());

        let changed = format!("{} ", policy::DEFAULT);
        for tamper in [
            &|| std::fs::write(&file, &changed).unwrap() as (),
            &|| std::fs::remove_file(&file).unwrap(),
            &|| {
                std::fs::write(folder.path().join("other"), &changed).unwrap();
                std::fs::rename(folder.path().join("other"), &file).unwrap();
            },
        ] as [&dyn Fn(); 3]
        {
            tamper();
            assert!(matches!(in_force.in_force(), Err(Refusal::PolicyChanged { .. })));
            std::fs::write(&file, policy::DEFAULT).unwrap();
            assert!(in_force.in_force().is_ok());
        }
    }
}
