//! Whether a media query holds where a person reads: on a screen of ordinary size, in light colours.

use super::{
    length::{Length, SCREEN},
    token::{Token, Tokens, lower},
};

/// A list of queries holds when one of them does; an empty list does, too.
pub(super) fn holds(css: Tokens<'_>) -> bool {
    let mut tokens = css.filter(|token| *token != Token::Space).peekable();
    if tokens.peek().is_none() {
        return true;
    }
    let mut any = false;
    while tokens.peek().is_some() {
        let query: Vec<_> = tokens.by_ref().take_while(|token| *token != Token::Comma).collect();
        any |= query_holds(&query);
    }
    any
}

/// `not screen and (…)`: all of its parts, or not all of them. What is not understood holds neither way.
fn query_holds(query: &[Token<'_>]) -> bool {
    let (mut all, mut negated, mut understood, mut either) = (true, false, true, false);
    let mut rest = query.iter();
    while let Some(token) = rest.next() {
        match token {
            Token::Ident(word) => match &*lower(word.clone()) {
                "not" => negated = true,
                "only" | "and" => {}
                "or" => either = true,
                "all" | "screen" => {}
                _ => all = false,
            },
            Token::Open(b'(') => {
                let mut depth = 1;
                let feature: Vec<_> = rest
                    .by_ref()
                    .take_while(|token| {
                        match token {
                            Token::Open(_) | Token::Function(_) => depth += 1,
                            Token::Close(_) => depth -= 1,
                            _ => {}
                        }
                        depth > 0
                    })
                    .collect();
                match feature_holds(&feature) {
                    Some(holds) => all = if either { all || holds } else { all && holds },
                    None => understood = false,
                }
            }
            _ => understood = false,
        }
    }
    understood && all != negated
}

fn feature_holds(feature: &[&Token<'_>]) -> Option<bool> {
    let pixels = |token: &Token<'_>| Length::of(token).and_then(|length| length.px(super::FONT_SIZE));
    let extent = |name: &str| match name {
        "width" | "device-width" => Some(SCREEN.0),
        "height" | "device-height" => Some(SCREEN.1),
        _ => None,
    };
    match feature {
        [Token::Ident(name)] => {
            Some(matches!(&*lower(name.clone()), "width" | "height" | "color" | "hover" | "pointer"))
        }
        [Token::Ident(name), Token::Colon, value, ..] => {
            let name = lower(name.clone());
            let word = match value {
                Token::Ident(word) => lower(word.clone()),
                _ => "".into(),
            };
            if let Some(actual) = name.strip_prefix("min-").and_then(extent) {
                return pixels(value).map(|least| actual >= least);
            }
            if let Some(actual) = name.strip_prefix("max-").and_then(extent) {
                return pixels(value).map(|most| actual <= most);
            }
            Some(match &*name {
                "orientation" => word == "landscape",
                "prefers-color-scheme" => word == "light",
                "prefers-reduced-motion" | "prefers-contrast" => word == "no-preference",
                "hover" | "any-hover" => word == "hover",
                "pointer" | "any-pointer" => word == "fine",
                "scripting" => word == "enabled",
                "min-resolution" | "-webkit-min-device-pixel-ratio" => match value {
                    Token::Number(n) | Token::Dimension(n, _) => *n <= 1.0,
                    _ => false,
                },
                _ => return None,
            })
        }
        // `(width <= 600px)`
        [Token::Ident(name), Token::Other(sign @ ('<' | '>')), rest @ ..] => {
            let actual = extent(&lower(name.clone()))?;
            let limit = pixels(rest.iter().find(|token| !matches!(token, Token::Other('=')))?)?;
            Some(if *sign == '<' { actual <= limit } else { actual >= limit })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_on_a_persons_screen() {
        for (media, expected) in [
            ("", true),
            ("screen", true),
            ("ALL", true),
            ("print", false),
            ("print, screen", true),
            ("not print", true),
            ("not all", false),
            ("only screen and (max-width: 600px)", false),
            ("only screen and (min-width: 600px)", true),
            ("(max-device-width:480px)", false),
            ("(width <= 600px)", false),
            ("(min-width: 5000px)", false),
            ("(prefers-color-scheme: dark)", false),
            ("(bogus: 1)", false),
            ("not (bogus: 1)", false),
            ("screen and (-webkit-min-device-pixel-ratio: 0)", true),
            ("(max-width: 10px) or (min-width: 10px)", true),
        ] {
            assert_eq!(holds(Tokens::new(media)), expected, "{media}");
        }
    }
}
