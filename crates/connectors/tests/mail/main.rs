//! Mail in and out against Dovecot and Postfix as Debian has them, and against servers that are hostile.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod circle;
mod hostile;
mod inbox;
mod numbering;
mod servers;
mod smtp_doors;
mod tls;
