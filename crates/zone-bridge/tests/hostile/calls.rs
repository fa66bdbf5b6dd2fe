//! Calls: too many, too often, too large, never ended, to nobody.

use crate::house::{House, LONG, check, client, served};
use crate::raw::{
    DATA, END_HEADERS, END_STREAM, HEADERS, REFUSED_STREAM, RST_STREAM, Raw, SETTINGS, call, call_to, frame,
    number, watch,
};
use tonic_health::pb::HealthCheckRequest;
use zone_bridge::Limits;

/// A gRPC message of that length, or the beginning of one.
fn message(says: usize, bytes: usize) -> Vec<u8> {
    let [.., a, b, c, d] = says.to_be_bytes();
    [&[0, a, b, c, d][..], &vec![b'x'; bytes]].concat()
}

#[tokio::test]
async fn calls_over_the_rate_are_refused_and_told_of_once() {
    let house = House::with(Limits { calls_per_second: 1, burst: 5, ..Limits::ZONE });
    let mut hostile = client(&house.hostile());
    let mut answers = Vec::new();
    for _ in 0..50 {
        answers.push(check(&mut hostile).await);
    }
    assert!(answers.iter().take(5).all(|answer| answer == "served"), "{answers:?}");
    assert!(answers.iter().filter(|answer| *answer == "too_many_calls").count() > 30, "{answers:?}");
    assert_eq!(house.told(), ["too_many_calls"], "one burst, one entry");
    house.others_are_served().await;
}

#[tokio::test]
async fn when_as_many_calls_are_under_way_as_may_be_the_next_is_refused_and_not_kept_waiting() {
    let house = House::with(Limits { calls_at_once: 3, ..Limits::ZONE });
    let mut hostile = client(&house.hostile());
    let mut watches = Vec::new();
    for _ in 0..3 {
        watches.push(hostile.watch(HealthCheckRequest::default()).await.unwrap());
    }
    // On another connection too: the limit is the zone's.
    assert_eq!(check(&mut client(&house.hostile())).await, "too_many_calls");
    house.until_told("too_many_calls").await;
    house.others_are_served().await;
    watches.pop();
    let freed = async {
        while check(&mut hostile).await != "served" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, freed).await.expect("what ended makes room");
}

#[tokio::test]
async fn one_connection_carries_only_so_many_calls_at_once() {
    let house = House::with(Limits { streams: 5, ..Limits::ZONE });
    let mut raw = Raw::greeted(&house.hostile()).await;
    let settings = raw.hear_a(SETTINGS).await.unwrap().payload;
    let said =
        settings.chunks(6).find(|one| one.starts_with(&3_u16.to_be_bytes())).and_then(|one| one.get(2..));
    assert_eq!(said.and_then(number), Some(5));
    for stream in 0..6 {
        let open = frame(HEADERS, END_HEADERS, 2 * stream + 1, &watch());
        raw.say(&[open, frame(DATA, END_STREAM, 2 * stream + 1, &message(0, 0))].concat()).await;
    }
    let refused = raw.hear_a(RST_STREAM).await.expect("a refusal");
    assert_eq!((refused.stream, number(&refused.payload)), (11, Some(REFUSED_STREAM)));
    house.others_are_served().await;
}

#[tokio::test]
async fn only_so_many_bytes_may_be_under_way_in_all_calls_together() {
    let house = House::with(Limits { bytes_at_once: 20_000, ..Limits::ZONE });
    let mut raw = Raw::greeted(&house.hostile()).await;
    for stream in [1, 3, 5] {
        raw.say(&frame(HEADERS, END_HEADERS, stream, &call())).await;
        // Each but begun, none over what one call may send.
        raw.say(&frame(DATA, 0, stream, &message(100_000, 9_000))).await;
    }
    house.until_told("too_many_bytes").await;
    house.others_are_served().await;
    drop(raw);
    house.forgives().await;
}

#[tokio::test]
async fn a_message_that_is_begun_and_not_ended_is_not_waited_for() {
    let house = House::with(Limits { idle: std::time::Duration::from_secs(1), ..Limits::ZONE });
    for begun in [vec![], message(10, 0), message(10, 9)] {
        let mut raw = Raw::greeted(&house.hostile()).await;
        raw.say(&frame(HEADERS, END_HEADERS, 1, &call())).await;
        raw.say(&frame(DATA, 0, 1, &begun)).await;
        assert_eq!(raw.hear_a(HEADERS).await.expect("an answer").stream, 1, "{begun:?}");
    }
    house.until_told("too_slow").await;
    house.others_are_served().await;
}

#[tokio::test]
async fn what_the_transport_refuses_is_told_too() {
    let house = House::with(Limits::ZONE);
    let cases = [
        (call(), message(64 * 1024 * 1024, 10), "message_too_large"),
        (call_to("/moltbot.v1.PlannerBridge/Ping"), message(0, 0), "unknown_call"),
        // A length in the message that goes beyond it.
        (call(), [&[0, 0, 0, 0, 2][..], &[0x0a, 0x7f]].concat(), "malformed_call"),
    ];
    for (headers, body, code) in cases {
        let mut raw = Raw::greeted(&house.hostile()).await;
        raw.say(&frame(HEADERS, END_HEADERS, 1, &headers)).await;
        raw.say(&frame(DATA, END_STREAM, 1, &body)).await;
        house.until_told(code).await;
    }
    served(&mut client(&house.hostile())).await;
    house.others_are_served().await;
}
