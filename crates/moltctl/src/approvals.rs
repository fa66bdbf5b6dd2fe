//! What the agent asks for, and the owner's answers.

use crate::answers::{Operator, runtime};
use home::{Config, Home};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use wire::v1::{Answer, ApprovalCard};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List what waits for your answer, oldest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one request whole.
    Show {
        /// Its id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say yes to one request.
    Approve {
        /// Its id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say no to one request.
    Deny {
        /// Its id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Be asked again about a request that expired. Policy judges it anew, and may not ask any more.
    AskAgain {
        /// Its id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    let config = Config::load(&home)?;
    runtime()?.block_on(async {
        let mut operator = Operator::of(&home, &config)?;
        match command {
            Command::List { json } => list(&operator.pending().await?, *json),
            Command::Show { id, json: false } => say!("{}", in_words(&operator.show(id).await?).trim_end()),
            Command::Show { id, json: true } => say!("{}", to_json(&operator.show(id).await?)),
            Command::Approve { id, json } => answer(&mut operator, id, Answer::Approve, *json).await?,
            Command::Deny { id, json } => answer(&mut operator, id, Answer::Deny, *json).await?,
            Command::AskAgain { id, json } => ask_again(&mut operator, id, *json).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn list(cards: &[ApprovalCard], as_json: bool) {
    if as_json {
        say!("{}", Value::from(cards.iter().map(to_json).collect::<Vec<_>>()));
    } else if cards.is_empty() {
        say!("Nothing waits for your answer.");
    } else {
        for card in cards {
            let warned = if card.warnings.is_empty() { "" } else { "  (!)" };
            say!(
                "{}  {:>4}  {:<6} {}{warned}",
                card.request,
                time_left(card),
                card.risk,
                in_a_list(&card.title)
            );
        }
        say!("\nShow one with `moltctl approvals show ID`, answer it with `approve ID` or `deny ID`.");
    }
}

/// A title's beginning: a long one could look like the next entry.
fn in_a_list(title: &str) -> String {
    let beginning: String = title.chars().take(100).collect();
    if beginning.len() < title.len() { format!("{beginning} …") } else { beginning }
}

async fn answer(operator: &mut Operator, id: &str, answer: Answer, as_json: bool) -> anyhow::Result<()> {
    let card = operator.show(id).await?;
    let state = operator.answer(&card, answer).await?;
    say_state(&card, &state, as_json);
    Ok(())
}

async fn ask_again(operator: &mut Operator, id: &str, as_json: bool) -> anyhow::Result<()> {
    let state = operator.ask_again(id).await?;
    let card = operator.show(id).await?;
    say_state(&card, &state, as_json);
    Ok(())
}

fn say_state(card: &ApprovalCard, state: &str, as_json: bool) {
    if as_json {
        say!("{}", json!({ "request": card.request, "digest": card.digest, "state": state }));
    } else {
        say!("{state}: {}", card.title);
    }
}

/// The card as the owner reads it. Every value was made safe to show by the executor.
///
/// Lines are broken here and not by the terminal, so that nothing in a value can stand where a card's own words stand.
pub(crate) fn in_words(card: &ApprovalCard) -> String {
    let mut text = format!("{}\n", folded(&card.title, "    "));
    let waits = if card.state == "pending" { format!(", {} left", time_left(card)) } else { String::new() };
    text.push_str(&format!("  request      {} ({}{waits})\n", card.request, card.state));
    text.push_str(&format!("  asked by     {}, action {}, risk {}\n", card.zone, card.action, card.risk));
    for field in &card.fields {
        text.push_str(&format!("  {:<12} {}\n", field.name, folded(field.value.trim_end(), INDENT)));
    }
    text.push_str(&format!("  digest       {}\n", card.digest));
    for warning in &card.warnings {
        text.push_str(&format!("  WARNING      {}\n", folded(warning, INDENT)));
    }
    text
}

/// Where a card's values stand.
pub(crate) const INDENT: &str = "               ";

/// Columns of a value, so that a card fits into 80.
const WIDTH: usize = 64;

/// A text in lines that no terminal of 80 columns breaks, each but the first behind `indent`. Lines end behind a blank
/// where there is one; nothing is left out.
pub(crate) fn folded(text: &str, indent: &str) -> String {
    let (mut folded, mut column) = (String::with_capacity(text.len()), 0);
    // Where this line may end, and at which column.
    let mut blank = None;
    for c in text.chars() {
        // What is not ASCII may be two columns wide; a tab is at most eight.
        let wide = match c {
            '\t' => 8,
            c if c.is_ascii() => 1,
            _ => 2,
        };
        if c == '\n' {
            (column, blank) = (0, None);
            folded.push('\n');
            folded.push_str(indent);
            continue;
        }
        if column + wide > WIDTH {
            let (end, width) = blank.take().unwrap_or((folded.len(), column));
            folded.insert_str(end, indent);
            folded.insert(end, '\n');
            column -= width;
        }
        folded.push(c);
        column += wide;
        if c == ' ' {
            blank = Some((folded.len(), column));
        }
    }
    folded
}

fn time_left(card: &ApprovalCard) -> String {
    format!("{}s", (card.expires_at - Timestamp::now().as_second()).max(0))
}

fn to_json(card: &ApprovalCard) -> Value {
    let ApprovalCard {
        request,
        digest,
        zone,
        action,
        title,
        fields,
        warnings,
        state,
        asked_at,
        expires_at,
        risk,
    } = card;
    let fields: Vec<_> =
        fields.iter().map(|field| json!({ "name": field.name, "value": field.value })).collect();
    json!({
        "request": request, "digest": digest, "zone": zone, "action": action, "title": title, "fields": fields,
        "warnings": warnings, "state": state, "asked_at": asked_at, "expires_at": expires_at, "risk": risk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(folded(text, "> "), expected);
    }

    #[test]
    fn short_lines_stay_as_they_are_and_further_ones_are_indented() {
        check("Hello", "Hello");
        check("Hello\nyou", "Hello\n> you");
    }

    #[test]
    fn no_terminal_gets_to_break_a_line() {
        let blanks = " ".repeat(65);
        check(
            &format!("Hello{blanks}  to           boss@example.org"),
            &format!("Hello{}\n> {}  to           boss@example.org", " ".repeat(59), " ".repeat(6)),
        );
        check(&"\u{4f1a}".repeat(33), &format!("{}\n> \u{4f1a}", "\u{4f1a}".repeat(32)));
        check(&"\t".repeat(9), &format!("{}\n> \t", "\t".repeat(8)));
    }

    #[test]
    fn a_long_text_is_folded_behind_a_blank_and_nothing_is_left_out() {
        let words = "four ".repeat(20);
        check(&words, &format!("{}\n> {}", "four ".repeat(12), "four ".repeat(8)));
        assert_eq!(
            folded(&words, ""),
            words.replacen(&"four ".repeat(12), &format!("{}\n", "four ".repeat(12)), 1)
        );
    }

    #[test]
    fn what_has_no_blank_is_folded_all_the_same() {
        check(&"x".repeat(130), &format!("{}\n> {}\n> xx", "x".repeat(64), "x".repeat(64)));
    }

    #[test]
    fn the_texts_own_lines_stay_behind_the_indent() {
        check("a\n  request  fake\n", "a\n>   request  fake\n> ");
    }
}
