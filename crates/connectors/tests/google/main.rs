//! Gmail and its consent against a stand-in of Google that keeps state, enforces scopes, and checks each request and reply
//! against Google's own description of the API.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a stand-in that meets what it cannot play fails the test"
)]

mod account;
mod consent;
mod description;
mod inbox;
mod sending;
mod stand_in;
mod synchronising;
mod tokens;
mod weather;
