//! The listener's promises, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use std::os::unix::fs::PermissionsExt as _;
use zone_bridge::{CannotListen, Health, Listener, Readiness, ask, serve_health};

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_socket_is_0660_in_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/planner/zone-bridge.sock");
    let _listener = Listener::bind(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o660, 0o700));
}

#[test]
fn a_socket_that_a_dead_process_left_is_replaced_and_anything_else_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/health.sock");
    drop(Listener::bind(&path).unwrap());
    assert!(path.exists());
    drop(Listener::bind(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(Listener::bind(&path), Err(CannotListen::Bind { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_folder_that_others_can_change_or_that_is_a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Listener::bind(&open.join("s.sock")), Err(CannotListen::Folder { .. })));
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert!(matches!(Listener::bind(&link.join("s.sock")), Err(CannotListen::Folder { .. })));
}

#[tokio::test]
async fn a_process_is_ready_only_when_everything_it_needs_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("run/health.sock");
    let health = Health::new("executor", &["audit-log", "policy"]);
    let listener = Listener::bind(&socket).unwrap();
    tokio::spawn(serve_health(listener, health.clone()));
    assert!(!ask(&socket).await.unwrap().ready);
    health.set("audit-log", Readiness::Ready);
    assert!(!ask(&socket).await.unwrap().ready);
    health.set("policy", Readiness::Ready);
    assert!(ask(&socket).await.unwrap().ready);
    health.set("policy", Readiness::NotReady("changed on the disk".to_owned()));
    let report = ask(&socket).await.unwrap();
    assert!(!report.ready);
    assert_eq!(report.checks["policy"], Readiness::NotReady("changed on the disk".to_owned()));
    assert!(ask(&folder.path().join("nobody.sock")).await.is_err());
}

#[tokio::test]
async fn a_peer_of_another_user_is_closed_unheard_even_where_the_files_let_it_in() {
    use tokio_stream::StreamExt as _;
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can connect as somebody else");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("run/bridge.sock");
    let mut peers = std::pin::pin!(zone_bridge::admitted(Listener::bind(&socket).unwrap()).unwrap());
    // Undo what the listener does with files, so that only the kernel's word on the peer is left.
    for (path, open) in [(folder.path(), 0o755), (&folder.path().join("run"), 0o755), (&socket, 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
    }
    // The peer is somebody else only once it is there: the way to the folder need not be open to everybody.
    let connect_as = |uid: u32| {
        let script = "import os, socket, sys\n\
                      os.chdir(sys.argv[1]); os.setresuid(*[int(sys.argv[2])] * 3)\n\
                      s = socket.socket(socket.AF_UNIX); s.connect('bridge.sock'); print(s.recv(1))";
        let mut command = std::process::Command::new("/usr/bin/python3");
        command.args(["-c", script]).arg(folder.path().join("run")).arg(uid.to_string());
        command.stdout(std::process::Stdio::piped()).spawn().unwrap()
    };
    // Nobody comes first, root second: the first to be admitted must be root.
    let foreign = connect_as(65534);
    let said = tokio::task::spawn_blocking(|| foreign.wait_with_output().unwrap());
    let said = tokio::select! {
        said = said => said.unwrap(),
        admitted = peers.next() => panic!("a foreign peer was admitted: {admitted:?}"),
    };
    assert_eq!(String::from_utf8_lossy(&said.stdout), "b''\n", "connected, and closed: {said:?}");
    let mut own = connect_as(0);
    let admitted = peers.next().await.unwrap().unwrap();
    drop(admitted);
    own.wait().unwrap();
}
