//! What it costs to open a file of 200 secrets, and how much of that is age's own work.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to say")]

use std::path::Path;

use vault::sops::{Format, Scalar, SopsFile};
use vault::{Identity, SecretsFolder, SecretsKey, Vault, create_identity, load_identity};

const SECRETS: usize = 200;

fn main() {
    divan::main();
}

struct Scene {
    place: tempfile::TempDir,
    key: SecretsKey,
    bytes: Vec<u8>,
}

fn identity(place: &Path) -> Identity {
    load_identity(&place.join("age.txt")).expect("an identity")
}

fn scene(secrets: usize) -> Scene {
    let place = tempfile::tempdir().expect("a folder");
    create_identity(&place.path().join("age.txt"), jiff::Timestamp::now()).expect("an identity");
    let mut file = SopsFile::create(Format::Yaml, &[identity(place.path()).recipient()]).expect("a file");
    for nth in 0..secrets {
        let value = format!("{nth:03}-{}", "x".repeat(50));
        file.set(&format!("secret_{nth}"), Scalar::text(value.into())).expect("a value");
    }
    let now = jiff::Timestamp::now();
    let bytes = file.seal(now).expect("a file");
    let key = SecretsKey::from_text(&SecretsKey::generate_text().expect("a key")).expect("a key");
    let folder = SecretsFolder::open(place.path()).expect("a folder");
    let named = folder.file("api-keys").expect("a name");
    folder.change().expect("a lock").write(&named, &bytes, &key, now).expect("a file");
    Scene { place, key, bytes }
}

/// The yardstick: a file without secrets is age's unwrapping and nothing else worth mentioning.
#[divan::bench]
fn age_unwrap_alone(bencher: divan::Bencher<'_, '_>) {
    let scene = scene(0);
    let identity = identity(scene.place.path());
    bencher.bench_local(|| SopsFile::open(&scene.bytes, Format::Yaml, &identity).expect("opens"));
}

#[divan::bench]
fn open_200_secrets(bencher: divan::Bencher<'_, '_>) {
    let scene = scene(SECRETS);
    let identity = identity(scene.place.path());
    bencher.bench_local(|| SopsFile::open(&scene.bytes, Format::Yaml, &identity).expect("opens"));
}

/// The whole way of a process that starts: folder, modes, signature, decryption, locked memory.
#[divan::bench]
fn first_secret_of_a_vault_of_200(bencher: divan::Bencher<'_, '_>) {
    let scene = scene(SECRETS);
    bencher.with_inputs(|| identity(scene.place.path())).bench_local_values(|identity| {
        let vault = Vault::open(scene.place.path(), identity, scene.key.verifier()).expect("a vault");
        vault.secret("api-keys", "secret_199").expect("a secret")
    });
}

/// What every use of a secret costs that is held already: two looks at a file's times.
#[divan::bench]
fn a_secret_that_is_held(bencher: divan::Bencher<'_, '_>) {
    let scene = scene(SECRETS);
    // A file counts as unchanged by its times alone only some time after its last change.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let vault =
        Vault::open(scene.place.path(), identity(scene.place.path()), scene.key.verifier()).expect("a vault");
    bencher.bench_local(|| vault.secret("api-keys", "secret_100").expect("a secret"));
}
