//! Writing, in the form that sops writes: a tab a level, and Go's escapes.

use crate::sops::Text;
use crate::sops::tree::{Item, Kind, Node, Scalar, entries};
use crate::sops::wiped::Wiped;

/// JSON has no word for a value: infinity, or a number that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number in it is infinite or none, which JSON cannot say")]
pub struct NotInJson;

/// Writes a map as a text. Comments are left out, as JSON has none.
pub(crate) fn write(items: &[Item]) -> Result<Text, NotInJson> {
    let mut out = Wiped::with_capacity(4096);
    collection(items, ['{', '}'], 0, &mut out)?;
    out.push('\n');
    Ok(out.into_text())
}

fn collection(
    items: &[Item],
    [open, close]: [char; 2],
    depth: usize,
    out: &mut Wiped,
) -> Result<(), NotInJson> {
    let margin = |depth, out: &mut Wiped| {
        out.push('\n');
        (0..depth).for_each(|_| out.push('\t'));
    };
    out.push(open);
    let mut is_empty = true;
    for (key, node) in entries(items) {
        if !std::mem::take(&mut is_empty) {
            out.push(',');
        }
        margin(depth + 1, out);
        if open == '{' {
            text(key, out);
            out.push_str(": ");
        }
        match node {
            Node::Map(items) => collection(items, ['{', '}'], depth + 1, out)?,
            Node::List(items) => collection(items, ['[', ']'], depth + 1, out)?,
            Node::Leaf(value) => scalar(value, out)?,
        }
    }
    if !is_empty {
        margin(depth, out);
    }
    out.push(close);
    Ok(())
}

fn scalar(value: &Scalar, out: &mut Wiped) -> Result<(), NotInJson> {
    match value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool | Kind::Int => out.push_str(value.as_str()),
        Kind::Float if ["NaN", "+Inf", "-Inf"].contains(&value.text.as_str()) => return Err(NotInJson),
        Kind::Float => out.push_str(&value.text),
        Kind::Str | Kind::Time | Kind::Bytes => text(&value.text, out),
    }
    Ok(())
}

fn text(text: &str, out: &mut Wiped) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(letter, out),
            control if control < ' ' => escape(control, out),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn escape(letter: char, out: &mut Wiped) {
    let code = u32::from(letter);
    out.push_str("\\u");
    for place in (0..4).rev() {
        out.extend(char::from_digit((code >> (4 * place)) & 15, 16));
    }
}
