//! Who owns what after an installation.

use crate::root::Root;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

#[test]
fn every_process_has_a_user_of_its_own_that_nobody_can_log_in_as() {
    if !crate::is_root_or_says("`systemd-sysusers --root` makes users") {
        return;
    }
    let root = Root::installed();
    let table = fs::read_to_string(root.at("/etc/passwd")).unwrap();
    let names: Vec<_> = table.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "moltbot-executor",
            "moltbot-control",
            "moltbot-reader-email",
            "moltbot-reader-telegram",
            "moltbot-reader-slack",
            "moltbot-reader-sms",
            "moltbot-doorkeeper",
            "moltbot-planner"
        ]
    );
    for line in table.lines() {
        assert!(line.ends_with(":/usr/sbin/nologin"), "{line}");
    }
    for line in fs::read_to_string(root.at("/etc/group")).unwrap().lines() {
        assert!(line.ends_with(':'), "a group with members lets somebody else in: {line}");
    }
}

#[test]
fn each_part_belongs_to_the_one_process_that_writes_it() {
    if !crate::is_root_or_says("`systemd-tmpfiles --root` gives folders to users") {
        return;
    }
    let root = Root::installed();
    let (users, groups) = (root.users(), root.groups());
    let (executor, control, planner) = ("moltbot-executor", "moltbot-control", "moltbot-planner");
    for (path, mode, owner, group) in [
        ("/var/lib/moltbot", 0o755, "root", "root"),
        ("/var/lib/moltbot/moltbot.toml", 0o644, "root", "root"),
        ("/var/lib/moltbot/policy", 0o2750, "root", executor),
        ("/var/lib/moltbot/policy/policy.cedar", 0o640, "root", executor),
        ("/var/lib/moltbot/planner", 0o2750, "root", planner),
        ("/var/lib/moltbot/planner/rules.toml", 0o640, "root", planner),
        ("/var/lib/moltbot/keys", 0o711, "root", "root"),
        ("/var/lib/moltbot/keys/record.key", 0o600, executor, executor),
        ("/var/lib/moltbot/keys/record.pub", 0o644, "root", "root"),
        ("/var/lib/moltbot/keys/approval.key", 0o600, control, control),
        ("/var/lib/moltbot/keys/approval.pub", 0o644, "root", "root"),
        ("/var/lib/moltbot/keys/witness.key", 0o600, control, control),
        ("/var/lib/moltbot/keys/age.txt", 0o600, executor, executor),
        ("/var/lib/moltbot/keys/secrets.key", 0o600, "root", "root"),
        ("/var/lib/moltbot/keys/secrets.pub", 0o644, "root", "root"),
        ("/var/lib/moltbot/secrets", 0o2750, "root", executor),
        ("/var/lib/moltbot/audit", 0o700, executor, executor),
        ("/var/lib/moltbot/spool", 0o700, executor, executor),
        ("/var/lib/moltbot/quarantine", 0o700, executor, executor),
        ("/var/lib/moltbot/mail", 0o711, "root", "root"),
        ("/var/lib/moltbot/mail/inbox/new", 0o700, executor, executor),
        ("/var/lib/moltbot/mail/outbox/new", 0o700, executor, executor),
        ("/var/lib/moltbot/witness", 0o700, control, control),
        ("/run/moltbot", 0o711, "root", "root"),
        ("/run/moltbot/reader-email", 0o2750, executor, "moltbot-reader-email"),
        ("/run/moltbot/reader-telegram", 0o2750, executor, "moltbot-reader-telegram"),
        ("/run/moltbot/reader-slack", 0o2750, executor, "moltbot-reader-slack"),
        ("/run/moltbot/reader-sms", 0o2750, executor, "moltbot-reader-sms"),
        ("/run/moltbot/doorkeeper", 0o2750, executor, "moltbot-doorkeeper"),
        ("/run/moltbot/planner", 0o2750, executor, planner),
        ("/run/moltbot/control-plane", 0o2750, executor, control),
        ("/run/moltbot/ops-executor", 0o700, executor, executor),
        ("/run/moltbot/ops-control-plane", 0o700, control, control),
        ("/run/moltbot/ops-doorkeeper", 0o700, "moltbot-doorkeeper", "moltbot-doorkeeper"),
        ("/run/moltbot/ops-planner", 0o700, planner, planner),
    ] {
        let found = fs::metadata(root.at(path)).unwrap();
        let found = (found.mode() & 0o7777, users[&found.uid()].as_str(), groups[&found.gid()].as_str());
        assert_eq!(found, (mode, owner, group), "{path}: {:o} is not {mode:o}", found.0);
    }
}

