//! What a configuration may say, and how each problem is named.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use action::Role;
use home::{
    Config, Feed, Home, MARKER, MailDelivery, NotAHome, Process, RaisedBy, SandboxRequirement, TEMPLATE,
};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

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
    assert_eq!(shipped.connectors.mail_delivery, MailDelivery::Maildir(folder.path().join("mail/outbox")));
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
    assert_eq!(all.sources.len(), 4);
    let (_folder, home) = home_with(TEMPLATE);
    let shipped = Config::load(&home).unwrap();
    assert_eq!(
        (all.host, all.approval_expiry, all.permit_lifetime, all.sandbox),
        (shipped.host, shipped.approval_expiry, shipped.permit_lifetime, shipped.sandbox)
    );
}

#[test]
fn the_machines_own_home_is_raised_by_systemd_and_requires_its_walls() {
    let (_folder, home) = home_with(&home::template_for_the_machine());
    let config = Config::load(&home).unwrap();
    assert_eq!(config.raised_by, RaisedBy::Systemd);
    assert_eq!(config.run_dir, std::path::Path::new("/run/moltbot"));
    assert_eq!(config.sandbox, SandboxRequirement::Require);
}

#[test]
fn no_two_processes_bind_in_the_same_folder() {
    let (_folder, home) = home_with("");
    let config = Config::load(&home).unwrap();
    // The executor binds every bridge; what a process binds for the operator is beside none of them.
    let bridges = Role::ALL.map(|role| config.bridge_socket(role).parent().map(Path::to_owned));
    let processes = [Process::Supervisor, Process::Executor].into_iter().chain(Role::ALL.map(Process::Zone));
    let folders: Vec<_> = processes.map(|process| Some(config.ops_folder(process))).collect();
    let distinct: BTreeSet<_> = bridges.iter().chain(&folders).collect();
    assert_eq!(distinct.len(), bridges.len() + folders.len());
}

