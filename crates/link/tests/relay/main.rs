//! What the relay promises, over pipes in memory and over real Unix sockets.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot set up its case fails")]

mod agreement;
mod by_hand;
mod pressure;
mod stage;
mod streams;
