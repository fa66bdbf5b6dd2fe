//! Making a home, and what is wrong in one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use system_tests::{TestHome, moltctl};

/// Everything that can be seen of a tree from outside.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (u32, u64, i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let seen = (metadata.mode(), metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), content);
        found.insert(path, seen);
    }
    found
}

#[test]
fn init_again_changes_nothing() {
    let home = TestHome::new();
    fs::write(home.path().join("mail/inbox/new/1.mine"), "From: a@b\r\n\r\nx\r\n").unwrap();
    home.edit(&home.config_file(), "#name = \"local\"", "name = \"desk\"");
    let before = tree(home.path());
    let said = home.moltctl(&["init"]).well();
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(before == tree(home.path()));
}

#[test]
fn init_makes_nothing_that_others_may_read() {
    let home = TestHome::new();
    for (path, (mode, ..)) in tree(home.path()) {
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn init_completes_what_is_missing_and_keeps_the_rest() {
    let home = TestHome::new();
    fs::remove_file(home.rules_file()).unwrap();
    let mut before = tree(home.path());
    let said = home.moltctl(&["init"]).well();
    assert_eq!(said.lines().next(), Some(&*format!("made  {}", home.rules_file().display())));
    let mut after = tree(home.path());
    assert!(after.remove(&home.rules_file()).is_some());
    for tree in [&mut before, &mut after] {
        tree.remove(home.rules_file().parent().unwrap());
    }
    assert!(before == after);
}

#[test]
fn init_leaves_a_folder_that_is_not_its_own_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let before = tree(folder.path());
    let said = moltctl(&["init", "--home", folder.path().to_str().unwrap()], b"");
    assert_ne!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("not empty and not a home of ours"), "{said:?}");
    assert!(before == tree(folder.path()));

    let file = folder.path().join("thesis.txt");
    let said = moltctl(&["init", "--home", file.to_str().unwrap()], b"");
    assert!(said.code != Some(0) && said.err.contains("is not a folder"), "{said:?}");
    assert!(before == tree(folder.path()));
}

#[test]
fn every_problem_of_a_home_is_named_at_once_with_file_and_key_and_nothing_is_started() {
    let home = TestHome::new();
    home.edit(&home.config_file(), "#name = \"local\"", "name = \"my desk\"\ncolour = 1");
    home.edit(&home.config_file(), "from = \"moltbot@localhost\"", "from = \"not an address\"");
    home.edit(&home.config_file(), "deliver = \"maildir\"", "deliver = \"pigeon\"");
    home.edit(&home.config_file(), "#expire_after_seconds = 300", "expire_after_seconds = 301");
    home.edit(&home.config_file(), "#lifetime_seconds = 300", "lifetime_seconds = \"long\"");
    home.edit(&home.config_file(), "#sandbox = \"best-effort\"", "sandbox = \"no\"");
    home.edit(&home.policy_file(), "\npermit (", "\npermit if you like (");
    home.edit(&home.rules_file(), "\"{{ sender }}\"", "\"{{ sender\"");
    fs::remove_file(home.approval_public_key_file()).unwrap();
    let before = tree(home.path());

    let config = home.config_file();
    let wanted = [
        format!("{}: host.name: ", config.display()),
        format!("{}: host.colour: ", config.display()),
        format!("{}: connectors.mail.from: ", config.display()),
        format!("{}: connectors.mail.deliver: ", config.display()),
        format!("{}: approvals.expire_after_seconds: ", config.display()),
        format!("{}: permits.lifetime_seconds: ", config.display()),
        format!("{}: zones.sandbox: ", config.display()),
        format!("{}: line ", home.policy_file().display()),
        format!("{}: rule `acknowledge-a-question`: with.to: ", home.rules_file().display()),
        format!("{}: ", home.approval_public_key_file().display()),
    ];
    for command in [&["up"][..], &["up", "--detach"]] {
        let said = home.moltctl(command);
        assert_eq!(said.code, Some(2), "{said:?}");
        for wanted in &wanted {
            assert!(said.err.contains(wanted), "{wanted} in:\n{}", said.err);
        }
        assert!(said.err.contains(&format!("{} problems:", wanted.len())), "{}", said.err);
    }
    assert!(before == tree(home.path()), "nothing is bound, written or started");

    // What is missing is made; what is wrong is the owner's, and is named.
    let said = home.moltctl(&["init"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for wanted in &wanted[..9] {
        assert!(said.err.contains(wanted), "{wanted} in:\n{}", said.err);
    }
}

#[test]
fn a_home_that_is_missing_or_unreadable_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    for command in [&["up"][..], &["down"], &["status"], &["approvals", "list"], &["audit", "verify"]] {
        let said = moltctl(&[&["--home", nowhere.to_str().unwrap()], command].concat(), b"");
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("there is no home at") && said.err.contains("moltctl init"), "{said:?}");
    }
    let home = TestHome::new();
    fs::write(home.config_file(), "[host\n").unwrap();
    let said = home.moltctl(&["up"]);
    assert!(said.err.contains(&format!("{}: line 1: is not TOML", home.config_file().display())), "{said:?}");
    fs::remove_file(home.config_file()).unwrap();
    let said = home.moltctl(&["up"]);
    assert!(said.err.contains(&format!("{}: cannot be read", home.config_file().display())), "{said:?}");
}
