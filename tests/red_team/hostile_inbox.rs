//! Somebody who may write into the inbox and puts there what is no mail.

use action::Role;
use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;
use system_tests::{Reader, TestHome, eventually};

#[tokio::test]
async fn what_is_no_file_is_neither_followed_nor_waited_for_and_is_reported() {
    let home = TestHome::new();
    let secret = home.path().join("secret");
    fs::write(&secret, "From: eve@example.org\r\nSubject: secret\r\n\r\nthe owner's own words\r\n").unwrap();
    let new = home.path().join("mail/inbox/new");
    std::os::unix::fs::symlink(&secret, new.join("1.link")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", new.join("2.device")).unwrap();
    std::os::unix::fs::symlink("nowhere", new.join("3.dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(new.join("4.pipe")).status().unwrap().success());
    fs::create_dir_all(new.join("5.folder/new")).unwrap();
    let _socket = UnixListener::bind(new.join("6.socket")).unwrap();
    fs::File::create(new.join("7.huge")).unwrap().set_len(25 * 1024 * 1024 + 1).unwrap();
    std::os::unix::fs::symlink(&secret, new.join("8.\u{1b}[2J")).unwrap();

    let _executor = home.executor().await;
    home.deliver_mail("Meeting", "the only mail");
    let mut reader = Reader::attend(&home, Role::ReaderEmail).await;
    let item = reader.next().await;
    assert!(String::from_utf8(item.bytes).unwrap().contains("the only mail"));

    let refused = eventually("all are reported", || {
        Some(home.recorded("item_refused")).filter(|refused| refused.len() >= 8)
    })
    .await;
    let why: Vec<_> = refused.iter().map(|entry| entry["why"].as_str().unwrap()).collect();
    let link = "it is a link, and is not followed";
    let too_long = "it has 26214401 bytes, the limit is 26214400";
    assert_eq!(
        why,
        [link, link, link, "it is a pipe", "it is a folder", "it is a socket or a device", too_long, link]
    );
    assert_eq!(home.recorded("item_received").len(), 1);
    let last = refused[7]["name"].as_str().unwrap();
    assert!(!last.contains('\u{1b}'), "{last}");
    assert!(fs::read_to_string(&secret).unwrap().contains("own words"), "what a link names is left alone");
    eventually("the inbox is clear", || fs::read_dir(&new).unwrap().next().is_none().then_some(())).await;
    assert!(fs::symlink_metadata(home.quarantine().join("1.link")).unwrap().is_symlink());
}
