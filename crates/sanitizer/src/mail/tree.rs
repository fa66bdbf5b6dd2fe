//! The parts of a mail in the order in which they are shown, without recursion.
//!
//! Not mail-parser's tree: that one searches the rest of the mail again for each boundary that never comes, and drops
//! nested messages recursively, so that a mail of 25 MiB can stop it for hours or overflow its stack. Its header
//! parser reads each header.

use super::{decode, header::Header};

/// Multiparts and messages within each other. Each costs one more look at the bytes.
const DEPTH: usize = 24;

/// Parts of one mail.
const PARTS: usize = 10_000;

/// Bytes of packed messages that are unpacked at one time, each within the one before.
const UNPACKED: usize = 32 * 1024 * 1024;

pub(super) enum Node<'a> {
    Leaf(Leaf<'a>),
    /// The header of a forwarded message, whose parts follow.
    Forwarded(&'a Header<'a>),
    /// The body of a part whose header says twice what it is.
    Ambiguous(&'a [u8]),
    /// What stands before the first and after the last boundary.
    Between(&'a [u8]),
}

pub(super) struct Leaf<'a> {
    pub(super) header: Header<'a>,
    pub(super) body: &'a [u8],
    /// The innermost `multipart/alternative` it is in.
    pub(super) alternative: Option<usize>,
}

struct Entity<'a> {
    content: Content<'a>,
    depth: usize,
    alternative: Option<usize>,
    /// In a digest, a part without a type is a message.
    in_digest: bool,
}

enum Content<'a> {
    Whole(&'a [u8]),
    /// Its header, where that was read already, and its body.
    Read(Header<'a>, &'a [u8]),
}

/// Visits every part of a mail with this header and this body. Says whether the limits allowed to visit them all.
pub(super) fn walk<'a>(header: Header<'a>, body: &'a [u8], visit: &mut impl FnMut(Node<'_>)) -> bool {
    walk_within(header, body, 0, 0, &mut 0, visit)
}

/// `depth` grows with each transfer-encoded message, so this calls itself at most [`DEPTH`] times. `unpacked` is what the
/// messages that this one is within hold.
fn walk_within<'a>(
    header: Header<'a>,
    body: &'a [u8],
    depth: usize,
    unpacked: usize,
    parts: &mut usize,
    visit: &mut impl FnMut(Node<'_>),
) -> bool {
    let mut fully = true;
    let mut todo =
        vec![Entity { content: Content::Read(header, body), depth, alternative: None, in_digest: false }];
    while let Some(entity) = todo.pop() {
        *parts += 1;
        if *parts > PARTS {
            return false;
        }
        let Entity { content, depth, alternative, in_digest } = entity;
        let (header, body) = match content {
            Content::Read(header, body) => (header, body),
            Content::Whole(bytes) => {
                let (head, body) = split(bytes);
                (Header::parse(head), body)
            }
        };
        if header.says_twice() {
            visit(Node::Ambiguous(body));
        }
        let media_type = header.media_type_or(if in_digest { "message/rfc822" } else { "text/plain" });
        if depth >= DEPTH && (media_type.starts_with("multipart/") || media_type.starts_with("message/")) {
            fully = false;
            visit(Node::Between(body));
            continue;
        }
        if media_type.starts_with("multipart/") {
            let children = header.boundary().map(|boundary| children(body, boundary.as_bytes()));
            if let Some(Children { before, entities, after }) =
                children.filter(|found| !found.entities.is_empty())
            {
                visit(Node::Between(before));
                visit(Node::Between(after));
                fully &= entities.len() <= PARTS;
                let alternative =
                    if media_type == "multipart/alternative" { Some(*parts) } else { alternative };
                let in_digest = media_type == "multipart/digest";
                todo.extend(entities.into_iter().take(PARTS).rev().map(|bytes| Entity {
                    content: Content::Whole(bytes),
                    depth: depth + 1,
                    alternative,
                    in_digest,
                }));
                continue;
            }
        }
        if matches!(media_type, "message/rfc822" | "message/global") {
            let encoding = header.transfer_encoding();
            if matches!(encoding.as_deref(), Some("base64" | "quoted-printable")) {
                if unpacked + body.len() > UNPACKED {
                    fully = false;
                    visit(Node::Between(body));
                    continue;
                }
                let decoded = decode::transfer(body, encoding.as_deref());
                let (head, body) = split(&decoded);
                let header = Header::parse(head);
                visit(Node::Forwarded(&header));
                fully &= walk_within(header, body, depth + 1, unpacked + decoded.len(), parts, visit);
            } else {
                let (head, body) = split(body);
                let header = Header::parse(head);
                visit(Node::Forwarded(&header));
                let (content, depth) = (Content::Read(header, body), depth + 1);
                todo.push(Entity { content, depth, alternative: None, in_digest: false });
            }
            continue;
        }
        visit(Node::Leaf(Leaf { header, body, alternative }));
    }
    fully
}

