//! What is tried with system calls, files and sockets, with and without walls.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::net::{AddressFamily, SendAncillaryBuffer, SendFlags, SocketType};
use rustix::process::{Resource, Rlimit};

use crate::attacks_on_the_machine::attack_the_machine;
use crate::inside::place;

pub(crate) fn attack(name: &str, walls: impl FnOnce()) -> io::Result<()> {
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
        "dial_by_sending" | "dial_by_sending_a_message" => {
            let (target, door) =
                (std::net::TcpListener::bind("127.0.0.1:0")?, std::net::TcpListener::bind("127.0.0.1:0")?);
            let address = target.local_addr()?;
            walls();
            // It listens no more and is a socket like a new one, in the network that it was made in.
            rustix::net::shutdown(&door, rustix::net::Shutdown::Both)?;
            let dialling = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.unsigned_abs());
            let sent = if name == "dial_by_sending" {
                rustix::net::sendto(&door, b"x", dialling, &address)
            } else {
                let nothing = &mut SendAncillaryBuffer::default();
                rustix::net::sendmsg_addr(&door, &address, &[io::IoSlice::new(b"x")], nothing, dialling)
            };
            sent.map(drop).map_err(Into::into)
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
        "make_code_of_data" => {
            walls();
            // An address of nothing: without walls the kernel has nothing to do for it and says so.
            let (all, executable) = (usize::MAX & !0xfff, (libc::PROT_READ | libc::PROT_EXEC) as usize);
            call(libc::SYS_mprotect, [all, 0, executable, 0])
        }
        other => attack_the_machine(other, walls),
    }
}

fn socket(family: AddressFamily, kind: SocketType) -> io::Result<()> {
    rustix::net::socket(family, kind, None).map(drop).map_err(Into::into)
}

#[expect(unsafe_code, reason = "these calls have no safe wrapper; the attacks need the bare ones")]
pub(crate) fn call(number: libc::c_long, [a, b, c, d]: [usize; 4]) -> io::Result<()> {
    // SAFETY: the only pointer that any attack passes is the path in `truncate_a_file`, which outlives the call;
    // all others are null or not looked at, and no call here changes this process's memory.
    match unsafe { libc::syscall(number, a, b, c, d) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
