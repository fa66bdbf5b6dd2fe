//! A session begins on a pipe in whatever state it is, and ends when what comes makes no sense.

use crate::stage::{Stage, dialler, echo, exchange, in_time};
use link::{CannotAgree, Ended, FILLER};
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_stream::wrappers::UnixListenerStream;

/// Everything an earlier session can have left in a pipe: parts of frames, whole messages of another time, plain rubbish.
fn left_behind() -> Vec<(&'static str, Vec<u8>)> {
    let message = |kind: u8, number: u8| {
        [&b"moltbot-link/1\r\n"[..], &[kind], &[number; 16], &[number ^ 0xff; 16]].concat()
    };
    // A data frame of 16 KiB that is cut off after so many bytes.
    let frame = |cut: usize| {
        let mut frame = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x40, 0];
        frame.resize(cut.max(frame.len()), 0);
        frame.truncate(cut);
        frame
    };
    vec![
        ("nothing", Vec::new()),
        ("a line of text", b"Starting the machine ...\r\n".to_vec()),
        ("part of a header", frame(5)),
        ("a header up to its length", frame(10)),
        ("part of a frame", frame(3000)),
        ("a whole frame", frame(16 * 1024 + 12)),
        ("a call", message(1, 5)),
        ("an answer", message(2, 5)),
        ("a confirmation", message(3, 5)),
        ("part of a message", message(1, 5)[..20].to_vec()),
        ("a message of no kind", message(9, 5)),
        ("a mebibyte of zeros", vec![0; 1024 * 1024]),
        ("messages of all kinds", [message(3, 1), message(2, 2), message(1, 3), frame(7)].concat()),
    ]
}

/// A pipe that has something in it already, in both directions.
async fn pipe_with(left: &[u8]) -> (DuplexStream, DuplexStream) {
    let (mut ours, mut theirs) = tokio::io::duplex(left.len() + FILLER);
    ours.write_all(left).await.expect("room");
    theirs.write_all(left).await.expect("room");
    (ours, theirs)
}

