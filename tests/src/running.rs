//! What runs during a test, and never after it.

use crate::programs::program;
use crate::{TestHome, eventually_async, planner};
use action::Role;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use zone_bridge::lazy_channel;

/// The whole system, raised by `moltctl up --detach`. Dropped: `moltctl down`.
#[derive(Debug)]
pub struct System<'a>(&'a TestHome);

/// One program that the test started. Dropped: killed.
#[derive(Debug)]
pub struct Process(Child);

// === impl TestHome ===

impl TestHome {
    /// Raises everything; returns when everything is ready.
    pub fn up(&self) -> System<'_> {
        let system = System(self);
        self.moltctl(&["up", "--detach"]).well();
        system
    }

    /// Starts the executor alone; returns when it answers.
    pub async fn executor(&self) -> Process {
        let executor = Process::start(self, "moltbot-executor");
        eventually_async("the executor answers", async || planner(self).ping().await.ok()).await;
        executor
    }

    /// Starts the control plane; returns when it answers.
    pub async fn control_plane(&self) -> Process {
        let control_plane = Process::start(self, "moltbot-control-plane");
        let health = self.config().health_socket(home::Process::Zone(Role::ControlPlane));
        let ready = async || zone_bridge::ask(&health).await.ok().filter(|report| report.ready);
        eventually_async("the control plane is ready", ready).await;
        control_plane
    }

    /// Returns when the executor has done what it was asked before this on a reader's socket.
    pub async fn channel_is_served(&self, role: Role) {
        let mut bridge = wire::v1::reader_bridge_client::ReaderBridgeClient::new(self.channel(role));
        bridge.ping(wire::v1::ReaderPingRequest {}).await.unwrap();
    }

    /// A channel to the executor by a zone's socket.
    pub fn channel(&self, role: Role) -> tonic::transport::Channel {
        lazy_channel(&self.socket(role)).unwrap()
    }
}

// === impl System ===

impl Drop for System<'_> {
    fn drop(&mut self) {
        let said = self.0.moltctl(&["down"]);
        assert!(said.code == Some(0) || std::thread::panicking(), "{said:?}");
    }
}

// === impl Process ===

impl Process {
    fn start(home: &TestHome, name: &str) -> Self {
        let log = home.path().join("logs").join(format!("{name}.log"));
        let log = File::options().append(true).create(true).open(log).unwrap();
        let started = Command::new(program(name))
            .arg("--home")
            .arg(home.path())
            // Should the test itself be killed, its processes end with it.
            .args(["--parent", &std::process::id().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Self(started.expect("the program starts"))
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
