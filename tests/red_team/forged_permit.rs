//! A planner that makes its own permits.

use action::{Request, Role, ZoneId};
use capability::{Answer, PermitKey, PermitTerms};
use jiff::{SignedDuration, Timestamp};
use planner::client::{Standing, Wish};
use ring::rand::SystemRandom;
use system_tests::{Owner, TestHome, approved_permit, mail_wish, planner, refusal};

/// Everything in it is as the executor would write it; only the key is another.
fn forged(request_id: &str, zone: Role, wish: &Wish) -> String {
    let request = Request::check(ZoneId::new("local", zone), &wish.action, wish.parameters.clone()).unwrap();
    let terms = PermitTerms {
        request_id,
        request: &request,
        jti: "permit-0000000000000000",
        issued_at: Timestamp::now(),
        lifetime: SignedDuration::from_secs(300),
    };
    PermitKey::generate(&SystemRandom::new()).unwrap().mint(&terms).unwrap().0
}

#[tokio::test]
async fn a_permit_signed_by_another_key_is_refused_even_for_an_approved_request() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let genuine = approved_permit(&home, &wish).await;
    let request = home.recorded("permit_issued")[0]["request"].as_str().unwrap().to_owned();

    let [header, claims, signature] = genuine.split('.').collect::<Vec<_>>()[..] else { panic!("{genuine}") };
    let other = forged(&request, Role::Planner, &wish);
    let other_signature = other.rsplit('.').next().unwrap();
    let attempts = [
        forged(&request, Role::Planner, &wish),
        forged(&request, Role::ControlPlane, &wish),
        format!("{header}.{claims}.{other_signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("eyJhbGciOiJub25lIn0.{claims}.{signature}"),
        format!("{genuine} "),
        "x".repeat(100_000),
    ];
    let count = attempts.len();
    for permit in attempts {
        assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "permit_invalid");
    }
    assert_eq!(home.recorded_refusals(), vec!["permit_invalid"; count]);
    assert!(home.outbox().is_empty());
    planner(&home).execute_with_token(genuine, &wish).await.expect("the genuine one still holds");
}

#[tokio::test]
async fn the_owners_answer_is_not_a_permit() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    let owner = Owner::of(&home);
    let receipt = owner.sign(&Owner::statement(&owner.show(&request).await, Answer::Approved));
    assert_eq!(refusal(planner(&home).execute_with_token(receipt, &wish).await), "permit_invalid");
    assert!(home.outbox().is_empty());
}