#[test]
fn the_limit_on_the_run_folder_is_that_of_the_longest_socket() {
    let deepest = |run_dir: &str| {
        let (_folder, home) = home_with(&format!("[run]\ndir = \"{run_dir}\"\n"));
        let config = Config::load(&home).ok()?;
        let bridges = Role::ALL.map(|role| config.bridge_socket(role));
        let health = Role::ALL.map(|role| config.health_socket(Process::Zone(role)));
        let all = bridges.into_iter().chain(health).chain([config.operator_socket()]);
        all.map(|socket| socket.as_os_str().len()).max()
    };
    let accepted: Vec<_> =
        (1..120).filter_map(|length| deepest(&format!("/{}", "x".repeat(length)))).collect();
    let limit = if cfg!(target_os = "macos") { 103 } else { 107 };
    assert_eq!(accepted.last(), Some(&limit));
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
        "connectors.mail.deliver: must be \"maildir\" or \"smtp\" or \"gmail\", found \"pigeon\"",
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
fn a_password_is_not_sent_in_the_clear_without_the_owners_word() {
    let server = |also: &str| format!("[connectors.imap]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\n{also}");
    assert!(problems(&server("")).contains("connectors.imap.security: would send the password in the clear"));
    let (_folder, home) = home_with(&server("danger_allow_plaintext_loopback = true\n"));
    let config = Config::load(&home).unwrap();
    let said = config.connectors.deviations();
    assert!(matches!(said.as_slice(), [("imap", what)] if what.contains("without TLS")), "{said:?}");
}

#[test]
fn a_source_is_fed_by_a_service_that_is_set_up_or_by_a_folder() {
    let said = problems("[sources.telegram]\nconnector = \"telegram\"\n");
    assert!(said.contains("needs [connectors.telegram]"), "{said}");
    let said =
        problems("[connectors.slack]\n[sources.slack]\nconnector = \"slack\"\nchannels = [\"general\"]\n");
    assert!(said.contains("sources.slack.channels: must name the channels"), "{said}");
    let sms = "[sources.sms]\nconnector = \"twilio\"\n";
    let said = problems(sms);
    assert!(said.contains("needs [connectors.twilio]") && said.contains("needs [webhooks]"), "{said}");
    let said = problems("[connectors.mail]\ndeliver = \"gmail\"\n");
    assert!(said.contains("connectors.mail.deliver: is \"gmail\", which needs [connectors.gmail]"), "{said}");

    let (_folder, home) = home_with("[connectors.telegram]\n[sources.telegram]\nconnector = \"telegram\"\n");
    let config = Config::load(&home).unwrap();
    let [source] = config.sources.as_slice() else { panic!("{config:?}") };
    assert_eq!((&source.maildir, &source.feed), (&None, &Some(Feed::Telegram)));
    let webhooks = "[connectors.twilio]\n[webhooks]\npublic_url = \"https://hooks.example.org\"\n";
    let (_folder, home) = home_with(&format!("{webhooks}{sms}"));
    assert_eq!(Config::load(&home).unwrap().sources[0].feed, Some(Feed::Twilio));
    // A service that calls needs nothing to be looked into.
    let slack = "[sources.slack]\nchannels = [\"C0123456789\"]\n";
    assert!(problems(slack).contains("sources.slack.maildir: is missing"));
    assert!(problems(&format!("[connectors.slack]\n{slack}")).contains("sources.slack.maildir: is missing"));
    let (_folder, home) = home_with(&format!("[connectors.slack]\n[webhooks]\n{slack}"));
    let config = Config::load(&home).unwrap();
    let [source] = config.sources.as_slice() else { panic!("{config:?}") };
    assert_eq!((&source.maildir, &source.feed, source.channels.len()), (&None, &None, 1));
}

#[test]
fn another_server_than_the_providers_own_is_told_of() {
    let (_folder, home) = home_with(
        "[connectors.telegram]\nendpoint = \"https://127.0.0.1:8443\"\n[connectors.slack]\n\
         endpoint = \"https://slack.com/api\"\n[connectors.gmail]\ntoken_endpoint = \"https://x.example\"\n",
    );
    let said = Config::load(&home).unwrap().connectors.deviations();
    let expected = [
        ("gmail", "token_endpoint is https://x.example".to_owned()),
        ("telegram", "endpoint is https://127.0.0.1:8443".to_owned()),
    ];
    assert_eq!(said, expected);
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

#[test]
fn services_call_at_an_address_of_this_machine_and_nowhere_else() {
    let load = |config: &str| {
        let (_folder, home) = home_with(config);
        Config::load(&home)
    };
    let roles = |config: &str| load(config).unwrap().roles().collect::<Vec<_>>();
    assert!(!roles("").contains(&Role::Doorkeeper), "nobody listens unless the owner says so");
    let without = |role: Role| Role::ALL.into_iter().filter(|other| *other != role).collect::<Vec<_>>();
    assert_eq!(roles("[webhooks]\n"), without(Role::ReaderSms));
    assert_eq!(roles("[sources.sms]\nmaildir = \"sms/inbox\"\n"), without(Role::Doorkeeper));
    let webhooks = load("[webhooks]\n").unwrap().webhooks.unwrap();
    assert_eq!((webhooks.listen.to_string(), webhooks.public_url), ("127.0.0.1:8473".to_owned(), None));
    for listen in ["127.0.0.1:80", "[::1]:8473"] {
        assert!(load(&format!("[webhooks]\nlisten = \"{listen}\"\n")).is_ok(), "{listen}");
    }
    for listen in
        ["0.0.0.0:8473", "192.168.0.1:8473", "[::]:8473", "127.0.0.1", "127.0.0.1:0", "localhost:8473"]
    {
        let said = problems(&format!("[webhooks]\nlisten = \"{listen}\"\n"));
        assert!(
            said.contains("webhooks.listen: must be an address of this machine itself"),
            "{listen}: {said}"
        );
    }
}

#[test]
fn the_public_address_is_https_and_twilio_needs_it() {
    let at = |url: &str, more: &str| {
        let (_folder, home) = home_with(&format!("[webhooks]\npublic_url = \"{url}\"\n{more}"));
        Config::load(&home)
            .map(|config| config.webhooks.unwrap().public_address("/twilio").unwrap().to_string())
    };
    assert_eq!(at("https://hooks.example.org", "").unwrap(), "https://hooks.example.org/twilio");
    assert_eq!(at("https://example.org:8443/bot/", "").unwrap(), "https://example.org:8443/bot/twilio");
    let loopback = "danger_allow_plaintext_loopback = true\n";
    assert_eq!(at("http://127.0.0.1:8473", loopback).unwrap(), "http://127.0.0.1:8473/twilio");
    for (url, more) in [
        ("http://hooks.example.org", ""),
        ("http://hooks.example.org", loopback),
        ("http://127.0.0.1:8473", ""),
        ("https://me:pw@example.org", ""),
        ("https://example.org/?a=1", ""),
        ("ftp://example.org", ""),
        ("example.org", ""),
    ] {
        let said = at(url, more).unwrap_err().to_string();
        assert!(said.contains("webhooks.public_url: "), "{url}: {said}");
    }
    let said = problems("[connectors.twilio]\n[webhooks]\n");
    assert!(said.contains("webhooks.public_url: is missing; Twilio signs the address"), "{said}");
}
