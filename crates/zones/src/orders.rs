//! What the owner orders of a single process, from the operator's socket to its keeper.

use home::Process;
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};

/// Orders under way for one process.
const QUEUE: usize = 8;

/// What the owner wants of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Start,
    Stop,
    Restart,
    /// A probe got through: stop it at once, and leave it down.
    StopBreached,
}

/// One order; who gave it waits until it is carried out.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) wanted: Wanted,
    pub(crate) done: oneshot::Sender<()>,
}

/// Where orders are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(BTreeMap<Process, mpsc::Sender<Order>>);

// === impl Orders ===

impl Orders {
    /// The end at which a process's keeper takes orders.
    pub(crate) fn desk(&mut self, process: Process) -> mpsc::Receiver<Order> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.0.insert(process, sender);
        receiver
    }

    /// Gives an order and waits until it is carried out. `false` when nobody takes it: everything is being stopped.
    pub(crate) async fn give(&self, process: Process, wanted: Wanted) -> bool {
        let (done, carried_out) = oneshot::channel();
        let Some(desk) = self.0.get(&process) else { return false };
        desk.send(Order { wanted, done }).await.is_ok() && carried_out.await.is_ok()
    }
}
