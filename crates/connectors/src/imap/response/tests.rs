use super::{Body, Capabilities, Code, Fetch, Frame, Kind, Response, Status, moment};
use crate::imap::frame::Piece;
use proptest::prelude::*;

fn read(line: &str) -> Response {
    Response::of(&Frame { untrusted_pieces: vec![Piece::Text(line.as_bytes().to_vec())] })
}

fn status(kind: Kind, code: Code, words: &str) -> Status {
    Status { kind, code, untrusted_words: words.to_owned() }
}

#[test]
fn statuses_are_read_with_their_codes() {
    assert_eq!(
        read("* OK [UIDVALIDITY 3857529045] UIDs valid"),
        Response::Status(status(Kind::Ok, Code::UidValidity(3_857_529_045), "UIDs valid"))
    );
    assert_eq!(read("* ok"), Response::Status(status(Kind::Ok, Code::None, "")));
    assert_eq!(read("* BYE gone ["), Response::Status(status(Kind::Bye, Code::None, "gone [")));
    assert_eq!(
        read("A7 NO [AuthenticationFailed] no {5}"),
        Response::Done {
            untrusted_tag: "A7".to_owned(),
            status: status(Kind::No, Code::Other("AUTHENTICATIONFAILED".to_owned()), "no {5}"),
        }
    );
    let nothing = status(Kind::Ok, Code::Other("UIDNEXT".to_owned()), "x");
    assert_eq!(read("* OK [UIDNEXT 0] x"), Response::Status(nothing));
    assert_eq!(read("+ idling"), Response::GoOn);
    assert_eq!(read("+"), Response::GoOn);
}

#[test]
fn a_server_says_what_it_can_in_either_place() {
    let can = Capabilities { idle: true, plain: true, ..Capabilities::default() };
    assert_eq!(read("* CAPABILITY IMAP4rev2 Idle AUTH=PLAIN X-NEW"), Response::Capabilities(can));
    let in_code = read("* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN] ready");
    assert_eq!(in_code, Response::Status(status(Kind::Ok, Code::Capabilities(can), "ready")));
}

#[test]
fn of_a_message_all_that_was_not_asked_for_is_passed_over() {
    let line = "* 12 FETCH (FLAGS (\\Seen (deep (er)) \"q)\") UID 9 X-NEW NIL MODSEQ (7) RFC822.SIZE 44 \
                INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")";
    let fetch = Fetch { uid: Some(9), size: Some(44), arrived: Some(837_596_665), body: None };
    assert_eq!(read(line), Response::Fetch(fetch));
    assert_eq!(read("* 12 EXISTS"), Response::Exists(12));
}

#[test]
fn a_body_is_its_literal() {
    let pieces = vec![
        Piece::Text(b"* 1 FETCH (UID 5 BODY[]<7> ".to_vec()),
        Piece::Literal(b") UID 6".to_vec()),
        Piece::Text(b")".to_vec()),
    ];
    let body = Body { origin: Some(7), untrusted_bytes: Some(b") UID 6".to_vec()) };
    let fetch = Fetch { uid: Some(5), body: Some(body), ..Fetch::default() };
    assert_eq!(Response::of(&Frame { untrusted_pieces: pieces }), Response::Fetch(fetch));

    let Response::Fetch(quoted) = read("* 1 FETCH (BODY[] \"a \\\"b\\\" \\\\\")") else { panic!() };
    assert_eq!(quoted.body.unwrap().untrusted_bytes.unwrap(), b"a \"b\" \\");
    let Response::Fetch(nothing) = read("* 1 FETCH (BODY[] NIL)") else { panic!() };
    assert_eq!(nothing.body, Some(Body { origin: None, untrusted_bytes: None }));
}

#[test]
fn what_is_broken_is_no_response_of_ours() {
    for line in [
        "",
        "*",
        "* ",
        "()",
        "* 1",
        "* 1 FETCH",
        "* 1 FETCH (",
        "* 1 FETCH (UID",
        "* 1 FETCH (UID)",
        "* 1 FETCH ((",
        "* -1 EXISTS",
        "* 99999999999 EXISTS",
        "A1",
        "A1 BYE x",
        "* FETCH 1 (UID 2)",
        "\"A1\" OK",
        "* 1 FETCH (X (((",
    ] {
        assert_eq!(read(line), Response::Other, "{line}");
    }
    // No number of a message is nothing, and none is beyond 32 bits.
    for uid in ["0", "4294967296", "+1", "x"] {
        let Response::Fetch(fetch) = read(&format!("* 1 FETCH (UID {uid})")) else { panic!("{uid}") };
        assert_eq!(fetch.uid, None);
    }
}

#[test]
fn nesting_costs_no_stack() {
    let line = format!("* 1 FETCH (BODYSTRUCTURE {}{} UID 3)", "(".repeat(30_000), ")".repeat(30_000));
    let Response::Fetch(fetch) = read(&line) else { panic!() };
    assert_eq!(fetch.uid, Some(3));
}

#[test]
fn a_day_may_be_padded_and_a_date_may_be_none() {
    assert_eq!(moment(b" 1-Jan-1970 00:00:10 +0000"), Some(10));
    assert_eq!(moment(b"01-Jan-1970 01:00:10 +0100"), Some(10));
    for date in [&b""[..], b"32-Jan-2020 00:00:00 +0000", b"\xff", b"1-Jan-99999 00:00:00 +0000"] {
        assert_eq!(moment(date), None);
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_reading(
        pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..6)
    ) {
        let piece = |(literal, bytes)| if literal { Piece::Literal(bytes) } else { Piece::Text(bytes) };
        let _ = Response::of(&Frame { untrusted_pieces: pieces.into_iter().map(piece).collect() });
    }

    #[test]
    fn no_words_in_any_order_break_the_reading(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "*", "+", "A1", "OK", "NO", "[", "]", "(", ")", "\"", "\\", "{3}", "1", "FETCH", "UID", "BODY[",
                "BODY[]<", ">", "INTERNALDATE", "\"17-Jul-1996 02:44:25 -0700\"", "CAPABILITY", "UIDNEXT 4", "NIL",
            ]),
            0..20,
        ),
        tight in any::<bool>(),
    ) {
        let _ = read(&words.join(if tight { "" } else { " " }));
    }
}