/// Header and body, parted by the first empty line. What does not begin as a header does is all body.
pub(super) fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    if let [b'\n', body @ ..] | [b'\r', b'\n', body @ ..] = entity {
        return (&[], body);
    }
    let name = entity.iter().position(|b| !matches!(b, b'!'..=b'9' | b';'..=b'~')).unwrap_or(entity.len());
    let after_name = entity.get(name..).unwrap_or_default().trim_ascii_start();
    if name == 0 || !after_name.starts_with(b":") {
        return (&[], entity);
    }
    match empty_line(entity).and_then(|at| entity.split_at_checked(at)) {
        Some((head, [b'\n', body @ ..] | [b'\r', b'\n', body @ ..])) => (head, body),
        _ => (entity, &[]),
    }
}

/// Where the first empty line is.
fn empty_line(lines: &[u8]) -> Option<usize> {
    /// Bytes that are looked at in any case, which a processor does many at a time.
    const STRETCH: usize = 64;
    let may_be = |b: u8, next: u8| (b == b'\n') & ((next == b'\n') | (next == b'\r'));
    let mut at = 0;
    loop {
        while let Some(stretch) = lines.get(at..at + STRETCH)
            && let Some(after) = lines.get(at + 1..at + 1 + STRETCH)
            && !stretch.iter().zip(after).fold(false, |any, (b, next)| any | may_be(*b, *next))
        {
            at += STRETCH;
        }
        let rest = lines.get(at..)?;
        at += rest.iter().zip(rest.iter().skip(1)).position(|(b, next)| may_be(*b, *next))? + 1;
        if let Some([b'\n', ..] | [b'\r', b'\n', ..]) = lines.get(at..) {
            return Some(at);
        }
    }
}

struct Children<'a> {
    before: &'a [u8],
    entities: Vec<&'a [u8]>,
    after: &'a [u8],
}

/// Parts a multipart's body at its boundary lines, in one pass.
fn children<'a>(body: &'a [u8], boundary: &[u8]) -> Children<'a> {
    let mut found = Children { before: body, entities: Vec::new(), after: &[] };
    let (mut start, mut at) = (0, 0);
    let mut inside = false;
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        let line = rest.get(..end).unwrap_or_default();
        if let Some(last) = is_boundary(line, boundary) {
            let part = without_line_end(body.get(start..at).unwrap_or_default());
            if inside {
                found.entities.push(part);
            } else {
                found.before = part;
            }
            inside = true;
            start = at + end;
            if last {
                found.after = body.get(start..).unwrap_or_default();
                return found;
            }
            if found.entities.len() > PARTS {
                return found;
            }
        }
        at += end;
    }
    if inside {
        found.entities.push(body.get(start..).unwrap_or_default());
    }
    found
}

/// Whether a line is the boundary, and if so, whether it is the last one.
fn is_boundary(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let after = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match after {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_before_the_first_empty_line_wherever_that_is() {
        for before in 0..150 {
            let head = format!("a:{}\n", "-".repeat(before));
            for after in [0, 1, 100] {
                let body = format!("x\n\n{}", "-".repeat(after));
                for (lines, end) in [("", "\n"), ("\rb\n\rc\r\n", "\r\n"), ("b\n\r-\n", "\r\n")] {
                    let head = format!("{head}{lines}");
                    let mail = format!("{head}{end}{body}");
                    assert_eq!(split(mail.as_bytes()), (head.as_bytes(), body.as_bytes()), "{mail:?}");
                    assert_eq!(split(head.as_bytes()), (head.as_bytes(), &b""[..]), "{head:?}");
                }
            }
        }
    }
}
