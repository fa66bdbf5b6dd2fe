//! Each wall stops an attack that succeeds without it. The errno tells which wall answered: Landlock says `EACCES`
//! (for a signal `EPERM`), the system call filter `EPERM`, `EAFNOSUPPORT` or `ENOSYS` before Landlock is asked.
//!
//! A case runs in a process of its own: this file starts itself again with `WALLS_ATTACK` set. It brings its own small
//! runner, because `enter` refuses to work in a process that has threads, and the usual test runner has some.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match std::env::var(linux::ATTACK) {
        Ok(attack) => linux::in_a_process_of_its_own(&attack),
        Err(_) => linux::run(std::env::args().skip(1).collect()),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, ExitCode, Stdio};
    use std::time::Duration;

    use rustix::net::{AddressFamily, SocketType};
    use rustix::process::{Resource, Rlimit};
    use sandbox::{CannotEnter, Powers, Requirement, WallState, die_with_parent, enter};

    pub(crate) const ATTACK: &str = "WALLS_ATTACK";
    const POWERS: &str = "WALLS_POWERS";
    const PLACE: &str = "WALLS_PLACE";

    const TESTS: &[(&str, fn())] = &[
        ("a_file_cannot_be_read", || check("read_a_file", "EACCES")),
        ("a_folder_cannot_be_listed", || check("list_a_folder", "EACCES")),
        ("a_file_cannot_be_made", || check("make_a_file", "EACCES")),
        ("a_file_cannot_be_removed", || check("remove_a_file", "EACCES")),
        ("a_file_cannot_be_cut_by_name", || check("truncate_a_file", "EPERM")),
        ("a_file_cannot_be_opened_to_others_by_name", || check("chmod_a_file", "EPERM")),
        ("no_tcp_socket", || check("tcp_socket", "EAFNOSUPPORT")),
        ("no_udp_socket", || check("udp_socket", "EAFNOSUPPORT")),
        ("no_vsock_socket", || check("vsock_socket", "EAFNOSUPPORT")),
        ("no_netlink_socket", || check("netlink_socket", "EAFNOSUPPORT")),
        ("no_other_unix_socket_is_dialled", || check("dial_a_unix_socket", "EAFNOSUPPORT")),
        ("an_old_datagram_socket_is_not_turned_elsewhere", || check("turn_a_datagram_socket", "EPERM")),
        ("no_new_datagram_pair", || check("datagram_pair", "EPERM")),
        ("an_old_tcp_socket_takes_no_port", || check("bind_an_old_tcp_socket", "EACCES")),
        ("no_signal_leaves", || check("signal_the_parent", "EPERM")),
        ("no_other_program", || check("exec", "EPERM")),
        ("no_child_process", || check("fork", "EPERM")),
        ("no_child_process_by_clone3", || check("clone3", "ENOSYS")),
        ("no_thread_in_a_new_namespace", || check("clone_with_a_namespace", "EPERM")),
        ("no_namespace", || check("unshare", "EPERM")),
        ("no_tracing", || check("ptrace", "EPERM")),
        ("no_io_uring", || check("io_uring", "EPERM")),
        ("no_bpf", || check("bpf", "EPERM")),
        ("no_key_ring", || check("keyctl", "EPERM")),
        ("no_typing_into_the_terminal", || check("type_into_the_terminal", "EPERM")),
        ("descriptors_run_out_early", || check("hoard_descriptors", "EMFILE")),
        ("memory_runs_out_early", || check("hoard_memory", "ENOMEM")),
        ("no_core_dumps", no_core_dumps),
        ("no_new_privileges_for_the_executor_either", no_new_privileges),
        ("the_executor_keeps_its_powers", the_executor_keeps_its_powers),
        ("what_is_open_keeps_working", || report("what_is_open_keeps_working")),
        ("threads_start", || report("threads_start")),
        ("a_tokio_runtime_serves_a_socket_bound_before", a_tokio_runtime_serves),
        ("a_process_with_threads_is_refused", || report("enter_with_threads")),
        ("every_wall_stands_and_says_so", || report("every_wall_stands")),
        ("a_missing_wall_is_an_error_where_required", || report("required_without_landlock")),
        ("a_missing_wall_is_reported_where_not", || report("best_effort_without_landlock")),
        ("a_zone_dies_with_its_parent", a_zone_dies_with_its_parent),
        ("a_zone_whose_parent_died_before_is_told", || report("wrong_parent")),
        ("requirements_are_read_and_written", requirements_are_read_and_written),
    ];

    // === what is tried, with and without walls ===

    fn attack(name: &str, walls: impl FnOnce()) -> io::Result<()> {
        let file = place().join("file");
        match name {
            "read_a_file" => {
                walls();
                std::fs::read("/etc/passwd").map(drop)
            }
            "list_a_folder" => {
                walls();
                std::fs::read_dir("/").map(drop)
            }
            "make_a_file" => {
                walls();
                std::fs::write(place().join("new"), b"x")
            }
            "remove_a_file" => {
                walls();
                std::fs::remove_file(file)
            }
            "truncate_a_file" => {
                let path = std::ffi::CString::new(file.as_os_str().as_bytes()).unwrap();
                walls();
                call(libc::SYS_truncate, [path.as_ptr() as usize, 0, 0, 0])
            }
            "chmod_a_file" => {
                walls();
                rustix::fs::chmod(file, rustix::fs::Mode::from_raw_mode(0o666)).map_err(Into::into)
            }
            "tcp_socket" => {
                walls();
                socket(AddressFamily::INET, SocketType::STREAM)
            }
            "udp_socket" => {
                walls();
                socket(AddressFamily::INET, SocketType::DGRAM)
            }
            "vsock_socket" => {
                walls();
                socket(AddressFamily::VSOCK, SocketType::STREAM)
            }
            "netlink_socket" => {
                walls();
                socket(AddressFamily::NETLINK, SocketType::RAW)
            }
            "dial_a_unix_socket" => {
                let _listener = UnixListener::bind(place().join("socket"))?;
                walls();
                UnixStream::connect(place().join("socket")).map(drop)
            }
            "turn_a_datagram_socket" => {
                let _target = std::os::unix::net::UnixDatagram::bind(place().join("socket"))?;
                let socket = std::os::unix::net::UnixDatagram::unbound()?;
                walls();
                socket.connect(place().join("socket"))
            }
            "datagram_pair" => {
                walls();
                std::os::unix::net::UnixDatagram::pair().map(drop)
            }
            "bind_an_old_tcp_socket" => {
                let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
                walls();
                let anywhere = std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0);
                rustix::net::bind(&socket, &anywhere).map_err(Into::into)
            }
            "signal_the_parent" => {
                let parent = rustix::process::getppid().unwrap();
                walls();
                rustix::process::test_kill_process(parent).map_err(Into::into)
            }
            "exec" => {
                walls();
                Err(Command::new("/bin/echo").arg("done").exec())
            }
            "fork" => {
                walls();
                Command::new("/bin/true").status().map(drop)
            }
            "clone3" => {
                walls();
                call(libc::SYS_clone3, [0, 0, 0, 0])
            }
            "clone_with_a_namespace" => {
                walls();
                // Were it not refused for its namespace, the kernel would refuse the null stack of a thread.
                let flags = libc::CLONE_THREAD | libc::CLONE_NEWNET;
                call(libc::SYS_clone, [flags as usize, 0, 0, 0])
            }
            "unshare" => {
                walls();
                call(libc::SYS_unshare, [libc::CLONE_FILES as usize, 0, 0, 0])
            }
            "ptrace" => {
                walls();
                call(libc::SYS_ptrace, [libc::PTRACE_TRACEME as usize, 0, 0, 0])
            }
            "io_uring" => {
                walls();
                call(libc::SYS_io_uring_setup, [1, 0, 0, 0])
            }
            "bpf" => {
                walls();
                call(libc::SYS_bpf, [usize::MAX, 0, 0, 0])
            }
            "keyctl" => {
                walls();
                call(libc::SYS_keyctl, [usize::MAX, 0, 0, 0])
            }
            "type_into_the_terminal" => {
                let (mine, _theirs) = UnixStream::pair()?;
                walls();
                let descriptor = std::os::fd::AsRawFd::as_raw_fd(&mine) as usize;
                call(libc::SYS_ioctl, [descriptor, libc::TIOCSTI as usize, 0, 0])
            }
            "hoard_descriptors" => {
                let most = rustix::process::getrlimit(Resource::Nofile).maximum;
                rustix::process::setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
                walls();
                (0..1100)
                    .map(|_| io::stderr().as_fd().try_clone_to_owned())
                    .collect::<io::Result<Vec<OwnedFd>>>()?;
                Ok(())
            }
            "hoard_memory" => {
                walls();
                Vec::<u8>::new()
                    .try_reserve_exact(3 << 30)
                    .map_err(|_| io::Error::from_raw_os_error(libc::ENOMEM))
            }
            unknown => panic!("there is no attack `{unknown}`"),
        }
    }

    fn socket(family: AddressFamily, kind: SocketType) -> io::Result<()> {
        rustix::net::socket(family, kind, None).map(drop).map_err(Into::into)
    }

    #[expect(unsafe_code, reason = "these calls have no safe wrapper; the attacks need the bare ones")]
    fn call(number: libc::c_long, [a, b, c, d]: [usize; 4]) -> io::Result<()> {
        // SAFETY: the only pointer that any attack passes is the path in `truncate_a_file`, which outlives the call;
        // all others are null or not looked at, and no call here changes this process's memory.
        match unsafe { libc::syscall(number, a, b, c, d) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    fn check(attack: &str, refused_with: &str) {
        let without = answer(child(attack, "none"));
        // Where the control needs a privilege or a valid argument, it fails too, but not like this.
        let harmless =
            ["clone3", "clone_with_a_namespace", "io_uring", "bpf", "keyctl", "type_into_the_terminal"];
        if harmless.contains(&attack) {
            assert!(
                without != refused_with && without.starts_with('E'),
                "without walls `{attack}` gave {without}"
            );
        } else {
            assert_eq!(without, "done", "`{attack}` must succeed without walls, or it shows nothing");
        }
        for powers in ["reader", "planner"] {
            assert_eq!(answer(child(attack, powers)), refused_with, "`{attack}` as {powers}");
        }
    }

    fn no_core_dumps() {
        assert_eq!(answer(child("core_dumps", "none")), "Dumpable");
        for powers in ["reader", "planner", "executor", "control-plane"] {
            assert_eq!(answer(child("core_dumps", powers)), "NotDumpable, core limit 0", "{powers}");
        }
    }

    fn no_new_privileges() {
        assert_eq!(answer(child("new_privileges", "none")), "may gain privileges");
        for powers in ["executor", "control-plane"] {
            assert_eq!(answer(child("new_privileges", powers)), "may not", "{powers}");
        }
    }

    fn the_executor_keeps_its_powers() {
        for attack in
            ["read_a_file", "make_a_file", "tcp_socket", "udp_socket", "dial_a_unix_socket", "exec", "fork"]
        {
            assert_eq!(answer(child(attack, "executor")), "done", "{attack}");
        }
    }

    fn report(scene: &str) {
        assert_eq!(answer(child(scene, "reader")), "done");
    }

    fn a_tokio_runtime_serves() {
        let mut zone = child("tokio", "reader");
        let mut output = BufReader::new(zone.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let mut caller = UnixStream::connect(line.trim()).unwrap();
        caller.write_all(b"hello").unwrap();
        caller.shutdown(std::net::Shutdown::Write).unwrap();
        let mut echo = String::new();
        caller.read_to_string(&mut echo).unwrap();
        assert_eq!(echo, "hello");
        line.clear();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "done");
        assert!(zone.wait().unwrap().success());
    }

    fn a_zone_dies_with_its_parent() {
        // The grandchild holds the pipe: its end is the pipe's end.
        for (scene, outlives) in [("start_a_child_on_a_leash", false), ("start_a_child", true)] {
            let mut parent = child(scene, "none");
            let mut output = parent.stdout.take().unwrap();
            assert!(parent.wait().unwrap().success());
            let (ended, end) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let mut lines = String::new();
                output.read_to_string(&mut lines).unwrap();
                ended.send(lines).unwrap();
            });
            let waited = end.recv_timeout(Duration::from_secs(if outlives { 1 } else { 5 }));
            assert_eq!(waited.is_err(), outlives, "{scene}: {waited:?}");
        }
    }

    fn requirements_are_read_and_written() {
        for word in ["require", "best-effort"] {
            let requirement: Requirement = word.parse().unwrap();
            assert_eq!(requirement.to_string(), word);
            assert_eq!(serde_json::to_value(requirement).unwrap(), word);
            assert_eq!(serde_json::from_value::<Requirement>(word.into()).unwrap(), requirement);
        }
        let error = "besteffort".parse::<Requirement>().unwrap_err();
        assert_eq!(error.to_string(), "`besteffort` is neither `require` nor `best-effort`");
    }

    // === in a process of its own ===

    pub(crate) fn in_a_process_of_its_own(name: &str) -> ExitCode {
        let powers = match std::env::var(POWERS).unwrap().as_str() {
            "reader" => Some(Powers::READER),
            "planner" => Some(Powers::PLANNER),
            "executor" => Some(Powers::EXECUTOR),
            "control-plane" => Some(Powers::CONTROL_PLANE),
            _ => None,
        };
        let walls = || {
            if let Some(powers) = powers {
                let walls = enter(powers, Requirement::Require).unwrap();
                assert!(walls.is_complete(), "{walls}");
            }
        };
        match name {
            "core_dumps" => {
                walls();
                let limit = rustix::process::getrlimit(Resource::Core).maximum;
                let limit = limit.filter(|&most| most == 0).map_or("", |_| ", core limit 0");
                let dumpable = rustix::process::dumpable_behavior().unwrap();
                say(&if powers.is_some() { format!("{dumpable:?}{limit}") } else { format!("{dumpable:?}") });
            }
            "new_privileges" => {
                walls();
                say(if rustix::thread::no_new_privs().unwrap() { "may not" } else { "may gain privileges" });
            }
            "what_is_open_keeps_working" => {
                let (mut mine, mut theirs) = UnixStream::pair().unwrap();
                let listener = UnixListener::bind(place().join("socket")).unwrap();
                let _caller = UnixStream::connect(place().join("socket")).unwrap();
                let mut file = std::fs::File::options().append(true).open(place().join("file")).unwrap();
                walls();
                mine.write_all(b"ping").unwrap();
                let mut four = [0; 4];
                theirs.read_exact(&mut four).unwrap();
                listener.accept().unwrap();
                file.write_all(b"logged").unwrap();
                file.sync_all().unwrap();
                eprintln!("standard error still works");
                say("done");
            }
            "threads_start" => {
                walls();
                std::thread::spawn(|| {
                    assert!(std::fs::read("/etc/passwd").is_err(), "walls hold for later threads")
                })
                .join()
                .unwrap();
                say("done");
            }
            "tokio" => tokio_scene(walls),
            "enter_with_threads" => {
                let (_hold, wait) = std::sync::mpsc::channel::<()>();
                std::thread::spawn(move || wait.recv());
                let error = enter(Powers::READER, Requirement::BestEffort).unwrap_err();
                assert!(matches!(error, CannotEnter::TooLate { threads: 2 }), "{error}");
                say("done");
            }
            "every_wall_stands" => {
                let walls = enter(Powers::READER, Requirement::Require).unwrap();
                assert_eq!(walls.to_string(), "8 of 8 walls stand");
                let first = serde_json::json!({ "name": "core-dumps", "state": "stands" });
                assert_eq!(serde_json::to_value(&walls).unwrap().get(0), Some(&first));
                say("done");
            }
            "required_without_landlock" => {
                as_in_a_container_without_landlock();
                let error = enter(Powers::READER, Requirement::Require).unwrap_err();
                assert!(matches!(error, CannotEnter::Missing { wall: "files", .. }), "{error}");
                assert!(error.to_string().contains("best-effort"), "{error}");
                say("done");
            }
            "best_effort_without_landlock" => {
                as_in_a_container_without_landlock();
                let walls = enter(Powers::READER, Requirement::BestEffort).unwrap();
                assert!(!walls.is_complete());
                let missing: Vec<_> = walls.missing().map(|(wall, _)| wall.name).collect();
                assert_eq!(missing, ["files", "tcp", "scope"]);
                assert!(walls.to_string().starts_with("5 of 8 walls stand; missing: files ("), "{walls}");
                assert!(
                    walls.iter().any(|wall| wall.name == "system-calls" && wall.state == WallState::Stands)
                );
                say("done");
            }
            "start_a_child" | "start_a_child_on_a_leash" => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.env(ATTACK, if name == "start_a_child" { "linger" } else { "linger_on_a_leash" });
                let mut grandchild =
                    command.env("WALLS_PARENT", std::process::id().to_string()).spawn().unwrap();
                // It must be on its leash before this process ends, or it would be told so instead.
                std::thread::sleep(Duration::from_millis(300));
                assert!(grandchild.try_wait().unwrap().is_none());
            }
            "linger_on_a_leash" => {
                let parent = std::env::var("WALLS_PARENT").unwrap().parse().unwrap();
                assert_eq!(die_with_parent(parent).unwrap(), sandbox::Leash::Held);
                std::thread::sleep(Duration::from_secs(20));
            }
            "linger" => std::thread::sleep(Duration::from_secs(3)),
            "wrong_parent" => {
                assert!(matches!(die_with_parent(u32::MAX), Err(sandbox::Orphaned::ParentGone { .. })));
                say("done");
            }
            attacked => match attack(attacked, walls) {
                Ok(()) => say("done"),
                Err(error) => say(rustix::io::Errno::from_io_error(&error).map_or("no errno", errno_name)),
            },
        }
        ExitCode::SUCCESS
    }

    fn tokio_scene(walls: impl FnOnce()) {
        let path = place().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        walls();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let listener = tokio::net::UnixListener::from_std(listener).unwrap();
            say(path.to_str().unwrap());
            let (mut caller, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            caller.read_to_end(&mut heard).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
            let heard = tokio::task::spawn_blocking(move || heard).await.unwrap();
            caller.write_all(&heard).await.unwrap();
        });
        say("done");
    }

    /// Landlock answers as a kernel without it would.
    fn as_in_a_container_without_landlock() {
        use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
        let rules = [(libc::SYS_landlock_create_ruleset, vec![])].into_iter().collect();
        let refused = SeccompAction::Errno(libc::ENOSYS as u32);
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch).unwrap();
        seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
    }

    fn errno_name(errno: rustix::io::Errno) -> &'static str {
        match errno {
            rustix::io::Errno::ACCESS => "EACCES",
            rustix::io::Errno::PERM => "EPERM",
            rustix::io::Errno::AFNOSUPPORT => "EAFNOSUPPORT",
            rustix::io::Errno::NOSYS => "ENOSYS",
            rustix::io::Errno::MFILE => "EMFILE",
            rustix::io::Errno::NOMEM => "ENOMEM",
            _ => "EOTHER",
        }
    }

    fn say(line: &str) {
        println!("{line}");
        io::stdout().flush().unwrap();
    }

    fn place() -> std::path::PathBuf {
        std::env::var_os(PLACE).unwrap().into()
    }

    // === the runner ===

    fn child(attack: &str, powers: &str) -> Child {
        static NTH: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let nth = NTH.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let place = std::env::temp_dir().join(format!("walls-{}-{nth}", std::process::id()));
        std::fs::create_dir(&place).unwrap();
        std::fs::write(place.join("file"), b"something").unwrap();
        Command::new(std::env::current_exe().unwrap())
            .env(ATTACK, attack)
            .env(POWERS, powers)
            .env(PLACE, place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn answer(child: Child) -> String {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the child ended with {}", output.status);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// As much of the usual runner's command line as `cargo test` and `cargo nextest` use.
    pub(crate) fn run(arguments: Vec<String>) -> ExitCode {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        let chosen = |name: &str| {
            wanted.is_empty()
                || wanted.iter().any(|word| name == *word || !has("--exact") && name.contains(*word))
        };
        let mut failed = 0;
        for (name, test) in TESTS.iter().filter(|(name, _)| chosen(name) && !has("--ignored")) {
            if has("--list") {
                println!("{name}: test");
                continue;
            }
            let passed = std::panic::catch_unwind(test).is_ok();
            println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
            failed += usize::from(!passed);
        }
        let _ = std::fs::read_dir(std::env::temp_dir()).map(|entries| {
            let ours = format!("walls-{}-", std::process::id());
            for entry in
                entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours))
            {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        });
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
