//! The probe says what holds: with no wall everything gets through, and each wall that is said to hold an attack does.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use sandbox::{Attempt, Outcome, Targets, probe};

use crate::attacks_on_the_machine::Bystander;
use crate::inside::{place, say};
use crate::runner::{Said, Test, Who, child, said};

pub(crate) const TESTS: &[Test] = &[
    ("without_walls_every_attempt_gets_through", without_walls_every_attempt_gets_through),
    ("each_wall_refuses_what_it_is_said_to", each_wall_refuses_what_it_is_said_to),
    ("a_whole_zone_refuses_everything", a_whole_zone_refuses_everything),
    ("an_attempt_is_written_as_it_is_read", an_attempt_is_written_as_it_is_read),
];

/// In the process of its own.
pub(crate) fn probe_scene(walls: &dyn Fn()) {
    let name = place().to_str().unwrap().to_owned();
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
    let _others = UnixListener::bind(place().join("other")).unwrap();
    let bystander = Bystander::start();
    let targets = Targets {
        files: vec![place().join("file")],
        sockets: vec![place().join("other")],
        abstract_socket: Some(name),
        loopback: Some(loopback.local_addr().unwrap()),
        processes: vec![u32::try_from(bystander.number().as_raw_nonzero().get()).unwrap()],
        own_program: Some(std::env::current_exe().unwrap()),
    };
    let descriptors = || std::fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
    let ourselves = rustix::process::geteuid();
    walls();
    let before = descriptors();
    let attempts = probe(&targets);
    assert_eq!(before, descriptors(), "a descriptor is left behind");
    assert_eq!(ourselves, rustix::process::geteuid(), "this process is somebody else now");
    say(&serde_json::to_string(&attempts).unwrap());
}

fn probed(powers: &str, who: Who) -> (Said, Vec<Attempt>) {
    let said = said(child("probe", powers, who));
    let attempts = serde_json::from_str(&said.answer).unwrap();
    (said, attempts)
}

fn without_walls_every_attempt_gets_through() {
    for who in Who::all() {
        for attempt in probed("none", *who).1 {
            let takes_power =
                ["mount", "chroot", "setuid", "raw-socket", "bpf", "own-program", "mknod", "icmp"];
            let out = ["tcp", "udp", "dns", "icmp", "ipv6"];
            match &attempt.result {
                Outcome::GotThrough { .. } => {}
                Outcome::Refused { .. } if !who.has_power() && takes_power.contains(&&*attempt.attack) => {}
                Outcome::Refused { errno } if errno == "ENETUNREACH" && out.contains(&&*attempt.attack) => {
                    println!(
                        "unproven here: `{}`, because this machine has no way out itself",
                        attempt.attack
                    );
                }
                Outcome::Refused { errno }
                    if ["icmp", "ipv6", "io-uring", "keyctl", "vsock"].contains(&&*attempt.attack) =>
                {
                    println!("unproven here: `{}`, because this kernel says {errno} itself", attempt.attack);
                }
                other @ (Outcome::Refused { .. } | Outcome::NotTried { .. }) => {
                    panic!("`{}` as {who:?} without walls: {other:?}", attempt.attack)
                }
            }
        }
    }
}

fn each_wall_refuses_what_it_is_said_to() {
    for who in Who::all() {
        let (_, attempts) = probed("none", *who);
        let walls: BTreeSet<&String> = attempts.iter().flat_map(|attempt| &attempt.held_by).collect();
        assert!(walls.len() >= 7, "{walls:?}");
        for wall in walls {
            let mut only = vec![wall.as_str()];
            if wall == "root" {
                only.push("mount-namespace");
            }
            if !who.has_power() && (wall == "root" || wall.ends_with("-namespace") || wall == "capabilities")
            {
                only.push("user-namespace");
            }
            let (said, attempts) = probed(&format!("only:{}", only.join(",")), *who);
            if let Some(missing) = said.missing.first() {
                println!(
                    "unproven here: what `{wall}` refuses {who:?}, because this machine gives no {missing}"
                );
                continue;
            }
            for attempt in attempts.iter().filter(|attempt| attempt.held_by.contains(wall)) {
                let refused = matches!(attempt.result, Outcome::Refused { .. });
                assert!(refused, "`{}` as {who:?} with `{wall}`: {:?}", attempt.attack, attempt.result);
            }
        }
    }
}

fn a_whole_zone_refuses_everything() {
    for who in Who::all() {
        for powers in ["reader", "planner"] {
            let (_, attempts) = probed(powers, *who);
            assert!(attempts.len() > 30, "{attempts:?}");
            for attempt in attempts {
                let refused = matches!(attempt.result, Outcome::Refused { .. });
                assert!(refused, "`{}` as {who:?} in a {powers}: {:?}", attempt.attack, attempt.result);
            }
        }
    }
}

fn an_attempt_is_written_as_it_is_read() {
    let attempt = Attempt {
        attack: "tcp".to_owned(),
        held_by: vec!["system-calls".to_owned()],
        result: Outcome::Refused { errno: "EPERM".to_owned() },
    };
    let written = serde_json::json!({
        "attack": "tcp", "held_by": ["system-calls"], "result": { "refused": { "errno": "EPERM" } }
    });
    assert_eq!(serde_json::to_value(&attempt).unwrap(), written);
    assert_eq!(serde_json::from_value::<Attempt>(written).unwrap(), attempt);
    assert_eq!(serde_json::from_str::<Targets>("{}").unwrap(), Targets::default());
}
