//! What services send us comes in once by whichever way, and what cannot be kept is not said to be.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

mod zone;

use action::Role;
use connectors::incoming::{Batch, Incoming};
use connectors::webhook::UntrustedRequest;
use egress::{Credentials, Key, NotSent};
use executor::feed::{Feed, Looking, Service};
use executor::spool::Spool;
use executor::standing::Standings;
use executor::webhooks::{Provider, Webhooks};
use executor::zone1::Zone1;
use home::{Config, Home, MARKER};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use vault::Secret;
use zone::zone1;

const SECRET: &str = "s3cret";

/// A vault with one secret for everything, or none that opens.
struct OneSecret(bool);

impl Credentials for OneSecret {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        if self.0 {
            Ok(Arc::new(Secret::new(key.name, SECRET.as_bytes().to_vec())))
        } else {
            Err(NotSent::NoCredential { key, why: "the vault does not open".to_owned() })
        }
    }
}

/// Telegram, as it answers a look.
struct Polled(u64);

impl Service for Polled {
    fn look<'a>(&'a mut self, _cursor: Option<&'a str>) -> Looking<'a> {
        let item =
            Incoming { id: format!("update:{}", self.0), untrusted_bytes: update(self.0).into_bytes() };
        let batch =
            Batch { items: vec![item], refused: Vec::new(), cursor: (self.0 + 1).to_string(), more: false };
        Box::pin(async { Ok(batch) })
    }

    fn wait(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

fn feed(number: u64) -> Feed {
    Feed { source: "telegram", connector: "telegram", service: Box::new(Polled(number)) }
}

fn update(number: u64) -> String {
    format!(r#"{{"update_id":{number},"message":{{"chat":{{}},"text":"hi"}}}}"#)
}

fn request(number: u64) -> UntrustedRequest {
    let headers = vec![("x-telegram-bot-api-secret-token".to_owned(), SECRET.as_bytes().to_vec())];
    UntrustedRequest { headers, query: String::new(), body: update(number).into_bytes() }
}

fn webhooks(folder: &Path, opens: bool) -> (Webhooks, Spool) {
    for part in ["spool", "quarantine"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    std::fs::write(folder.join(MARKER), "").unwrap();
    std::fs::write(folder.join("moltbot.toml"), "[connectors.telegram]\n[webhooks]\n").unwrap();
    let config = Config::load(&Home::open(folder).unwrap()).unwrap();
    let credentials: Arc<dyn Credentials> = Arc::new(OneSecret(opens));
    let spool = Spool::new(folder.join("spool"), folder.join("quarantine"));
    (Webhooks::of(&config, &credentials, &Standings::default()), spool)
}

fn recorded(folder: &Path, event_type: &str) -> usize {
    let log = std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
    log.lines().filter(|line| line.contains(&format!("\"event_type\":\"{event_type}\""))).count()
}

async fn take(
    webhooks: &Webhooks,
    zone1: &Zone1,
    spool: &Spool,
    provider: Provider,
    asked: UntrustedRequest,
) -> u16 {
    let zone = zone1.zone(Role::Doorkeeper);
    webhooks.take(zone1, spool, &zone, provider, asked).await.status
}

#[tokio::test]
async fn the_same_message_by_look_and_by_call_is_one_item_whichever_comes_first_or_both_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (zone1, (webhooks, spool)) = (zone1(folder.path()), webhooks(folder.path(), true));
    let called = |number| take(&webhooks, &zone1, &spool, Provider::Telegram, request(number));
    assert_eq!(called(1).await, 200);
    feed(1).look_once(&zone1, &spool).await.unwrap();
    feed(2).look_once(&zone1, &spool).await.unwrap();
    assert_eq!(called(2).await, 200);
    let (mut third, mut again) = (feed(3), feed(3));
    let looks = (third.look_once(&zone1, &spool), again.look_once(&zone1, &spool));
    let (first, second, third, again) = tokio::join!(called(3), called(3), looks.0, looks.1);
    assert_eq!((first, second, third.is_ok(), again.is_ok()), (200, 200, true, true));
    assert_eq!(recorded(folder.path(), "item_received"), 3);
    assert_eq!(std::fs::read_dir(folder.path().join("spool")).unwrap().count(), 3);
}

#[tokio::test]
async fn what_cannot_be_verified_or_kept_now_is_to_be_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let zone1 = zone1(folder.path());
    let (closed, spool) = webhooks(folder.path(), false);
    assert_eq!(take(&closed, &zone1, &spool, Provider::Telegram, request(1)).await, 503, "no vault");
    let (open, _) = webhooks(folder.path(), true);
    let nowhere = Spool::new(folder.path().join("nowhere"), folder.path().join("nowhere"));
    assert_eq!(take(&open, &zone1, &nowhere, Provider::Telegram, request(1)).await, 503, "no disk");
    std::fs::write(folder.path().join("latch"), "frozen").unwrap();
    assert_eq!(take(&open, &zone1, &spool, Provider::Telegram, request(1)).await, 503, "latched");
    assert_eq!(recorded(folder.path(), "item_received"), 0);
}

#[tokio::test]
async fn who_is_not_set_up_is_not_listened_to() {
    let folder = tempfile::tempdir().unwrap();
    let (zone1, (webhooks, spool)) = (zone1(folder.path()), webhooks(folder.path(), true));
    for provider in [Provider::Slack, Provider::Twilio] {
        assert_eq!(take(&webhooks, &zone1, &spool, provider, request(1)).await, 404);
    }
    assert_eq!(recorded(folder.path(), "call_refused"), 0);
}

#[tokio::test]
async fn strangers_do_not_fill_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let (zone1, (webhooks, spool)) = (zone1(folder.path()), webhooks(folder.path(), true));
    for number in 0..100 {
        let forged = UntrustedRequest { headers: Vec::new(), ..request(number) };
        assert_eq!(take(&webhooks, &zone1, &spool, Provider::Telegram, forged).await, 401);
    }
    zone1.quiesce().await;
    // Whoever is taken in later knows that what was refused before is on the disk.
    assert_eq!(take(&webhooks, &zone1, &spool, Provider::Telegram, request(1)).await, 200);
    assert_eq!(recorded(folder.path(), "call_refused"), 1);
}
