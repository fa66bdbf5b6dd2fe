//! Real folders: what is taken in, what is refused, what is delivered.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use connectors::maildir_outbox::{When, create, deliver, happened};
use connectors::maildir_source::{Arrival, MaildirSource, SourceError, Why, escaped};
use connectors::{Failure, Fault};
use tempfile::TempDir;

const LIMIT: u64 = 1000;

fn maildir() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("Maildir");
    create(&dir).unwrap();
    (folder, dir)
}

fn drop_in(dir: &Path, name: impl AsRef<OsStr>, bytes: &[u8]) -> PathBuf {
    let path = dir.join("new").join(name.as_ref());
    fs::write(&path, bytes).unwrap();
    path
}

fn ready(source: &mut MaildirSource) -> Vec<Arrival> {
    source.scan().unwrap();
    source.scan().unwrap().ready
}

fn only(source: &mut MaildirSource) -> Arrival {
    let mut arrivals = ready(source);
    assert_eq!(arrivals.len(), 1);
    arrivals.remove(0)
}

fn names(dir: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = dir.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

// === taking in ===

#[test]
fn a_message_is_ready_when_it_looked_the_same_twice() {
    let (_folder, dir) = maildir();
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    let path = drop_in(&dir, "1", b"half");
    let first = source.scan().unwrap();
    assert_eq!((first.ready.len(), first.not_yet), (0, 1));

    File::options().append(true).open(&path).unwrap().write_all(b" and half").unwrap();
    let second = source.scan().unwrap();
    assert_eq!((second.ready.len(), second.not_yet), (0, 1), "it grew");

    let third = source.scan().unwrap();
    assert_eq!((third.ready.len(), third.not_yet), (1, 0));
    assert_eq!(source.read(&third.ready[0]).unwrap(), b"half and half");
    assert_eq!(third.ready[0].size(), 13);
}

#[test]
fn what_is_not_a_message_is_refused_without_following_or_waiting() {
    let (folder, dir) = maildir();
    let new = dir.join("new");
    let secret = folder.path().join("secret");
    fs::write(&secret, b"not for the agent").unwrap();
    symlink(&secret, new.join("link")).unwrap();
    symlink("/dev/zero", new.join("link-to-device")).unwrap();
    symlink("nowhere", new.join("link-to-nothing")).unwrap();
    fs::create_dir(new.join("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(new.join("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(new.join("socket")).unwrap();
    File::create(new.join("huge")).unwrap().set_len(1 << 40).unwrap();
    drop_in(&dir, "x".repeat(250), b"long name");
    drop_in(&dir, "at-the-limit", &[b'x'; LIMIT as usize]);
    drop_in(&dir, ".hidden", b"ignored");

    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    source.scan().unwrap();
    let scan = source.scan().unwrap();
    let refused: Vec<_> =
        scan.refused.iter().map(|refused| (refused.name.to_str().unwrap(), refused.why)).collect();
    assert_eq!(
        refused,
        [
            ("folder", Why::Folder),
            ("huge", Why::TooLong { size: 1 << 40 }),
            ("link", Why::Link),
            ("link-to-device", Why::Link),
            ("link-to-nothing", Why::Link),
            ("pipe", Why::Pipe),
            ("socket", Why::Device),
            ("x".repeat(250).as_str(), Why::NameTooLong),
        ]
    );
    assert_eq!(scan.ready.len(), 1);
    assert_eq!(source.read(&scan.ready[0]).unwrap().len(), LIMIT as usize);

    // Everything refused can be moved aside as it is.
    let quarantine = dir.join(".quarantine");
    for refused in &scan.refused {
        source.move_aside(&refused.name, &quarantine).unwrap().unwrap();
    }
    assert_eq!(source.scan().unwrap().refused, []);
    assert_eq!(names(&quarantine).len(), refused.len());
    assert!(quarantine.join("link").is_symlink());
    assert_eq!(fs::read(&secret).unwrap(), b"not for the agent");
    assert_eq!(quarantine.metadata().unwrap().mode() & 0o777, 0o700);
}

#[test]
fn an_unreadable_message_is_refused() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root can read everything");
        return;
    }
    let (_folder, dir) = maildir();
    let path = drop_in(&dir, "1", b"x");
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    source.scan().unwrap();
    assert_eq!(source.scan().unwrap().refused[0].why, Why::Unreadable);
}

#[test]
fn a_message_that_changed_after_the_scan_is_not_read() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 6] = [
        ("grew", |path| File::options().append(true).open(path).unwrap().write_all(b"more").unwrap()),
        ("other bytes", |path| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            fs::write(path, b"MESSAGE").unwrap();
        }),
        ("another file", |path| {
            fs::write(path.with_extension("other"), b"message").unwrap();
            fs::rename(path.with_extension("other"), path).unwrap();
        }),
        ("a link", |path| {
            fs::rename(path, path.with_extension("moved")).unwrap();
            symlink(path.with_extension("moved"), path).unwrap();
        }),
        ("a pipe", |path| {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("gone", |path| fs::remove_file(path).unwrap()),
    ];
    for (change, make) in changes {
        let (_folder, dir) = maildir();
        let path = drop_in(&dir, "1", b"message");
        let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
        let arrival = only(&mut source);
        make(&path);
        assert!(matches!(source.read(&arrival), Err(SourceError::Changed { .. })), "{change}");
    }
}

