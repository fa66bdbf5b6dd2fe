//! How every process is, and which walls stand.

use crate::up::how_to_raise;
use ::zones::Supervisor;
use home::{Config, Home, Latch, Latched, Order, Process, RaisedBy};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use zone_bridge::{Readiness, Report, ask};

/// One process as `status` shows it.
struct Row {
    process: Process,
    report: Option<Report>,
    seen: Value,
}

/// Exit 0 when everything is ready, 1 when it is not.
pub(crate) fn command(path: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    let config = Config::load(&home)?;
    let (supervisor, rows) = crate::answers::runtime()?.block_on(look(&config));
    let all_ready = rows.iter().all(|row| row.report.as_ref().is_some_and(|report| report.ready));
    let any_up = rows.iter().any(|row| row.report.is_some());
    let (up, ready) = match config.raised_by {
        RaisedBy::Moltctl => (supervisor.is_some(), supervisor.as_ref().is_some_and(|report| report.ready)),
        // There is no supervisor of ours to ask; each process speaks for itself.
        RaisedBy::Systemd => (any_up, all_ready),
    };
    let latch = Latch::of(&home).read();
    let latched = latch != Latched::Not;
    if as_json {
        let processes: Vec<_> = rows.iter().map(Row::to_json).collect();
        let status = json!({
            "home": home.path(), "up": up, "ready": ready, "latched": latched, "latch": latch_to_json(&latch), "processes": processes,
        });
        say!("{status}");
    } else {
        match (up, ready) {
            (false, _) if matches!(latch, Latched::Killed(_)) => say!("{} is down.", home.path().display()),
            (false, _) => say!("{} is down. Raise it with: {}", home.path().display(), how_to_raise(&home)),
            (true, true) => say!("{} is up and ready.", home.path().display()),
            (true, false) => say!("{} is up, but not everything is ready.", home.path().display()),
        }
        if let Some(words) = latch_in_words(&home, &latch) {
            say!("{words}");
        }
        if up {
            say!("PROCESS          STATE          PID RESTARTS  WALLS");
            for row in &rows {
                say!("{}", row.to_line());
            }
        }
    }
    Ok(if ready && !latched { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn latch_to_json(latch: &Latched) -> Value {
    match latch {
        Latched::Not => Value::Null,
        Latched::Frozen(order) => json!(order),
        Latched::Killed(Some(order)) => json!(order),
        Latched::Killed(None) => json!({ "level": "killed" }),
    }
}

/// How far the latch goes, by whom, and the way back.
fn latch_in_words(home: &Home, latch: &Latched) -> Option<String> {
    let by = |order: &Order| one_line(&format!(" by {} at {:.0}: {}", order.who, order.at, order.why));
    match latch {
        Latched::Not => None,
        Latched::Frozen(order) => {
            Some(format!("FROZEN{}\nNothing new is done until: moltctl unfreeze --reason TEXT", by(order)))
        }
        Latched::Killed(order) => Some(format!(
            "KILLED{}\nThe latch `{}` is set: nothing is done or raised until: moltctl rearm --reason TEXT",
            order.as_ref().map(by).unwrap_or_default(),
            home.latch().display()
        )),
    }
}

async fn look(config: &Config) -> (Option<Report>, Vec<Row>) {
    let supervisor = ask(&config.health_socket(Process::Supervisor)).await.ok();
    let mut rows = Vec::new();
    for process in Supervisor::processes(config) {
        let seen = supervisor
            .as_ref()
            .and_then(|report| report.facts.get("processes")?.get(process.as_str()).cloned());
        let report = ask(&config.health_socket(process)).await.ok();
        rows.push(Row { process, report, seen: seen.unwrap_or_default() });
    }
    (supervisor, rows)
}

// === impl Row ===

impl Row {
    fn state(&self) -> &'static str {
        match &self.report {
            Some(report) if report.ready => "ready",
            Some(_) => "not ready",
            None => "down",
        }
    }

    fn walls(&self) -> Value {
        self.report.as_ref().and_then(|report| report.facts.get("walls").cloned()).unwrap_or_default()
    }

    fn to_json(&self) -> Value {
        json!({
            "process": self.process.as_str(),
            "state": self.state(),
            "pid": self.seen.get("pid"),
            "restarts": self.seen.get("restarts"),
            "last_end": self.seen.get("last_end"),
            "wanted": self.seen.get("state"),
            "alert": self.seen.get("alert"),
            "refused_attacks": self.seen.get("refused_attacks"),
            "cell": self.seen.get("cell"),
            "checks": self.report.as_ref().map(|report| &report.checks),
            "walls": self.walls(),
            "connectors": self.report.as_ref().and_then(|report| report.facts.get("connectors")),
            "deviations": self.report.as_ref().and_then(|report| report.facts.get("deviations")),
        })
    }

    fn to_line(&self) -> String {
        let number = |key: &str| {
            self.seen.get(key).and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |n| n.to_string())
        };
        let mut line = format!(
            "{:<16} {:<10} {:>7} {:>8}  {}",
            self.process.as_str(),
            self.state(),
            number("pid"),
            number("restarts"),
            walls_in_words(&self.walls())
        );
        if let Some(refused) = self.seen.get("refused_attacks").and_then(Value::as_u64) {
            line.push_str(&format!("; {refused} attacks refused"));
        }
        let cell = self.seen.get("cell").and_then(Value::as_array).into_iter().flatten();
        let missing = cell.filter(|wall| wall.get("state").is_some_and(|state| state == "missing"));
        let names: Vec<_> = missing.filter_map(|wall| wall.get("name")?.as_str()).collect();
        if !names.is_empty() {
            line.push_str(&format!("; MISSING {}, see `moltctl zones list`", names.join(", ")));
        }
        if let Some(alert) = self.seen.get("alert").and_then(Value::as_str) {
            line.push_str(&format!("\n                 ALERT: {}", one_line(alert)));
        }
        let facts = |name: &str| self.report.as_ref().and_then(|report| report.facts.get(name).cloned());
        for deviation in facts("deviations").iter().flat_map(|all| all.as_array().into_iter().flatten()) {
            let words: Vec<_> =
                deviation.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            line.push_str(&format!(
                "\n                 NOT THE PROVIDER'S OWN: {}",
                one_line(&words.join(": "))
            ));
        }
        for (name, standing) in
            facts("connectors").iter().flat_map(|all| all.as_object().into_iter().flatten())
        {
            let word = |key: &str| standing.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let words = if word("state") == "degraded" {
                format!("DEGRADED: {}", word("why"))
            } else {
                word("state")
            };
            line.push_str(&format!("\n                 {}: {}", one_line(name), one_line(&words)));
        }
        for (name, check) in self.report.iter().flat_map(|report| &report.checks) {
            if let Readiness::NotReady(why) = check {
                line.push_str(&format!("\n                 {}: {}", one_line(name), one_line(why)));
            }
        }
        line
    }
}

/// `all 7 stand`, or those that are missing and why.
fn walls_in_words(walls: &Value) -> String {
    let Some(walls) = walls.as_array() else { return "-".to_owned() };
    let word = |wall: &Value, key: &str| wall.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let wanted: Vec<_> = walls.iter().filter(|wall| word(wall, "state") != "not-wanted").collect();
    let missing: Vec<_> = wanted
        .iter()
        .filter(|wall| word(wall, "state") != "stands")
        .map(|wall| format!("{} ({})", word(wall, "name"), word(wall, "why")))
        .collect();
    if missing.is_empty() {
        format!("all {} stand", wanted.len())
    } else {
        one_line(&format!("MISSING {}", missing.join(", ")))
    }
}

/// What a process says of itself, fit for a terminal: a zone that was taken over may say anything.
pub(crate) fn one_line(untrusted_text: &str) -> String {
    let cut: String = untrusted_text.chars().take(1000).collect();
    action::reveal(&cut).replace(['\n', '\t'], " ")
}
