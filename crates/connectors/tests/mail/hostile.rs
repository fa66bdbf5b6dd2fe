//! Whatever an IMAP server says, the outcome is a batch or a typed failure, and what is kept of it is bounded.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connectors::imap::{Imap, ImapSettings};
use connectors::incoming::Batch;
use connectors::{Cause, Failure, Security};
use proptest::prelude::*;

use crate::servers::{Scripted, login};

/// What a friendly server answers, by what stands in the line. `{t}` is the line's tag.
const FRIENDLY: [(&str, &str); 7] = [
    ("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE\r\n{t} OK done\r\n"),
    ("AUTHENTICATE", "{t} OK signed in\r\n"),
    ("EXAMINE", "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\n{t} OK [READ-ONLY] open\r\n"),
    (" FETCH 1:1 ", "* 1 FETCH (UID 5 RFC822.SIZE 4)\r\n{t} OK done\r\n"),
    ("UID FETCH 5 ", "* 1 FETCH (UID 5 BODY[]<0> {4}\r\nmail)\r\n{t} OK done\r\n"),
    ("IDLE", "+ go\r\n"),
    ("DONE", "A7 OK done\r\n"),
];

fn client(port: u16) -> Imap {
    client_polling(port, Duration::from_secs(3600))
}

fn client_polling(port: u16, poll: Duration) -> Imap {
    let settings = ImapSettings {
        port,
        security: Security::None,
        timeout: Duration::from_millis(500),
        poll,
        ..ImapSettings::new("127.0.0.1")
    };
    let dialer = egress::Dialer::new(&egress::Settings::default()).unwrap();
    Imap::new(settings, dialer, login().danger_allow_plaintext_loopback()).unwrap()
}

/// A friendly server but for one answer.
fn but(what: &'static str, answer: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::answering("* OK ready\r\n", move |line| {
        if line.contains(what) {
            return Some(tagged(&answer(), line));
        }
        let friendly = FRIENDLY.iter().find(|(word, _)| line.contains(word))?;
        Some(tagged(friendly.1.as_bytes(), line))
    })
}

fn tagged(answer: &[u8], line: &str) -> Vec<u8> {
    let tag = line.split(' ').next().unwrap();
    let mut whole = Vec::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(at) = rest.windows(3).position(|window| window == b"{t}") {
        whole.extend_from_slice(&rest[..at]);
        whole.extend_from_slice(tag.as_bytes());
        rest = &rest[at + 3..];
    }
    whole.extend_from_slice(rest);
    whole
}

async fn look(port: u16) -> Result<Batch, Failure> {
    tokio::time::timeout(Duration::from_secs(60), client(port).look(Some("7:0"))).await.expect("it hangs")
}

#[tokio::test]
async fn the_friendly_server_is_understood() {
    let server = but("nothing", Vec::new);
    let batch = look(server.port).await.unwrap();
    let [item] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!((item.id.as_str(), item.untrusted_bytes.as_slice()), ("imap:7:5", &b"mail"[..]));
    // Nothing that a friendly server would do because of us changes a flag.
    let heard = server.heard.text();
    assert!(heard.contains("EXAMINE") && heard.contains("(UID BODY.PEEK[]<0."), "{heard}");
}

#[tokio::test]
async fn words_that_nobody_asked_for_are_passed_over() {
    let server = but("UID FETCH 5 ", || {
        b"* 9 EXPUNGE\r\n* XYZZY {3}\r\n(((\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (UID 6 BODY[]<0> {3}\r\nbad)\r\n\
          * OK [NEWS {8}] x {9}\r\n* LIST () \"/\" {5}\r\nINBOX\r\nwhat?\r\n\r\n* 1 FETCH (X-A (1 (2)) BODY[]<0> {4}\r\n\
          mail UID 5)\r\n* 1 FETCH (UID 5)\r\n{t} OK done\r\n"
            .to_vec()
    });
    assert_eq!(look(server.port).await.unwrap().items[0].untrusted_bytes, b"mail");
}

