//! What is tried against the machine around a zone, with and without walls.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::Pid;

use crate::inside::place;
use crate::runner::INHERITED;

pub(crate) fn attack_the_machine(name: &str, walls: impl FnOnce()) -> io::Result<()> {
    match name {
        "nothing" => {
            walls();
            Ok(())
        }
        "use_what_was_inherited" => {
            walls();
            let number: i32 = std::env::var(INHERITED).unwrap().parse().unwrap();
            // Borrowed for as long as a look takes; a number that is not open is refused.
            let inherited = borrowed(number);
            rustix::fs::fstat(inherited).map(drop).map_err(Into::into)
        }
        "look_into_another" => {
            let another = Bystander::start();
            walls();
            std::fs::read(format!("/proc/{}/environ", another.number())).map(drop)
        }
        "signal_another" => {
            let another = Bystander::start();
            walls();
            rustix::process::test_kill_process(another.number()).map_err(Into::into)
        }
        "mount" => {
            walls();
            mount("none", place(), "tmpfs", MountFlags::empty(), None).map_err(Into::into)
        }
        "mount_for_all" => {
            let another = Bystander::start();
            walls();
            mount("none", place(), "tmpfs", MountFlags::empty(), None)?;
            let seen = std::fs::read_to_string(format!("/proc/{}/mountinfo", another.number()))?;
            unmount(place(), UnmountFlags::DETACH)?;
            found(seen.contains(place().to_str().unwrap()))
        }
        "dial_the_machine" => {
            let machine = TcpListener::bind("127.0.0.1:0")?;
            let address = machine.local_addr()?;
            walls();
            TcpStream::connect(address).map(drop)
        }
        "dial_an_abstract_socket" => {
            // Landlock's scope is about sockets that were made outside of it.
            let address = SocketAddr::from_abstract_name(place().to_str().unwrap())?;
            let _machine = UnixListener::bind_addr(&address)?;
            walls();
            UnixStream::connect_addr(&address).map(drop)
        }
        "find_shared_memory" => {
            let key = i32::try_from(std::process::id()).unwrap();
            let _remover = shared_memory(key)?;
            walls();
            find_shared_memory(key, 0)
        }
        "rename_the_machine" => {
            use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
            // A machine that may be renamed: one of our own.
            // SAFETY: no table of descriptors is split.
            #[expect(unsafe_code, reason = "the same call can split the table of open files")]
            unsafe {
                rustix::thread::unshare_unsafe(UnshareFlags::NEWUTS)?;
            }
            let machine = std::fs::File::open("/proc/self/ns/uts")?;
            walls();
            rustix::system::sethostname(b"attacked")?;
            move_into_link_name_space(machine.as_fd(), Some(LinkNameSpaceType::HostNameAndNISDomainName))?;
            found(rustix::system::uname().nodename().to_bytes() == b"attacked")
        }
        "see_the_cell" => {
            let cells = || std::fs::read_to_string("/proc/self/cgroup");
            let in_a_cell = |cells: &str| cells.lines().any(|line| !line.ends_with(":/"));
            if !in_a_cell(&cells()?) {
                return Err(nothing_to_attack());
            }
            walls();
            found(in_a_cell(&cells()?))
        }
        "read_our_file" => {
            walls();
            std::fs::read(place().join("ours")).map(drop)
        }
        "read_their_file" => {
            walls();
            std::fs::read(place().join("theirs")).map(drop)
        }
        "run_a_set_user_id_program" => {
            walls();
            let output = Command::new(place().join("set-user-id")).arg("-u").output()?;
            if output.stdout == b"0\n" { Ok(()) } else { Err(Errno::PERM.into()) }
        }
        unknown => panic!("there is no attack `{unknown}`"),
    }
}

/// A process of the same user that was there before the walls. It ends when this one does, because its input does.
pub(crate) struct Bystander(Child);

impl Bystander {
    pub(crate) fn start() -> Bystander {
        let mut started = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // It is what it will be once it answers: before, it could still be a copy of this process.
        started.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        started.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        Bystander(started)
    }

    pub(crate) fn number(&self) -> Pid {
        Pid::from_child(&self.0)
    }
}

fn found(found: bool) -> io::Result<()> {
    if found { Ok(()) } else { Err(Errno::NOENT.into()) }
}

pub(crate) fn nothing_to_attack() -> io::Error {
    io::Error::other("nothing to attack")
}

fn borrowed(number: i32) -> std::os::fd::BorrowedFd<'static> {
    // SAFETY: the number is only handed to `fstat`, which refuses one that is not open.
    #[expect(unsafe_code, reason = "an inherited descriptor has a number and no owner in this program")]
    unsafe {
        std::os::fd::BorrowedFd::borrow_raw(number)
    }
}

/// Makes a segment of shared memory. Whoever is returned removes it, outside, when this process ends.
fn shared_memory(key: i32) -> io::Result<Child> {
    let remove = format!("read line; ipcrm -M {key}");
    let remover = Command::new("sh").args(["-c", &remove]).stdin(Stdio::piped()).spawn()?;
    find_shared_memory(key, libc::IPC_CREAT | 0o600)?;
    Ok(remover)
}

fn find_shared_memory(key: i32, flags: i32) -> io::Result<()> {
    // SAFETY: no pointer is passed; a number or an error comes back.
    #[expect(unsafe_code, reason = "System V shared memory has no safe wrapper")]
    match unsafe { libc::shmget(key, 1, flags) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
