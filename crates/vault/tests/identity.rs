//! The identity file: made once, readable by its owner alone, refused otherwise.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use tempfile::TempDir;
use vault::{CannotCreate, CannotLoad, create_identity, load_identity};

fn identity() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.txt");
    let recipient = create_identity(&path, now()).unwrap();
    (folder, path, recipient)
}

fn now() -> Timestamp {
    "2026-02-03T04:05:06.789Z".parse().unwrap()
}

fn refused(path: &Path) -> (CannotLoad, String) {
    let error = load_identity(path).unwrap_err();
    let message = error.to_string();
    assert!(!message.contains("AGE-SECRET"), "{message}");
    (error, message)
}

#[test]
fn a_fresh_identity_has_the_format_of_age_keygen_and_is_the_owners_alone() {
    let (folder, path, recipient) = identity();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], "# created: 2026-02-03T04:05:06Z");
    assert_eq!(lines[1], format!("# public key: {recipient}"));
    assert!(recipient.starts_with("age1"));
    assert!(lines[2].starts_with("AGE-SECRET-KEY-1"));
    assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
    let names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["identity.txt"], "no draft is left behind");
}

#[test]
fn what_was_made_is_loaded_and_not_printed() {
    let (_folder, path, recipient) = identity();
    let identity = load_identity(&path).unwrap();
    assert_eq!(identity.recipient(), recipient);
    assert_eq!(format!("{identity:?}"), format!("Identity({recipient})"));
}

#[test]
fn an_identity_is_never_overwritten() {
    let (folder, path, _) = identity();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(create_identity(&path, now()), Err(CannotCreate::Exists { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let link = folder.path().join("link");
    symlink(folder.path().join("nowhere"), &link).unwrap();
    assert!(
        matches!(create_identity(&link, now()), Err(CannotCreate::Exists { .. })),
        "a dangling link counts"
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 2, "no draft is left behind");
}

#[test]
fn an_identity_in_a_missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        create_identity(&folder.path().join("no/identity"), now()),
        Err(CannotCreate::Io { .. })
    ));
}

#[test]
fn a_file_that_others_can_reach_is_refused_with_the_command_that_mends_it() {
    for mode in [0o640, 0o604, 0o660, 0o610, 0o601] {
        let (_folder, path, _) = identity();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let (error, message) = refused(&path);
        assert!(matches!(error, CannotLoad::Exposed { mode: found, .. } if found == mode));
        let command = message.split_once("chmod 600 ").map(|(_, path)| format!("chmod 600 {path}")).unwrap();
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
        load_identity(&path).unwrap();
    }
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give a file away");
        return;
    }
    let (_folder, path, _) = identity();
    std::os::unix::fs::chown(&path, Some(4242), None).unwrap();
    let (error, message) = refused(&path);
    assert!(matches!(error, CannotLoad::ForeignOwner { owner: 4242, user: 0, .. }));
    assert!(message.contains("chown 0 "), "{message}");
}

#[test]
fn links_folders_and_pipes_are_refused_without_waiting() {
    let (folder, path, _) = identity();
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg("-m600").arg(&pipe).status().unwrap().success());
    for refused_path in [link.as_path(), folder.path(), pipe.as_path()] {
        assert!(matches!(refused(refused_path).0, CannotLoad::NotAFile { .. }), "{}", refused_path.display());
    }
    assert!(matches!(refused(&folder.path().join("nothing")).0, CannotLoad::Io { .. }));
}

#[test]
fn a_file_with_anything_but_one_key_is_refused() {
    let (_folder, path, _) = identity();
    let text = std::fs::read_to_string(&path).unwrap();
    let key = text.lines().last().unwrap();

    type Expected = fn(&CannotLoad) -> bool;
    let cases: [(String, Expected); 7] = [
        (String::new(), |error| matches!(error, CannotLoad::NotOneKey { keys: 0, .. })),
        ("# only a comment\n".to_owned(), |error| matches!(error, CannotLoad::NotOneKey { keys: 0, .. })),
        (format!("{key}\n{key}\n"), |error| matches!(error, CannotLoad::NotOneKey { keys: 2, .. })),
        (format!("# fine\n{}\n", key.get(..40).unwrap()), |error| {
            matches!(error, CannotLoad::NotAKey { line: 2, .. })
        }),
        (key.replace("KEY-1", "KEY-2"), |error| matches!(error, CannotLoad::NotAKey { line: 1, .. })),
        (format!("{key}\npassword=1\n"), |error| matches!(error, CannotLoad::NotAKey { line: 2, .. })),
        ("#".repeat(70_000), |error| matches!(error, CannotLoad::TooLong { .. })),
    ];
    for (text, expected) in cases {
        std::fs::write(&path, text).unwrap();
        let (error, message) = refused(&path);
        assert!(expected(&error), "{message}");
    }
}

#[test]
fn age_keygen_reads_the_same_recipient() {
    let (_folder, path, recipient) = identity();
    let Ok(output) = Command::new("age-keygen").arg("-y").arg(&path).output() else {
        println!("skipped: `age-keygen` is not installed (apt-get install age)");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), recipient);
}

#[test]
fn an_identity_of_age_keygen_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs");
    let Ok(output) = Command::new("age-keygen").arg("-o").arg(&path).output() else {
        println!("skipped: `age-keygen` is not installed (apt-get install age)");
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains(&load_identity(&path).unwrap().recipient()), "{printed}");
}
