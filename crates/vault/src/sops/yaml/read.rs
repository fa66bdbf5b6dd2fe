//! Reading.

use super::lines::{Line, lines};
use super::quoted::quoted;
use super::value::plain;
use crate::sops::Text;
use crate::sops::limits::{DEEPEST, Unreadable, wrong};
use crate::sops::tree::{Item, Kind, Node, Scalar};
use crate::sops::wiped::Wiped;
use std::collections::HashSet;

/// Reads a text as one map.
pub(crate) fn read(untrusted: &str) -> Result<Vec<Item>, Unreadable> {
    let mut reader = Reader { lines: lines(untrusted)?, at: 0, depth: 0 };
    reader.skip_start()?;
    let comments = reader.comments();
    let Some(first) = reader.line() else {
        return Ok(comments.into_iter().map(|line| as_comment(&line)).collect());
    };
    if first.indent > 0 {
        return wrong(first.number, "the first key is indented; begin it at the margin");
    }
    if first.is_element() {
        return wrong(first.number, "the file is a list; it must be a map, `key: value` a line");
    }
    if first.text == "{}" {
        reader.at += 1;
        let rest = reader.comments();
        return match reader.line() {
            Some(line) => wrong(line.number, "something stands behind an empty map"),
            None => Ok(comments.iter().chain(&rest).map(as_comment).collect()),
        };
    }
    let items = reader.map(0, comments)?;
    match reader.line() {
        Some(line) => wrong(line.number, "it is indented less than what it belongs to"),
        None => Ok(items),
    }
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
    depth: usize,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    /// The next line that says something; comments before it are skipped by [`Self::comments`].
    fn line(&self) -> Option<Line<'a>> {
        self.lines.get(self.at).copied()
    }

    fn skip_start(&mut self) -> Result<(), Unreadable> {
        let before = self.at;
        self.comments();
        match self.line() {
            Some(line) if line.text == "---" && line.indent == 0 => {
                if self.at > before && self.lines.iter().take(self.at).any(|line| line.comment().is_some()) {
                    return wrong(line.number, "comments before `---` are not kept; take the `---` away");
                }
                self.at += 1;
            }
            _ => self.at = before,
        }
        Ok(())
    }

    /// Goes to the next line that is neither blank nor a comment, and gives the comments on the way.
    fn comments(&mut self) -> Vec<Line<'a>> {
        let mut found = Vec::new();
        while let Some(line) = self.line() {
            if line.comment().is_some() {
                found.push(line);
            } else if !line.is_blank() {
                break;
            }
            self.at += 1;
        }
        found
    }

    /// Comments between two members of a map or a list, or behind its last. Those that stand further to the left than its
    /// members belong to what is around it, and are left for it.
    fn comments_of(&mut self, indent: usize, items: &mut Vec<Item>) -> Option<Line<'a>> {
        let from = self.at;
        let comments = self.comments();
        let line = self.line().filter(|line| line.indent >= indent);
        if line.is_some() {
            items.extend(comments.iter().map(as_comment));
            return line;
        }
        let ours = comments.iter().take_while(|comment| comment.indent >= indent).count();
        items.extend(comments.iter().take(ours).map(as_comment));
        if let Some(left) = comments.get(ours) {
            self.at = from;
            while self.line().is_some_and(|line| line.number < left.number) {
                self.at += 1;
            }
        }
        None
    }

    fn deeper<T>(
        &mut self,
        line: usize,
        act: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        if self.depth >= DEEPEST {
            return wrong(line, "maps and lists stand too deep in each other");
        }
        self.depth += 1;
        let done = act(self);
        self.depth -= 1;
        done
    }

    fn map(&mut self, indent: usize, before: Vec<Line<'a>>) -> Result<Vec<Item>, Unreadable> {
        let mut items: Vec<_> = before.iter().map(as_comment).collect();
        let mut keys = HashSet::new();
        while let Some(line) = self.comments_of(indent, &mut items) {
            if line.indent > indent {
                return wrong(
                    line.number,
                    "it is indented further than the line above lets it; write a text of several lines after `|`",
                );
            }
            let Some((key, rest)) = key(line)? else {
                return match line.text {
                    "---" | "..." => {
                        wrong(line.number, "the file has several documents; put each in a file of its own")
                    }
                    _ if line.is_element() => wrong(line.number, "a list begins where a key is expected"),
                    _ => wrong(line.number, "it has no key; write `key: value`"),
                };
            };
            if !keys.insert(key.clone()) {
                return wrong(line.number, "a key stands twice in one map");
            }
            self.at += 1;
            let node = self.value(rest, line, indent, true, &mut items)?;
            items.push(Item::pair(key, node));
        }
        Ok(items)
    }

    fn list(&mut self, indent: usize, before: Vec<Line<'a>>) -> Result<Vec<Item>, Unreadable> {
        let mut items: Vec<_> = before.iter().map(as_comment).collect();
        loop {
            let (from, already) = (self.at, items.len());
            let Some(line) = self.comments_of(indent, &mut items) else { break };
            if !line.is_element() && line.indent == indent {
                // The next key of the map around, where a list stands at the margin of its key; the comments are that key's.
                items.truncate(already);
                self.at = from;
                break;
            }
            if line.indent > indent {
                return wrong(line.number, "it is indented further than the line above lets it");
            }
            let inner = line.text.get(1..).unwrap_or_default();
            let text = inner.trim_start_matches(' ');
            let rest = Line { indent: indent + 1 + (inner.len() - text.len()), text, ..line };
            let node = if rest.is_element()
                || rest.comment().is_some()
                || (!text.is_empty() && key(rest)?.is_some())
            {
                // What stands behind the dash is the first line of what is in the list.
                if let Some(place) = self.lines.get_mut(self.at) {
                    *place = rest;
                }
                self.below(line.number, indent, false)?
            } else {
                self.at += 1;
                self.value(text, line, indent, false, &mut items)?
            };
            items.push(Item::element(node));
        }
        Ok(items)
    }

    /// What stands behind a key or a dash, in `line` or below it.
    fn value(
        &mut self,
        text: &'a str,
        line: Line<'a>,
        indent: usize,
        is_in_map: bool,
        items: &mut Vec<Item>,
    ) -> Result<Node, Unreadable> {
        let number = line.number;
        if let Some(comment) = text.strip_prefix('#') {
            items.push(Item::comment(comment, false));
            return self.below(number, indent, is_in_map);
        }
        match text.chars().next() {
            None => return self.below(number, indent, is_in_map),
            Some('|') => return self.block(text, number, indent, items),
            Some('>') => return wrong(number, "text folded with `>` is not supported; write it after `|`"),
            Some('&' | '*') => {
                return wrong(number, "anchors and aliases are not supported; write the value out");
            }
            Some('!') => return wrong(number, "tags are not supported; write the value without one"),
            Some('[' | '{') => return self.brackets(text, number, items),
            Some('%' | '@' | '`' | ',' | ']' | '}') => {
                return wrong(number, "a value cannot begin like this; put it in \"quotes\"");
            }
            Some(_) => {}
        }
        let (scalar, rest) = match quoted(text, number)? {
            Some((text, rest)) => (Scalar::text(text), rest),
            None => {
                let (value, rest) = before_comment(text);
                let is_indicator = ["-", "?", ":"].contains(&value)
                    || ["- ", "? ", ": "].iter().any(|start| value.starts_with(start));
                if is_indicator || value.contains(": ") || value.ends_with(':') {
                    return wrong(
                        number,
                        "a value with a colon or a dash of its own must stand in \"quotes\"",
                    );
                }
                (plain(value, number)?, rest)
            }
        };
        items.extend(rest_of_line(rest, number)?);
        Ok(Node::Leaf(scalar))
    }

    /// A map or a list on the lines below, or nothing.
    fn below(&mut self, number: usize, indent: usize, is_in_map: bool) -> Result<Node, Unreadable> {
        let from = self.at;
        let comments = self.comments();
        let found = self
            .line()
            .filter(|line| line.indent > indent || (is_in_map && line.indent == indent && line.is_element()));
        let Some(line) = found else {
            self.at = from;
            return Ok(Node::Leaf(Scalar::null()));
        };
        self.deeper(number, |reader| {
            if line.is_element() {
                return Ok(Node::List(reader.list(line.indent, comments)?));
            }
            if key(line)?.is_none() {
                return wrong(
                    line.number,
                    "a value stands on a line of its own; write it behind its key, or after `|`",
                );
            }
            Ok(Node::Map(reader.map(line.indent, comments)?))
        })
    }

    /// A collection in brackets, which must be empty.
    fn brackets(&mut self, text: &str, number: usize, items: &mut Vec<Item>) -> Result<Node, Unreadable> {
        let inside = |open, close| {
            text.strip_prefix(open).and_then(|rest| rest.trim_start_matches(' ').strip_prefix(close))
        };
        let (node, rest) = match (inside('{', '}'), inside('[', ']')) {
            (Some(rest), _) => (Node::Map(Vec::new()), rest),
            (None, Some(rest)) => (Node::List(Vec::new()), rest),
            (None, None) => {
                return wrong(
                    number,
                    "maps and lists in brackets are not supported; write one `key: value` or `- value` a line",
                );
            }
        };
        items.extend(rest_of_line(rest, number)?);
        Ok(node)
    }

    /// Text after `|`.
    fn block(
        &mut self,
        header: &str,
        number: usize,
        indent: usize,
        items: &mut Vec<Item>,
    ) -> Result<Node, Unreadable> {
        let (indicators, rest) = before_comment(header.get(1..).unwrap_or_default());
        let (mut explicit, mut chomping) = (None, None);
        for letter in indicators.chars() {
            match letter {
                '1'..='9' if explicit.is_none() => explicit = letter.to_digit(10),
                '+' | '-' if chomping.is_none() => chomping = Some(letter),
                _ => return wrong(number, "after `|` only a digit, `+` or `-` can stand on the line"),
            }
        }
        items.extend(rest_of_line(rest, number)?);
        let remaining = self.lines.get(self.at..).unwrap_or_default();
        let first = remaining.iter().find(|line| !line.whole.trim_start_matches(' ').is_empty());
        let margin = match explicit {
            Some(spaces) => indent + spaces as usize,
            None => first.map_or(0, |line| line.indent).max(indent + 1),
        };
        let is_inside =
            |line: &&Line<'_>| line.indent >= margin || line.whole.trim_start_matches(' ').is_empty();
        let inside: Vec<_> = remaining
            .iter()
            .take_while(is_inside)
            .map(|line| line.whole.get(margin..).unwrap_or_default())
            .collect();
        self.at += inside.len();
        Ok(Node::Leaf(Scalar { kind: Kind::Str, text: chomped(&inside, chomping) }))
    }
}

