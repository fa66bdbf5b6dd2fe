//! Connections that are there for nothing, by the thousand.

use crate::house::{House, LONG, served};
use crate::raw::{DATA, END_HEADERS, END_STREAM, HEADERS, PING, Raw, SETTINGS, call, frame, watch};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use zone_bridge::{Limits, connect, only_channel};

#[tokio::test]
async fn whoever_is_connected_for_nothing_is_let_go() {
    let house = House::with(Limits::ZONE);
    let socket = house.hostile();
    let silent = async { Raw::silent(&socket).await.is_closed().await };
    let slow_preface = async {
        let mut raw = Raw::silent(&socket).await;
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
            if raw.0.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("a byte a second is heard out");
    };
    let useless = async { Raw::greeted(&socket).await.is_closed().await };
    let half_open = async {
        let mut raw = Raw::greeted(&socket).await;
        raw.say(&frame(HEADERS, 0, 1, &call())).await;
        raw.is_closed().await;
    };
    let drip = async {
        // Not a whole frame in all that time.
        let mut raw = Raw::greeted(&socket).await;
        for byte in frame(SETTINGS, 0, 0, &[0; 600]) {
            if raw.0.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("a drip is heard out");
    };
    let all = async { tokio::join!(silent, slow_preface, useless, half_open, drip) };
    // Sooner than a connection whose peer does not answer our pings is let go in any case.
    tokio::time::timeout(LONG / 2, all).await.expect("all are let go");
    house.others_are_served().await;
    house.forgives().await;
}

#[tokio::test]
async fn whoever_says_that_it_is_there_or_waits_for_something_is_not_let_go() {
    let house = House::with(Limits { idle: Duration::from_secs(5), ..Limits::ZONE });
    // It says nothing more after it asked.
    let mut waits = Raw::greeted(&house.hostile()).await;
    waits.say(&frame(HEADERS, END_HEADERS, 1, &watch())).await;
    waits.say(&frame(DATA, END_STREAM, 1, &[0; 5])).await;
    waits.hear_a(DATA).await.expect("the state of now");
    // A zone dials once; when this one connection is let go, it can never be served again.
    let only = only_channel(connect(&house.hostile()).unwrap()).await.unwrap();
    let mut quiet = tonic_health::pb::health_client::HealthClient::new(only);
    served(&mut quiet).await;
    let mut pings = Raw::greeted(&house.hostile()).await;
    for _ in 0..6 {
        pings.say(&frame(PING, 0, 0, b"12345678")).await;
        assert!(pings.hear_a(PING).await.is_some());
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    waits.say(&frame(PING, 0, 0, b"12345678")).await;
    // Its echo and not the ping that comes with a goodbye.
    assert_eq!(waits.hear_a(PING).await.unwrap().payload, b"12345678", "whoever waits is still there");
    served(&mut quiet).await;
}

#[tokio::test]
async fn a_socket_serves_only_so_many_connections_and_the_next_when_one_ends() {
    let house = House::with(Limits { connections: 2, ..Limits::ZONE });
    let mut first = Raw::greeted(&house.hostile()).await;
    let mut second = Raw::greeted(&house.hostile()).await;
    assert!(first.hear().await.is_some() && second.hear().await.is_some());
    let mut third = Raw::greeted(&house.hostile()).await;
    // By the time all this is answered, the third would have been too.
    house.others_are_served().await;
    let heard = third.0.try_read(&mut [0; 1]);
    assert_eq!(heard.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody listens yet");
    drop(first);
    assert!(third.hear().await.is_some(), "it is its turn");
}

#[tokio::test]
async fn ten_thousand_connections_that_say_nothing_keep_nobody_waiting() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit }).unwrap();
    let house = House::with(Limits::ZONE);
    let (mut crowd, mut turned_away) = (Vec::new(), 0);
    for _ in 0..10_000 {
        match tokio::net::UnixStream::connect(&house.hostile()).await {
            Ok(stream) => crowd.push(stream),
            // The kernel's queue is full.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => turned_away += 1,
            Err(error) => panic!("after {}: {error}", crowd.len()),
        }
    }
    house.others_are_served().await;
    assert_eq!(crowd.len() + turned_away, 10_000);
    assert!(crowd.len() < 1000, "there is an end to what waits: {}", crowd.len());
    drop(crowd);
    house.forgives().await;
}
