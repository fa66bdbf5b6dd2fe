//! A permit is taken only when it is, byte for byte, one that this key minted.
#![no_main]

use action::{Request, Role, ZoneId};
use capability::{InvalidPermit, PermitKey, PermitTerms};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::{arbitrary, fuzz_target};
use std::sync::LazyLock;

#[derive(Debug, arbitrary::Arbitrary)]
enum Presented {
    Anything(String),
    /// The genuine one with bytes changed, and a text in some place.
    Changed {
        flips: Vec<(u16, u8)>,
        at: u16,
        text: String,
    },
    /// Another header or other claims under the genuine signature.
    Parts {
        header: Option<String>,
        claims: Option<String>,
    },
}

static GENUINE: LazyLock<(PermitKey, Request, String)> = LazyLock::new(|| {
    let key = PermitKey::generate(&ring::rand::SystemRandom::new()).unwrap();
    let parameters = r#"{"to":"ann@example.org","subject":"s","body":"b"}"#.to_owned();
    let request = Request::check(zone(), "send_email", parameters).unwrap();
    let lifetime = SignedDuration::from_secs(300);
    let terms = PermitTerms {
        request_id: "r",
        request: &request,
        jti: "j",
        issued_at: Timestamp::UNIX_EPOCH,
        lifetime,
    };
    let token = key.mint(&terms).unwrap().0;
    (key, request, token)
});

fn zone() -> ZoneId {
    ZoneId::new("local", Role::Planner)
}

fuzz_target!(|presented: Presented| {
    let (key, request, genuine) = &*GENUINE;
    let token = match presented {
        Presented::Anything(token) => token,
        Presented::Changed { flips, at, text } => {
            let mut bytes = genuine.clone().into_bytes();
            let length = bytes.len();
            for (position, change) in flips {
                bytes[usize::from(position) % length] ^= change;
            }
            let at = usize::from(at) % length;
            bytes.splice(at..at, text.into_bytes());
            String::from_utf8_lossy(&bytes).into_owned()
        }
        Presented::Parts { header, claims } => {
            let mut parts: Vec<&str> = genuine.split('.').collect();
            parts[0] = header.as_deref().unwrap_or(parts[0]);
            parts[1] = claims.as_deref().unwrap_or(parts[1]);
            parts.join(".")
        }
    };
    let is_genuine = token == *genuine;
    match key.verify(token, &zone(), request, Timestamp::UNIX_EPOCH) {
        Ok(_) => assert!(is_genuine),
        Err(refused) => assert!(!is_genuine && refused == InvalidPermit::NotGenuine),
    }
});
