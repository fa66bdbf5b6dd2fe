//! Two network namespaces with a cable between them: this machine's, and the world's.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The side that the rules are on, and the side that is to be reached. Both end with this value.
pub(crate) struct Net {
    machine: Child,
    world: Child,
    servers: Vec<Child>,
}

/// Every place there is to reach, as kind, address and port. All addresses are for documentation, or loopback.
pub(crate) const PLACES: [&str; 6] = [
    "tcp 192.0.2.2 8443",
    "tcp 192.0.2.2 9443",
    "tcp 192.0.2.3 8443",
    "tcp 2001:db8::2 8443",
    // where names would be asked for
    "udp 192.0.2.2 53",
    // what listens on the machine itself
    "tcp 127.0.0.1 8025",
];

// === impl Net ===

impl Net {
    /// `None` where no network namespace or no packet filter can be had, and why.
    pub(crate) fn new() -> Result<Self, String> {
        let mut net = Self { machine: namespace()?, world: namespace()?, servers: Vec::new() };
        let world = net.world.id().to_string();
        for arguments in [
            "link set lo up",
            &format!("link add near type veth peer name far netns {world}"),
            "addr add 192.0.2.1/24 dev near",
            "addr add 2001:db8::1/64 dev near nodad",
            "link set near up",
        ] {
            net.set_up(net.machine.id(), arguments)?;
        }
        for arguments in [
            "addr add 192.0.2.2/24 dev far",
            "addr add 192.0.2.3/24 dev far",
            "addr add 2001:db8::2/64 dev far nodad",
            "link set far up",
        ] {
            net.set_up(net.world.id(), arguments)?;
        }
        let filter = crate::run(net.inside(net.machine.id()).args(["nft", "add table inet tried"]));
        if !filter.0 {
            return Err(format!("the kernel has no packet filter for us: {}", filter.1));
        }
        let (here, there): (Vec<_>, Vec<_>) =
            PLACES.into_iter().partition(|place| place.contains("127.0.0.1"));
        net.serve(net.machine.id(), &here);
        net.serve(net.world.id(), &there);
        Ok(net)
    }

    /// A command on the machine's side, as root.
    pub(crate) fn as_root(&self, program: &str) -> Command {
        let mut command = self.inside(self.machine.id());
        command.arg(program);
        command
    }

    /// A command on the machine's side, as this user, with nothing of root's left.
    pub(crate) fn as_user(&self, user: u32, program: &str) -> Command {
        let mut command = self.inside(self.machine.id());
        let drop = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"];
        command
            .arg("setpriv")
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={user}"))
            .args(drop)
            .arg(program);
        command
    }

    /// The places that answer this user.
    pub(crate) fn reached_by(&self, user: u32) -> Vec<String> {
        reached(self.as_root("/usr/bin/python3").env("REACH_AS", user.to_string()))
    }

    fn inside(&self, process: u32) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{process}/ns/net")).arg("--").stdin(Stdio::null());
        command
    }

    fn set_up(&self, process: u32, arguments: &str) -> Result<(), String> {
        let (well, said) = crate::run(self.inside(process).arg("ip").args(arguments.split(' ')));
        if well { Ok(()) } else { Err(format!("ip {arguments}: {said}")) }
    }

    fn serve(&mut self, process: u32, places: &[&str]) {
        let mut command = self.inside(process);
        command.args(["/usr/bin/python3", "-c", include_str!("serve.py")]);
        command.args(places.iter().flat_map(|place| place.split(' ')));
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
        self.servers.push(server);
        assert_eq!(said, "ready\n");
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for process in self.servers.iter_mut().chain([&mut self.machine, &mut self.world]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The places that answer a Python that a command begins.
pub(crate) fn reached(python: &mut Command) -> Vec<String> {
    python.args(["-c", include_str!("reach.py")]).args(PLACES.iter().flat_map(|place| place.split(' ')));
    let output = python.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// A process in a network namespace of its own, which lives as long as the process.
fn namespace() -> Result<Child, String> {
    let ours = fs::read_link("/proc/self/ns/net").map_err(|error| format!("/proc/self/ns/net: {error}"))?;
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sleep", "300"]).stdin(Stdio::null());
    let mut process = command.spawn().map_err(|error| format!("unshare: {error}"))?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait().unwrap() {
            return Err(format!("no network namespace can be made: `unshare --net` ended with {status}"));
        }
        let its = fs::read_link(format!("/proc/{}/ns/net", process.id()));
        if its.is_ok_and(|its| its != ours) {
            return Ok(process);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = process.kill();
    let _ = process.wait();
    Err("no network namespace was made in ten seconds".to_owned())
}
