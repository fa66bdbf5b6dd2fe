//! A process that has no descriptors left goes on when it has some again. In a program of its own: the limit is the process's.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt as _;
use zone_bridge::{Limits, Listener, Tell, Turns, connect};

#[tokio::test]
async fn a_server_without_descriptors_waits_for_some() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("run/zone-bridge.sock");
    let listener = Listener::bind(&socket).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = Arc::clone(&told);
        Tell::by(move |refused| told.lock().unwrap().push(refused.code))
    };
    let server = tokio::spawn(async move {
        zone_bridge::serve(listener, tonic::service::Routes::default(), Limits::ZONE, &Turns::default(), tell)
            .await
    });
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let mut hoard: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    assert!(hoard.len() > 10);
    // One for the caller, none for the one who answers.
    hoard.pop();
    let mut caller = tokio::net::UnixStream::from_std(connect(&socket).unwrap()).unwrap();
    while !told.lock().unwrap().contains(&"cannot_accept") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!server.is_finished());
    drop(hoard);
    // A server of HTTP/2 speaks first.
    let mut byte = [0; 1];
    tokio::io::AsyncWriteExt::write_all(&mut caller, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    assert_eq!(caller.read(&mut byte).await.unwrap(), 1, "it is served now");
}
