//! What was decrypted is nowhere in this process's memory once it was dropped: a test of its own, because it looks at all of it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use vault::sops::{Format, SopsFile};
use vault::{SecretsFolder, SecretsKey, Vault, load_identity};

/// A line in the middle of a value of the fixture (the allocator writes over the beginning of what was freed), each byte changed, so
/// that looking for it does not put it into memory.
const VEILED: [u8; 22] =
    [46, 45, 53, 122, 54, 51, 52, 63, 41, 122, 121, 122, 52, 53, 122, 57, 53, 55, 55, 63, 52, 46];
const VEIL: u8 = 0x5a;

/// How often the value stands in memory that this process can write.
fn copies() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut copies = 0;
    let mut part = vec![0; 1 << 20];
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, mode) = (words.next().unwrap(), words.next().unwrap());
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let own = (part.as_ptr().addr() as u64, part.len() as u64);
        let mut at = from;
        while mode.starts_with("rw") && at < to {
            let wanted = usize::try_from(to - at).unwrap().min(part.len());
            let Ok(count @ 1..) = memory.read_at(part.get_mut(..wanted).unwrap(), at) else { break };
            for (nth, found) in part.get(..count).unwrap().windows(VEILED.len()).enumerate() {
                let address = at + nth as u64;
                let is_own = (own.0..own.0 + own.1).contains(&address);
                copies += usize::from(
                    !is_own && found.iter().zip(VEILED).all(|(byte, veiled)| byte ^ VEIL == veiled),
                );
            }
            at += count as u64;
        }
    }
    part.fill(0);
    copies
}

#[test]
fn nothing_of_a_secret_is_left_behind() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let place = tempfile::tempdir().unwrap();
    let key = place.path().join("key.txt");
    std::fs::copy(fixtures.join("throw-away-key.txt"), &key).unwrap();
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let bytes = std::fs::read(fixtures.join("default.yaml")).unwrap();
    let signing = SecretsKey::from_text(&SecretsKey::generate_text().unwrap()).unwrap();
    let folder = SecretsFolder::open(place.path()).unwrap();
    let file = folder.file("api-keys").unwrap();
    folder.change().unwrap().write(&file, &bytes, &signing, jiff::Timestamp::now()).unwrap();
    assert_eq!(copies(), 0, "nothing was decrypted yet");

    let vault = Vault::open(place.path(), load_identity(&key).unwrap(), signing.verifier()).unwrap();
    let secret = vault.secret("api-keys", "key").unwrap();
    assert_eq!(copies(), 1, "the secret itself, and no copy on the way to it");
    drop((vault, secret));
    assert_eq!(copies(), 0, "the secret is gone with its last holder");

    let mut opened = SopsFile::open(&bytes, Format::Yaml, &load_identity(&key).unwrap()).unwrap();
    let plain = opened.plaintext().unwrap();
    assert!(copies() >= 2, "the value and the whole text");
    opened.replace(&plain).unwrap();
    opened.seal(jiff::Timestamp::now()).unwrap();
    opened.rotate(&opened.recipients()).unwrap();
    opened.seal(jiff::Timestamp::now()).unwrap();
    drop((opened, plain));
    assert_eq!(copies(), 0, "changing and writing a file leaves nothing");
}
