//! Frames that mean no call, or mean more than they say.

use crate::house::House;
use crate::raw::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, FRAME_SIZE_ERROR, HEADERS, PING,
    RST_STREAM, Raw, SETTINGS, call, frame, frame_that_says, header, number,
};
use zone_bridge::Limits;

/// One byte more than the least frame size that the protocol knows.
const OVERSIZED: usize = 16 * 1024 + 1;

/// What a socket says of a limit when a connection begins.
async fn announced(limits: &Limits, setting: u16) -> Option<u32> {
    let house = House::with(limits.clone());
    let settings = Raw::greeted(&house.hostile()).await.hear_a(SETTINGS).await.unwrap();
    let said = settings.payload.chunks(6).find(|one| one.starts_with(&setting.to_be_bytes()))?.to_vec();
    number(said.get(2..)?)
}

#[tokio::test]
async fn a_peer_is_told_how_much_it_may_send_ahead() {
    let limits = Limits { window: 70_000, ..Limits::ZONE };
    assert_eq!(announced(&limits, 4).await, Some(70_000));
}

#[tokio::test]
async fn an_oversized_frame_ends_its_connection() {
    let house = House::with(Limits::ZONE);
    let mut raw = Raw::greeted(&house.hostile()).await;
    raw.say(&frame(DATA, 0, 1, &vec![b'x'; OVERSIZED])).await;
    assert_eq!(raw.ended_with().await, Some(FRAME_SIZE_ERROR));
    house.until_told("connection_abuse").await;
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn lengths_that_lie_end_their_connection_or_wait_for_nothing() {
    let house = House::with(Limits::ZONE);
    for lie in [
        // A ping of seven bytes, a window update of none, settings of five, a reset of three.
        frame(PING, 0, 0, b"1234567"),
        frame(8, 0, 0, b""),
        frame(SETTINGS, 0, 0, b"12345"),
        frame(RST_STREAM, 0, 1, b"123"),
        // Padding that is longer than the frame.
        frame(HEADERS, END_HEADERS | 8, 1, &[255, 0, 0]),
        // Sixteen mebibytes that never come.
        frame_that_says(0x00ff_ffff, DATA, 0, 1, b"only this"),
    ] {
        let mut raw = Raw::greeted(&house.hostile()).await;
        raw.say(&lie).await;
        assert!(raw.ended_with().await.is_some(), "{lie:?}");
    }
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn a_call_with_more_headers_than_it_may_have_is_not_heard() {
    let house = House::with(Limits { headers: 4096, ..Limits::ZONE });
    let mut raw = Raw::greeted(&house.hostile()).await;
    // Less than the library would let through by itself.
    let many: Vec<u8> = (0..40).flat_map(|n| header(&format!("x-{n}"), &"v".repeat(100))).collect();
    let headers = [call(), many].concat();
    raw.say(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &headers)).await;
    // HTTP status 431, by its literal in the answer, and no gRPC status.
    let answer = raw.hear_a(HEADERS).await.expect("an answer");
    assert!(answer.payload.windows(3).any(|part| part == b"431") || answer.payload.len() < 12, "{answer:?}");
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn ten_thousand_headers_end_their_connection() {
    let house = House::with(Limits::ZONE);
    let mut raw = Raw::greeted(&house.hostile()).await;
    let many: Vec<u8> = (0..10_000).flat_map(|n| header(&format!("x-{n}"), "v")).collect();
    let headers = [call(), many].concat();
    let (first, rest) = headers.split_at(16_000);
    raw.say(&frame(HEADERS, END_STREAM, 1, first)).await;
    let parts: Vec<_> = rest.chunks(16_000).collect();
    for (n, part) in parts.iter().enumerate() {
        let end = if n + 1 == parts.len() { END_HEADERS } else { 0 };
        raw.say(&frame(CONTINUATION, end, 1, part)).await;
    }
    raw.is_closed().await;
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn headers_that_go_on_for_ever_end_their_connection() {
    let house = House::with(Limits::ZONE);
    for part in [&b""[..], &header("x", "v")] {
        let mut raw = Raw::greeted(&house.hostile()).await;
        raw.say(&frame(HEADERS, END_STREAM, 1, &call())).await;
        raw.say(&frame(CONTINUATION, 0, 1, part).repeat(20_000)).await;
        raw.is_closed().await;
    }
    house.until_told("connection_abuse").await;
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn calls_that_are_taken_back_at_once_end_their_connection() {
    let house = House::with(Limits::ZONE);
    let mut raw = Raw::greeted(&house.hostile()).await;
    // In one piece, and fewer than the library would bear by itself.
    let takebacks: Vec<u8> = (0..15_u32)
        .map(|n| 2 * n + 1)
        .flat_map(|stream| {
            let headers = frame(HEADERS, END_HEADERS, stream, &call());
            [headers, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        })
        .collect();
    raw.say(&takebacks).await;
    assert_eq!(raw.ended_with().await, Some(ENHANCE_YOUR_CALM));
    house.until_told("connection_abuse").await;
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn pings_settings_and_resets_without_end_end_their_connection() {
    let house = House::with(Limits { overhead_per_second: 100, ..Limits::ZONE });
    let useless = [
        frame(PING, 0, 0, b"12345678"),
        frame(SETTINGS, 0, 0, b""),
        // Priorities of a stream, and a kind of frame that nobody knows.
        frame(2, 0, 1, &[0, 0, 0, 0, 1]),
        frame(77, 0, 0, b"x"),
    ];
    for useless in useless {
        let mut raw = Raw::greeted(&house.hostile()).await;
        // More than is borne, and few enough that all fit into the kernel's buffer: nobody has to read for them to be sent.
        raw.say(&useless.repeat(1000)).await;
        raw.is_closed().await;
    }
    house.until_told("connection_abuse").await;
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn garbage_ends_its_connection() {
    let house = House::with(Limits::ZONE);
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..50 {
        let mut raw = if round % 2 == 0 {
            Raw::silent(&house.hostile()).await
        } else {
            Raw::greeted(&house.hostile()).await
        };
        let garbage: Vec<u8> = (0..4096)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise.to_be_bytes()[0]
            })
            .collect();
        raw.say(&garbage).await;
        raw.is_closed().await;
    }
    house.until_told("connection_abuse").await;
    house.others_are_served().await;
    house.forgives().await;
}
