//! A target of a profile, as dbt-duckdb reads it.
//!
//! [`Credentials`] holds what was checked. It opens nothing and reads no environment.

use serde_json::{Map, Value};

use super::attachment::Attachment;
use super::extension::Extension;
use super::{literal, secret};
use crate::diagnostics::{Code, Diagnostic};

/// Everything that a target says of a DuckDB database.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) path: String,
    pub(super) database: String,
    pub(super) schema: String,
    /// Options that must be known when the database is opened.
    pub(super) config_options: Vec<(String, String)>,
    /// Options that are set on every connection.
    pub(super) settings: Vec<(String, String)>,
    pub(super) extensions: Vec<Extension>,
    /// Statements that create secrets; never shown.
    pub(super) secrets: Vec<String>,
    pub(super) attach: Vec<Attachment>,
    pub(super) external_root: String,
    pub(super) disable_transactions: bool,
    /// How often opening is tried, for files that another process holds for a while.
    pub(super) connect_attempts: u32,
    pub(super) warnings: Vec<Diagnostic>,
    /// What Jinja's `target` shows, in dbt's order.
    pub(super) shown: Map<String, Value>,
    is_ducklake: bool,
}

/// Keys that a target of this type may have.
const KEYS: &[&str] = &[
    "type",
    "threads",
    "database",
    "schema",
    "path",
    "config_options",
    "extensions",
    "settings",
    "secrets",
    "external_root",
    "use_credential_provider",
    "attach",
    "filesystems",
    "remote",
    "plugins",
    "disable_transactions",
    "keep_open",
    "module_paths",
    "retries",
    "is_ducklake",
    "motherduck_token",
    "flights",
];

/// Keys that Jinja's `target` shows beside dbt's own, in order.
const SHOWN: &[&str] = &[
    "database",
    "schema",
    "path",
    "config_options",
    "extensions",
    "settings",
    "external_root",
    "use_credential_provider",
    "attach",
    "filesystems",
    "remote",
    "plugins",
    "disable_transactions",
];

/// A profile error.
pub(super) fn invalid(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::INVALID_PROFILE, message)
}

impl Credentials {
    /// Reads and checks a target.
    pub(super) fn parse(target: &Map<String, Value>) -> Result<Self, Diagnostic> {
        if let Some(key) = target.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(
                invalid(format!("a target of type `duckdb` does not know `{key}`")).suggest(key, KEYS.iter().copied())
            );
        }
        let path = text(target, "path")?.unwrap_or_else(|| ":memory:".to_owned());
        let attach = list(target, "attach")?.iter().map(Attachment::parse).collect::<Result<Vec<_>, _>>()?;
        refuse_services(target, &path, &attach)?;
        let database = database(target, &path, &attach)?;
        let mut credentials = Self {
            schema: text(target, "schema")?.unwrap_or_else(|| "main".to_owned()),
            config_options: options(target, "config_options")?,
            settings: options(target, "settings")?,
            extensions: list(target, "extensions")?.iter().map(Extension::parse).collect::<Result<_, _>>()?,
            secrets: secrets(target)?,
            external_root: text(target, "external_root")?.unwrap_or_else(|| ".".to_owned()),
            disable_transactions: flag(target, "disable_transactions")?,
            connect_attempts: connect_attempts(target)?,
            warnings: warnings(target),
            is_ducklake: flag(target, "is_ducklake")?,
            shown: Map::new(),
            path,
            database,
            attach,
        };
        credentials.shown = credentials.shown_fields(target);
        Ok(credentials)
    }

    /// Whether the profile lets DuckDB fetch and load extensions by itself.
    pub(super) fn may_install_extensions(&self) -> bool {
        self.config_options
            .iter()
            .chain(&self.settings)
            .any(|(key, value)| key.eq_ignore_ascii_case("autoinstall_known_extensions") && is_true(value))
    }

    /// Databases whose tables are those of a DuckLake.
    pub(super) fn ducklake_databases(&self) -> Vec<String> {
        let own =
            (self.is_ducklake || self.path.to_lowercase().contains("ducklake:")).then(|| database_name(&self.path));
        own.into_iter()
            .chain(self.attach.iter().filter(|attached| attached.is_ducklake).map(Attachment::name))
            .collect()
    }

    fn shown_fields(&self, target: &Map<String, Value>) -> Map<String, Value> {
        let field = |key: &str| match key {
            "database" => Value::from(self.database.clone()),
            "schema" => Value::from(self.schema.clone()),
            "path" => Value::from(self.path.clone()),
            "external_root" => Value::from(self.external_root.clone()),
            "disable_transactions" => Value::from(self.disable_transactions),
            "settings" | "config_options" => match target.get(key) {
                Some(Value::Object(options)) => Value::Object(options.iter().map(without_secret).collect()),
                _ if key == "settings" => Value::Object(Map::new()),
                _ => Value::Null,
            },
            other => target.get(other).cloned().unwrap_or(Value::Null),
        };
        SHOWN.iter().map(|key| ((*key).to_owned(), field(key))).collect()
    }
}

