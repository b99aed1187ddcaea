//! [`KeptFindings`]: what was found in the SQL of files, kept from one command to the next.
//!
//! Findings are those of the same text, rendered in the same way, by the same settings and the same program: whatever else has changed
//! makes another key. In its file each line holds a key and findings as JSON, which is read only if somebody asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{RenderedSql, Settings, SqlFinding};

/// The first line of the file: what one build has kept is not read by another.
const HEAD: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("HETL_SOURCE_HASH"));

/// Findings of files by a hash of all that they depend on.
#[derive(Debug, Default)]
pub struct KeptFindings {
    /// What an earlier command left, each as JSON.
    known: HashMap<String, String>,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    by_key: HashMap<String, String>,
    has_news: bool,
}

impl KeptFindings {
    /// What a file with this text keeps; nothing if another build of the program wrote it.
    pub fn of(text: &str) -> Self {
        let mut lines = text.lines();
        let known = if lines.next() == Some(HEAD) {
            lines.filter_map(|line| line.split_once(' ')).map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
        } else {
            HashMap::new()
        };
        Self { known, used: Mutex::default() }
    }

    /// What was found in this SQL before, or is found now by `lint`.
    pub(super) fn findings(
        &self,
        sql: &RenderedSql,
        settings: &Settings,
        lint: impl FnOnce() -> Result<Vec<SqlFinding>, String>,
    ) -> Result<Vec<SqlFinding>, String> {
        let key = key(sql, settings);
        if let Some(json) = self.known.get(&key)
            && let Ok(found) = serde_json::from_str(json)
        {
            self.used().by_key.insert(key, json.clone());
            return Ok(found);
        }
        let found = lint()?;
        if let Ok(json) = serde_json::to_string(&found) {
            let mut used = self.used();
            used.has_news = true;
            used.by_key.insert(key, json);
        }
        Ok(found)
    }

    /// The text to be kept for the next command in a project with so many files, if there is news. What this command did not ask for
    /// stays, unless it is more than the project can need.
    pub fn news(&self, files: usize) -> Option<String> {
        let used = self.used();
        if !used.has_news {
            return None;
        }
        let others = self.known.iter().filter(|(key, _)| !used.by_key.contains_key(*key));
        let is_too_much = others.clone().count() > 2 * files;
        let mut lines: Vec<String> = used
            .by_key
            .iter()
            .chain(others.filter(|_| !is_too_much))
            .map(|(key, json)| format!("{key} {json}\n"))
            .collect();
        lines.sort_unstable();
        Some(format!("{HEAD}\n{}", lines.concat()))
    }

    fn used(&self) -> std::sync::MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hash of all that findings depend on besides the program.
fn key(sql: &RenderedSql, settings: &Settings) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    for (path, text) in settings.layers.iter() {
        add(path.as_os_str().as_encoded_bytes());
        add(text.as_bytes());
    }
    add(format!("{:?}", (&settings.inline, &settings.dialect, &settings.rules, &settings.exclude_rules)).as_bytes());
    add(sql.source.as_bytes());
    // The pieces of a template follow from its text.
    add(sql.text.as_bytes());
    for slice in &sql.slices {
        for number in [slice.piece, slice.rendered.start, slice.rendered.end] {
            add(&(number as u64).to_le_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> SqlFinding {
        SqlFinding {
            code: "LT01".into(),
            name: "layout.spacing".into(),
            range: 3..5,
            line: 1,
            column: 4,
            message: "a \"space\"\nand a line".into(),
            is_fixable: true,
            is_warning: false,
        }
    }

    #[test]
    fn the_next_command_finds_the_same_without_looking() {
        let (sql, settings) = (RenderedSql::plain("a.sql", "select  1\n"), Settings::default());
        let first = KeptFindings::default();
        assert_eq!(first.findings(&sql, &settings, || Ok(vec![finding()])), Ok(vec![finding()]));
        let kept = KeptFindings::of(&first.news(1).expect("there is news"));
        assert_eq!(kept.findings(&sql, &settings, || Err("it was asked again".into())), Ok(vec![finding()]));
        assert_eq!(kept.news(1), None);
    }

    #[test]
    fn another_text_or_setting_is_looked_at() {
        let (sql, settings) = (RenderedSql::plain("a.sql", "select 1\n"), Settings::default());
        let first = KeptFindings::default();
        first.findings(&sql, &settings, || Ok(Vec::new())).expect("it is found");
        let kept = KeptFindings::of(&first.news(1).expect("there is news"));
        let others = [
            (RenderedSql::plain("a.sql", "select 2\n"), settings.clone()),
            (RenderedSql { text: "select 3\n".into(), ..sql.clone() }, settings.clone()),
            (sql.clone(), Settings { dialect: "postgres".into(), ..settings.clone() }),
            (sql, settings.only(&["CP01"])),
        ];
        for (sql, settings) in others {
            assert_eq!(kept.findings(&sql, &settings, || Ok(vec![finding()])), Ok(vec![finding()]));
        }
    }

    #[test]
    fn what_failed_or_was_kept_by_another_build_is_looked_at_again() {
        let (sql, settings) = (RenderedSql::plain("a.sql", "select 1\n"), Settings::default());
        let failed = KeptFindings::default();
        assert!(failed.findings(&sql, &settings, || Err("no".into())).is_err());
        assert_eq!(failed.news(1), None);
        let first = KeptFindings::default();
        first.findings(&sql, &settings, || Ok(Vec::new())).expect("it is found");
        let text = first.news(1).expect("there is news").replace(HEAD, "0.0.0 another");
        assert_eq!(KeptFindings::of(&text).findings(&sql, &settings, || Ok(vec![finding()])), Ok(vec![finding()]));
    }

    #[test]
    fn it_does_not_grow_with_every_edit() {
        let settings = Settings::default();
        let mut text = String::new();
        for edit in 0..10 {
            let kept = KeptFindings::of(&text);
            let sql = RenderedSql::plain("a.sql", format!("select {edit}\n"));
            kept.findings(&sql, &settings, || Ok(Vec::new())).expect("it is found");
            text = kept.news(2).expect("there is news");
        }
        assert!(text.lines().count() <= 1 + 1 + 2 * 2, "{text}");
    }
}
