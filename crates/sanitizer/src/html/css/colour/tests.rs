use super::*;

const RED: Paint = Paint::Colour([255, 0, 0], 1.0);

#[test]
fn every_way_to_write_a_colour_is_read() {
    for css in [
        "red",
        "RED",
        "#f00",
        "#FF0000",
        "#ff0000ff",
        "rgb(255,0,0)",
        "rgb(255 0 0)",
        "rgb(100%,0%,0%)",
        "rgba(255,0,0,1)",
        "rgb(255 0 0 / 100%)",
        "hsl(0,100%,50%)",
        "hsl(360deg 100% 50% / 1)",
        "hsl(1turn 100 50)",
    ] {
        assert_eq!(Paint::parse(css), Some(RED), "{css}");
    }
    for css in ["bogus", "#12", "ffffff", "red blue", "rgb(1)", "rgb(1,2", "12", ""] {
        assert_eq!(Paint::parse(css), None, "{css}");
    }
    for css in ["rgb(from red r g b)", "color-mix(in srgb, red, white)", "canvastext"] {
        assert_eq!(Paint::parse(css), Some(Paint::Unknown), "{css}");
    }
}

#[test]
fn attributes_take_anything_for_a_colour() {
    for (value, rgb) in [
        ("red", [255, 0, 0]),
        ("#f00", [255, 0, 0]),
        ("ff0000", [255, 0, 0]),
        ("#fffff", [255, 255, 240]),
        ("chucknorris", [0xc0, 0, 0]),
    ] {
        assert_eq!(Paint::legacy(value), Some(Paint::Colour(rgb, 1.0)), "{value}");
    }
    assert_eq!(Paint::legacy(" "), None);
}

#[test]
fn text_vanishes_on_its_own_colour() {
    let vanishes = |text: &str, ground: &str| {
        Paint::parse(text).unwrap().vanishes_on(Paint::parse(ground).unwrap(), 1.0)
    };
    for (text, ground) in [
        ("white", "#fff"),
        ("#fefefe", "white"),
        ("#f0f0f0", "white"),
        ("transparent", "red"),
        ("rgba(0,0,0,.03)", "white"),
        ("#00000008", "white"),
        ("hsl(0,0%,99%)", "white"),
        ("#0f0f0f", "black"),
    ] {
        assert!(vanishes(text, ground), "{text} {ground}");
    }
    for (text, ground) in
        [("#eee", "white"), ("red", "green"), ("#777", "white"), ("rgba(0,0,0,.5)", "white")]
    {
        assert!(!vanishes(text, ground), "{text} {ground}");
    }
    assert!(!Paint::WHITE.vanishes_on(Paint::Unknown, 1.0));
    assert!(Paint::BLACK.vanishes_on(Paint::WHITE, 0.01));
}
