//! Installing, again, and no more.

use crate::root::Root;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn installing_twice_is_installing_once() {
    if !crate::is_root_or_says("the install script makes users and folders with owners") {
        return;
    }
    let root = Root::installed();
    // systemd-sysusers touches its own lock.
    let mut first = root.everything();
    first.remove(&root.at("/etc/.pwd.lock"));
    let said = root.install();
    let mut second = root.everything();
    second.remove(&root.at("/etc/.pwd.lock"));
    assert_eq!(first, second);
    assert!(said.contains("nothing was changed"), "{said}");
}

#[test]
fn a_root_that_only_root_gets_into_is_installed_into_twice_too() {
    if !crate::is_root_or_says("the install script makes users and folders with owners") {
        return;
    }
    let root = Root::installed();
    fs::set_permissions(root.at("/"), fs::Permissions::from_mode(0o700)).unwrap();
    let said = root.install();
    assert!(said.contains("nothing was changed"), "{said}");
}

#[test]
fn an_upgrade_replaces_programs_and_keeps_what_is_the_owners() {
    if !crate::is_root_or_says("the install script makes users and folders with owners") {
        return;
    }
    let root = Root::installed();
    let program = root.at("/usr/local/lib/moltbot/moltbot-reader");
    let owners =
        ["/etc/moltbot/egress.nft", "/var/lib/moltbot/moltbot.toml", "/var/lib/moltbot/policy/policy.cedar"];
    fs::write(&program, "an older version").unwrap();
    for file in owners {
        let text = fs::read_to_string(root.at(file)).unwrap();
        fs::write(root.at(file), format!("{text}\n\n")).unwrap();
    }
    let key = fs::read(root.at("/var/lib/moltbot/keys/approval.key")).unwrap();
    root.install();
    assert_eq!(fs::read(&program).unwrap(), fs::read(crate::programs().join("moltbot-reader")).unwrap());
    for file in owners {
        assert!(fs::read_to_string(root.at(file)).unwrap().ends_with("\n\n\n"), "{file}");
    }
    assert_eq!(fs::read(root.at("/var/lib/moltbot/keys/approval.key")).unwrap(), key);
}

#[test]
fn uninstalling_takes_all_but_the_data_and_says_where_that_is() {
    if !crate::is_root_or_says("the install script makes users and folders with owners") {
        return;
    }
    let root = Root::installed();
    let data = |root: &Root| {
        let mut all = root.everything();
        all.retain(|path, _| {
            path.starts_with(root.at("/var/lib/moltbot")) || path.starts_with(root.at("/etc/moltbot"))
        });
        all
    };
    let before = data(&root);
    assert!(before.len() > 20, "{before:?}");
    let said = root.uninstall();
    assert!(said.contains("/var/lib/moltbot"), "{said}");
    assert_eq!(data(&root), before);
    let ours: Vec<_> = root
        .everything()
        .into_keys()
        .filter(|path| {
            !before.contains_key(path) && path.symlink_metadata().is_ok_and(|found| !found.is_dir())
        })
        .filter(|path| path.parent().is_none_or(|folder| folder != root.at("/etc")))
        .collect();
    assert_eq!(ours, Vec::<std::path::PathBuf>::new(), "of ours, still there");
    // Again, on what is gone already.
    root.uninstall();
    root.install();
    assert_eq!(data(&root).len(), before.len());
}