#[test]
fn a_taken_message_is_moved_and_what_has_its_name_is_kept() {
    let (_folder, dir) = maildir();
    fs::write(dir.join("cur/1:2,S"), b"older").unwrap();
    fs::write(dir.join("cur/1.1:2,S"), b"old").unwrap();
    drop_in(&dir, "1", b"message");
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    let arrival = only(&mut source);
    source.mark_taken(&arrival).unwrap();
    assert_eq!(names(&dir.join("new")), [""; 0]);
    assert_eq!(fs::read(dir.join("cur/1:2,S")).unwrap(), b"older");
    assert_eq!(fs::read(dir.join("cur/1.1:2,S")).unwrap(), b"old");
    assert_eq!(fs::read(dir.join("cur/1.2:2,S")).unwrap(), b"message");
    source.mark_taken(&arrival).unwrap();
    assert_eq!(names(&dir.join("cur")).len(), 3, "once is enough");

    drop_in(&dir, "2:2,F", b"with flags already");
    let flagged = only(&mut source);
    source.mark_taken(&flagged).unwrap();
    assert!(dir.join("cur/2:2,S").exists());
}

#[test]
fn another_file_under_the_same_name_is_another_arrival() {
    let (_folder, dir) = maildir();
    let path = drop_in(&dir, "1", b"message");
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    let first = only(&mut source);
    let again = only(&mut MaildirSource::open(&dir, LIMIT).unwrap());
    assert_eq!(first.identity(), again.identity(), "the same after a restart");

    fs::write(path.with_extension("other"), b"message").unwrap();
    fs::rename(path.with_extension("other"), &path).unwrap();
    source.mark_taken(&first).unwrap();
    assert!(path.exists(), "the other file was not taken");
    assert_ne!(only(&mut source).identity(), first.identity());
}

#[test]
fn names_may_be_any_bytes() {
    let (_folder, dir) = maildir();
    let name = OsString::from_vec(b"\xff\xfe\n\x1b[2J".to_vec());
    drop_in(&dir, &name, b"message");
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    let arrival = only(&mut source);
    assert_eq!(arrival.name(), name);
    assert_eq!(escaped(arrival.name()), r"\xff\xfe\n\x1b[2J");
    assert!(arrival.identity().starts_with(r"\xff\xfe\n\x1b[2J;inode="));
    assert_eq!(source.read(&arrival).unwrap(), b"message");
    source.mark_taken(&arrival).unwrap();
    assert_eq!(names(&dir.join("cur")), [OsString::from_vec(b"\xff\xfe\n\x1b[2J:2,S".to_vec())]);
    assert_ne!(escaped(OsStr::new(r"\xff")), escaped(&OsString::from_vec(vec![0xff])));
}

#[test]
fn moving_aside_keeps_what_is_there_and_stays_in_the_folder() {
    let (folder, dir) = maildir();
    let source = MaildirSource::open(&dir, LIMIT).unwrap();
    let quarantine = folder.path().join("quarantine");
    for nth in ["", ".1", ".2"] {
        drop_in(&dir, "evil", b"x");
        let moved = source.move_aside(OsStr::new("evil"), &quarantine).unwrap();
        assert_eq!(moved, Some(quarantine.join(format!("evil{nth}"))));
    }
    assert_eq!(source.move_aside(OsStr::new("evil"), &quarantine).unwrap(), None, "gone already");
    for name in ["", ".", "..", "../cur/x", "/etc/passwd"] {
        let refused = source.move_aside(OsStr::new(name), &quarantine);
        assert!(matches!(refused, Err(SourceError::NotAName { .. })), "{name}");
    }
}

#[test]
fn moving_aside_to_another_file_system_says_so_and_moves_nothing() {
    let (_folder, dir) = maildir();
    let elsewhere = Path::new("/dev/shm");
    let other = elsewhere.metadata().is_ok_and(|other| other.dev() != dir.metadata().unwrap().dev());
    let Ok(quarantine) = tempfile::tempdir_in(elsewhere) else {
        return println!("skipped: there is no /dev/shm");
    };
    if !other {
        return println!("skipped: /dev/shm is the same file system");
    }
    drop_in(&dir, "1", b"x");
    let source = MaildirSource::open(&dir, LIMIT).unwrap();
    let refused = source.move_aside(OsStr::new("1"), quarantine.path());
    assert!(matches!(refused, Err(SourceError::OtherFileSystem { .. })), "{refused:?}");
    assert_eq!(names(&dir.join("new")), ["1"]);
}