#[test]
fn nobody_owns_a_folder_that_somebody_elses_files_are_in() {
    if !crate::is_root_or_says("`systemd-tmpfiles --root` gives folders to users") {
        return;
    }
    let root = Root::installed();
    let mut looked_at = 0;
    for (path, (_, owner, ..)) in root.everything() {
        let folder = fs::metadata(path.parent().unwrap()).unwrap();
        assert!(
            [0, owner].contains(&folder.uid()),
            "`{}` can be replaced by user {}",
            path.display(),
            folder.uid()
        );
        looked_at += 1;
    }
    assert!(looked_at > 60, "{looked_at}");
}

/// Whether a user may do something with a file. It becomes that user inside the installation: the way to there need not be
/// open to everybody.
const MAY: &str = r#"
import os, sys
root, user, what, path = sys.argv[1:]
os.chdir(root); os.setgroups([]); os.setresgid(*[int(user)] * 3); os.setresuid(*[int(user)] * 3)
mode = {"-r": os.R_OK, "-w": os.W_OK, "-x": os.X_OK, "-e": os.F_OK}[what]
os._exit(0 if os.access(path.lstrip("/"), mode) else 1)
"#;

#[test]
fn each_process_finds_what_it_needs_under_its_own_user_and_no_other() {
    if !crate::is_root_or_says("only root can be another user for a moment") {
        return;
    }
    let root = Root::installed();
    fs::set_permissions(root.at("/"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let may = |user: &str, what: &str, path: &str| {
        let (id, _) = root.users().into_iter().find(|(_, name)| name == user).unwrap();
        let mut test = Command::new("/usr/bin/python3");
        test.args(["-c", MAY]).arg(root.at("/")).args([&id.to_string(), what, path]).stdin(Stdio::null());
        match test.status().unwrap().code() {
            Some(0) => true,
            Some(1) => false,
            other => panic!("`{what} {path}` as {user} was not answered: {other:?}"),
        }
    };
    let users = root.users();
    for (path, what, who) in [
        ("/var/lib/moltbot/moltbot.toml", "-w", &[][..]),
        ("/var/lib/moltbot/policy/policy.cedar", "-r", &["moltbot-executor"]),
        ("/var/lib/moltbot/policy/policy.cedar", "-w", &[]),
        ("/var/lib/moltbot/policy", "-w", &[]),
        ("/var/lib/moltbot/planner/rules.toml", "-r", &["moltbot-planner"]),
        ("/var/lib/moltbot/keys/record.key", "-r", &["moltbot-executor"]),
        ("/var/lib/moltbot/keys/approval.key", "-r", &["moltbot-control"]),
        ("/var/lib/moltbot/keys/witness.key", "-r", &["moltbot-control"]),
        ("/var/lib/moltbot/keys/age.txt", "-r", &["moltbot-executor"]),
        ("/var/lib/moltbot/keys/secrets.key", "-r", &[]),
        ("/var/lib/moltbot/secrets", "-x", &["moltbot-executor"]),
        ("/var/lib/moltbot/secrets", "-w", &[]),
        ("/var/lib/moltbot/audit", "-x", &["moltbot-executor"]),
        ("/var/lib/moltbot/witness", "-x", &["moltbot-control"]),
        // Only root makes the latch, and only root takes it away.
        ("/var/lib/moltbot", "-w", &[]),
        ("/run/moltbot/planner", "-x", &["moltbot-executor", "moltbot-planner"]),
        ("/run/moltbot/planner", "-w", &["moltbot-executor"]),
        ("/run/moltbot/control-plane", "-x", &["moltbot-control", "moltbot-executor"]),
        ("/run/moltbot/ops-control-plane", "-x", &["moltbot-control"]),
    ] {
        let mut can: Vec<_> = users
            .iter()
            .filter(|(id, name)| **id != 0 && may(name, what, path))
            .map(|(_, name)| name.as_str())
            .collect();
        can.sort_unstable();
        assert_eq!(can, who, "test {what} {path}");
    }
}
