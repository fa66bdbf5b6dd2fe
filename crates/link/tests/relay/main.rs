//! What the relay promises, over pipes in memory and over real Unix sockets.

mod agreement;
mod by_hand;
mod pressure;
mod stage;
mod streams;