#[test]
fn a_folder_that_is_no_maildir_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(MaildirSource::open(folder.path(), LIMIT), Err(SourceError::Io { .. })));
}

// === delivering ===

#[test]
fn a_delivery_is_whole_private_and_happens_once() {
    let (_folder, dir) = maildir();
    assert!(!happened(&dir, "request-7").unwrap());
    let delivered = deliver(&dir, "request-7", b"message").unwrap();
    assert_eq!((delivered.when, &delivered.path), (When::Now, &dir.join("new/request-7")));
    assert_eq!(fs::read(&delivered.path).unwrap(), b"message");
    assert_eq!(delivered.path.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(names(&dir.join("tmp")), [""; 0]);
    assert!(happened(&dir, "request-7").unwrap());

    assert_eq!(deliver(&dir, "request-7", b"something else").unwrap().when, When::Before);
    assert_eq!(fs::read(&delivered.path).unwrap(), b"message");
    for folder in ["", "tmp", "new", "cur"] {
        assert_eq!(dir.join(folder).metadata().unwrap().mode() & 0o777, 0o700);
    }
    create(&dir).unwrap();
}

#[test]
fn a_delivery_that_was_read_since_is_known() {
    for name in ["request-7:2,S", "request-7:2,", "request-7"] {
        let (_folder, dir) = maildir();
        deliver(&dir, "request-7", b"message").unwrap();
        fs::rename(dir.join("new/request-7"), dir.join("cur").join(name)).unwrap();
        assert!(happened(&dir, "request-7").unwrap(), "{name}");
        assert!(!happened(&dir, "request").unwrap());
        assert_eq!(deliver(&dir, "request-7", b"message").unwrap().when, When::Before);
        assert_eq!(names(&dir.join("new")), [""; 0]);
    }
}

#[test]
fn the_remains_of_a_crash_are_no_delivery() {
    let (_folder, dir) = maildir();
    fs::write(dir.join("tmp/request-7"), b"mess").unwrap();
    assert!(!happened(&dir, "request-7").unwrap());
    assert_eq!(deliver(&dir, "request-7", b"message").unwrap().when, When::Now);
    assert_eq!(fs::read(dir.join("new/request-7")).unwrap(), b"message");
}

#[test]
fn a_delivery_name_is_a_plain_file_name() {
    let (_folder, dir) = maildir();
    for name in ["", ".", "..", ".hidden", "a/b", "../x", "a:2,S", "a b", "a\n", "é", &"x".repeat(201)] {
        let refused = deliver(&dir, name, b"x").unwrap_err();
        assert!(matches!(refused, Failure::Malformed { .. }), "{name}");
        assert_eq!(refused.fault(), Fault::Caller);
    }
}

#[test]
fn a_missing_maildir_is_unavailable_and_nothing_happened() {
    let folder = tempfile::tempdir().unwrap();
    let refused = deliver(&folder.path().join("nowhere"), "request-7", b"x").unwrap_err();
    assert!(matches!(refused, Failure::Unavailable { .. }));
    assert!(!refused.may_have_happened());
    assert_eq!(refused.fault(), Fault::Us);
}

// === with another program ===

fn python(script: &str, dir: &Path) -> Option<String> {
    let Ok(output) = Command::new("python3").args(["-c", script]).arg(dir).output() else {
        println!("skipped: python3 is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn a_maildir_of_python_is_read() {
    let (_folder, dir) = maildir();
    let script = "import mailbox,sys; mailbox.Maildir(sys.argv[1]).add(b'Subject: hi\\n\\nfrom python\\n')";
    if python(script, &dir).is_none() {
        return;
    }
    let mut source = MaildirSource::open(&dir, LIMIT).unwrap();
    let arrival = only(&mut source);
    assert_eq!(source.read(&arrival).unwrap(), b"Subject: hi\n\nfrom python\n");
    source.mark_taken(&arrival).unwrap();
    let flags =
        "import mailbox,sys; print([(m.get_subdir(), m.get_flags()) for m in mailbox.Maildir(sys.argv[1])])";
    assert_eq!(python(flags, &dir).unwrap(), "[('cur', 'S')]");
}

#[test]
fn a_delivery_is_read_by_python() {
    let (_folder, dir) = maildir();
    deliver(&dir, "request-7", b"Subject: hi\r\n\r\nfrom us\r\n").unwrap();
    let script = "import mailbox,sys; print([(k, m.get_subdir(), m['subject']) for k, m in mailbox.Maildir(sys.argv[1]).items()])";
    if let Some(read) = python(script, &dir) {
        assert_eq!(read, "[('request-7', 'new', 'hi')]");
    }
}
