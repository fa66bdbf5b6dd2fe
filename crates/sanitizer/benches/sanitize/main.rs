//! How fast the world's text is read: `cargo bench -p sanitizer`, or one table of it: `cargo bench -p sanitizer -- hostile`.
//!
//! | table | what it measures | beside |
//! |---|---|---|
//! | `mail` | whole mails, in process, on one thread | ammonia over the same bytes, and over the pages in them; `benches/seed_pipeline.py` over the same files |
//! | `text` | a text of 10,000 characters | |
//! | `hostile` | every hostile shape at 1 MB | a benign input of the same type and size; the same shape at a quarter of it |
//! | `first` | the first item of a fresh process | its second, and a process that does nothing |
//!
//! Mails come from a generator; with `MOLTBOT_CORPUS` set, those in its `mail/` are measured too. `-- mail --write DIR` writes
//! the generated ones down for the peer in Python.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

mod first;
mod hostile;
mod inputs;
mod mail;
#[path = "../../tests/promises/shapes.rs"]
mod shapes;
mod text;
mod timing;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(asked) = first::asked_of_a_child(&arguments) {
        return asked;
    }
    // What cargo says to every benchmark.
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    let wanted = |table: &str| words.is_empty() || words.contains(&table);
    if wanted("mail") {
        mail::table(words.iter().skip_while(|word| **word != "--write").nth(1).copied());
    }
    if wanted("text") {
        text::table();
    }
    if wanted("hostile") {
        hostile::table();
    }
    if wanted("first") {
        first::table();
    }
}
