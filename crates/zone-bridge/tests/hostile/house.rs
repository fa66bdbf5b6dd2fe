//! A house with a hostile tenant and a good one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use zone_bridge::{Limits, Listener, Refused, Tell, Turns, lazy_channel};

/// Against a hang; nothing is measured by it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Two sockets served by one thread, as all sockets of a process are.
pub(crate) struct House {
    folder: tempfile::TempDir,
    told: Arc<Mutex<Vec<Refused>>>,
    panics: Arc<AtomicUsize>,
}

// === impl House ===

impl House {
    /// The hostile tenant's socket has these limits, the good one's the usual ones.
    pub(crate) fn with(limits: Limits) -> Self {
        let folder = tempfile::Builder::new().prefix("house-").tempdir_in("/tmp").unwrap();
        let house = Self { folder, told: Arc::default(), panics: Arc::default() };
        let [hostile, good] = [house.hostile(), house.good()].map(|path| Listener::bind(&path).unwrap());
        let told = Arc::clone(&house.told);
        let tell = Tell::by(move |refused| told.lock().unwrap().push(refused));
        let panics = Arc::clone(&house.panics);
        std::thread::spawn(move || {
            // Whatever panics below is caught there, so it is counted here.
            let (this, before) = (std::thread::current().id(), std::panic::take_hook());
            std::panic::set_hook(Box::new(move |panic| {
                if std::thread::current().id() == this {
                    panics.fetch_add(1, Ordering::SeqCst);
                }
                before(panic);
            }));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let turns = Turns::default();
                let (_reporter, health) = tonic_health::server::health_reporter();
                let routes = tonic::service::Routes::new(health);
                tokio::try_join!(
                    zone_bridge::serve(hostile, routes.clone(), limits, &turns, tell.clone()),
                    zone_bridge::serve(good, routes, Limits::OWNER, &turns, Tell::by(|_nothing| ())),
                )
            })
        });
        house
    }

    pub(crate) fn hostile(&self) -> PathBuf {
        self.folder.path().join("hostile/zone-bridge.sock")
    }

    pub(crate) fn good(&self) -> PathBuf {
        self.folder.path().join("good/zone-bridge.sock")
    }

    /// What was told of the hostile tenant, by code.
    pub(crate) fn told(&self) -> Vec<&'static str> {
        self.told.lock().unwrap().iter().map(|refused| refused.code).collect()
    }

    /// Waits until this was told.
    pub(crate) async fn until_told(&self, code: &str) {
        let told = async {
            while !self.told().contains(&code) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG, told).await.unwrap_or_else(|_| panic!("not told: {code}"));
    }

    /// The good tenant is served, and nothing panicked.
    pub(crate) async fn others_are_served(&self) {
        let mut good = client(&self.good());
        for _ in 0..20 {
            served(&mut good).await;
        }
        assert_eq!(self.panics.load(Ordering::SeqCst), 0, "nothing panics");
    }

    /// The hostile tenant is served as well, once it behaves.
    pub(crate) async fn forgives(&self) {
        served(&mut client(&self.hostile())).await;
    }
}

/// A client that plays by the rules.
pub(crate) fn client(socket: &Path) -> HealthClient<Channel> {
    HealthClient::new(lazy_channel(socket).unwrap())
}

/// The code of a refusal, or `served`.
pub(crate) async fn check(client: &mut HealthClient<Channel>) -> String {
    let asked = tokio::time::timeout(LONG, client.check(HealthCheckRequest::default())).await;
    match asked.expect("an answer") {
        Ok(_) => "served".to_owned(),
        Err(status) => match status.metadata().get(zone_bridge::REFUSAL) {
            Some(code) => code.to_str().unwrap().to_owned(),
            None => format!("{status:?}"),
        },
    }
}

pub(crate) async fn served(client: &mut HealthClient<Channel>) {
    assert_eq!(check(client).await, "served");
}
