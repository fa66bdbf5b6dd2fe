//! What a response means, of all that a server may say as much as we asked for (RFC 9051 section 7).
//!
//! Anything else is [`Response::Other`] and passed over: servers say more than they are asked, and there are more
//! extensions than anybody knows.

use jiff::fmt::strtime;

use super::frame::Frame;
use super::lexer::{Lexer, Token};

/// A response that we know what to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// `+`: the server waits for the rest of a command.
    GoOn,
    /// How a command ended, under the command's own tag.
    Done { untrusted_tag: String, status: Status },
    /// A status that belongs to no command.
    Status(Status),
    /// What the server can do.
    Capabilities(Capabilities),
    /// How many messages there are in the folder.
    Exists(u32),
    /// What was asked of one message.
    Fetch(Fetch),
    /// Something that we did not ask for.
    Other,
}

/// OK, NO and their like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) kind: Kind,
    pub(super) code: Code,
    pub(super) untrusted_words: String,
}

/// The word of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ok,
    No,
    Bad,
    PreAuth,
    Bye,
}

/// What a status says to programs (RFC 9051 section 7.1, RFC 5530).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    None,
    UidValidity(u32),
    UidNext(u32),
    Capabilities(Capabilities),
    /// Another one, in capitals and without its arguments.
    Other(String),
}

/// What of a server's abilities matters to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) starttls: bool,
    pub(super) idle: bool,
    pub(super) plain: bool,
    /// SASL-IR (RFC 4959): a mechanism's first words may stand in its command.
    pub(super) initial_response: bool,
    pub(super) login_disabled: bool,
}

/// What of a message a server told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fetch {
    pub(super) uid: Option<u32>,
    pub(super) size: Option<u64>,
    /// Seconds since 1970.
    pub(super) arrived: Option<i64>,
    pub(super) body: Option<Body>,
}

/// Bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// Where in the message they begin, where the server says so.
    pub(super) origin: Option<u64>,
    /// Nothing when the server says that there is nothing (`NIL`).
    pub(super) untrusted_bytes: Option<Vec<u8>>,
}

// === impl Response ===

impl Response {
    pub(super) fn of(frame: &Frame) -> Response {
        let mut words = Lexer::new(&frame.untrusted_pieces);
        match words.next() {
            Some(Token::Atom(b"+")) => Response::GoOn,
            Some(Token::Atom(b"*")) => untagged(words),
            Some(Token::Atom(tag)) => match words.next().and_then(|word| kind(&word)) {
                Some(kind @ (Kind::Ok | Kind::No | Kind::Bad)) => {
                    Response::Done { untrusted_tag: text(tag), status: status(kind, words) }
                }
                Some(Kind::PreAuth | Kind::Bye) | None => Response::Other,
            },
            Some(Token::Open | Token::Close | Token::Quoted(_) | Token::Literal(_)) | None => Response::Other,
        }
    }
}

fn untagged(mut words: Lexer<'_>) -> Response {
    let Some(first) = words.next() else { return Response::Other };
    if let Some(kind) = kind(&first) {
        return Response::Status(status(kind, words));
    }
    let Token::Atom(first) = first else { return Response::Other };
    if first.eq_ignore_ascii_case(b"CAPABILITY") {
        return Response::Capabilities(Capabilities::of(words.rest_of_line()));
    }
    let (Some(count), Some(Token::Atom(what))) = (number(first), words.next()) else {
        return Response::Other;
    };
    if what.eq_ignore_ascii_case(b"EXISTS") {
        Response::Exists(count)
    } else if what.eq_ignore_ascii_case(b"FETCH") {
        fetch(words).map_or(Response::Other, Response::Fetch)
    } else {
        Response::Other
    }
}

