//! A side that is not ours: the test speaks its part itself, byte by byte.

use crate::stage::{Stage, bytes, dialler, echo, exchange, in_time};
use link::FILLER;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const MAGIC: &[u8] = b"moltbot-link/1\r\n";

const DATA: u8 = 0;
const WINDOW_UPDATE: u8 = 1;
const PING: u8 = 2;
const SYN: u8 = 1;
const ACK: u8 = 2;

/// A header of the multiplexer, as its specification has it.
fn header(kind: u8, flags: u8, stream: u32, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).expect("a length");
    [&[0, kind, 0, flags][..], &stream.to_be_bytes(), &length.to_be_bytes()].concat()
}

/// Calls, waits for the answer, confirms.
async fn begin(pipe: &mut DuplexStream) {
    pipe.write_all(&[MAGIC, &[1], &[7; 16], &[0; 16]].concat()).await.expect("room");
    let mut heard = vec![0; FILLER + MAGIC.len() + 33];
    in_time(pipe.read_exact(&mut heard)).await.expect("an answer");
    let numbers = &heard[FILLER + MAGIC.len() + 1..];
    assert_eq!(numbers[..16], [7; 16], "the answer is to our call");
    pipe.write_all(&[MAGIC, &[3], numbers].concat()).await.expect("room");
}

/// Hears a call, answers it, hears the confirmation.
async fn begin_as_host(pipe: &mut DuplexStream) {
    let mut heard = vec![0; FILLER + MAGIC.len() + 33];
    in_time(pipe.read_exact(&mut heard)).await.expect("a call");
    let number = &heard[FILLER + MAGIC.len() + 1..][..16];
    pipe.write_all(&[MAGIC, &[2], number, &[9; 16]].concat()).await.expect("room");
    let mut confirmation = [0; MAGIC.len() + 33];
    in_time(pipe.read_exact(&mut confirmation)).await.expect("a confirmation");
    assert_eq!(confirmation[MAGIC.len() + 17..], [9; 16], "the confirmation is of our answer");
}

/// The beginning of a frame whose rest will never come, cut off after so many bytes.
fn cut_off(after: usize) -> Vec<u8> {
    let mut frame = [header(DATA, SYN, 1, 16 * 1024), vec![0; 16 * 1024]].concat();
    frame.truncate(after);
    frame
}

#[tokio::test]
async fn a_guest_that_died_within_a_frame_is_followed_by_another_on_the_same_pipe() {
    for after in [5, 9, 10, 11, 12, 13, 5000, 16 * 1024 + 11] {
        let stage = Stage::new();
        stage.serve(echo);
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        let outside = stage.outside();
        tokio::spawn(async move {
            loop {
                link::host(&mut theirs, dialler(outside.clone())).await;
            }
        });
        begin(&mut ours).await;
        ours.write_all(&cut_off(after)).await.expect("room");
        let _guest = stage.guest(ours);
        let heard = in_time(exchange(stage.dial().await, b"hello".to_vec())).await;
        assert_eq!(heard, b"hello", "cut off after {after} bytes");
    }
}

#[tokio::test]
async fn a_host_that_died_within_a_frame_is_followed_by_another_on_the_same_pipe() {
    for after in [5, 9, 10, 11, 12, 13, 5000, 16 * 1024 + 11] {
        let stage = Stage::new();
        stage.serve(echo);
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        let mut clients = stage.clients();
        tokio::spawn(async move {
            loop {
                link::guest(&mut theirs, &mut clients).await;
            }
        });
        begin_as_host(&mut ours).await;
        // Data for a stream that the guest does not know.
        ours.write_all(&[header(DATA, 0, 1, 16 * 1024), vec![0; 16 * 1024]].concat()[..after])
            .await
            .expect("room");
        let _host = stage.host(ours);
        let heard = in_time(exchange(stage.dial().await, b"hello".to_vec())).await;
        assert_eq!(heard, b"hello", "cut off after {after} bytes");
    }
}

