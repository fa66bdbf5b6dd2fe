//! Secrets are given out from files that are signed, whole and nobody else's, and from no others.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;

use crate::common::{folder_with, identity, signing_key, write};
use vault::{SecretsKey, Unusable, Vault, Why, create_identity, load_identity};

const PLAIN: &str =
    "slack_token: xoxb-first\nempty: \"\"\nnothing: null\nowner_id: 4242\ndb:\n    password: hunter2\n";

fn vault(key: &SecretsKey) -> (tempfile::TempDir, vault::SecretsFolder, Vault) {
    let (place, folder) = folder_with("api-keys", PLAIN, key);
    let vault = Vault::open(place.path(), identity(), key.verifier()).unwrap();
    (place, folder, vault)
}

fn why(vault: &Vault, file: &str, name: &str) -> (Why, String) {
    let error = vault.secret(file, name).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with(&format!("`{file}.{name}`: ")), "{said}");
    assert!(!format!("{said} {error:?}").contains("hunter2"), "{said}");
    (*error.why, said)
}

#[test]
fn a_secret_is_given_out_by_file_and_name() {
    let key = signing_key();
    let (_place, _folder, vault) = vault(&key);
    assert_eq!(vault.secret("api-keys", "slack_token").unwrap().expose(), b"xoxb-first");
    assert_eq!(vault.secret("api-keys.yaml", "db.password").unwrap().expose(), b"hunter2");
    assert_eq!(vault.secret("api-keys", "owner_id").unwrap().expose(), b"4242");
    assert_eq!(vault.secret("api-keys", "slack_token").unwrap().name(), "api-keys.slack_token");
    assert!(!format!("{vault:?} {:?}", vault.secret("api-keys", "db.password")).contains("hunter2"));
}

#[test]
fn what_is_missing_is_said_with_what_to_do() {
    let key = signing_key();
    let (_place, _folder, vault) = vault(&key);
    assert!(
        matches!(why(&vault, "api-keys", "gmail_token"), (Why::NoKey { .. }, said) if said.contains("moltctl secrets set api-keys gmail_token"))
    );
    for empty in ["empty", "nothing"] {
        assert!(
            matches!(why(&vault, "api-keys", empty), (Why::Empty { .. }, said) if said.contains("moltctl secrets set api-keys"))
        );
    }
    assert!(
        matches!(why(&vault, "oauth", "client_id"), (Why::File(Unusable::Missing(_)), said) if said.contains("moltctl secrets init"))
    );
    for bad in ["../api-keys", "", "a/b", ".hidden", "api-keys.txt"] {
        assert!(matches!(why(&vault, bad, "x"), (Why::File(Unusable::NotAName(_)), _)), "{bad}");
    }
}

#[test]
fn a_secret_that_changes_is_used_at_once_and_the_old_one_stays_with_its_holder() {
    let key = signing_key();
    let (_place, folder, vault) = vault(&key);
    let before = vault.secret("api-keys", "slack_token").unwrap();
    for nth in 0..5 {
        // The same length, within the same step of the file system's clock.
        write(&folder, "api-keys", &PLAIN.replace("first", &format!("new-{nth}")), &key);
        assert_eq!(
            vault.secret("api-keys", "slack_token").unwrap().expose(),
            format!("xoxb-new-{nth}").as_bytes()
        );
    }
    assert_eq!(before.expose(), b"xoxb-first");
}

/// After some time a file's times alone say whether it changed, and they do.
#[test]
fn a_secret_that_changes_after_a_while_is_used_at_once_too() {
    let key = signing_key();
    let (_place, folder, vault) = vault(&key);
    std::thread::sleep(std::time::Duration::from_millis(3100));
    assert_eq!(vault.secret("api-keys", "slack_token").unwrap().expose(), b"xoxb-first");
    write(&folder, "api-keys", &PLAIN.replace("first", "later"), &key);
    assert_eq!(vault.secret("api-keys", "slack_token").unwrap().expose(), b"xoxb-later");
}

