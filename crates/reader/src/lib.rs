//! Zone 3: turns one source's raw bytes into clean content. It can do nothing else.
//!
//! One process per source. It is handed one item at a time over its bridge, answers it, and keeps nothing from one to
//! the next; after so many it ends, and a fresh one takes its place. `cargo tree -p reader` is its attack surface.

mod attend;
mod fill;
mod item;

pub use attend::{Lost, attend};
pub use fill::Fill;
pub use item::read_item;