fn kind(word: &Token<'_>) -> Option<Kind> {
    let Token::Atom(word) = word else { return None };
    let kinds: [(&[u8], Kind); 5] = [
        (b"OK", Kind::Ok),
        (b"NO", Kind::No),
        (b"BAD", Kind::Bad),
        (b"PREAUTH", Kind::PreAuth),
        (b"BYE", Kind::Bye),
    ];
    kinds.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

fn status(kind: Kind, mut words: Lexer<'_>) -> Status {
    let code = words.bracketed().map_or(Code::None, Code::of);
    Status { kind, code, untrusted_words: text(words.rest_of_line()) }
}

/// Names and values, in any order. Of a value that we did not ask for only the end is looked for.
fn fetch(mut words: Lexer<'_>) -> Option<Fetch> {
    let mut fetch = Fetch::default();
    if words.next()? != Token::Open {
        return None;
    }
    loop {
        let name = match words.next()? {
            Token::Close => return Some(fetch),
            Token::Atom(name) => name.to_ascii_uppercase(),
            Token::Open | Token::Quoted(_) | Token::Literal(_) => return None,
        };
        let value = words.next()?;
        match (name.as_slice(), &value) {
            (b"UID", Token::Atom(uid)) => fetch.uid = number(uid).filter(|uid| *uid > 0),
            (b"RFC822.SIZE", Token::Atom(size)) => fetch.size = number(size),
            (b"INTERNALDATE", Token::Quoted(date)) => fetch.arrived = moment(date),
            (name, Token::Literal(bytes)) if name.starts_with(b"BODY[]") => {
                fetch.body = Some(Body { origin: origin(name), untrusted_bytes: Some(bytes.to_vec()) });
            }
            (name, Token::Quoted(bytes)) if name.starts_with(b"BODY[]") => {
                fetch.body = Some(Body { origin: origin(name), untrusted_bytes: Some(unescaped(bytes)) });
            }
            (name, Token::Atom(_)) if name.starts_with(b"BODY[]") => {
                fetch.body = Some(Body { origin: origin(name), untrusted_bytes: None });
            }
            (_, Token::Open) => skip_list(&mut words)?,
            (_, Token::Close) => return None,
            (_, Token::Atom(_) | Token::Quoted(_) | Token::Literal(_)) => {}
        }
    }
}

/// To the end of a list that was opened.
fn skip_list(words: &mut Lexer<'_>) -> Option<()> {
    let mut depth = 1_usize;
    while depth > 0 {
        match words.next()? {
            Token::Open => depth = depth.saturating_add(1),
            Token::Close => depth = depth.saturating_sub(1),
            Token::Atom(_) | Token::Quoted(_) | Token::Literal(_) => {}
        }
    }
    Some(())
}

fn unescaped(quoted: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let keep = |byte: &&u8| {
        escaped = **byte == b'\\' && !escaped;
        !escaped
    };
    quoted.iter().filter(keep).copied().collect()
}

/// `0` of `BODY[]<0>`.
fn origin(name: &[u8]) -> Option<u64> {
    number(name.strip_prefix(b"BODY[]<")?.strip_suffix(b">")?)
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// `17-Jul-1996 02:44:25 -0700`; a day of one digit may have a space before it.
fn moment(date: &[u8]) -> Option<i64> {
    let date = std::str::from_utf8(date).ok()?.trim_start();
    let parsed = strtime::parse("%d-%b-%Y %H:%M:%S %z", date).ok()?;
    Some(parsed.to_timestamp().ok()?.as_second())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// === impl Code ===

impl Code {
    fn of(inner: &[u8]) -> Code {
        let (name, rest) = match inner.iter().position(|byte| *byte == b' ') {
            Some(at) => inner.split_at(at),
            None => (inner, &b""[..]),
        };
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let name = text(name).to_ascii_uppercase();
        match (name.as_str(), number(rest)) {
            ("UIDVALIDITY", Some(number)) if number > 0 => Code::UidValidity(number),
            ("UIDNEXT", Some(number)) if number > 0 => Code::UidNext(number),
            ("CAPABILITY", _) => Code::Capabilities(Capabilities::of(rest)),
            _ => Code::Other(name),
        }
    }
}

// === impl Capabilities ===

impl Capabilities {
    fn of(line: &[u8]) -> Capabilities {
        let mut can = Capabilities::default();
        for word in line.split(|byte| *byte == b' ') {
            match word.to_ascii_uppercase().as_slice() {
                b"STARTTLS" => can.starttls = true,
                b"IDLE" => can.idle = true,
                b"AUTH=PLAIN" => can.plain = true,
                b"SASL-IR" => can.initial_response = true,
                b"LOGINDISABLED" => can.login_disabled = true,
                _ => {}
            }
        }
        can
    }
}

#[cfg(test)]
mod tests;