/// The name that DuckDB gives to the database of a path: the file's name up to its first dot.
pub(super) fn database_name(path: &str) -> String {
    if path == ":memory:" {
        return "memory".to_owned();
    }
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let file = path.rsplit('/').next().unwrap_or(path);
    let file =
        if path.to_lowercase().starts_with("ducklake:") { file.rsplit(':').next().unwrap_or(file) } else { file };
    file.trim_start_matches('.').split('.').next().unwrap_or_default().to_owned()
}

/// The target's database: the path's own name, which the profile may only repeat, or the alias of an attached one.
fn database(target: &Map<String, Value>, path: &str, attach: &[Attachment]) -> Result<String, Diagnostic> {
    let derived = database_name(path);
    if derived.is_empty() {
        return Err(invalid(format!("the `path` `{path}` does not name a database file")));
    }
    match text(target, "database")? {
        None => Ok(derived),
        Some(said) if said == derived || attach.iter().any(|one| one.alias.as_deref() == Some(said.as_str())) => {
            Ok(said)
        }
        Some(said) => {
            Err(invalid(format!("`database` is `{said}`, but the file of `path` is the database `{derived}`"))
                .hint(format!("leave `database` out, or set it to `{derived}` or to the alias of an `attach` entry")))
        }
    }
}

/// What needs a service elsewhere cannot work here.
fn refuse_services(target: &Map<String, Value>, path: &str, attach: &[Attachment]) -> Result<(), Diagnostic> {
    let is_motherduck =
        |path: &str| ["md:", "motherduck:"].iter().any(|scheme| path.to_lowercase().starts_with(scheme));
    if is_motherduck(path) || attach.iter().any(|attached| is_motherduck(&attached.path)) {
        return Err(invalid("MotherDuck databases (`md:`) are not supported").hint("use a local file as `path`"));
    }
    if present(target, "remote") {
        return Err(invalid("`remote` servers are not supported").hint("use a local file as `path`"));
    }
    match text(target, "use_credential_provider")?.as_deref() {
        None | Some("aws") => Ok(()),
        Some(other) => {
            Err(invalid(format!("`use_credential_provider` does not know `{other}`")).hint("it knows `aws`"))
        }
    }
}

/// What is accepted and has no effect, because it is written in Python.
fn warnings(target: &Map<String, Value>) -> Vec<Diagnostic> {
    let reasons = [
        ("plugins", "plugins are Python modules and are not loaded; sources and models that name one fail"),
        ("module_paths", "Python modules are not loaded"),
        (
            "filesystems",
            "fsspec file systems are Python objects and are not registered; use `secrets` with httpfs instead",
        ),
        ("motherduck_token", "MotherDuck is not supported"),
        ("flights", "MotherDuck is not supported"),
    ];
    let ignored = reasons.iter().filter(|(key, _)| present(target, key));
    ignored
        .map(|(key, reason)| {
            Diagnostic::warning(Code::DEPRECATED, format!("`{key}` in the profile is ignored"))
                .note((*reason).to_owned())
        })
        .collect()
}

