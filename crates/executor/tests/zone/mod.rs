//! A Zone 1 in a folder, without sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use audit_log::{HeadKey, Options, Signer};
use capability::{ApprovalKey, PermitKey};
use executor::clock::Clock;
use executor::outbound::{MailRoute, Outbound};
use executor::policy_in_force::PolicyInForce;
use executor::record::{Record, RecordPlace};
use executor::services::Services;
use executor::standing::Standings;
use executor::zone1::{Means, Zone1};
use jiff::{SignedDuration, Timestamp};
use policy::Policy;
use ring::rand::SystemRandom;
use std::path::Path;

const POLICY: &str = r#"
    @id("mail")
    permit (principal in Role::"planner", action == Action::"send_email", resource == Connector::"mail");
"#;

pub(crate) fn record(folder: &Path) -> Record {
    let key = folder.join("record.key");
    if !key.exists() {
        std::fs::write(&key, HeadKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    }
    let key = HeadKey::from_text(&std::fs::read_to_string(&key).unwrap()).unwrap();
    let signer = Signer { origin: home::RECORD_ORIGIN.parse().unwrap(), key };
    let place = RecordPlace { log: folder.join("log.jsonl"), content: folder.join("content"), signer };
    Record::open(place, &Options::default()).unwrap()
}

pub(crate) fn zone1(folder: &Path) -> Zone1 {
    let approvals =
        ApprovalKey::from_text(&ApprovalKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    let means = Means {
        host: "local".to_owned(),
        latch: folder.join("latch"),
        clock: Clock::of_the_machine(Timestamp::MIN),
        policy: {
            let file = folder.join("policy.cedar");
            std::fs::write(&file, POLICY).unwrap();
            PolicyInForce::new(file, Policy::load(POLICY).unwrap(), POLICY)
        },
        permits: PermitKey::generate(&SystemRandom::new()).unwrap(),
        approvals: approvals.verifier(),
        outbound: Outbound {
            mail_from: "me@example.org".parse().unwrap(),
            host: "host.invalid".to_owned(),
            mail: MailRoute::Maildir(folder.join("outbox")),
            services: Services::default(),
            standings: Standings::default(),
        },
        approval_expiry: SignedDuration::from_secs(300),
        permit_lifetime: SignedDuration::from_secs(300),
        tag_key: [7; 32],
    };
    Zone1::new(record(folder), means)
}
