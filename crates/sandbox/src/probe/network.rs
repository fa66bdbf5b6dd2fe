//! Out over a socket. The addresses are those that documentation uses: nobody answers there, and nothing is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Protocol, SocketAddrUnix, SocketFlags, SocketType, connect, ipproto, socket_with,
};

use super::attack::{Attack, Tried, each};

/// TEST-NET-3 (RFC 5737).
const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
/// RFC 3849.
const SOMEWHERE_6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 5));
/// The discard port, where the supervisor names no better one.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

const BY_TCP: &[&str] = &["system-calls", "network-namespace", "tcp"];
const BY_NAMESPACE: &[&str] = &["system-calls", "network-namespace"];
/// The filter, a namespace without routes, Landlock.
const NO_WAY: &[Errno] =
    &[Errno::AFNOSUPPORT, Errno::NETUNREACH, Errno::ADDRNOTAVAIL, Errno::ACCESS, Errno::PERM];
const NO_SOCKET: &[Errno] = &[Errno::AFNOSUPPORT];
const NO_PATH: &[Errno] = &[Errno::AFNOSUPPORT, Errno::NOENT, Errno::ACCESS];

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "tcp",
        held_by: BY_TCP,
        refused_with: NO_WAY,
        attempt: |_| dial(SocketType::STREAM, None, SocketAddr::new(SOMEWHERE, 443)),
    },
    Attack {
        name: "udp",
        held_by: BY_NAMESPACE,
        refused_with: NO_WAY,
        attempt: |_| dial(SocketType::DGRAM, None, SocketAddr::new(SOMEWHERE, 443)),
    },
    Attack {
        name: "dns",
        held_by: BY_NAMESPACE,
        refused_with: NO_WAY,
        attempt: |_| dial(SocketType::DGRAM, None, SocketAddr::new(SOMEWHERE, 53)),
    },
    Attack {
        name: "icmp",
        held_by: BY_NAMESPACE,
        refused_with: NO_WAY,
        attempt: |_| dial(SocketType::DGRAM, Some(ipproto::ICMP), SocketAddr::new(SOMEWHERE, 0)),
    },
    Attack {
        name: "raw-socket",
        held_by: &["system-calls", "capabilities"],
        refused_with: &[Errno::AFNOSUPPORT, Errno::PERM],
        attempt: |_| open(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP)),
    },
    Attack {
        name: "ipv6",
        held_by: BY_TCP,
        refused_with: NO_WAY,
        attempt: |_| dial(SocketType::STREAM, None, SocketAddr::new(SOMEWHERE_6, 443)),
    },
    Attack {
        name: "loopback",
        held_by: BY_TCP,
        refused_with: NO_WAY,
        attempt: |targets| dial(SocketType::STREAM, None, targets.loopback.unwrap_or(LOOPBACK)),
    },
    Attack {
        name: "netlink",
        held_by: &["system-calls"],
        refused_with: NO_SOCKET,
        attempt: |_| open(AddressFamily::NETLINK, SocketType::RAW, None),
    },
    Attack {
        name: "vsock",
        held_by: &["system-calls"],
        refused_with: NO_SOCKET,
        attempt: |_| open(AddressFamily::VSOCK, SocketType::STREAM, None),
    },
    Attack {
        name: "abstract-socket",
        held_by: &["system-calls", "network-namespace", "scope"],
        refused_with: &[Errno::AFNOSUPPORT, Errno::PERM, Errno::CONNREFUSED],
        attempt: |targets| match &targets.abstract_socket {
            Some(name) => Tried::Did(dial_unix(SocketAddrUnix::new_abstract_name(name.as_bytes()))),
            None => Tried::Nothing("no abstract socket is known that somebody listens on"),
        },
    },
    Attack {
        name: "another-zones-socket",
        held_by: &["system-calls", "root"],
        refused_with: NO_PATH,
        attempt: |targets| {
            each(&targets.sockets, NO_PATH, "no other zone's socket is known", |path| {
                dial_unix(SocketAddrUnix::new(path.as_path()))
            })
        },
    },
];

fn dial(kind: SocketType, protocol: Option<Protocol>, address: SocketAddr) -> Tried {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let dialled = socket_with(family, kind, flags, protocol).and_then(|socket| connect(&socket, &address));
    Tried::Did(dialled.map(|()| format!("{address} is within reach")))
}

fn open(family: AddressFamily, kind: SocketType, protocol: Option<Protocol>) -> Tried {
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, protocol);
    Tried::Did(socket.map(|_| "a socket was given".to_owned()))
}

fn dial_unix(address: Result<SocketAddrUnix, Errno>) -> Result<String, Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &address?).map(|()| "somebody answered".to_owned())
}
