//! What a permit costs, beside the bare signature in it: `cargo bench -p capability`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

use action::{Request, Role, ZoneId};
use capability::{PermitKey, PermitTerms};
use divan::black_box;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

fn main() {
    divan::main();
}

fn request() -> Request {
    let parameters = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#.to_owned();
    Request::check(ZoneId::new("local", Role::Planner), "send_email", parameters).unwrap()
}

fn bare_key() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

/// As many bytes as a permit signs.
const SIGNED: [u8; 430] = [b'x'; 430];

fn mint(key: &PermitKey, request: &Request, at: Timestamp) -> String {
    let terms = PermitTerms {
        request_id: "req-0123456789abcdef",
        request,
        jti: "permit-0123456789abcdef",
        issued_at: at,
        lifetime: SignedDuration::from_secs(300),
    };
    key.mint(&terms).unwrap().0
}

#[divan::bench]
fn issue(bencher: divan::Bencher<'_, '_>) {
    let (key, request) = (PermitKey::generate(&SystemRandom::new()).unwrap(), request());
    bencher.bench_local(|| mint(&key, black_box(&request), Timestamp::UNIX_EPOCH));
}

#[divan::bench]
fn issue_bare_signature(bencher: divan::Bencher<'_, '_>) {
    let key = bare_key();
    bencher.bench_local(|| key.sign(black_box(&SIGNED)));
}

#[divan::bench]
fn verify(bencher: divan::Bencher<'_, '_>) {
    let (key, request) = (PermitKey::generate(&SystemRandom::new()).unwrap(), request());
    let token = mint(&key, &request, Timestamp::UNIX_EPOCH);
    bencher.with_inputs(|| token.clone()).bench_local_values(|token| {
        key.verify(token, request.zone(), black_box(&request), Timestamp::UNIX_EPOCH).unwrap()
    });
}

#[divan::bench]
fn verify_bare_signature(bencher: divan::Bencher<'_, '_>) {
    let key = bare_key();
    let signature = key.sign(&SIGNED);
    let public = UnparsedPublicKey::new(&ED25519, key.public_key().as_ref());
    bencher.bench_local(|| public.verify(black_box(&SIGNED), signature.as_ref()).unwrap());
}