fn secrets(target: &Map<String, Value>) -> Result<Vec<String>, Diagnostic> {
    let mut entries = list(target, "secrets")?.to_vec();
    if present(target, "use_credential_provider") {
        entries.push(serde_json::json!({"type": "s3", "provider": "credential_chain"}));
    }
    entries.iter().enumerate().map(|(at, entry)| secret::create_sql(entry, at + 1)).collect()
}

fn connect_attempts(target: &Map<String, Value>) -> Result<u32, Diagnostic> {
    match target.get("retries") {
        None | Some(Value::Null) => Ok(1),
        Some(Value::Object(retries)) => {
            Ok(retries.get("connect_attempts").and_then(Value::as_u64).unwrap_or(1).clamp(1, 20) as u32)
        }
        Some(_) => Err(invalid("`retries` is not a mapping")),
    }
}

fn present(target: &Map<String, Value>, key: &str) -> bool {
    match target.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

fn text(target: &Map<String, Value>, key: &str) -> Result<Option<String>, Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(invalid(format!("`{key}` in the profile is not text"))),
    }
}

fn flag(target: &Map<String, Value>, key: &str) -> Result<bool, Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(said)) => Ok(*said),
        Some(Value::String(text)) if is_true(text) => Ok(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(invalid(format!("`{key}` in the profile is neither true nor false"))),
    }
}

fn list<'a>(target: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(invalid(format!("`{key}` in the profile is not a list"))),
    }
}

fn options(target: &Map<String, Value>, key: &str) -> Result<Vec<(String, String)>, Diagnostic> {
    match target.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(options)) => {
            Ok(options.iter().map(|(name, value)| (name.clone(), literal::setting_text(value))).collect())
        }
        Some(_) => Err(invalid(format!("`{key}` in the profile is not a mapping of names to values"))),
    }
}

fn is_true(text: &str) -> bool {
    ["true", "1", "on", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn without_secret((key, value): (&String, &Value)) -> (String, Value) {
    let lower = key.to_lowercase();
    let is_secret = ["secret", "token", "password"].iter().any(|word| lower.contains(word));
    (key.clone(), if is_secret { Value::from("********") } else { value.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(target: Value) -> Result<Credentials, Diagnostic> {
        let Value::Object(target) = target else { unreachable!("tests give objects") };
        Credentials::parse(&target)
    }

    #[test]
    fn databases_are_named_after_their_files() {
        for (path, name) in [
            (":memory:", "memory"),
            ("dev.duckdb", "dev"),
            ("/x/my.db.duckdb", "my"),
            (".hidden.duckdb", "hidden"),
            ("ducklake:meta.ducklake", "meta"),
            ("s3://bucket/a.duckdb?x=1", "a"),
        ] {
            assert_eq!(database_name(path), name, "{path}");
        }
    }

    #[test]
    fn the_database_must_be_the_file_or_an_alias() {
        let error = parse(json!({"type": "duckdb", "path": "dev.duckdb", "database": "prod"})).unwrap_err();
        assert!(error.hint.unwrap().contains("`dev`"));
        let attached = json!({"path": "dev.duckdb", "database": "prod", "attach": [{"path": "p.db", "alias": "prod"}]});
        assert_eq!(parse(attached).unwrap().database, "prod");
    }

    #[test]
    fn services_are_refused_and_python_is_warned_of() {
        assert!(parse(json!({"path": "md:x"})).unwrap_err().message.contains("MotherDuck"));
        let credentials = parse(json!({"plugins": [{"module": "excel"}], "filesystems": [{"fs": "s3"}]})).unwrap();
        assert_eq!(credentials.warnings.len(), 2);
    }

    #[test]
    fn unknown_keys_are_refused_with_a_hint() {
        let error = parse(json!({"pat": "x"})).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("a similar name exists: `path`"));
    }

    #[test]
    fn targets_show_no_secrets() {
        let credentials = parse(json!({"settings": {"s3_secret_access_key": "x", "memory_limit": "1GB"}})).unwrap();
        assert_eq!(credentials.shown["settings"], json!({"s3_secret_access_key": "********", "memory_limit": "1GB"}));
        assert_eq!(credentials.shown.keys().next().map(String::as_str), Some("database"));
    }
}
