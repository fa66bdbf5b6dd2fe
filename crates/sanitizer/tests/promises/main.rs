//! What holds of everything that is handed on, whatever came in: for generated input, for input made to break parsers, for
//! hostile shapes of any length, and for real mail where there is some.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod check;
mod collected;
mod generated;
mod largest;
mod shapes;
mod torture;
