//! A zone whose walls do not hold: it says that they stand, and an attack gets through.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use system_tests::{TestHome, eventually, program};

/// Stands where a reader should be. It attends to nothing, and of the attacks that it is told to try one succeeds.
const HOLLOW_READER: &str = r#"#!/usr/bin/python3
import http.server, json, os, socketserver, sys
path = sys.argv[sys.argv.index("--health") + 1]
os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
os.path.exists(path) and os.unlink(path)
class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self): return "somebody"
    def say(self, what):
        body = json.dumps(what).encode()
        self.send_response(200); self.send_header("content-length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        walls = [{"name": "files", "state": "stands"}, {"name": "scope", "state": "missing", "why": "none here"}]
        self.say({"process": "reader", "ready": True, "checks": {}, "facts": {"walls": walls}})
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        HOLE
        if not held_by: return self.send_error(404)
        self.say([{"attack": "read-the-record", "held_by": held_by, "result": {"got-through": {"how": "it was read"}}}])
socketserver.UnixStreamServer(path, Answer).serve_forever()
"#;

/// The programs, with that one in place of the readers.
fn programs(folder: &Path, held_by: &str) {
    for name in
        ["moltctl", "moltbot-executor", "moltbot-control-plane", "moltbot-planner", "moltbot-doorkeeper"]
    {
        let copied = std::fs::hard_link(program(name), folder.join(name));
        copied.or_else(|_| std::fs::copy(program(name), folder.join(name)).map(drop)).unwrap();
    }
    let reader = folder.join("moltbot-reader");
    std::fs::write(&reader, HOLLOW_READER.replace("HOLE", &format!("held_by = {held_by}"))).unwrap();
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A supervisor that does not outlive the test.
struct Foreground(Child);

impl Drop for Foreground {
    fn drop(&mut self) {
        // It may have ended; what it raised ends with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is known of that zone once it was probed.
async fn probed(home: &TestHome, held_by: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    programs(folder.path(), held_by);
    let supervisor = Command::new(folder.path().join("moltctl"))
        .args(["up", "--home", home.path().to_str().unwrap()])
        .stdout(std::process::Stdio::null())
        .spawn();
    let mut supervisor = Foreground(supervisor.unwrap());
    let zone = eventually("the zone is probed", || {
        let status = home.moltctl(&["status", "--json"]);
        let status = (!status.out.is_empty()).then(|| status.json())?;
        let it = &status["processes"][2];
        let probed = !it["refused_attacks"].is_null() || it["wanted"] == "breached";
        probed.then(|| home.moltctl(&["zones", "list", "--json"]).json()[2].clone())
    })
    .await;
    if zone["state"] == "breached" {
        let recorded = || (!home.recorded("zone_breached").is_empty()).then_some(());
        eventually("it is recorded", recorded).await;
    }
    home.moltctl(&["down"]).well();
    supervisor.0.wait().unwrap();
    zone
}

#[tokio::test]
async fn a_zone_that_gets_through_a_wall_that_is_said_to_stand_is_stopped_and_the_owner_is_told() {
    let home = TestHome::new();
    let zone = probed(&home, r#"["files"]"#).await;
    assert_eq!(zone["state"], "breached", "{zone}");
    assert!(zone["pid"].is_null(), "{zone}");
    assert!(zone["alert"].as_str().unwrap().contains("read-the-record"), "{zone}");
    let breached = home.recorded("zone_breached");
    assert_eq!(breached[0]["attacks"], serde_json::json!(["read-the-record"]));
}

#[tokio::test]
async fn a_zone_is_not_stopped_for_a_wall_that_this_machine_does_not_have() {
    let home = TestHome::new();
    let zone = probed(&home, r#"["scope"]"#).await;
    assert_eq!(zone["state"], "up", "{zone}");
    assert!(home.recorded("zone_breached").is_empty());
}

#[tokio::test]
async fn a_zone_that_lives_and_cannot_be_probed_is_not_believed() {
    let home = TestHome::with(&[("#unresponsive_after_seconds = 75", "unresponsive_after_seconds = 5")]);
    let zone = probed(&home, "None").await;
    assert_eq!(zone["state"], "breached", "{zone}");
    assert!(zone["alert"].as_str().unwrap().contains("could not be probed"), "{zone}");
}
