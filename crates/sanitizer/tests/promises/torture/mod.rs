//! Input made by hand to break parsers.

mod chat;
mod mail;
mod page;
mod text;
