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
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    let config = Config::load(&home)?;
    runtime()?.block_on(async {
        let mut operator = Operator::of(&home, &config)?;
        match command {
            Command::List { json } => list(&operator.pending().await?, *json),
            Command::Show { id, json: false } => print!("{}", in_words(&operator.show(id).await?)),
            Command::Show { id, json: true } => println!("{}", to_json(&operator.show(id).await?)),
            Command::Approve { id, json } => answer(&mut operator, id, Answer::Approve, *json).await?,
            Command::Deny { id, json } => answer(&mut operator, id, Answer::Deny, *json).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn list(cards: &[ApprovalCard], as_json: bool) {
    if as_json {
        println!("{}", Value::from(cards.iter().map(to_json).collect::<Vec<_>>()));
    } else if cards.is_empty() {
        println!("Nothing waits for your answer.");
    } else {
        for card in cards {
            let warned = if card.warnings.is_empty() { "" } else { "  (!)" };
            println!("{}  {:>4}  {:<6} {}{warned}", card.request, time_left(card), card.risk, card.title);
        }
        println!("\nShow one with `moltctl approvals show ID`, answer it with `approve ID` or `deny ID`.");
    }
}

async fn answer(operator: &mut Operator, id: &str, answer: Answer, as_json: bool) -> anyhow::Result<()> {
    let card = operator.show(id).await?;
    let state = operator.answer(&card, answer).await?;
    if as_json {
        println!("{}", json!({ "request": card.request, "digest": card.digest, "state": state }));
    } else {
        println!("{state}: {}", card.title);
    }
    Ok(())
}

/// The card as the owner reads it. Every value was made safe to show by the executor.
pub(crate) fn in_words(card: &ApprovalCard) -> String {
    let mut text = format!("{}\n", card.title);
    let waits = if card.state == "pending" { format!(", {} left", time_left(card)) } else { String::new() };
    text.push_str(&format!("  request      {} ({}{waits})\n", card.request, card.state));
    text.push_str(&format!("  asked by     {}, action {}, risk {}\n", card.zone, card.action, card.risk));
    for field in &card.fields {
        let value = field.value.trim_end().replace('\n', "\n               ");
        text.push_str(&format!("  {:<12} {value}\n", field.name));
    }
    text.push_str(&format!("  digest       {}\n", card.digest));
    for warning in &card.warnings {
        text.push_str(&format!("  WARNING      {warning}\n"));
    }
    text
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
