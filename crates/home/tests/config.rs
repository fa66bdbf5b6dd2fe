//! What a configuration may say, and how each problem is named.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use home::{Config, Home, MARKER, MailDelivery, NotAHome, SandboxRequirement, TEMPLATE};
use std::os::unix::fs::PermissionsExt as _;

fn home_with(config: &str) -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(MARKER), "").unwrap();
    std::fs::write(folder.path().join("moltbot.toml"), config).unwrap();
    let home = Home::open(folder.path()).unwrap();
    (folder, home)
}

fn problems(config: &str) -> String {
    let (_folder, home) = home_with(config);
    Config::load(&home).unwrap_err().to_string()
}

#[test]
fn the_shipped_file_and_an_empty_one_mean_the_same_but_for_the_source() {
    let (folder, home) = home_with(TEMPLATE);
    let shipped = Config::load(&home).unwrap();
    assert_eq!(shipped.host, "local");
    assert_eq!(shipped.mail_delivery, MailDelivery::Maildir(folder.path().join("mail/outbox")));
    assert_eq!(shipped.approval_expiry.as_secs(), 300);
    assert_eq!(shipped.sandbox, SandboxRequirement::BestEffort);
    assert_eq!(shipped.sources.len(), 1);
    std::fs::write(home.config_file(), "").unwrap();
    let empty = Config::load(&home).unwrap();
    assert_eq!(Config { sources: shipped.sources.clone(), ..empty }, shipped);
}

#[test]
fn every_commented_key_of_the_shipped_file_is_a_real_one_with_its_default() {
    // A commented key is a line that starts with # and a word, without a space between.
    let uncommented: String = TEMPLATE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let (_folder, home) = home_with(&uncommented);
    let all = Config::load(&home).unwrap();
    assert_eq!(all.sources.len(), 3);
    let (_folder, home) = home_with(TEMPLATE);
    let shipped = Config::load(&home).unwrap();
    assert_eq!(
        (all.host, all.approval_expiry, all.permit_lifetime, all.sandbox),
        (shipped.host, shipped.approval_expiry, shipped.permit_lifetime, shipped.sandbox)
    );
}

#[test]
fn one_message_names_every_problem_with_its_key() {
    let said = problems(
        "colour = 1\n[approvals]\nexpire_after_seconds = 900\nexpire = 3\n[permits]\nlifetime_seconds = \"5\"\n\
         [connectors.mail]\nfrom = \"me\"\ndeliver = \"pigeon\"\n[sources.email]\nmaildirs = \"x\"\n[zones]\nsandbox = true\n",
    );
    for key in [
        "9 problems",
        "colour: is not a section",
        "approvals.expire_after_seconds: must be a whole number from 1 to 300 (seconds), found 900",
        "approvals.expire: is not a key here",
        "permits.lifetime_seconds: must be a whole number",
        "connectors.mail.from: `me` is not a plain mail address",
        "connectors.mail.deliver: must be \"maildir\" or \"smtp\", found \"pigeon\"",
        "sources.email.maildirs: is not a key here",
        "zones.sandbox: must be \"require\" or \"best-effort\", found true",
        "moltbot.toml",
    ] {
        assert!(said.contains(key), "{key} in:\n{said}");
    }
}

#[test]
fn a_file_that_is_not_toml_is_named_with_its_line() {
    let said = problems("[host]\nname = local\n");
    assert!(said.contains("line 2") && said.contains("is not TOML"), "{said}");
}

#[test]
fn mail_in_the_clear_to_another_machine_is_refused() {
    let smtp = |host: &str| {
        format!(
            "[connectors.mail]\ndeliver = \"smtp\"\n[connectors.mail.smtp]\nhost = \"{host}\"\nport = 25\nsecurity = \"none\"\n"
        )
    };
    assert!(problems(&smtp("mail.example.org")).contains("in the clear"));
    for here in ["127.0.0.1", "::1", "localhost"] {
        let (_folder, home) = home_with(&smtp(here));
        assert!(Config::load(&home).is_ok(), "{here}");
    }
}

#[test]
fn mail_cannot_go_round_in_circles() {
    let said = problems("[sources.email]\nmaildir = \"mail/outbox\"\n");
    assert!(said.contains("round in circles"), "{said}");
    let said = problems("[sources.email]\nmaildir = \"x\"\n[sources.slack]\nmaildir = \"x\"\n");
    assert!(said.contains("already the folder of sources.email"), "{said}");
}

#[test]
fn a_run_folder_too_deep_for_sockets_is_named_with_a_way_out() {
    let said = problems(&format!("[run]\ndir = \"{}\"\n", "x".repeat(90)));
    assert!(said.contains("run.dir: socket paths") && said.contains("shorter"), "{said}");
}

#[test]
fn what_is_not_a_home_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Home::open(&folder.path().join("nothing")), Err(NotAHome::Missing(_))));
    assert!(matches!(Home::open(folder.path()), Err(NotAHome::Foreign(_))));
    std::fs::write(folder.path().join(MARKER), "").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Home::open(folder.path()), Err(NotAHome::Open { .. })));
}
