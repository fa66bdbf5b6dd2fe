//! Writing, in the form that sops writes: four spaces a level, lists indented under their key.

use super::quoted::{in_quotes, is_printable};
use super::value::plain;
use crate::sops::Text;
use crate::sops::envelope::is_sealed;
use crate::sops::tree::{Item, Kind, Node, Scalar};
use crate::sops::wiped::Wiped;

const STEP: usize = 4;

/// Words that YAML 1.1 takes for a yes or no, and its successor for text.
const OLD_BOOLEANS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

/// Writes a map as a text.
pub(crate) fn write(items: &[Item]) -> Text {
    let mut writer = Writer { out: Wiped::with_capacity(4096), dashes: 0 };
    if items.iter().any(|item| matches!(item, Item::Entry { .. })) {
        writer.map(items, 0);
    } else {
        writer.out.push_str("{}\n");
        writer.comments(items, 0);
    }
    writer.out.into_text()
}

struct Writer {
    out: Wiped,
    /// How many dashes stand before the next thing instead of its indentation.
    dashes: usize,
}

// === impl Writer ===

impl Writer {
    fn map(&mut self, items: &[Item], indent: usize) {
        self.members(items, indent, |writer, key, node, inline| {
            writer.margin(indent);
            writer.key(key);
            writer.out.push(':');
            writer.node(node, indent, inline);
        });
    }

    fn list(&mut self, items: &[Item], indent: usize) {
        self.members(items, indent, |writer, _, node, inline| match node {
            Node::Map(inner) if has_entries(inner) => {
                writer.dashes += 1;
                writer.map(inner, indent + 2);
            }
            Node::List(inner) if has_entries(inner) => {
                writer.dashes += 1;
                writer.list(inner, indent + 2);
            }
            Node::Map(_) | Node::List(_) | Node::Leaf(_) => {
                writer.margin(indent);
                writer.out.push('-');
                writer.node(node, indent, inline);
            }
        });
    }

    fn members(&mut self, items: &[Item], indent: usize, each: impl Fn(&mut Self, &str, &Node, &[&str])) {
        let mut inline: Vec<&str> = Vec::new();
        let (mut is_behind_entry, mut left) = (false, false);
        for item in items {
            match item {
                // A comment that was behind a value stays there as long as there is one.
                Item::Comment(comment) if comment.is_inline => inline.push(&comment.text),
                Item::Comment(comment) => {
                    self.comment(&comment.text, indent);
                    left = is_behind_entry;
                }
                Item::Entry { key, node } => {
                    if !matches!(node, Node::Leaf(scalar) if !is_block(scalar)) || inline.len() > 1 {
                        inline.drain(..).for_each(|comment| self.comment(comment, indent));
                    }
                    each(self, key, node, &inline);
                    inline.clear();
                    (is_behind_entry, left) = (true, false);
                }
            }
        }
        left |= is_behind_entry && !inline.is_empty();
        inline.into_iter().for_each(|comment| self.comment(comment, indent));
        if left && indent > 0 {
            // Parts a comment at the end from the next key of the map around it.
            self.out.push('\n');
        }
    }

    fn node(&mut self, node: &Node, indent: usize, inline: &[&str]) {
        match node {
            Node::Map(items) if has_entries(items) => {
                self.out.push('\n');
                self.map(items, indent + STEP);
            }
            Node::List(items) if has_entries(items) => {
                self.out.push('\n');
                self.list(items, indent + STEP);
            }
            Node::Map(items) => {
                self.out.push_str(" {}\n");
                self.comments(items, indent);
            }
            Node::List(items) => {
                self.out.push_str(" []\n");
                self.comments(items, indent);
            }
            Node::Leaf(scalar) if is_block(scalar) => self.block(scalar, indent),
            Node::Leaf(scalar) => {
                self.out.push(' ');
                self.scalar(scalar);
                for comment in inline {
                    self.out.push_str(" #");
                    self.out.push_str(comment);
                }
                self.out.push('\n');
            }
        }
    }

    fn comments(&mut self, items: &[Item], indent: usize) {
        for item in items {
            if let Item::Comment(comment) = item {
                self.comment(&comment.text, indent);
            }
        }
    }

    fn comment(&mut self, text: &str, indent: usize) {
        self.margin(indent);
        self.out.push('#');
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The beginning of a line; after dashes that wait, these.
    fn margin(&mut self, indent: usize) {
        let dashes = std::mem::take(&mut self.dashes);
        self.out.spaces(indent.saturating_sub(2 * dashes));
        (0..dashes).for_each(|_| self.out.push_str("- "));
    }

    fn key(&mut self, key: &str) {
        self.text(key);
    }

    fn scalar(&mut self, scalar: &Scalar) {
        match scalar.kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool | Kind::Int | Kind::Time => self.out.push_str(scalar.as_str()),
            Kind::Float => self.out.push_str(match scalar.text.as_str() {
                "NaN" => ".nan",
                "+Inf" => ".inf",
                "-Inf" => "-.inf",
                number => number,
            }),
            Kind::Str | Kind::Bytes => self.text(&scalar.text),
        }
    }

    fn text(&mut self, text: &str) {
        if is_sealed(text) || is_plain(text) {
            self.out.push_str(text);
        } else {
            in_quotes(text, &mut self.out);
        }
    }

    fn block(&mut self, scalar: &Scalar, indent: usize) {
        let ends = scalar.text.ends_with('\n');
        self.out.push_str(if ends { " |\n" } else { " |-\n" });
        for line in scalar.text.strip_suffix('\n').unwrap_or(&scalar.text).split('\n') {
            if !line.is_empty() {
                self.out.spaces(indent + STEP);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }
}

fn has_entries(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Entry { .. }))
}

/// Whether a text of several lines can stand after `|` and be read as it is.
fn is_block(scalar: &Scalar) -> bool {
    let text = scalar.text.strip_suffix('\n').unwrap_or(&scalar.text);
    let is_fit = |line: &str| {
        line.chars().all(is_printable) && (line.is_empty() || !line.trim_matches(' ').is_empty())
    };
    scalar.kind == Kind::Str
        && scalar.text.contains('\n')
        && !text.is_empty()
        && !text.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && text.split('\n').all(is_fit)
}

/// Whether every reader takes it for text without quotes. Rather too seldom than once too often.
fn is_plain(text: &str) -> bool {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "_./@+=,:- ".contains(letter);
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_' || first == '/')
        && text.chars().all(is_fit)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !OLD_BOOLEANS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && plain(text, 0).is_ok_and(|scalar| scalar.kind() == Kind::Str)
}
