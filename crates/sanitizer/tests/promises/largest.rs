//! Every hostile shape, long. No test looks at a clock: work that grows faster than the input would take hours here,
//! and how long it does take is for the benchmark to say.

use super::check::{promises, read};
use super::shapes::SHAPES;

/// Bytes at which work that grows with the square of the input does not end while anybody waits;
/// a little under the longest chat message.
const LONG: usize = 4_000_000;

#[test]
fn promises_hold_for_a_little_of_every_shape() {
    let broken = |size: usize| {
        SHAPES.iter().filter_map(move |shape| {
            let broken = promises(&shape.of(size), shape.content_type).err()?;
            Some(format!("{} at {size}: {}", shape.name, broken.chars().take(300).collect::<String>()))
        })
    };
    let broken: Vec<_> = [0, 1, 100, 30_000].into_iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn chat_messages_among_the_shapes_are_read() {
    for shape in SHAPES {
        assert!(read(&shape.of(5_000), shape.content_type).is_ok(), "{}", shape.name);
    }
}

#[test]
fn every_shape_is_read_at_a_length_at_which_more_than_linear_work_would_not_end() {
    for shape in SHAPES {
        assert!(read(&shape.of(LONG), shape.content_type).is_ok(), "{}", shape.name);
    }
}
