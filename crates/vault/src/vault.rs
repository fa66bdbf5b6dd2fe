//! The secrets of a folder, as the process that uses them sees them.

use crate::Identity;
use crate::folder::{Found, SecretsFile, SecretsFolder, Stamp, Unusable};
use crate::secret::Secret;
use crate::signature::{SecretsVerifier, Signed};
use crate::sops::{CannotOpen, Kind, SopsFile};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a file must have been left alone before its times alone say that it is unchanged: a file system counts time in steps.
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// How often a file that is being replaced is looked at again.
const TRIES: u32 = 10;

/// Gives out secrets by file and name. A file that changes is read anew at the next question; there is nothing to restart.
///
/// Only files whose signature holds are used, and never an older version than one that was used before: by this value, or by
/// whoever remembers for it.
pub struct Vault {
    folder: SecretsFolder,
    identity: Identity,
    verifier: SecretsVerifier,
    held: Mutex<HashMap<SecretsFile, Held>>,
    /// The newest version that was used, by the file's name without its ending.
    used: Mutex<BTreeMap<String, u64>>,
}

/// A file that was opened.
struct Held {
    stamp: Stamp,
    /// Whether the file had been left alone long enough when it was read.
    is_settled: bool,
    bytes: [u8; 32],
    signed: Signed,
    values: Values,
}

/// What is in a file.
#[derive(Clone)]
struct Values {
    secrets: BTreeMap<String, Arc<Secret>>,
    /// Names without a value.
    empty: Vec<String>,
}

/// Why a secret is not to be had, and what to do. It shows no value.
#[derive(Debug, thiserror::Error)]
#[error("`{file}.{name}`: {why}")]
pub struct NoSecret {
    /// The file, without its ending.
    pub file: String,
    /// The key.
    pub name: String,
    /// Why.
    pub why: Box<Why>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The file.
    #[error(transparent)]
    File(#[from] Unusable),
    /// Nobody we trust signed the file as it is.
    #[error(
        "`{file}` is not signed as it is; look at it with `moltctl secrets check`, and if you changed it yourself: moltctl secrets trust {file}"
    )]
    NotSigned {
        /// The file.
        file: SecretsFile,
    },
    /// A newer version was used before.
    #[error(
        "`{file}` is an older one, version {found} after {used}; if you put it back: moltctl secrets trust {file}"
    )]
    Older {
        /// The file.
        file: SecretsFile,
        /// Which version it is.
        found: u64,
        /// Which was used.
        used: u64,
    },
    /// It does not open.
    #[error("`{file}` cannot be opened: {why}")]
    Unopened {
        /// The file.
        file: SecretsFile,
        /// Why.
        why: CannotOpen,
    },
    /// It has no such key.
    #[error("there is no such key; set it with: moltctl secrets set {stem} {name}")]
    NoKey {
        /// The file, without its ending.
        stem: String,
        /// The key.
        name: String,
    },
    /// The key has no value.
    #[error("it has no value yet; set it with: moltctl secrets set {stem} {name}")]
    Empty {
        /// The file, without its ending.
        stem: String,
        /// The key.
        name: String,
    },
}

// === impl Vault ===

impl Vault {
    /// Takes a folder of secrets into use. No file is opened yet.
    ///
    /// # Errors
    /// The folder is not there, or others can change it.
    pub fn open(folder: &Path, identity: Identity, verifier: SecretsVerifier) -> Result<Self, Unusable> {
        let folder = SecretsFolder::open(folder)?;
        Ok(Self { folder, identity, verifier, held: Mutex::default(), used: Mutex::default() })
    }

    /// The secret `name` (`slack_token`, or `database.password` for a key in a map) of a file (`api-keys` or `api-keys.yaml`).
    ///
    /// # Errors
    /// Why it is not to be had, with file, key and what to do.
    pub fn secret(&self, file: &str, name: &str) -> Result<Arc<Secret>, NoSecret> {
        let no = |why| NoSecret { file: file.to_owned(), name: name.to_owned(), why: Box::new(why) };
        let named = self.folder.file(file).map_err(|why| no(why.into()))?;
        let of = || (named.stem().to_owned(), name.to_owned());
        self.with(&named, |held| match held.values.secrets.get(name) {
            Some(secret) => Ok(Arc::clone(secret)),
            None if held.values.empty.iter().any(|empty| empty == name) => {
                let (stem, name) = of();
                Err(Why::Empty { stem, name })
            }
            None => {
                let (stem, name) = of();
                Err(Why::NoKey { stem, name })
            }
        })
        .and_then(|found| found)
        .map_err(no)
    }