#[tokio::test]
async fn each_lie_is_a_typed_failure() {
    for (what, lie) in [
        ("CAPABILITY", "{t} OK without saying what\r\n"),
        ("CAPABILITY", "* CAPABILITY LOGINDISABLED\r\n{t} OK x\r\n"),
        ("AUTHENTICATE", "+ more\r\n+ more\r\n"),
        ("AUTHENTICATE", "* BYE too many of you\r\n"),
        ("EXAMINE", "{t} OK without a number\r\n"),
        ("EXAMINE", "* 1 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n{t} OK x\r\n"),
        ("EXAMINE", "* 1 EXISTS\r\n* OK [UIDVALIDITY 99999999999] x\r\n{t} OK x\r\n"),
        ("EXAMINE", "{t} NO such folder\r\n"),
        ("EXAMINE", "{t} BAD what\r\n"),
        ("EXAMINE", "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\nA999 OK of another\r\n"),
        (" FETCH 1:1 ", "* BYE\r\n"),
        ("UID FETCH 5 ", "* 1 FETCH (UID 5 BODY[]<99> {4}\r\nmail)\r\n{t} OK another part\r\n"),
        ("UID FETCH 5 ", "{t} NO it is broken\r\n"),
        ("UID FETCH 5 ", "* 1 FETCH (UID 5 BODY[]<0> {1099511627776}\r\n"),
        ("UID FETCH 5 ", "* 1 FETCH (UID 5 BODY[]<0> {99999999999999999999999}\r\n"),
        ("UID FETCH 5 ", "* 1 FETCH (UID 5 BODY[]<0> {4}\r\nma"),
        ("UID FETCH 5 ", ""),
    ] {
        let server = but(what, move || lie.as_bytes().to_vec());
        let failure = look(server.port).await.expect_err(lie);
        let typed = matches!(failure, Failure::Unavailable { .. } | Failure::Rejected { .. });
        assert!(typed, "{lie}: {failure:?}");
    }
    for (greeting, cause) in [("* BYE\r\n", "Reply"), ("220 smtp\r\n", "NotUnderstood"), ("", "Timeout")] {
        let server = Scripted::answering(greeting, |_| None);
        let failure = look(server.port).await.unwrap_err();
        assert!(format!("{failure:?}").contains(cause), "{failure:?}");
    }
}

#[tokio::test]
async fn a_message_of_which_nothing_is_left_is_gone_and_one_that_never_ends_is_refused() {
    for answer in
        ["{t} OK nothing there\r\n", "* 1 FETCH (UID 5 BODY[]<0> NIL)\r\n{t} OK [EXPUNGEISSUED] gone\r\n"]
    {
        let gone = but("UID FETCH 5 ", move || answer.as_bytes().to_vec());
        let batch = look(gone.port).await.unwrap();
        assert!(batch.items.is_empty() && batch.refused.is_empty() && batch.cursor.starts_with("7:5:"));
    }
    let nothing = but("UID FETCH 5 ", || b"* 1 FETCH (UID 5 BODY[]<0> \"\")\r\n{t} OK done\r\n".to_vec());
    let batch = look(nothing.port).await.unwrap();
    assert!(batch.items.is_empty() && batch.refused[0].1.contains("gives nothing"), "{batch:?}");

    let endless = Scripted::answering("* OK ready\r\n", |line| {
        if !line.contains("UID FETCH 5 ") {
            return Some(tagged(FRIENDLY.iter().find(|(word, _)| line.contains(word))?.1.as_bytes(), line));
        }
        let from = line.split(['<', '.']).nth(2)?;
        let mut answer = format!("* 1 FETCH (UID 5 BODY[]<{from}> {{262144}}\r\n").into_bytes();
        answer.extend(vec![b'x'; 262_144]);
        answer.extend(b")\r\n{t} OK done\r\n");
        Some(tagged(&answer, line))
    });
    let batch = look(endless.port).await.unwrap();
    assert_eq!(batch.refused.len(), 1);
    assert!(batch.refused[0].1.contains("though the server says 4"), "{:?}", batch.refused);
}

#[tokio::test]
async fn a_message_that_the_server_cannot_give_does_not_stand_before_the_others_for_ever() {
    let server = but("UID FETCH 5 ", || b"{t} NO [SERVERBUG?] it is broken\r\n".to_vec());
    let mut client = client(server.port);
    for _ in 0..2 {
        assert!(matches!(client.look(Some("7:0")).await, Err(Failure::Rejected { .. })));
    }
    let batch = client.look(Some("7:0")).await.unwrap();
    assert!(batch.refused[0].1.contains("it is broken") && batch.cursor.starts_with("7:5:"), "{batch:?}");
}

