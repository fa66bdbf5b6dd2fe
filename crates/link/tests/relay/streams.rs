//! What a zone sees of a relayed socket is what it would see of the socket itself.

use crate::stage::{Stage, bytes, echo, exchange, in_time};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_hundred_streams_at_once_keep_their_bytes_apart_and_in_order() {
    let stage = Stage::new();
    stage.serve(echo);
    let _relay = stage.relay(64 * 1024);
    let mut streams = JoinSet::new();
    for nth in 0..100 {
        let (stream, say) = (stage.dial().await, bytes(nth, 50_000 + 997 * nth));
        streams.spawn(async move { (exchange(stream, say.clone()).await == say, nth) });
    }
    let mut well = in_time(streams.join_all()).await;
    well.sort_unstable();
    assert_eq!(well, (0..100).map(|nth| (true, nth)).collect::<Vec<_>>());
}

#[tokio::test]
async fn more_clients_than_streams_wait_for_their_turn() {
    let stage = Stage::new();
    stage.serve(echo);
    let _relay = stage.relay(64 * 1024);
    let mut streams = JoinSet::new();
    for nth in 0..3 * link::STREAMS {
        let stream = stage.dial().await;
        streams.spawn(async move { exchange(stream, bytes(nth, 100)).await == bytes(nth, 100) });
    }
    let well = in_time(streams.join_all()).await;
    assert_eq!(well, vec![true; 3 * link::STREAMS]);
}

#[tokio::test]
async fn an_end_said_inside_leaves_the_answer_open() {
    let stage = Stage::new();
    stage.serve(|mut stream| async move {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.expect("an end");
        heard.extend_from_slice(b" heard");
        stream.write_all(&heard).await.expect("room");
    });
    let _relay = stage.relay(4096);
    let answer = in_time(exchange(stage.dial().await, b"all".to_vec())).await;
    assert_eq!(answer, b"all heard");
}

#[tokio::test]
async fn an_end_said_outside_leaves_the_way_there_open() {
    let stage = Stage::new();
    let (told, mut tell) = tokio::sync::mpsc::channel(1);
    stage.serve(move |mut stream| {
        let told = told.clone();
        async move {
            stream.shutdown().await.expect("an end");
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.expect("an end");
            told.send(heard).await.expect("somebody listens");
        }
    });
    let _relay = stage.relay(4096);
    let mut stream = stage.dial().await;
    let nothing = in_time(stream.read(&mut [0; 1])).await.expect("an end");
    assert_eq!(nothing, 0);
    stream.write_all(b"still here").await.expect("room");
    stream.shutdown().await.expect("an end");
    assert_eq!(in_time(tell.recv()).await.as_deref(), Some("still here"));
}

#[tokio::test]
async fn a_server_that_speaks_first_is_heard_by_a_client_that_says_nothing() {
    let stage = Stage::new();
    stage.serve(|mut stream| async move {
        stream.write_all(b"welcome").await.expect("room");
    });
    let _relay = stage.relay(4096);
    let mut heard = String::new();
    in_time(stage.dial().await.read_to_string(&mut heard)).await.expect("an end");
    assert_eq!(heard, "welcome");
}

#[tokio::test]
async fn a_stream_for_which_nobody_answers_ends_and_harms_no_other() {
    let stage = Stage::new();
    let _relay = stage.relay(4096);
    let mut refused = stage.dial().await;
    // Whatever way it ends, it ends.
    let _ = in_time(refused.read_to_end(&mut Vec::new())).await;
    stage.serve(echo);
    assert_eq!(in_time(exchange(stage.dial().await, b"now".to_vec())).await, b"now");
}

/// An end in one direction would leave the other open: the first bytes written would still be taken, for nobody.
#[tokio::test]
async fn a_stream_that_breaks_outside_is_closed_inside_and_not_only_ended() {
    let stage = Stage::new();
    let listener = UnixListener::bind(stage.outside()).expect("a listener");
    let _relay = stage.relay(4096);
    let mut inside = stage.dial().await;
    inside.write_all(b"unread, so that closing is no orderly end").await.expect("room");
    let (outside, _) = in_time(listener.accept()).await.expect("dialled");
    outside.readable().await.expect("something came");
    drop(outside);
    let _ = in_time(inside.read_to_end(&mut Vec::new())).await;
    assert!(inside.write(b"anybody?").await.is_err(), "the stream is half open, and nobody is there");
}

#[tokio::test]
async fn a_peer_that_dies_in_the_middle_ends_every_stream_and_the_session() {
    let stage = Stage::new();
    stage.serve(echo);
    let (guest, host) = stage.relay(4096);
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = stage.dial().await;
        stream.write_all(b"hello").await.expect("room");
        stream.read_exact(&mut [0; 5]).await.expect("an echo");
        streams.push(stream);
    }
    host.abort();
    assert!(matches!(in_time(guest).await, Ok(link::Ended::Closed | link::Ended::Broken(_))));
    for mut stream in streams {
        let _ = in_time(stream.read_to_end(&mut Vec::new())).await;
    }
}