#[test]
fn a_file_that_stays_is_not_opened_again() {
    let key = signing_key();
    let (_place, _folder, vault) = vault(&key);
    let first = vault.secret("api-keys", "slack_token").unwrap();
    assert!(Arc::ptr_eq(&first, &vault.secret("api-keys", "slack_token").unwrap()));
}

#[test]
fn a_file_that_the_owner_did_not_sign_is_not_used() {
    let key = signing_key();
    let (place, folder, vault) = vault(&key);
    vault.secret("api-keys", "slack_token").unwrap();
    let file = place.path().join("api-keys.yaml");
    let (good, signature) = (std::fs::read(&file).unwrap(), place.path().join("api-keys.yaml.sig"));
    let refused = || matches!(why(&vault, "api-keys", "slack_token"), (Why::NotSigned { .. }, said) if said.contains("moltctl secrets trust api-keys.yaml"));

    // Whoever may write it and knows the public recipient makes another one that decrypts.
    write(&folder, "api-keys", "slack_token: theirs\n", &signing_key());
    assert!(refused(), "signed by another key");
    std::fs::remove_file(&signature).unwrap();
    assert!(refused(), "signed by nobody");
    std::fs::write(&signature, "rubbish\n").unwrap();
    std::fs::set_permissions(&signature, Permissions::from_mode(0o600)).unwrap();
    assert!(refused(), "signed with rubbish");
    std::fs::write(&file, [&good[..], b"# one more line\n"].concat()).unwrap();
    write(&folder, "oauth", PLAIN, &key);
    std::fs::copy(place.path().join("oauth.yaml.sig"), &signature).unwrap();
    std::fs::copy(place.path().join("oauth.yaml"), &file).unwrap();
    assert!(refused(), "a signed file under another name");
    assert!(vault.secret("oauth", "slack_token").is_ok());
}

#[test]
fn an_older_file_is_not_used_after_a_newer_one() {
    let key = signing_key();
    let (place, folder, vault) = vault(&key);
    let files = ["api-keys.yaml", "api-keys.yaml.sig"].map(|name| place.path().join(name));
    let old = files.clone().map(|path| std::fs::read(path).unwrap());
    write(&folder, "api-keys", "slack_token: newer\n", &key);
    vault.secret("api-keys", "slack_token").unwrap();
    for (path, bytes) in files.iter().zip(&old) {
        std::fs::write(path, bytes).unwrap();
    }
    assert!(
        matches!(why(&vault, "api-keys", "slack_token"), (Why::Older { .. }, said) if said.contains("moltctl secrets trust"))
    );
    // What this does not protect from: a process that starts afresh knows only what it is told.
    let afresh = || Vault::open(place.path(), identity(), key.verifier()).unwrap();
    assert_eq!(afresh().secret("api-keys", "slack_token").unwrap().expose(), b"xoxb-first");
    let told = afresh();
    vault.used().iter().for_each(|(file, version)| told.remember(file, *version));
    assert!(matches!(why(&told, "api-keys", "slack_token").0, Why::Older { .. }));
    assert_eq!(told.used(), vault.used(), "what was refused was not used");
}

