//! A message comes in from a service, and an answer goes out to it, with a credential that nobody but Zone 1 ever holds.

use axum::extract::{Path as UrlPath, State};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use system_tests::{TestHome, eventually, moltctl, processes};

/// Looks like a bot's token, and is met nowhere else.
const TOKEN: &str = "7654321:PLANTED-telegram-token-xq8Zr4";

const RULE: &str = r#"
[[rule]]
name = "answer"
when = { source = "telegram" }
action = "send_telegram"
with = { chat = "{{ chat }}", text = "You said: {{ body }}" }
"#;

/// Telegram's side: messages that wait, and what the bot said.
#[derive(Clone, Default)]
pub(crate) struct Telegram(Arc<Mutex<Chats>>);

#[derive(Default)]
struct Chats {
    waiting: Vec<Value>,
    acknowledged: i64,
    sent: Vec<Value>,
    strangers: usize,
    webhook: Option<String>,
}

// === impl Telegram ===

impl Telegram {
    /// Listens on a loopback port, which is returned. On a thread of its own: a test waits for programs that talk to it.
    pub(crate) fn listen(&self) -> u16 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let router =
            Router::new().route("/{bot}/{method}", post(answer).get(answer)).with_state(self.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        port
    }

    fn says(&self, update: i64, text: &str) {
        let from = json!({ "id": 11, "is_bot": false, "first_name": "Ann" });
        let chat = json!({ "id": 11, "type": "private", "first_name": "Ann" });
        let message =
            json!({ "message_id": update, "date": 1_700_000_000, "from": from, "chat": chat, "text": text });
        self.0.lock().unwrap().waiting.push(json!({ "update_id": update, "message": message }));
    }

    /// The form that the bot told it about its webhook with.
    pub(crate) fn webhook(&self) -> Option<String> {
        self.0.lock().unwrap().webhook.clone()
    }

    fn sent(&self) -> Vec<Value> {
        self.0.lock().unwrap().sent.clone()
    }
}

async fn answer(
    State(telegram): State<Telegram>,
    UrlPath((bot, method)): UrlPath<(String, String)>,
    body: String,
) -> (axum::http::StatusCode, Json<Value>) {
    let well = |result: Value| (axum::http::StatusCode::OK, Json(json!({ "ok": true, "result": result })));
    if bot != format!("bot{TOKEN}") {
        telegram.0.lock().unwrap().strangers += 1;
        let no = json!({ "ok": false, "error_code": 401, "description": "Unauthorized" });
        return (axum::http::StatusCode::UNAUTHORIZED, Json(no));
    }
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    match method.as_str() {
        "getMe" => {
            well(json!({ "id": 7_654_321, "is_bot": true, "first_name": "Bot", "username": "moltbot" }))
        }
        "getUpdates" => {
            let offset = asked["offset"].as_i64().unwrap_or_default();
            let new = {
                let mut chats = telegram.0.lock().unwrap();
                chats.acknowledged = chats.acknowledged.max(offset);
                chats.waiting.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
                chats.waiting.clone()
            };
            if new.is_empty() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            well(json!(new))
        }
        "setWebhook" | "deleteWebhook" => {
            telegram.0.lock().unwrap().webhook = (method == "setWebhook").then_some(body);
            well(json!(true))
        }
        "sendMessage" => {
            let mut chats = telegram.0.lock().unwrap();
            chats.sent.push(asked.clone());
            let id = chats.sent.len();
            well(
                json!({ "message_id": id, "date": 1_700_000_001, "chat": { "id": 11, "type": "private" }, "text": asked["text"] }),
            )
        }
        _ => (
            axum::http::StatusCode::NOT_FOUND,
            Json(json!({ "ok": false, "error_code": 404, "description": "no" })),
        ),
    }
}

/// A home whose bot is at that port. The token goes in through standard input.
fn home_with_bot(port: u16) -> TestHome {
    let home = TestHome::new();
    let more = format!(
        "\n[connectors.telegram]\nendpoint = \"http://127.0.0.1:{port}\"\ndanger_allow_plaintext_loopback = true\n\
         [sources.telegram]\nconnector = \"telegram\"\n"
    );
    append(&home.config_file(), &more);
    append(&home.rules_file(), RULE);
    let set = ["--home", home.path().to_str().unwrap(), "secrets", "set", "api-keys", "telegram_bot_token"];
    moltctl(&set, TOKEN.as_bytes()).well();
    home
}

pub(crate) fn append(file: &Path, text: &str) {
    let before = fs::read_to_string(file).unwrap();
    fs::write(file, before + text).unwrap();
}

async fn approve_next(home: &TestHome) {
    let list = || home.moltctl(&["approvals", "list", "--json"]).json().as_array().unwrap().first().cloned();
    let waiting = eventually("the owner is asked", list).await;
    home.moltctl(&["approvals", "approve", waiting["request"].as_str().unwrap()]).well();
}

