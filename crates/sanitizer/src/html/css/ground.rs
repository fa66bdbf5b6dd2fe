//! What is behind text.

use super::{
    colour::Paint,
    token::{Token, Tokens, lower},
};

/// `background`: its colour, and whether there is a picture. `None` if it is no background.
pub(super) fn shorthand(value: &str) -> Option<(Paint, bool)> {
    let mut css = Tokens::new(value);
    let (mut paint, mut pictured, mut any) = (None, false, false);
    while let Some(token) = css.solid() {
        any = true;
        if let Some(colour) = Paint::take(&token, &mut css) {
            paint = Some(colour);
            continue;
        }
        match token {
            Token::Url => pictured = true,
            Token::Function(name) => {
                pictured |= is_image(&lower(name));
                super::block::skip_block(&mut css, b'(');
            }
            Token::Ident(word) => match &*lower(word) {
                "none" | "repeat" | "repeat-x" | "repeat-y" | "no-repeat" | "round" | "space" | "scroll"
                | "fixed" | "local" | "left" | "right" | "center" | "top" | "bottom" | "cover"
                | "contain" | "auto" | "padding-box" | "border-box" | "content-box" | "text" => {}
                _ => return None,
            },
            Token::Number(_)
            | Token::Percent(_)
            | Token::Dimension(..)
            | Token::Comma
            | Token::Other('/') => {}
            _ => return None,
        }
    }
    any.then(|| (paint.unwrap_or(Paint::TRANSPARENT), pictured))
}

/// `background-image`
pub(super) fn is_picture(value: &str) -> Option<bool> {
    match Tokens::new(value).solid()? {
        Token::Url => Some(true),
        Token::Function(name) => Some(is_image(&lower(name))),
        Token::Ident(word) => matches!(&*lower(word), "none" | "initial" | "unset").then_some(false),
        _ => None,
    }
}

fn is_image(name: &str) -> bool {
    name.ends_with("gradient")
        || matches!(
            name,
            "url" | "image" | "image-set" | "-webkit-image-set" | "cross-fade" | "element" | "var"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backgrounds_have_a_colour_or_a_picture() {
        for (value, expected) in [
            ("white", Some((Paint::WHITE, false))),
            ("#fff url(x;y) no-repeat 0 0 / cover", Some((Paint::WHITE, true))),
            ("linear-gradient(red, blue)", Some((Paint::TRANSPARENT, true))),
            ("none", Some((Paint::TRANSPARENT, false))),
            ("rgb(0, 0, 0)", Some((Paint::BLACK, false))),
            ("bogus", None),
            ("white;", None),
            ("", None),
        ] {
            assert_eq!(shorthand(value), expected, "{value}");
        }
    }
}
