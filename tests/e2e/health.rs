//! What ops scripts ask.

use home::Process;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use system_tests::{TestHome, processes};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Status and body, as an ops script gets them; spoken by hand where there is no curl.
fn get(socket: &Path, path: &str) -> (u16, String) {
    let url = format!("http://localhost{path}");
    let curl = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "30",
            "--write-out",
            "\n%{http_code}",
            "--unix-socket",
        ])
        .arg(socket)
        .arg(url)
        .output();
    let Ok(curl) = curl else { return get_by_hand(socket, path) };
    assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
    let said = String::from_utf8(curl.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

fn get_by_hand(socket: &Path, path: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn every_process_says_that_it_lives_that_it_is_ready_and_what_it_did() {
    let home = TestHome::new();
    let _system = home.up();
    for process in processes() {
        let socket = home.config().health_socket(process);
        for get in [get, get_by_hand] {
            assert_eq!(get(&socket, "/healthz"), (200, "ok\n".to_owned()), "{process}");
            let (status, body) = get(&socket, "/readyz");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (status, &body["ready"], &body["process"]),
                (200, &true.into(), &process.as_str().into())
            );
            let (status, metrics) = get(&socket, "/metrics");
            assert_eq!(status, 200, "{process}");
            assert!(metrics.ends_with("# EOF\n"), "{process}: {metrics}");
            assert_eq!(get(&socket, "/nowhere").0, 404, "{process}");
        }
    }
}

#[tokio::test]
async fn who_is_not_ready_says_why() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let (status, body) = get(&home.config().health_socket(Process::Executor), "/readyz");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["ready"]), (503, &false.into()));
    assert_eq!(body["checks"]["record"], "ready");
    assert!(body["checks"]["planner"]["not_ready"].is_string(), "{body}");
}

#[tokio::test]
async fn every_grpc_socket_answers_the_standard_health_question() {
    let home = TestHome::new();
    let _system = home.up();
    let config = home.config();
    let bridges = config.roles().map(|role| home.socket(role));
    for socket in bridges.chain([config.operator_socket()]) {
        let mut health = HealthClient::new(zone_bridge::lazy_channel(&socket).unwrap());
        let answer = health.check(HealthCheckRequest { service: String::new() }).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{}", socket.display());
    }
}

#[tokio::test]
async fn every_socket_is_its_owners_alone() {
    let home = TestHome::new();
    let _system = home.up();
    let mut sockets: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(home.config().run_dir).unwrap() {
        let folder = folder.unwrap().path();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o700, "`{}` has mode {mode:o}", folder.display());
        for socket in std::fs::read_dir(&folder).unwrap() {
            let socket = socket.unwrap();
            let metadata = socket.metadata().unwrap();
            if socket.file_name() == "cells.json" {
                assert_eq!(metadata.permissions().mode() & 0o077, 0, "{socket:?}");
                continue;
            }
            assert!(metadata.file_type().is_socket(), "{socket:?}");
            let mode = metadata.permissions().mode() & 0o7777;
            assert_eq!(mode, 0o660, "`{}` has mode {mode:o}", socket.path().display());
            sockets.push(socket.path());
        }
    }
    // 6 bridges, 7 health sockets, the operator's two.
    assert_eq!(sockets.len(), 15, "{sockets:?}");
}
