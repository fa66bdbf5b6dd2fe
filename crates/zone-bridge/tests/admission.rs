//! Who may come in: the kernel's word on the peer, whatever the files let through.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use rustix::fs::{Gid, Uid, chown};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zone_bridge::{Limits, Listener, Tell, Turns};

/// Ids that are nobody's.
const ZONE: (u32, u32) = (64_321, 64_322);
const STRANGER: (u32, u32) = (64_331, 64_332);

type Told = Arc<Mutex<Vec<&'static str>>>;

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn serve(listener: Listener) -> Told {
    let told = Told::default();
    let tell = {
        let told = Arc::clone(&told);
        Tell::by(move |refused| told.lock().unwrap().push(refused.code))
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let routes = tonic::service::Routes::default();
        runtime.block_on(zone_bridge::serve(listener, routes, Limits::ZONE, &Turns::default(), tell))
    });
    told
}

/// Connects as somebody else and says hello. `None` when the files do not let it, else whether it was answered.
fn is_answered(socket: &Path, (user, group): (u32, u32)) -> Option<bool> {
    // Dialled from beside it: the way there from the root folder need not be open to everybody. A process has one place to
    // stand, so one test asks at a time.
    static STANDING: Mutex<()> = Mutex::new(());
    let _standing = STANDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::env::set_current_dir(socket.parent().and_then(Path::parent).unwrap()).unwrap();
    let asked = std::thread::spawn(move || {
        // This thread alone becomes somebody else.
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        rustix::thread::set_thread_groups(&[]).unwrap();
        rustix::thread::set_thread_res_gid(group, group, group).unwrap();
        rustix::thread::set_thread_res_uid(user, user, user).unwrap();
        let mut stream = UnixStream::connect("run/zone-bridge.sock").ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // It may be closed before this is said.
        let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
        Some(stream.read(&mut [0; 1]).is_ok_and(|bytes| bytes == 1))
    });
    asked.join().unwrap()
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("unproven here: only root can connect as somebody else");
    }
    is_root
}

#[test]
fn a_peer_of_another_user_is_closed_unheard_even_where_the_files_let_it_in() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("run/zone-bridge.sock");
    let listener = Listener::bind(&socket).unwrap();
    // Undo what the listener does with files, so that only the kernel's word on the peer is left.
    open(folder.path(), 0o755);
    open(&folder.path().join("run"), 0o755);
    open(&socket, 0o666);
    let told = serve(listener);
    assert_eq!(is_answered(&socket, STRANGER), Some(false));
    assert_eq!(*told.lock().unwrap(), ["foreign_peer"]);
    assert_eq!(is_answered(&socket, (0, STRANGER.1)), Some(true), "root is let in");
}

#[test]
fn a_peer_of_the_folders_group_is_let_in_and_no_other() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), 0o755);
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    open(&run, 0o750);
    chown(&run, None, Some(Gid::from_raw(ZONE.1))).unwrap();
    let socket = run.join("zone-bridge.sock");
    let listener = Listener::bind(&socket).unwrap();
    let made = std::fs::metadata(&socket).unwrap();
    assert_eq!((made.gid(), made.mode() & 0o777), (ZONE.1, 0o660));
    serve(listener);
    assert_eq!(is_answered(&socket, ZONE), Some(true));
    assert_eq!(is_answered(&socket, STRANGER), None, "the files keep it out");
    open(&run, 0o755);
    open(&socket, 0o666);
    assert_eq!(is_answered(&socket, STRANGER), Some(false), "the kernel's word keeps it out");
    assert_eq!(is_answered(&socket, (ZONE.0, STRANGER.1)), Some(false), "its user alone says nothing");
}
