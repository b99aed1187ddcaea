//! A further database of a profile's `attach` list.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::credentials::{database_name, invalid};
use super::literal;
use crate::diagnostics::Diagnostic;

/// One `attach` entry, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attachment {
    /// As the profile has it.
    pub(super) path: String,
    /// The name it gets, if not the one of its file.
    pub(super) alias: Option<String>,
    /// Whether its tables are those of a DuckLake.
    pub(super) is_ducklake: bool,
    /// `TYPE sqlite`, `READ_ONLY` …, in the order that they are written.
    options: Vec<String>,
}

const KEYS: &[&str] = &["path", "type", "alias", "secret", "read_only", "options", "is_ducklake"];

impl Attachment {
    /// Reads one entry.
    pub(super) fn parse(entry: &Value) -> Result<Self, Diagnostic> {
        let Value::Object(entry) = entry else {
            return Err(invalid("an entry of `attach` is not a mapping with a `path`"));
        };
        if let Some(key) = entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(invalid(format!("`attach` does not know `{key}`")).suggest(key, KEYS.iter().copied()));
        }
        let Some(path) = text(entry, "path") else { return Err(invalid("an entry of `attach` has no `path`")) };
        let alias = text(entry, "alias");
        let is_ducklake = match entry.get("is_ducklake") {
            Some(Value::Bool(said)) => *said,
            _ => path.to_lowercase().contains("ducklake:"),
        };
        Ok(Self { options: options(entry)?, path, alias, is_ducklake })
    }

    /// The name that the database is known by.
    pub(super) fn name(&self) -> String {
        self.alias.clone().unwrap_or_else(|| database_name(&self.path))
    }

    /// The file that is written to, if it is a DuckDB file that may be.
    pub(super) fn writable_file(&self, root: &Path) -> Option<PathBuf> {
        let is_other =
            |option: &String| option == "READ_ONLY" || (option.starts_with("TYPE ") && option != "TYPE duckdb");
        if self.options.iter().any(is_other) { None } else { file(&self.path, root) }
    }

    /// The statement that attaches it; a relative path of a file starts at `root`.
    pub(super) fn to_sql(&self, root: &Path) -> String {
        let mut sql = format!("ATTACH IF NOT EXISTS {}", literal::string(&resolve(&self.path, root)));
        if let Some(alias) = &self.alias {
            sql.push_str(" AS ");
            sql.push_str(alias);
        }
        if !self.options.is_empty() {
            sql.extend([" (", self.options.join(", ").as_str(), ")"]);
        }
        sql
    }
}

/// A path below `root`, unless it is absolute or names something else than a file (`:memory:`, `sqlite:x`, `s3://…`).
pub(super) fn resolve(path: &str, root: &Path) -> String {
    let is_file = !path.is_empty() && !path.contains(':') && !path.starts_with('~') && !Path::new(path).is_absolute();
    if is_file && !root.as_os_str().is_empty() {
        root.join(path).to_string_lossy().into_owned()
    } else {
        path.to_owned()
    }
}

/// The file that a path names, if it names one; links are followed, so that one file has one name.
pub(super) fn file(path: &str, root: &Path) -> Option<PathBuf> {
    if path.is_empty() || path.contains(':') || path.starts_with('~') {
        return None;
    }
    let file = PathBuf::from(resolve(path, root));
    Some(std::fs::canonicalize(&file).unwrap_or(file))
}

fn text(entry: &Map<String, Value>, key: &str) -> Option<String> {
    entry.get(key).filter(|value| !value.is_null()).map(literal::setting_text)
}

/// The options of `ATTACH`: those with a key of their own first, then those under `options`.
fn options(entry: &Map<String, Value>) -> Result<Vec<String>, Diagnostic> {
    let empty = Map::new();
    let further = match entry.get("options") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(further)) => further,
        Some(_) => return Err(invalid("`options` of an `attach` entry is not a mapping")),
    };
    let mut options = Vec::new();
    for key in ["type", "secret"] {
        match (text(entry, key), text(further, key)) {
            (Some(_), Some(_)) => return Err(said_twice(key)),
            (Some(value), None) | (None, Some(value)) => options.push(format!("{} {value}", key.to_uppercase())),
            (None, None) => {}
        }
    }
    let is_on = |value: Option<&Value>| value == Some(&Value::Bool(true));
    match (is_on(entry.get("read_only")), further.contains_key("read_only")) {
        (true, true) => return Err(said_twice("read_only")),
        (true, false) => options.push("READ_ONLY".to_owned()),
        (false, _) if is_on(further.get("read_only")) => options.push("READ_ONLY".to_owned()),
        _ => {}
    }
    for (key, value) in further.iter().filter(|(key, _)| !["type", "secret", "read_only"].contains(&key.as_str())) {
        let name = key.to_uppercase();
        match value {
            Value::Bool(true) => options.push(name),
            Value::Bool(false) | Value::Null => {}
            Value::String(text) if is_quoted(text.trim()) => options.push(format!("{name} {text}")),
            Value::String(text) => options.push(format!("{name} {}", literal::string(text))),
            other => options.push(format!("{name} {other}")),
        }
    }
    Ok(options)
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && ['\'', '"'].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}

fn said_twice(key: &str) -> Diagnostic {
    invalid(format!("an `attach` entry says `{key}` twice: by itself and under `options`")).hint("keep one of the two")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_are_written_in_order() {
        let entry = json!({
            "path": "it's.db", "alias": "other", "type": "sqlite", "read_only": true,
            "options": {"meta": "x", "quoted": "'y'", "on": true, "off": false, "n": 3}
        });
        assert_eq!(
            Attachment::parse(&entry).unwrap().to_sql(Path::new("")),
            "ATTACH IF NOT EXISTS 'it''s.db' AS other (TYPE sqlite, READ_ONLY, META 'x', QUOTED 'y', ON, N 3)"
        );
    }

    #[test]
    fn only_duckdb_files_that_are_written_to_are_locked() {
        let file = |entry: Value| Attachment::parse(&entry).unwrap().writable_file(Path::new("/p"));
        assert_eq!(file(json!({"path": "a.db"})), Some(PathBuf::from("/p/a.db")));
        assert_eq!(file(json!({"path": "a.db", "type": "duckdb"})), Some(PathBuf::from("/p/a.db")));
        assert_eq!(file(json!({"path": "a.db", "type": "sqlite"})), None);
        assert_eq!(file(json!({"path": "a.db", "read_only": true})), None);
        assert_eq!(file(json!({"path": ":memory:"})), None);
    }

    #[test]
    fn an_option_said_twice_is_refused() {
        let entry = json!({"path": "a.db", "type": "sqlite", "options": {"type": "duckdb"}});
        assert!(Attachment::parse(&entry).unwrap_err().message.contains("twice"));
        assert!(Attachment::parse(&json!({"pth": "a.db"})).unwrap_err().hint.unwrap().contains("path"));
    }

    #[test]
    fn only_files_are_resolved() {
        let root = Path::new("/p");
        assert_eq!(resolve("a.db", root), "/p/a.db");
        for other in [":memory:", "/x/a.db", "s3://b/a.db", "sqlite:a.db"] {
            assert_eq!(resolve(other, root), other);
        }
    }
}
