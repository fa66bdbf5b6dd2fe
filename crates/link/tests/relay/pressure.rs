//! Back-pressure: who does not read makes the writer wait, costs little memory, and holds up nobody else.

use crate::stage::{Stage, bytes, echo, exchange, in_time};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// What a writer can get rid of while nobody reads: 256 KiB in the window, the socket buffers at both ends, what the two
/// sides have in hand and what waits for the pipe. 64 MiB is far above it, 2 MiB below.
const HELD_AT_MOST: usize = 2 * 1024 * 1024;

const MUCH: usize = 64 * 1024 * 1024;

/// Writes until the reader's refusal to read has reached us; returns how much was taken.
async fn fill(stream: &mut UnixStream, content: &[u8]) -> usize {
    let mut taken = 0;
    while let Ok(written) =
        tokio::time::timeout(Duration::from_secs(2), stream.write(&content[taken..])).await
    {
        taken += written.expect("room");
    }
    taken
}

#[tokio::test]
async fn sixty_four_mebibytes_wait_for_a_slow_reader_and_then_arrive() {
    let stage = Stage::new();
    let listener = UnixListener::bind(stage.outside()).expect("a listener");
    let _relay = stage.relay(64 * 1024);
    let content = bytes(7, MUCH);
    let mut inside = stage.dial().await;
    let taken = fill(&mut inside, &content).await;
    assert!(taken < HELD_AT_MOST, "{taken} bytes are held for a reader that does not read");

    let (mut outside, _) = in_time(listener.accept()).await.expect("dialled");
    let rest = content[taken..].to_vec();
    tokio::spawn(async move {
        inside.write_all(&rest).await.expect("room");
        inside.shutdown().await.expect("an end");
    });
    let mut heard = Vec::with_capacity(MUCH);
    in_time(outside.read_to_end(&mut heard)).await.expect("an end");
    assert!(heard == content, "what arrived is not what was sent");
}

#[tokio::test]
async fn one_that_does_not_read_holds_up_no_other() {
    let stage = Stage::new();
    // The first connection is never read, the others are answered.
    let first = std::sync::atomic::AtomicBool::new(true);
    stage.serve(move |stream| {
        let deaf = first.swap(false, std::sync::atomic::Ordering::Relaxed);
        async move {
            if deaf {
                std::future::pending::<()>().await;
            }
            echo(stream).await;
        }
    });
    let _relay = stage.relay(16 * 1024);
    let mut unheard = stage.dial().await;
    fill(&mut unheard, &bytes(0, MUCH)).await;
    for nth in 0..20 {
        let say = bytes(nth, 100_000);
        assert!(in_time(exchange(stage.dial().await, say.clone())).await == say);
    }
}

/// Both sides push as hard as they can through a pipe that holds less than a frame: the case in which a multiplexer that
/// answers before it reads on stands still for ever.
#[tokio::test]
async fn both_ways_full_through_a_narrow_pipe_never_stands_still() {
    for pipe in [64, 1000, 12 * 1024] {
        let stage = Stage::new();
        stage.serve(|stream| async move {
            let (mut reader, mut writer) = stream.into_split();
            tokio::spawn(async move {
                let _ = writer.write_all(&bytes(1, 400_000)).await;
            });
            let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
        });
        let _relay = stage.relay(pipe);
        let mut streams = JoinSet::new();
        for nth in 0..30 {
            let stream = stage.dial().await;
            streams.spawn(async move { exchange(stream, bytes(nth, 400_000)).await == bytes(1, 400_000) });
        }
        assert_eq!(in_time(streams.join_all()).await, vec![true; 30], "a pipe of {pipe} bytes");
    }
}