#[tokio::test]
async fn of_what_never_ends_no_more_is_taken_than_was_asked_for() {
    let floods: [(&str, &str, &str); 5] = [
        ("an endless line", "* 1 FETCH ", "x"),
        ("endless lines", "", "* 1 FETCH (FLAGS ())\r\n"),
        ("endless literals", "* X", " {3}\r\nabc"),
        ("a literal of a tebibyte", "* 1 FETCH (UID 5 BODY[]<0> {1099511627776}\r\n", "x"),
        ("endless growth", "", "* 1 EXISTS\r\n"),
    ];
    for (name, begin, more) in floods {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let server = Scripted::serving(move |mut stream, _| {
            let flood = more.repeat(64 * 1024 / more.len());
            if say_friendly_until("UID FETCH 5 ", &mut stream).is_none() {
                return;
            }
            let mut said = stream.write_all(begin.as_bytes());
            while said.is_ok() {
                said = stream.write_all(flood.as_bytes());
                counted.fetch_add(flood.len(), Ordering::SeqCst);
            }
        });
        let failure = look(server.port).await.expect_err(name);
        assert!(
            matches!(failure, Failure::Unavailable { cause: Cause::NotUnderstood(_), .. }),
            "{name}: {failure:?}"
        );
        // What the two ends' kernels hold for a connection is beside what was taken.
        assert!(taken.load(Ordering::SeqCst) < 16 * 1024 * 1024, "{name}");
    }
}

#[tokio::test]
async fn a_server_that_drips_is_given_up() {
    for what in ["CAPABILITY", "EXAMINE", "UID FETCH 5 "] {
        let server = Scripted::serving(move |mut stream, _| {
            if say_friendly_until(what, &mut stream).is_some() {
                while stream.write_all(b"*").is_ok() {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        });
        let failure = look(server.port).await.unwrap_err();
        assert!(matches!(failure, Failure::Unavailable { cause: Cause::Timeout, .. }), "{what}: {failure:?}");
    }
}

/// Reads lines and answers them as friendly servers do, until one comes that is not to be answered.
fn say_friendly_until(what: &str, stream: &mut TcpStream) -> Option<()> {
    stream.write_all(b"* OK ready\r\n").ok()?;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.contains(what) {
            return Some(());
        }
        let answer = FRIENDLY.iter().find(|(word, _)| line.contains(word))?.1;
        stream.write_all(&tagged(answer.as_bytes(), &line)).ok()?;
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_while_it_is_waited_for_is_asked_anew() {
    let server = but("IDLE", || b"+ go\r\n* BYE for now\r\n".to_vec());
    let mut client = client(server.port);
    let first = client.look(Some("7:5")).await.unwrap();
    client.wait().await;
    assert_eq!(client.look(Some(&first.cursor)).await.unwrap().cursor, first.cursor);
}

#[tokio::test]
async fn a_server_that_does_not_announce_idle_is_not_asked_for_it() {
    let server =
        but("CAPABILITY", || b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{t} OK done\r\n".to_vec());
    let mut client = client_polling(server.port, Duration::from_millis(10));
    let first = client.look(Some("7:5")).await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), client.wait()).await.expect("it waits to be told");
    client.look(Some(&first.cursor)).await.unwrap();
    let heard = server.heard.text();
    assert!(!heard.contains("IDLE") && heard.matches("EXAMINE").count() == 2, "{heard}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// One byte, one cut or some noise somewhere in all that a friendly server says.
    #[test]
    fn no_answer_that_is_damaged_breaks_the_client(
        which in 0..5_usize,
        at in 0..60_usize,
        noise in prop::collection::vec(any::<u8>(), 0..12),
        instead in 0..20_usize,
        hangs_up: bool,
    ) {
        let (what, friendly) = FRIENDLY[which];
        let mut answer = friendly.as_bytes().to_vec();
        let at = at.min(answer.len());
        let end = (at + instead).min(answer.len());
        answer.splice(at..end, noise);
        let server = Scripted::serving(move |mut stream, _| {
            let mut copy = answer.clone();
            if say_friendly_until(what, &mut stream).is_some() {
                let tag = b"A9999";
                copy = tagged(&copy, std::str::from_utf8(tag).unwrap());
                let _ = stream.write_all(&copy);
                if !hangs_up {
                    let _ = stream.write_all(b"A1 OK x\r\nA2 OK x\r\nA3 OK x\r\nA4 OK x\r\nA5 OK x\r\nA6 OK x\r\n");
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _ = runtime.block_on(look(server.port));
    }

    #[test]
    fn no_bytes_break_the_client(bytes in prop::collection::vec(any::<u8>(), 0..400), greets: bool) {
        let server = Scripted::serving(move |mut stream, _| {
            if greets {
                let _ = stream.write_all(b"* OK ready\r\n");
            }
            let _ = stream.write_all(&bytes);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(look(server.port));
        prop_assert!(outcome.is_err());
    }
}