#[tokio::test]
async fn a_message_is_answered_once_and_the_token_is_nowhere_but_in_zone_1() {
    let telegram = Telegram::default();
    let port = telegram.listen();
    let home = home_with_bot(port);
    let said = home.moltctl(&["connectors", "test"]).well();
    assert!(said.contains("telegram   works    @moltbot"), "{said}");

    {
        let _system = home.up();
        telegram.says(100, "Is anybody there?");
        approve_next(&home).await;
        let sent = eventually("it is answered", || telegram.sent().pop()).await;
        assert_eq!((&sent["chat_id"], &sent["text"]), (&json!(11), &json!("You said: Is anybody there?")));
        eventually("the outcome is recorded", || home.recorded("execution_finished").pop()).await;
        eventually("it was acknowledged", || (telegram.0.lock().unwrap().acknowledged == 101).then_some(()))
            .await;

        let status = home.moltctl(&["status"]).out;
        assert!(
            status.contains("NOT THE PROVIDER'S OWN: telegram: endpoint is http://127.0.0.1"),
            "{status}"
        );
        assert!(status.contains("telegram: works"), "{status}");
        assert_eq!(found_in_memory_of_zones(&home), BTreeSet::new());
        let egress = home.moltctl(&["egress", "check", "--json"]).json();
        let reached = egress["connectors"].as_array().unwrap();
        assert_eq!((reached.len(), &reached[0]["connector"]), (1, &json!("telegram")), "{egress}");
        let send = format!("POST http://127.0.0.1:{port}/bot*/sendMessage");
        assert!(reached[0]["calls"].as_array().unwrap().contains(&json!(send)), "{egress}");
        assert!(egress["zones"].as_array().unwrap().iter().all(|zone| zone["held"] == true), "{egress}");
        assert!(egress["zones"].as_array().unwrap().len() >= 4, "{egress}");
        let metrics = metrics(&home).await;
        assert!(!metrics.contains("PLANTED"), "{metrics}");
    }
    // After a restart the same message is not met again, and the next one is.
    telegram.says(101, "And now?");
    {
        let _system = home.up();
        approve_next(&home).await;
        eventually("the second is answered", || telegram.sent().get(1).cloned()).await;
    }
    assert_eq!(home.recorded("item_received").len(), 2);
    assert_eq!(telegram.0.lock().unwrap().strangers, 0);
    assert_eq!(found_in_files(home.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_is_not_accepted_degrades_the_connector_and_a_new_one_is_used_without_a_restart() {
    let telegram = Telegram::default();
    let port = telegram.listen();
    let home = home_with_bot(port);
    let set = |token: &str| {
        let path = home.path().to_str().unwrap();
        let set = ["--home", path, "secrets", "set", "api-keys", "telegram_bot_token"];
        moltctl(&set, token.as_bytes()).well();
    };
    set("7654321:some-older-token-PLANTED");
    let _system = home.up();
    let status = || home.moltctl(&["status"]).out;
    let degraded =
        eventually("it is told", || Some(status()).filter(|said| said.contains("telegram: DEGRADED"))).await;
    assert!(degraded.contains("moltctl connect telegram") && !degraded.contains("PLANTED"), "{degraded}");

    set(TOKEN);
    let tried = home.moltctl(&["connectors", "test", "--json"]).json();
    assert_eq!(tried[0]["state"], "works", "{tried}");
    telegram.says(5, "Hello?");
    approve_next(&home).await;
    eventually("it is answered", || telegram.sent().pop()).await;
    assert_eq!(found_in_files(home.path()), Vec::<String>::new());
}

/// Every file that holds a planted secret.
fn found_in_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap();
        if kind.is_dir() {
            found.extend(found_in_files(&path));
        } else if kind.is_file() && holds_planted(&fs::read(&path).unwrap()) {
            found.push(path.display().to_string());
        }
    }
    found
}

pub(crate) fn holds_planted(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|seven| seven == b"PLANTED")
}

/// Every process but Zone 1 whose memory holds a planted secret: what a core file of it would show. The command line and the
/// environment are looked at too.
fn found_in_memory_of_zones(home: &TestHome) -> BTreeSet<String> {
    let status = home.moltctl(&["status", "--json"]).json();
    let pid_of = |process: home::Process| {
        let row =
            status["processes"].as_array().unwrap().iter().find(|row| row["process"] == process.as_str());
        row.and_then(|row| row["pid"].as_u64())
    };
    if !rustix::process::geteuid().is_root() {
        eprintln!("UNPROVEN: only root can look into the memory of zones that cannot be dumped");
        return BTreeSet::new();
    }
    // Where it must be found, or this would find nothing anywhere.
    let executor = pid_of(home::Process::Executor).unwrap();
    assert!(memory_holds_planted(executor), "the executor has used the token");
    let zones = processes().filter(|process| *process != home::Process::Executor);
    let mut all: Vec<_> = zones.filter_map(pid_of).collect();
    assert!(all.len() >= 5, "the zones and the control plane: {status}");
    // A zone is the child of its guard.
    all.extend(all.clone().into_iter().flat_map(children));
    let mut found = BTreeSet::new();
    for pid in all {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        if memory_holds_planted(pid) || holds_planted(&read("cmdline")) || holds_planted(&read("environ")) {
            found.insert(String::from_utf8_lossy(&read("comm")).into_owned());
        }
    }
    found
}

fn children(pid: u64) -> Vec<u64> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().map(|child| child.parse().unwrap()).collect()
}

fn memory_holds_planted(pid: u64) -> bool {
    found_in_memory_of(pid, b"PLANTED")
}

pub(crate) fn found_in_memory_of(pid: u64, secret: &[u8]) -> bool {
    use std::os::unix::fs::FileExt as _;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let ranges = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let bounds = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        (rest.starts_with("rw") && bounds.1 - bounds.0 < 256 * 1024 * 1024).then_some(bounds)
    });
    ranges.into_iter().any(|(from, to)| {
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // Some ranges, such as those of devices, cannot be read.
        memory.read_exact_at(&mut bytes, from).is_ok()
            && bytes.windows(secret.len()).any(|found| found == secret)
    })
}

async fn metrics(home: &TestHome) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut all = String::new();
    for process in processes() {
        let socket = home.config().health_socket(process);
        let Ok(mut stream) = tokio::net::UnixStream::connect(&socket).await else { continue };
        for path in ["/metrics", "/readyz"] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            if stream.write_all(request.as_bytes()).await.is_ok() {
                let _ = stream.read_to_string(&mut all).await;
            }
        }
    }
    assert!(all.contains("moltbot_"), "{all}");
    all
}
