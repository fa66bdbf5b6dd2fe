//! The owner's configuration, changed without touching what she wrote around it.

use anyhow::Context as _;
use home::{Config, Home};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, Value};

/// Values that are not strings in the file.
const NUMBERS: [&str; 1] = ["port"];
const FLAGS: [&str; 1] = ["sign_in"];
const LISTS: [&str; 1] = ["channels"];

/// `moltbot.toml`, its comments and order kept.
pub(super) struct Settings {
    path: PathBuf,
    before: String,
    document: DocumentMut,
}

// === impl Settings ===

impl Settings {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let before =
            std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let document = before.parse().with_context(|| format!("`{}`", path.display()))?;
        Ok(Self { path: path.to_owned(), before, document })
    }

    /// Makes a section, `connectors.telegram`, where it is missing.
    pub(super) fn section(&mut self, name: &str) -> anyhow::Result<&mut Table> {
        let mut table = self.document.as_table_mut();
        for key in name.split('.') {
            let inner = table.entry(key).or_insert_with(|| {
                let mut inner = Table::new();
                // Shown only where something stands in it.
                inner.set_implicit(true);
                Item::Table(inner)
            });
            table = inner.as_table_mut().with_context(|| format!("`{name}` is not written as a section"))?;
        }
        table.set_implicit(false);
        Ok(table)
    }

    /// Sets a key of a section.
    pub(super) fn set(&mut self, section: &str, key: &str, text: &str) -> anyhow::Result<()> {
        let value = if NUMBERS.contains(&key) {
            Value::from(text.parse::<i64>().with_context(|| format!("`{text}` is not a number"))?)
        } else if FLAGS.contains(&key) {
            Value::from(text == "true")
        } else if LISTS.contains(&key) {
            let all = text.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty());
            Value::from_iter(all.map(str::to_owned))
        } else {
            Value::from(text)
        };
        let table = self.section(section)?;
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                // What stands behind it on its line stays.
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(key, Item::Value(value))),
        }
        Ok(())
    }

    /// Writes the file, if it is one that everything can be raised with; else it stays as it was.
    pub(super) fn save(&self, home: &Home) -> anyhow::Result<()> {
        let write = |text: &str| {
            vault::replace(&self.path, text.as_bytes(), 0o600)
                .with_context(|| format!("cannot write `{}`", self.path.display()))
        };
        write(&self.document.to_string())?;
        if let Err(problems) = Config::load(home) {
            write(&self.before)?;
            anyhow::bail!("the configuration was left as it was, because it would not do: {problems}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use home::{Config, Home, MARKER, TEMPLATE};

    #[test]
    fn what_the_owner_wrote_stays_and_what_is_set_is_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MARKER), "").unwrap();
        let home = Home::open(folder.path()).unwrap();
        std::fs::write(home.config_file(), TEMPLATE).unwrap();
        let mut settings = Settings::read(&home.config_file()).unwrap();
        settings.section("connectors.slack").unwrap();
        settings.set("sources.slack", "connector", "slack").unwrap();
        settings.set("sources.slack", "channels", "C0123456789, C1").unwrap();
        settings.set("connectors.mail", "from", "me@example.org").unwrap();
        settings.save(&home).unwrap();

        let text = std::fs::read_to_string(home.config_file()).unwrap();
        let comments = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(comments(&text), comments(TEMPLATE));
        let config = Config::load(&home).unwrap();
        assert_eq!(config.connectors.mail_from.to_string(), "me@example.org");
        assert_eq!(config.sources.len(), 2);

        // A second time changes nothing more.
        let mut again = Settings::read(&home.config_file()).unwrap();
        again.set("sources.slack", "connector", "slack").unwrap();
        again.save(&home).unwrap();
        assert_eq!(std::fs::read_to_string(home.config_file()).unwrap(), text);
    }

    #[test]
    fn a_configuration_that_would_not_do_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MARKER), "").unwrap();
        let home = Home::open(folder.path()).unwrap();
        std::fs::write(home.config_file(), TEMPLATE).unwrap();
        let mut settings = Settings::read(&home.config_file()).unwrap();
        settings.set("connectors.mail", "from", "nobody").unwrap();
        let refused = settings.save(&home).unwrap_err().to_string();
        assert!(refused.contains("left as it was") && refused.contains("connectors.mail.from"), "{refused}");
        assert_eq!(std::fs::read_to_string(home.config_file()).unwrap(), TEMPLATE);
    }
}