/// The lines of a text after `|`, with as many line ends behind it as YAML 1.2 (8.1.1.2) gives it.
fn chomped(lines: &[&str], chomping: Option<char>) -> Text {
    let blank_behind = lines.iter().rev().take_while(|line| line.is_empty()).count();
    let said = lines.len() - blank_behind;
    let mut text = Wiped::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for (nth, line) in lines.iter().take(said).enumerate() {
        text.push_str(line);
        if nth + 1 < said || chomping != Some('-') {
            text.push('\n');
        }
    }
    if chomping == Some('+') {
        (0..blank_behind).for_each(|_| text.push('\n'));
    }
    text.into_text()
}

fn as_comment(line: &Line<'_>) -> Item {
    Item::comment(line.comment().unwrap_or_default(), false)
}

/// A value, and the comment behind it, which a space must part from it.
fn before_comment(text: &str) -> (&str, &str) {
    let begins = text
        .match_indices('#')
        .find(|(at, _)| *at == 0 || text.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    let (value, rest) = begins.and_then(|(at, _)| text.split_at_checked(at)).unwrap_or((text, ""));
    (value.trim_end_matches([' ', '\t']), rest)
}

/// What stands behind a value: a comment or nothing.
fn rest_of_line(rest: &str, line: usize) -> Result<Option<Item>, Unreadable> {
    let trimmed = rest.trim_start_matches([' ', '\t']);
    match trimmed.strip_prefix('#') {
        Some(comment) => Ok(Some(Item::comment(comment, true))),
        None if trimmed.is_empty() => Ok(None),
        None => wrong(line, "something stands behind a value"),
    }
}

/// The key that a line begins with, and what stands behind its colon.
fn key<'a>(line: Line<'a>) -> Result<Option<(String, &'a str)>, Unreadable> {
    let number = line.number;
    if line.is_element() {
        return Ok(None);
    }
    let behind = |rest: &'a str| {
        rest.strip_prefix(':').filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    let (key, rest) = match line.text.chars().next() {
        Some('"' | '\'') => {
            let Some((key, rest)) = quoted(line.text, number)? else { return Ok(None) };
            let Some(rest) = behind(rest.trim_start_matches(' ')) else { return Ok(None) };
            (key.as_str().to_owned(), rest)
        }
        Some('|' | '>' | '[' | '{' | '#') | None => return Ok(None),
        Some(_) => {
            let colon = line.text.match_indices(':').find_map(|(at, _)| {
                let (before, rest) = line.text.split_at_checked(at)?;
                Some((before, behind(rest)?))
            });
            let Some((before, rest)) = colon else { return Ok(None) };
            let key = before.trim_end_matches(' ');
            if before_comment(key).1.starts_with('#') {
                return Ok(None);
            }
            if line.text.starts_with("? ")
                || line.text.starts_with(['&', '*', '!', '%', '@', '`', ',', ']', '}'])
                || key == "<<"
            {
                return wrong(number, "a key cannot begin like this; put it in \"quotes\"");
            }
            if plain(key, number)?.kind() != Kind::Str {
                return wrong(number, "a key must be text; put it in \"quotes\"");
            }
            (key.to_owned(), rest)
        }
    };
    if key.is_empty() {
        return wrong(number, "a key is empty");
    }
    Ok(Some((key, rest.trim_start_matches([' ', '\t']))))
}