/// The multiplexer answers a ping before it reads on; while nobody reads the answers that is never, and two sides that both
/// wait like this wait for ever.
#[tokio::test]
async fn a_ping_that_cannot_be_answered_yet_does_not_stop_the_reading() {
    let stage = Stage::new();
    let (told, mut tell) = tokio::sync::mpsc::channel(1);
    stage.serve(move |stream| {
        let told = told.clone();
        async move {
            let (mut reader, mut writer) = stream.into_split();
            tokio::spawn(async move { while writer.write_all(&[1; 4096]).await.is_ok() {} });
            let mut heard = vec![0; 200_000];
            reader.read_exact(&mut heard).await.expect("all of it");
            told.send(heard).await.expect("somebody listens");
        }
    });
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let _host = stage.host(theirs);
    begin(&mut ours).await;
    ours.write_all(&header(DATA, SYN, 1, 0)).await.expect("room");
    // From here nothing is read any more: what the zone's bridge pushes fills the pipe, and all that may wait for it.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    ours.write_all(&header(PING, SYN, 0, 42)).await.expect("room");
    for part in bytes(0, 200_000).chunks(10_000) {
        in_time(ours.write_all(&[header(DATA, 0, 1, part.len()), part.to_vec()].concat()))
            .await
            .expect("room");
    }
    assert!(in_time(tell.recv()).await == Some(bytes(0, 200_000)));
}

/// Every ping asks for an answer; one that is never read costs the host no more than what may wait for the pipe.
#[tokio::test]
async fn pings_without_end_from_one_that_never_reads_are_not_taken_without_end() {
    let stage = Stage::new();
    let (mut ours, theirs) = tokio::io::duplex(1000);
    let _host = stage.host(theirs);
    begin(&mut ours).await;
    let mut taken = 0;
    let flood = async {
        while ours.write_all(&header(PING, SYN, 0, 42)).await.is_ok() {
            taken += 12;
        }
    };
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(2), flood).await;
    assert!(stopped.is_err(), "the host hung up, which would be well too: then say so here");
    assert!(taken < 128 * 1024, "{taken} bytes of pings were taken");
}

#[tokio::test]
async fn more_streams_than_are_allowed_dial_nothing_more() {
    let stage = Stage::new();
    let dialled = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&dialled);
    stage.serve(move |stream| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            std::future::pending::<()>().await;
            drop(stream);
        }
    });
    let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
    let _host = stage.host(theirs);
    begin(&mut ours).await;
    let (mut reader, mut writer) = tokio::io::split(ours);
    tokio::spawn(async move { while reader.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {} });
    for nth in 0..2000 {
        let _ = writer.write_all(&header(DATA, SYN, 1 + 2 * nth, 0)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(dialled.load(std::sync::atomic::Ordering::Relaxed), link::STREAMS);
}

/// The multiplexer would let a window grow for one who answers pings slowly and sends fast; here nobody is promised more than
/// 256 KiB at a time.
#[tokio::test]
async fn no_window_grows_however_slow_the_answers_and_fast_the_bytes() {
    const WINDOW: usize = 256 * 1024;
    let stage = Stage::new();
    stage.serve(|mut stream| async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    let (mut ours, theirs) = tokio::io::duplex(64 * 1024);
    let _host = stage.host(theirs);
    begin(&mut ours).await;
    ours.write_all(&header(DATA, SYN, 1, 0)).await.expect("room");
    let (mut credit, mut most, mut sent, mut answered) = (WINDOW, 0, 0, false);
    while sent < 32 * WINDOW {
        // First the answer to the host's first ping, so that it takes the way for a long one.
        if answered && credit > 0 {
            let part = credit.min(16 * 1024);
            ours.write_all(&[header(DATA, 0, 1, part), vec![0; part]].concat()).await.expect("room");
            (credit, sent) = (credit - part, sent + part);
            continue;
        }
        let mut heard = [0; 12];
        in_time(ours.read_exact(&mut heard)).await.expect("a header");
        let length = u32::from_be_bytes([heard[8], heard[9], heard[10], heard[11]]) as usize;
        match heard[1] {
            WINDOW_UPDATE => (credit, most) = (credit + length, most.max(credit + length)),
            PING => {
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                ours.write_all(&header(PING, ACK, 0, length)).await.expect("room");
                answered = true;
            }
            kind => assert_eq!((kind, length), (DATA, 0), "the zone's bridge said nothing"),
        }
    }
    assert!(most <= WINDOW, "{most} bytes were promised room at once");
}
