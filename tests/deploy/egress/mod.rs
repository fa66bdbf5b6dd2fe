//! The egress rules, tried with real packets between two network namespaces.

mod net;

use crate::root::Root;
use net::{Net, PLACES, reached};
use std::fs;

/// A user that the rules say nothing about.
const SOMEBODY_ELSE: u32 = 64_123;

/// An installation, and a network in which its rules are loaded.
struct Held {
    root: Root,
    net: Net,
}

impl Held {
    /// Nothing where it cannot be tried, which is said.
    fn new() -> Option<Self> {
        if !crate::is_root_or_says("the egress rules, with real packets between two network namespaces") {
            return None;
        }
        match Net::new() {
            Ok(net) => Some(Self { root: Root::installed(), net }),
            Err(why) => {
                println!("UNPROVEN on this machine: the egress rules, with real packets: {why}");
                None
            }
        }
    }

    fn user(&self, name: &str) -> u32 {
        let users = self.root.users();
        users.into_iter().find(|(_, known)| known == name).unwrap_or_else(|| panic!("no user {name}")).0
    }

    /// Loads the shipped rules with these elements, as the unit does. The installation's users are not this machine's, so
    /// their ids stand for their names.
    fn load(&self, elements: &str) {
        let include = self.root.at("/etc/moltbot/egress.nft");
        fs::write(&include, elements).unwrap();
        let mut rules = fs::read_to_string(self.root.at("/usr/local/lib/moltbot/moltbot.nft")).unwrap();
        for (id, name) in self.root.users() {
            rules = rules.replace(&format!("\"{name}\""), &id.to_string());
        }
        let rules = rules.replace("/etc/moltbot/egress.nft", include.to_str().unwrap());
        assert!(!rules.contains("skuid \"") && !rules.contains("\"moltbot-planner"), "{rules}");
        let file = self.root.at("/rules.nft");
        fs::write(&file, rules).unwrap();
        let (well, said) = crate::run(self.net.as_root("nft").arg("--file").arg(&file));
        assert!(well, "{said}");
    }

    /// The rules without their counters.
    fn rules(&self) -> String {
        let (well, said) = crate::run(self.net.as_root("nft").args(["--stateless", "list", "ruleset"]));
        assert!(well, "{said}");
        said
    }
}

const ONE_PAIR: &str = "add element inet moltbot executor_ip4 { 192.0.2.2 . 8443 }\n";

const OTHERS: [&str; 7] = [
    "moltbot-control",
    "moltbot-reader-email",
    "moltbot-reader-telegram",
    "moltbot-reader-slack",
    "moltbot-reader-sms",
    "moltbot-doorkeeper",
    "moltbot-planner",
];

#[test]
fn the_executor_reaches_the_pair_that_is_named_and_the_others_nothing() {
    let Some(held) = Held::new() else { return };
    let executor = held.user("moltbot-executor");
    // Without rules everything is there to be reached, so a refusal below is theirs.
    assert_eq!(held.net.reached_by(executor), PLACES);
    held.load(ONE_PAIR);
    assert_eq!(held.net.reached_by(executor), ["tcp 192.0.2.2 8443"]);
    for name in OTHERS {
        assert_eq!(held.net.reached_by(held.user(name)), Vec::<String>::new(), "{name}");
    }
    // Nobody else notices.
    assert_eq!(held.net.reached_by(SOMEBODY_ELSE), PLACES);
    assert_eq!(reached(&mut held.net.as_root("/usr/bin/python3")), PLACES);
    // And without them it is as before.
    let (well, said) = crate::run(held.net.as_root("nft").args(["delete", "table", "inet", "moltbot"]));
    assert!(well, "{said}");
    assert_eq!(held.net.reached_by(executor), PLACES);
    assert_eq!(held.net.reached_by(held.user("moltbot-planner")), PLACES);
}

#[test]
fn as_shipped_nobody_reaches_anything() {
    let Some(held) = Held::new() else { return };
    let shipped = fs::read_to_string(held.root.at("/etc/moltbot/egress.nft")).unwrap();
    held.load(&shipped);
    for name in OTHERS.into_iter().chain(["moltbot-executor"]) {
        assert_eq!(held.net.reached_by(held.user(name)), Vec::<String>::new(), "{name}");
    }
}