    /// What was signed of a file as it is now: whoever keeps the version elsewhere can tell that an older file was put back.
    ///
    /// # Errors
    /// As for [`Self::secret`].
    pub fn signed(&self, file: &str) -> Result<Signed, NoSecret> {
        let no = |why| NoSecret { file: file.to_owned(), name: String::new(), why: Box::new(why) };
        let named = self.folder.file(file).map_err(|why| no(why.into()))?;
        self.with(&named, |held| held.signed.clone()).map_err(no)
    }

    /// A version of a file, named without its ending, was used before: no older one is used from now on.
    pub fn remember(&self, file: &str, version: u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = used.entry(file.to_owned()).or_default();
        *newest = version.max(*newest);
    }

    /// The newest version of each file that was used, to be kept where it lasts.
    pub fn used(&self) -> BTreeMap<String, u64> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether all secrets that are held now lie in memory that is never written to swap.
    pub fn is_locked(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().flat_map(|held| held.values.secrets.values()).all(|secret| secret.is_locked())
    }

    fn with<T>(&self, file: &SecretsFile, look: impl FnOnce(&Held) -> T) -> Result<T, Why> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.get(file);
        if let Some(held) = before
            && held.is_settled
            && held.stamp == self.folder.stamp(file)
        {
            return Ok(look(held));
        }
        let now = self.load(file, before)?;
        self.remember(file.stem(), now.signed.version);
        let now = held.entry(file.clone()).insert_entry(now);
        Ok(look(now.get()))
    }

    fn load(&self, file: &SecretsFile, before: Option<&Held>) -> Result<Held, Why> {
        let (found, signed) = self.read_signed(file)?;
        let used = self.used().get(file.stem()).copied().unwrap_or_default();
        if signed.version < used {
            return Err(Why::Older { file: file.clone(), found: signed.version, used });
        }
        let bytes = digest(&found.bytes);
        let values = match before {
            Some(before) if before.bytes == bytes => before.values.clone(),
            Some(_) | None => self.decrypt(file, &found.bytes)?,
        };
        let is_settled = is_settled(found.stamp.changed_at(), SystemTime::now());
        Ok(Held { stamp: found.stamp, is_settled, bytes, signed, values })
    }

    /// Reads a file whose signature holds. One that is being replaced at this moment is looked at again.
    fn read_signed(&self, file: &SecretsFile) -> Result<(Found, Signed), Why> {
        for nth in 0..TRIES {
            let found = self.folder.read(file)?;
            if let Some(signed) = found.signed(file, &self.verifier) {
                return Ok((found, signed));
            }
            if found.stamp == self.folder.stamp(file) {
                break;
            }
            std::thread::sleep(Duration::from_millis(u64::from(nth)));
        }
        Err(Why::NotSigned { file: file.clone() })
    }

    fn decrypt(&self, file: &SecretsFile, bytes: &[u8]) -> Result<Values, Why> {
        let opened = SopsFile::open(bytes, file.format(), &self.identity)
            .map_err(|why| Why::Unopened { file: file.clone(), why })?;
        let (full, empty): (Vec<_>, Vec<_>) = opened
            .values()
            .into_iter()
            .partition(|(_, value)| value.kind() != Kind::Null && !value.as_str().is_empty());
        let named: Vec<(String, &[u8])> = full
            .iter()
            .map(|(name, value)| (format!("{}.{name}", file.stem()), value.as_str().as_bytes()))
            .collect();
        let names = full.iter().map(|(name, _)| name.clone());
        let secrets = names.zip(Secret::together(&named).into_iter().map(Arc::new)).collect();
        Ok(Values { secrets, empty: empty.into_iter().map(|(name, _)| name).collect() })
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.folder.path().display())
    }
}

/// Whether a file that changed last at this second was left alone since. One from the future was not.
fn is_settled(changed_at: i64, now: SystemTime) -> bool {
    let changed_at = UNIX_EPOCH + Duration::from_secs(changed_at.unsigned_abs());
    now.duration_since(changed_at).is_ok_and(|since| since >= SETTLED_AFTER)
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_just_now_is_looked_into_at_every_question() {
        let now = UNIX_EPOCH + Duration::from_millis(10_500);
        for (changed_at, expected) in
            [(0, true), (8, true), (9, false), (10, false), (11, false), (1_000, false)]
        {
            assert_eq!(is_settled(changed_at, now), expected, "{changed_at}");
        }
    }
}
