//! Every hostile shape, the slowest first.

use crate::inputs::Dice;
use crate::shapes::SHAPES;
use crate::timing::{median, milliseconds};
use sanitizer::{ContentType, Untrusted, sanitize};
use std::time::Duration;

const SIZE: usize = 1_000_000;

pub(crate) fn table() {
    let time = |raw: &[u8], content_type| {
        median(Duration::from_millis(100), || {
            sanitize(Untrusted::new(raw.to_vec()), content_type, jiff::Timestamp::UNIX_EPOCH).is_ok()
        })
    };
    println!("\nhostile input of {SIZE} bytes");
    let benign: Vec<(ContentType, f64)> = ContentType::ALL
        .into_iter()
        .map(|of_type| (of_type, milliseconds(time(&Dice::new(11).benign(of_type, SIZE), of_type))))
        .collect();
    for (of_type, took) in &benign {
        println!("  {took:>8.1} ms  benign {of_type}");
    }
    let peer =
        |of_type| benign.iter().find(|(known, _)| *known == of_type).map_or(f64::NAN, |(_, took)| *took);
    let mut rows: Vec<(f64, f64, f64, &str)> = SHAPES
        .iter()
        .map(|shape| {
            let of_type = shape.content_type;
            let (whole, part) = (time(&shape.of(SIZE), of_type), time(&shape.of(SIZE / 4), of_type));
            let whole = milliseconds(whole);
            (whole, whole / peer(of_type), whole / milliseconds(part), shape.name)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("  {:>11}  {:>8}  {:>18}", "", "× benign", "× a quarter of it");
    for (took, ratio, growth, name) in rows {
        let mark = |over: bool, sign: &'static str| if over { sign } else { "" };
        let marks =
            [mark(took > 100.0, " SLOW"), mark(ratio > 5.0, " OVER"), mark(growth > 6.0, " GROWS")].concat();
        println!("  {took:>8.1} ms  {ratio:>8.1}  {growth:>18.1}  {name}{marks}");
    }
}