/// Answers one caller on this machine's own address.
const DOOR: &str = r#"
import socket
door = socket.create_server(("127.0.0.1", 8473))
print("open", flush=True)
caller, _ = door.accept()
caller.recv(5)
caller.sendall(b"heard")
"#;

/// Calls there; what it hears.
const CALLER: &str = r#"
import socket
caller = socket.create_connection(("127.0.0.1", 8473), timeout=2)
caller.sendall(b"hello")
print(caller.recv(5).decode())
"#;

#[test]
fn the_doorkeeper_answers_who_calls_it_on_this_machine_and_no_other_zone_does() {
    use std::io::BufRead as _;
    let Some(held) = Held::new() else { return };
    held.load(ONE_PAIR);
    for (name, is_heard) in [("moltbot-doorkeeper", true), ("moltbot-planner", false)] {
        let mut door = held.net.as_user(held.user(name), "/usr/bin/python3");
        let mut door = door.args(["-c", DOOR]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufReader::new(door.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, said) = crate::run(held.net.as_root("/usr/bin/python3").args(["-c", CALLER]));
        door.kill().unwrap();
        door.wait().unwrap();
        assert_eq!(said.trim() == "heard", is_heard, "{name}: {line}{said}");
    }
}

#[test]
fn loading_again_replaces_what_may_be_reached() {
    let Some(held) = Held::new() else { return };
    let executor = held.user("moltbot-executor");
    held.load(ONE_PAIR);
    held.load("add element inet moltbot executor_ip6 { 2001:db8::2 . 8443 }\n");
    assert_eq!(held.net.reached_by(executor), ["tcp 2001:db8::2 8443"]);
    // What is not understood changes nothing.
    let rules = held.rules();
    let broken = held.root.at("/broken.nft");
    fs::write(&broken, "delete table inet moltbot\nadd rule inet nowhere\n").unwrap();
    let (well, _) = crate::run(held.net.as_root("nft").arg("--file").arg(&broken));
    assert!(!well);
    assert_eq!(held.rules(), rules);
}

#[test]
fn whom_the_rules_hold_cannot_take_them_away() {
    let Some(held) = Held::new() else { return };
    held.load(ONE_PAIR);
    let rules = held.rules();
    let (starts, why) = crate::run(&mut held.net.as_user(SOMEBODY_ELSE, "true"));
    if !starts {
        println!(
            "UNPROVEN on this machine: that the rules cannot be taken away; nobody else starts a program: {why}"
        );
        return;
    }
    for name in OTHERS.into_iter().chain(["moltbot-executor"]) {
        let user = held.user(name);
        for attempt in [
            &["nft", "flush", "ruleset"][..],
            &["nft", "delete", "table", "inet", "moltbot"],
            &["nft", "add", "element", "inet", "moltbot", "executor_ip4", "{ 192.0.2.3 . 8443 }"],
            // root in a user namespace of its own
            &["unshare", "--user", "--map-root-user", "nft", "flush", "ruleset"],
        ] {
            let (well, said) = crate::run(held.net.as_user(user, attempt[0]).args(&attempt[1..]));
            assert!(!well, "{name}: {attempt:?}: {said}");
        }
        assert_eq!(held.rules(), rules, "{name}");
    }
    // Such a root is still the same user to the rules.
    let planner = held.user("moltbot-planner");
    let in_user_namespace = |program: &[&str]| {
        let mut command = held.net.as_user(planner, "unshare");
        command.args(["--user", "--map-root-user"]).args(program);
        command
    };
    if crate::run(&mut in_user_namespace(&["true"])).0 {
        assert_eq!(reached(&mut in_user_namespace(&["/usr/bin/python3"])), Vec::<String>::new());
    } else {
        println!("UNPROVEN on this machine: that root in a user namespace is held; none can be made here");
    }
}

#[test]
fn every_user_of_the_installation_is_named_in_the_rules() {
    let rules = fs::read_to_string(crate::deploy().join("nftables/moltbot.nft")).unwrap();
    let users = fs::read_to_string(crate::deploy().join("sysusers/moltbot.conf")).unwrap();
    let names: Vec<_> = users.lines().filter_map(|line| line.strip_prefix("u ")?.split(' ').next()).collect();
    assert_eq!(names.len(), 8);
    for name in names {
        assert!(rules.contains(&format!("\"{name}\"")), "{name}");
    }
}
