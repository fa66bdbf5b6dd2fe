//! What several tests need: the fixtures and their key, and a folder with signed files.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vault::sops::{Format, SopsFile};
use vault::{Identity, SecretsFolder, SecretsKey, load_identity};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

pub(crate) fn format_of(name: &str) -> Format {
    Format::of(Path::new(name)).unwrap()
}

/// The fixtures' key. A checkout does not keep modes, so it is used from a copy.
pub(crate) fn throw_away_key() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.txt");
    std::fs::write(&path, fixture("throw-away-key.txt")).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

pub(crate) fn identity() -> Identity {
    let (_folder, path) = throw_away_key();
    load_identity(&path).unwrap()
}

pub(crate) fn open(name: &str) -> SopsFile {
    SopsFile::open(&fixture(name), format_of(name), &identity()).unwrap()
}

pub(crate) fn signing_key() -> SecretsKey {
    SecretsKey::from_text(&SecretsKey::generate_text().unwrap()).unwrap()
}

/// A folder with one signed file of these values.
pub(crate) fn folder_with(file: &str, plain: &str, key: &SecretsKey) -> (TempDir, SecretsFolder) {
    let place = tempfile::tempdir().unwrap();
    let folder = SecretsFolder::open(place.path()).unwrap();
    write(&folder, file, plain, key);
    (place, folder)
}

pub(crate) fn write(folder: &SecretsFolder, file: &str, plain: &str, key: &SecretsKey) {
    let file = folder.file(file).unwrap();
    let mut opened = SopsFile::create(file.format(), &[identity().recipient()]).unwrap();
    opened.replace(plain).unwrap();
    let now = jiff::Timestamp::now();
    let bytes = opened.seal(now).unwrap();
    folder.change().unwrap().write(&file, &bytes, key, now).unwrap();
}
