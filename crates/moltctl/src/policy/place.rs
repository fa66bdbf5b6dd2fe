//! Putting a policy file in its place, whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Replaces a file durably. Whoever reads it sees the old one or the new one and nothing between. Who could read the old
/// one can read the new one: Zone 1 may be another user than whoever puts a policy in place.
pub(super) fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = beside(file, ".new");
    // What an earlier attempt left there is in nobody's use.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut new = File::options().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    if let Ok(old) = std::fs::symlink_metadata(file) {
        new.set_permissions(Permissions::from_mode(0o600 | old.mode() & 0o044))?;
    }
    new.write_all(bytes)?;
    new.sync_all()?;
    std::fs::rename(&unfinished, file)?;
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// A file of that name and this ending, in the same folder.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_what_was_left_half_way_is_not_in_the_way() {
        let folder = std::env::temp_dir().join(format!("moltctl-place-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("policy.cedar");
        put(&file, b"first").unwrap();
        std::fs::write(beside(&file, ".new"), "half").unwrap();
        put(&file, b"second").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        for (before, after) in [(0o600, 0o600), (0o640, 0o640), (0o666, 0o644)] {
            std::fs::set_permissions(&file, Permissions::from_mode(before)).unwrap();
            put(&file, b"third").unwrap();
            assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, after, "{before:o}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
