//! Functions that move, shrink or clip what they are said of.

use super::{
    length::Length,
    token::{Token, Tokens, lower},
};

/// A function's arguments, up to its `)`.
fn arguments<'a>(css: &mut Tokens<'a>) -> Vec<Token<'a>> {
    let mut depth = 1usize;
    let mut seen = Vec::new();
    for token in css {
        match token {
            Token::Open(_) | Token::Function(_) => depth += 1,
            Token::Close(_) => depth -= 1,
            Token::Space | Token::Comma => continue,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if seen.len() < 64 {
            seen.push(token);
        }
    }
    seen
}

/// Each function of a value; `None` for what is no list of functions. `none` has none of them.
fn any_function(value: &str, test: impl Fn(&str, &[Token<'_>]) -> bool) -> Option<bool> {
    let mut css = Tokens::new(value);
    let (mut found, mut any) = (false, false);
    while let Some(token) = css.solid() {
        match token {
            Token::Function(name) => {
                let arguments = arguments(&mut css);
                found |= test(&lower(name), &arguments);
            }
            Token::Ident(word)
                if !any
                    && matches!(&*lower(word.clone()), "none" | "initial" | "unset" | "auto" | "inherit") => {
            }
            // the box that a path is drawn in
            Token::Ident(word) if lower(word.clone()).ends_with("-box") => {}
            _ => return None,
        }
        any = true;
    }
    any.then_some(found)
}

fn number(token: &Token<'_>) -> Option<f32> {
    match token {
        Token::Number(n) => Some(*n),
        Token::Percent(n) => Some(n / 100.0),
        Token::Dimension(n, _) => Some(*n),
        _ => None,
    }
}

fn is_zero(token: &Token<'_>) -> bool {
    number(token).is_some_and(|n| n.abs() < 0.02)
}

fn is_away(token: &Token<'_>) -> bool {
    Length::of(token).is_some_and(|length| length.is_off_page() || length.is_out_of_reach())
}

/// On its edge, or turned so that it is.
fn is_edge_on(token: &Token<'_>) -> bool {
    let Token::Dimension(n, unit) = token else { return false };
    let degrees = match &*lower(unit.clone()) {
        "deg" => *n,
        "turn" => n * 360.0,
        "rad" => n.to_degrees(),
        "grad" => n * 0.9,
        _ => return false,
    };
    ((degrees.rem_euclid(180.0)) - 90.0).abs() < 1.0
}

pub(super) fn transforms_away(value: &str) -> Option<bool> {
    any_function(value, |name, arguments| match name {
        "translate" | "translatex" | "translatey" | "translate3d" => arguments.iter().any(is_away),
        "scale" | "scalex" | "scaley" | "scale3d" => arguments.iter().take(2).any(is_zero),
        "rotatex" | "rotatey" => arguments.iter().any(is_edge_on),
        "matrix" => {
            let n: Vec<f32> = arguments.iter().filter_map(number).collect();
            match n.as_slice() {
                [a, b, c, d, x, y] => (a * d - b * c).abs() < 0.0004 || *x <= -400.0 || *y <= -400.0,
                _ => false,
            }
        }
        _ => false,
    })
}

pub(super) fn translates_away(value: &str) -> Option<bool> {
    Some(Tokens::new(value).take(8).any(|token| is_away(&token)))
}

pub(super) fn scales_to_nothing(value: &str) -> Option<bool> {
    Some(Tokens::new(value).take(4).any(|token| is_zero(&token)))
}

pub(super) fn filters_all(value: &str) -> Option<bool> {
    let mut css = Tokens::new(value);
    // the old way, `alpha(opacity=0)`, and the older, `progid:…`, are understood by none
    any_function(value, |name, arguments| {
        name == "opacity" && arguments.first().and_then(number).is_some_and(|n| n < super::colour::FAINT)
    })
    .or_else(|| css.any(|token| token == Token::Url).then_some(false))
}

pub(super) fn clips_all(value: &str) -> Option<bool> {
    any_function(value, |name, arguments| {
        let sides: Vec<_> =
            arguments.iter().map(|token| Length::of(token).and_then(|length| length.px(16.0))).collect();
        name == "rect"
            && matches!(*sides.as_slice(), [Some(top), Some(right), Some(bottom), Some(left)]
                if right - left <= 1.0 || bottom - top <= 1.0)
    })
}

pub(super) fn clip_path_leaves_nothing(value: &str) -> Option<bool> {
    any_function(value, |name, arguments| {
        let share = |at: usize| match arguments.get(at) {
            Some(Token::Percent(n)) => Some(n / 100.0),
            Some(Token::Number(0.0) | Token::Dimension(0.0, _)) => Some(0.0),
            _ => None,
        };
        match name {
            "inset" => match arguments.len() {
                0 => false,
                1 => share(0).is_some_and(|n| n >= 0.49),
                2 => share(0).is_some_and(|n| n >= 0.49) || share(1).is_some_and(|n| n >= 0.49),
                _ => {
                    let sum = |a, b| share(a).zip(share(b)).is_some_and(|(a, b)| a + b >= 0.98);
                    sum(0, 2) || sum(1, if arguments.len() > 3 { 3 } else { 1 })
                }
            },
            "circle" => arguments.first().is_some_and(is_zero),
            "ellipse" => arguments.iter().take(2).any(is_zero),
            "xywh" => arguments.iter().skip(2).take(2).any(is_zero),
            "polygon" => {
                let points: Vec<f32> = arguments.iter().filter_map(number).collect();
                let flat = |offset: usize| {
                    let mut along = points.iter().skip(offset).step_by(2);
                    along.next().is_some_and(|first| along.all(|n| (n - first).abs() < 0.01))
                };
                flat(0) || flat(1)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_that_leave_nothing_are_told_from_others() {
        for css in [
            "translateX(-9999px)",
            "scale(0)",
            "rotate(3deg) scale( 1 , 0 )",
            "rotateY(90deg)",
            "matrix(0,0,0,0,0,0)",
            "translate(0,-100vh)",
        ] {
            assert_eq!(transforms_away(css), Some(true), "{css}");
        }
        for css in ["none", "translate(-50%, -50%)", "rotate(90deg)", "scale(1.1)", "matrix(1,0,0,1,0,0)"] {
            assert_eq!(transforms_away(css), Some(false), "{css}");
        }
        assert_eq!(transforms_away("bogus"), None);
    }

    #[test]
    fn paths_that_leave_nothing_are_told_from_others() {
        for css in [
            "inset(50%)",
            "inset(100%)",
            "circle(0)",
            "circle(0px at 50% 50%)",
            "polygon(0 0, 0 0, 0 0)",
            "inset(0 100% 0 0)",
            "inset(50% 0 50% 0)",
        ] {
            assert_eq!(clip_path_leaves_nothing(css), Some(true), "{css}");
        }
        for css in ["none", "inset(10%)", "circle(50%)", "polygon(0 0, 100% 0, 50% 100%)", "border-box"] {
            assert_eq!(clip_path_leaves_nothing(css), Some(false), "{css}");
        }
        assert_eq!(clips_all("rect(0,0,0,0)"), Some(true));
        assert_eq!(clips_all("rect(1px 1px 1px 1px)"), Some(true));
        assert_eq!(clips_all("rect(0 100px 100px 0)"), Some(false));
        assert_eq!(clips_all("rect(auto,auto,auto,auto)"), Some(false));
    }
}
