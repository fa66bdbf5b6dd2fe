//! Which walls stand around the zones of the demo, and how many ways out were tried.

use crate::status::one_line;
use home::{Config, Home};
use serde_json::Value;
use std::collections::BTreeMap;
use zone_bridge::ask;
use zones::{Decoys, Probed, Programs, probe, probed_zones};

/// What is the same in every zone is said once.
#[derive(Default)]
struct Seen {
    standing: usize,
    missing: BTreeMap<String, String>,
    refused: usize,
    tried: usize,
    through: usize,
}

/// Asks every zone for its walls, has it try every attack, and says what came of it.
pub(super) async fn say_which_walls_stand(home: &Home, config: &Config) -> anyhow::Result<()> {
    let (decoys, mut seen) = (Decoys::set(), Seen::default());
    for zone in probed_zones(config) {
        let report = ask(&config.health_socket(zone)).await?;
        seen.standing = 0;
        for wall in report.facts.get("walls").and_then(Value::as_array).into_iter().flatten() {
            seen.wall(wall);
        }
        let programs = Programs::beside(&std::env::current_exe()?).ok();
        let probed = probe(home, config, &decoys, programs.as_ref(), zone).await?;
        seen.tried = probed.len();
        seen.refused = probed.iter().filter(|probed| probed.in_words().0 == "refused").count();
        seen.through += probed.iter().filter(|probed| Probed::is_breach(probed)).count();
    }
    let Seen { standing, missing, refused, tried, through } = seen;
    anyhow::ensure!(through == 0, "{through} attacks got through walls that are said to stand");
    say!(
        "Walls     {standing} around each reader and the planner; of {tried} ways out tried inside each, {refused} are refused"
    );
    for (name, why) in missing {
        say!("          MISSING on this machine: {}", one_line(&format!("{name} ({why})")));
    }
    Ok(())
}

// === impl Seen ===

impl Seen {
    fn wall(&mut self, wall: &Value) {
        let word = |key: &str| wall.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        match word("state").as_str() {
            "stands" => self.standing += 1,
            "missing" => drop(self.missing.insert(word("name"), word("why"))),
            _ => {}
        }
    }
}
