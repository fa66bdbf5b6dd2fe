//! An account of ours at the stand-in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::gmail::{Gmail, REACH, SCOPES};
use connectors::oauth::{CLIENT_ID, CLIENT_SECRET, Keeper, REFRESH_TOKEN};
use connectors::retry::Budget;
use egress::{Client, Credentials, Key, NotSent, Settings};
use vault::Secret;

use crate::stand_in::{self, StandIn};

/// The secrets of the test.
#[derive(Default)]
pub(crate) struct Vault {
    secrets: Mutex<HashMap<Key, Arc<Secret>>>,
    /// Nothing can be kept.
    full: bool,
}

/// A test's Google, our account there and what we reach it with.
pub(crate) struct Account {
    pub(crate) server: StandIn,
    pub(crate) vault: Arc<Vault>,
    pub(crate) client: Client,
    pub(crate) gmail: Gmail,
}

/// Tests do not wait.
pub(crate) const IMPATIENT: Budget = Budget {
    attempts: 3,
    within: Duration::from_secs(20),
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(1),
};

pub(crate) const MAIL: &[u8] = b"From: ann@example.net\r\nTo: owner@example.org\r\nSubject: Lunch\r\n\
    Message-ID: <lunch@example.net>\r\n\r\nAt noon?\r\n";

impl Vault {
    pub(crate) fn with_client() -> Vault {
        let vault = Vault::default();
        vault.set(CLIENT_ID, stand_in::CLIENT_ID);
        vault.set(CLIENT_SECRET, stand_in::CLIENT_SECRET);
        vault
    }

    pub(crate) fn full() -> Vault {
        Vault { full: true, ..Vault::with_client() }
    }

    pub(crate) fn set(&self, key: Key, value: &str) {
        let secret = Secret::new(key.to_string(), value.as_bytes().to_vec());
        self.secrets.lock().unwrap().insert(key, Arc::new(secret));
    }
}

impl Credentials for Vault {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        let secret = self.secrets.lock().unwrap().get(&key).cloned();
        secret.ok_or(NotSent::NoCredential { key, why: "nobody set it".to_owned() })
    }
}

impl Keeper for Vault {
    fn keep(&self, refresh_token: &Secret) -> Result<(), String> {
        if self.full {
            return Err("the disk is full".to_owned());
        }
        self.set(REFRESH_TOKEN, std::str::from_utf8(refresh_token.expose()).unwrap());
        Ok(())
    }
}

pub(crate) fn client(server: &StandIn, vault: &Arc<Vault>) -> Client {
    let addresses = ["endpoint", "token_endpoint"].map(|site| (site.to_owned(), server.address())).into();
    let settings = Settings { addresses, plaintext_loopback: true, ..Settings::default() };
    Client::new(&REACH, &settings, Arc::clone(vault) as Arc<dyn Credentials>).unwrap()
}

impl Account {
    /// With consent to everything that we ask for.
    pub(crate) async fn new() -> Account {
        Self::with(SCOPES, Vault::with_client()).await
    }

    pub(crate) async fn with(scopes: &[&str], vault: Vault) -> Account {
        let server = StandIn::start().await;
        let vault = Arc::new(vault);
        vault.set(REFRESH_TOKEN, &server.google().tokens.grant(scopes));
        let client = client(&server, &vault);
        let gmail =
            Gmail::within(IMPATIENT, client.clone(), Arc::clone(&vault) as _, Arc::clone(&vault) as _);
        Account { server, vault, client, gmail }
    }
}
