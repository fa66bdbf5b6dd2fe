//! What the owner writes of a service is checked before anything is reached or shown.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use connectors::oauth::Keeper;
use egress::{Credentials, Key, NotSent};
use executor::services::{Holder, Services};
use home::{Config, Home, MARKER};
use std::sync::Arc;
use vault::Secret;

/// A vault that is not asked.
struct Closed;

impl Credentials for Closed {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        Err(NotSent::NoCredential { key, why: "it is not asked".to_owned() })
    }
}

impl Keeper for Closed {
    fn keep(&self, _refresh_token: &Secret) -> Result<(), String> {
        Err("it is not asked".to_owned())
    }
}

/// The problem of a `[connectors.gmail]`, as the executor and `moltctl connect gmail` tell it.
fn problem(gmail: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(MARKER), "").unwrap();
    std::fs::write(folder.path().join("moltbot.toml"), format!("[connectors.gmail]\n{gmail}\n")).unwrap();
    let home = Home::open(folder.path()).unwrap();
    let connectors = Config::load(&home).unwrap().connectors;
    let holder = Holder { credentials: Arc::new(Closed), keeper: Arc::new(Closed) };
    let at_start = Services::set_up(&home, &connectors, &holder).err().map(|problems| problems.to_string());
    let asking = Services::client_of_gmail(&home, &connectors, &holder).err();
    // Whoever asks for consent is also told that there is no client then.
    assert_eq!(at_start.is_some(), asking.is_some());
    at_start
}

#[test]
fn a_page_of_consent_is_as_safe_to_open_as_the_servers_are_to_reach() {
    for well in [
        "consent_endpoint = \"https://login.example.org\"",
        "consent_endpoint = \"http://127.0.0.1:8081\"\ndanger_allow_plaintext_loopback = true",
    ] {
        assert_eq!(problem(well), None, "{well}");
    }
    let said = problem("consent_endpoint = \"http://127.0.0.1:8081\"").unwrap();
    assert!(said.contains("connectors.gmail: consent_endpoint = \"http://127.0.0.1:8081\""), "{said}");
    assert!(said.contains("danger_allow_plaintext_loopback = true"), "{said}");
    for (page, why) in [
        ("http://login.example.org", "in the clear"),
        ("file:///etc/passwd", "names no host"),
        ("ftp://login.example.org", "neither https nor http"),
        ("login.example.org", "not a URL"),
        ("https://login.example.org/?next=x", "query or fragment"),
        ("https://ann:pw@login.example.org", "holds a user or password"),
    ] {
        let said = problem(&format!("consent_endpoint = \"{page}\"\ndanger_allow_plaintext_loopback = true"))
            .unwrap();
        assert!(said.contains("consent_endpoint") && said.contains(why), "{page}: {said}");
    }
}
