//! What a SOPS file says, in the order in which it says it.

use zeroize::Zeroizing;

/// Text that may be secret: wiped when it goes.
pub type Text = Zeroizing<String>;

/// What a value is, as SOPS names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `null`, which SOPS neither encrypts nor counts in its MAC.
    Null,
    /// `true` or `false`; its plain form is `True` or `False`.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// Any other number.
    Float,
    /// A moment (RFC 3339).
    Time,
    /// Text.
    Str,
    /// Bytes that other tools marked as such.
    Bytes,
}

/// A value, in the form in which SOPS hashes and encrypts it. It is text whatever it is, so that all of it can be wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    pub(crate) kind: Kind,
    pub(crate) text: Text,
}

/// A line of comment, without its `#`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) text: Text,
    /// Whether it stands behind the value that follows here, on the same line.
    pub(crate) is_inline: bool,
}

/// What stands under a key or in a list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Map(Vec<Item>),
    List(Vec<Item>),
    Leaf(Scalar),
}

/// One member of a map or a list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Comment(Comment),
    /// In a list the key is empty and says nothing.
    Entry {
        key: String,
        node: Node,
    },
}

// === impl Scalar ===

impl Scalar {
    /// Text.
    pub fn text(text: Text) -> Self {
        Self { kind: Kind::Str, text }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The value as a person writes it.
    pub fn as_str(&self) -> &str {
        match (self.kind, self.text.as_str()) {
            (Kind::Bool, "True") => "true",
            (Kind::Bool, _) => "false",
            (Kind::Null, _) => "",
            (Kind::Int | Kind::Float | Kind::Time | Kind::Str | Kind::Bytes, text) => text,
        }
    }

    pub(crate) fn null() -> Self {
        Self { kind: Kind::Null, text: Text::default() }
    }

    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: Zeroizing::new(text.into()) }
    }

    pub(crate) fn boolean(value: bool) -> Self {
        Self::new(Kind::Bool, if value { "True" } else { "False" })
    }

    /// As Go's `FormatFloat(value, 'f', -1, 64)` writes it.
    pub(crate) fn float(value: f64) -> Self {
        let text = match value {
            _ if value.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            _ => value.to_string(),
        };
        Self::new(Kind::Float, text)
    }
}

/// A value may be secret, so only its kind is shown.
impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scalar({:?})", self.kind)
    }
}

// === impl Item ===

impl Item {
    pub(crate) fn pair(key: impl Into<String>, node: Node) -> Self {
        Self::Entry { key: key.into(), node }
    }

    pub(crate) fn element(node: Node) -> Self {
        Self::Entry { key: String::new(), node }
    }

    pub(crate) fn comment(text: &str, is_inline: bool) -> Self {
        Self::Comment(Comment { text: Zeroizing::new(text.to_owned()), is_inline })
    }
}

/// The value under a key of a map.
pub(crate) fn get<'a>(map: &'a [Item], wanted: &str) -> Option<&'a Node> {
    map.iter().find_map(|item| match item {
        Item::Entry { key, node } if key == wanted => Some(node),
        Item::Entry { .. } | Item::Comment(_) => None,
    })
}

/// The same, to be changed.
pub(crate) fn get_mut<'a>(map: &'a mut [Item], wanted: &str) -> Option<&'a mut Node> {
    map.iter_mut().find_map(|item| match item {
        Item::Entry { key, node } if key == wanted => Some(node),
        Item::Entry { .. } | Item::Comment(_) => None,
    })
}

/// The entries of a map or a list, without comments.
pub(crate) fn entries(items: &[Item]) -> impl Iterator<Item = (&str, &Node)> {
    items.iter().filter_map(|item| match item {
        Item::Entry { key, node } => Some((key.as_str(), node)),
        Item::Comment(_) => None,
    })
}
