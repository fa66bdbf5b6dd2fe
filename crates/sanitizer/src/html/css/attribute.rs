//! What a selector asks of an attribute.

use super::token::{Token, Tokens};
use crate::html::tag::Tag;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct AttributeTest {
    name: String,
    /// How it compares: `=`, `~`, `|`, `^`, `$`, `*`; nothing, where being there is enough.
    operator: Option<char>,
    value: String,
    ignores_case: bool,
}

// === impl AttributeTest ===

impl AttributeTest {
    /// After `[`, through `]`.
    pub(super) fn take(css: &mut Tokens<'_>) -> Option<Self> {
        let Token::Ident(name) = css.solid()? else { return None };
        let mut test =
            Self { name: name.into_owned(), operator: None, value: String::new(), ignores_case: false };
        match css.solid()? {
            Token::Close(b']') => return Some(test),
            Token::Other('=') => test.operator = Some('='),
            Token::Other(sign @ ('~' | '|' | '^' | '$' | '*')) if css.next()? == Token::Other('=') => {
                test.operator = Some(sign);
            }
            _ => return None,
        }
        match css.solid()? {
            Token::Ident(value) | Token::Text(value) => test.value = value.into_owned(),
            _ => return None,
        }
        match css.solid()? {
            Token::Close(b']') => return Some(test),
            Token::Ident(flag) if matches!(&*flag, "i" | "I" | "s" | "S") => {
                test.ignores_case = matches!(&*flag, "i" | "I")
            }
            _ => return None,
        }
        (css.solid()? == Token::Close(b']')).then_some(test)
    }

    pub(super) fn matches(&self, tag: &Tag<'_>) -> bool {
        let Some(value) = tag.get_named(&self.name) else { return false };
        let Some(operator) = self.operator else { return true };
        let lowered;
        // the values of some attributes never have a case
        let (value, wanted): (&str, &str) =
            if self.ignores_case || matches!(&*self.name, "type" | "align" | "dir" | "bgcolor" | "color") {
                lowered = (value.to_ascii_lowercase(), self.value.to_ascii_lowercase());
                (&lowered.0, &lowered.1)
            } else {
                (&value, &self.value)
            };
        if operator == '=' {
            return value == wanted;
        }
        !wanted.is_empty()
            && match operator {
                '^' => value.starts_with(wanted),
                '$' => value.ends_with(wanted),
                '*' => value.contains(wanted),
                '~' => value.split_ascii_whitespace().any(|one| one == wanted),
                _ => value.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            }
    }
}