/// Between any two steps of a write the machine may stop; what is there then is signed.
#[test]
fn every_state_between_two_versions_is_signed() {
    let key = signing_key();
    let (place, folder, _vault) = vault(&key);
    let (file, signature) = (place.path().join("api-keys.yaml"), place.path().join("api-keys.yaml.sig"));
    let before = std::fs::read(&file).unwrap();
    let named = folder.file("api-keys").unwrap();
    // The file cannot be replaced: what a write leaves then is what a stop after its first step leaves.
    std::fs::create_dir(place.path().join(".api-keys.yaml.new")).unwrap();
    let failed = folder.change().unwrap().write(&named, b"new bytes", &key, jiff::Timestamp::now());
    assert!(failed.is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(
        folder.read(&named).unwrap().signed(&named, &key.verifier()).is_some(),
        "the old file, after the first step"
    );
    std::fs::remove_dir(place.path().join(".api-keys.yaml.new")).unwrap();
    std::fs::write(&file, b"new bytes").unwrap();
    assert!(
        folder.read(&named).unwrap().signed(&named, &key.verifier()).is_some(),
        "the new file, after the second step"
    );
    folder.change().unwrap().write(&named, b"newer bytes", &key, jiff::Timestamp::now()).unwrap();
    let text = std::fs::read_to_string(signature).unwrap();
    assert_eq!(text.matches("version ").count(), 1, "a write that ends leaves one statement: {text}");
}

#[test]
fn a_file_that_others_can_reach_is_refused_with_the_command_that_mends_it() {
    let key = signing_key();
    let (place, _folder, vault) = vault(&key);
    for name in ["api-keys.yaml", "api-keys.yaml.sig"] {
        let path = place.path().join(name);
        for mode in [0o604, 0o620, 0o602, 0o666] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let (_, said) = why(&vault, "api-keys", "slack_token");
            let command = said.split_once("chmod ").map(|(_, rest)| format!("chmod {rest}")).unwrap();
            assert!(
                std::process::Command::new("sh").args(["-c", &command]).status().unwrap().success(),
                "{command}"
            );
            vault.secret("api-keys", "slack_token").unwrap();
        }
    }
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Vault::open(place.path(), identity(), key.verifier()), Err(Unusable::Exposed { .. })));
}

#[test]
fn links_pipes_and_two_endings_are_refused() {
    let key = signing_key();
    let (place, folder, vault) = vault(&key);
    symlink(place.path().join("api-keys.yaml"), place.path().join("link.yaml")).unwrap();
    assert!(matches!(why(&vault, "link", "slack_token"), (Why::File(Unusable::OfAnotherKind(_)), _)));
    assert!(
        std::process::Command::new("mkfifo")
            .arg("-m600")
            .arg(place.path().join("pipe.yaml"))
            .status()
            .unwrap()
            .success()
    );
    assert!(matches!(why(&vault, "pipe", "slack_token"), (Why::File(Unusable::OfAnotherKind(_)), _)));
    write(&folder, "api-keys.json", "{\"a\": \"b\"}", &key);
    assert!(matches!(why(&vault, "api-keys", "slack_token"), (Why::File(Unusable::Ambiguous(..)), _)));
    assert_eq!(vault.secret("api-keys.json", "a").unwrap().expose(), b"b");
}

#[test]
fn another_key_opens_nothing_and_says_whose_would() {
    let key = signing_key();
    let (place, _folder) = folder_with("api-keys", PLAIN, &key);
    let path = place.path().join("other.txt");
    create_identity(&path, jiff::Timestamp::now()).unwrap();
    let vault = Vault::open(place.path(), load_identity(&path).unwrap(), key.verifier()).unwrap();
    assert!(
        matches!(why(&vault, "api-keys", "slack_token"), (Why::Unopened { .. }, said) if said.contains(&identity().recipient()))
    );
}

/// Readers and a writer at the same time: nobody ever sees a file without its signature.
#[test]
fn whoever_reads_while_a_file_is_replaced_sees_the_old_or_the_new() {
    let key = signing_key();
    let (_place, folder, vault) = vault(&key);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..60 {
                let secret = vault.secret("api-keys", "slack_token").unwrap();
                assert!(secret.expose().starts_with(b"xoxb-"));
            }
        });
        for nth in 0..30 {
            write(&folder, "api-keys", &PLAIN.replace("first", &format!("{nth}")), &key);
        }
        reader.join().unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_protected_writes_no_core_and_lets_nobody_read_it() {
    vault::protect_process().unwrap();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    assert_eq!(rustix::process::dumpable_behavior().unwrap(), rustix::process::DumpableBehavior::NotDumpable);
}