#[tokio::test]
async fn what_an_earlier_session_left_in_the_pipe_confuses_no_later_one() {
    for (what, left) in left_behind() {
        let stage = Stage::new();
        stage.serve(echo);
        let (ours, theirs) = pipe_with(&left).await;
        let (_guest, _host) = (stage.guest(ours), stage.host(theirs));
        let heard = in_time(exchange(stage.dial().await, b"hello".to_vec())).await;
        assert_eq!(heard, b"hello", "after {what}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_ends_the_session_and_every_stream_in_it() {
    for (what, rubbish) in
        [("a frame of no kind", vec![0, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]), ("filler", vec![0xff; 100])]
    {
        let stage = Stage::new();
        stage.serve(echo);
        // In the middle of the pipe somebody adds something once the session runs.
        let (ours, mut near) = tokio::io::duplex(4096);
        let (mut far, theirs) = tokio::io::duplex(4096);
        let (guest, _host) = (stage.guest(ours), stage.host(theirs));
        let (disturb, disturbed) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(async move {
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = disturbed => {}
            }
            let _ = near.write_all(&rubbish).await;
            std::future::pending::<()>().await;
        });
        let mut stream = stage.dial().await;
        stream.write_all(b"hello").await.expect("room");
        in_time(stream.read_exact(&mut [0; 5])).await.expect("an echo");
        disturb.send(()).expect("the middle");
        let ended = in_time(guest).await.expect("no panic");
        assert!(matches!(ended, Ended::Broken(_)), "{what}: {ended}");
        let _ = in_time(stream.read_to_end(&mut Vec::new())).await;
    }
}

/// One side's program is replaced, the pipe stays: the other side notices and both begin anew, whichever it was.
#[tokio::test]
async fn a_side_that_begins_anew_on_the_same_pipe_is_met_again() {
    let stage = Stage::new();
    stage.serve(echo);
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    let (mut guests, mut hosts) = (Side::new(ours), Side::new(theirs));
    let mut clients = stage.clients();
    let outside = stage.outside();
    let meet = async |guests: &mut Side, hosts: &mut Side, clients: &mut UnixListenerStream, cut: bool| {
        let exchanged = in_time(async {
            tokio::select! {
                heard = async { exchange(stage.dial().await, b"hello".to_vec()).await } => Some(heard),
                () = sessions(guests, clients) => None,
                () = host_sessions(hosts, &outside) => None,
            }
        });
        let heard = exchanged.await.expect("the sessions go on");
        assert_eq!(heard, b"hello", "cut: {cut}");
    };
    // Both sides are dropped wherever they are, with bytes under way; then everything is begun anew.
    for round in 0..5 {
        meet(&mut guests, &mut hosts, &mut clients, round > 0).await;
        let mut busy = stage.dial().await;
        let _ = tokio::time::timeout(std::time::Duration::from_millis(20 + 10 * round), async {
            tokio::select! {
                () = sessions(&mut guests, &mut clients) => {}
                () = host_sessions(&mut hosts, &outside) => {}
                _ = async { while busy.write_all(&[0xa5; 10_000]).await.is_ok() {} } => {}
            }
        })
        .await;
    }
    // Only one side is dropped, and the other is in a session.
    for replaced in ["guest", "host", "guest", "host"] {
        meet(&mut guests, &mut hosts, &mut clients, true).await;
        let one = async {
            match replaced {
                "guest" => loop {
                    let session = async { link::guest(&mut guests.pipe, &mut clients).await };
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(1500), session).await;
                },
                _ => host_sessions(&mut hosts, &outside).await,
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(100), one).await;
    }
    meet(&mut guests, &mut hosts, &mut clients, true).await;
}

struct Side {
    pipe: DuplexStream,
}

impl Side {
    fn new(pipe: DuplexStream) -> Self {
        Self { pipe }
    }
}

async fn sessions(side: &mut Side, clients: &mut UnixListenerStream) {
    loop {
        let _ = link::guest(&mut side.pipe, clients).await;
    }
}

async fn host_sessions(side: &mut Side, outside: &std::path::Path) {
    loop {
        let _ = link::host(&mut side.pipe, dialler(outside.to_owned())).await;
    }
}

#[tokio::test]
async fn endless_rubbish_is_given_up_on() {
    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(&mut theirs);
        let mut nowhere = tokio::io::sink();
        tokio::select! {
            _ = tokio::io::copy(&mut reader, &mut nowhere) => {}
            () = async { while writer.write_all(&[b'x'; 4096]).await.is_ok() {} } => {}
        }
    });
    let refuse = || async { Err::<DuplexStream, _>(io::Error::other("nobody is dialled")) };
    let ended = in_time(link::host(ours, refuse)).await;
    assert!(matches!(ended, Ended::NotBegun(CannotAgree::Rubbish { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_zone_that_writes_messages_of_this_kind_gets_them_carried_like_anything() {
    let stage = Stage::new();
    stage.serve(echo);
    let _relay = stage.relay(4096);
    let say = left_behind().into_iter().flat_map(|(_, left)| left).collect::<Vec<_>>();
    assert!(in_time(exchange(stage.dial().await, say.clone())).await == say);
}

#[tokio::test]
async fn a_call_with_an_old_number_is_not_taken_for_the_new_one() {
    let stage = Stage::new();
    let (ours, mut theirs) = tokio::io::duplex(256 * 1024);
    let guest = stage.guest(ours);
    // Answers to a number that the guest never drew, with frames behind them.
    let forged = [&b"moltbot-link/1\r\n"[..], &[2], &[0; 16], &[1; 16], &[0; 12]].concat();
    theirs.write_all(&forged).await.expect("room");
    let mut stream = stage.dial().await;
    stream.write_all(b"hello").await.expect("room");
    let answered = tokio::time::timeout(std::time::Duration::from_secs(1), stream.read(&mut [0; 1])).await;
    assert!(answered.is_err(), "a session began with somebody who did not know the number");
    drop(theirs);
    assert!(matches!(in_time(guest).await, Ok(Ended::NotBegun(CannotAgree::Closed | CannotAgree::Pipe(_)))));
}
