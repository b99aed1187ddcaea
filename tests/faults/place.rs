//! [`Place`]: a database that can be put back to what it was, and looked at.

use std::collections::BTreeMap;
use std::path::Path;

use hetl::adapters::{Adapter, Connection, Surroundings, registry};
use serde_json::{Value, json};

use crate::postgres_server::postgres_target;

/// Every relation by name, with its rows as sorted text.
pub(super) type Contents = BTreeMap<String, Vec<String>>;

/// Where a scenario is run.
pub(super) enum Place {
    /// A file in the project's folder.
    DuckDb,
    /// A database of its own on the server of the tests, copied from one that keeps the state before.
    Postgres { name: String },
}

const SCHEMA: &str = "shop";

impl Place {
    pub(super) fn duckdb() -> Self {
        Self::DuckDb
    }

    /// None where there is no server. Names differ from process to process.
    pub(super) fn postgres(name: &str) -> Option<Self> {
        let place = Self::Postgres { name: format!("hetl_{name}_{}", std::process::id()) };
        postgres_target(SCHEMA)?;
        place.admin(&format!("create database {}", place.database()));
        Some(place)
    }

    fn database(&self) -> String {
        match self {
            Self::DuckDb => String::new(),
            Self::Postgres { name } => name.clone(),
        }
    }

    /// The profile's target.
    pub(super) fn target(&self) -> Value {
        match self {
            Self::DuckDb => json!({"type": "duckdb", "path": "p.duckdb", "schema": SCHEMA, "threads": 2}),
            Self::Postgres { .. } => {
                let mut target = postgres_target(SCHEMA).expect("there is a server");
                target["dbname"] = self.database().into();
                target["threads"] = 2.into();
                target
            }
        }
    }

    /// The same with a secret in it that does no harm: the server of the tests takes any password.
    pub(super) fn target_with_secret(&self, secret: &str) -> Value {
        let mut target = self.target();
        match self {
            Self::DuckDb => target["settings"] = json!({"home_directory": secret}),
            Self::Postgres { .. } => target["password"] = secret.into(),
        }
        target
    }

    /// Whether a view can be missing after a run that died: what replaces a table drops the views that read it.
    pub(super) fn drops_views_along(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    fn admin(&self, sql: &str) {
        let target = postgres_target("public").expect("there is a server");
        let mut session = open(&target).connect().expect("it connects");
        session.execute(sql, false).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    }

    /// Keeps the present state, to which [`Place::reset`] goes back.
    pub(super) fn save(&self, project: &Path) {
        match self {
            Self::DuckDb => {
                std::fs::copy(project.join("p.duckdb"), project.join("saved.duckdb")).expect("the file is copied");
                if project.join("copies/p.duckdb").exists() {
                    std::fs::copy(project.join("copies/p.duckdb"), project.join("saved_copy.duckdb"))
                        .expect("the file is copied");
                }
            }
            Self::Postgres { name } => {
                self.admin(&format!("create database {name}_saved template {name}"));
            }
        }
    }

    pub(super) fn reset(&self, project: &Path) {
        match self {
            Self::DuckDb => {
                let _ = std::fs::remove_file(project.join("p.duckdb.wal"));
                std::fs::copy(project.join("saved.duckdb"), project.join("p.duckdb")).expect("the file is copied");
                let saved = project.join("saved_copy.duckdb");
                if saved.exists() {
                    std::fs::copy(saved, project.join("copies/p.duckdb")).expect("the file is copied");
                }
            }
            Self::Postgres { name } => {
                self.admin(&format!("drop database {name} with (force)"));
                self.admin(&format!("create database {name} template {name}_saved"));
            }
        }
    }

    /// What is in the schema.
    pub(super) fn contents(&self, project: &Path) -> Contents {
        contents(&self.target_in(project))
    }

    fn target_in(&self, project: &Path) -> Value {
        let mut target = self.target();
        if matches!(self, Self::DuckDb) {
            target["path"] = project.join("p.duckdb").to_string_lossy().into();
        }
        target
    }

    /// What is in the copy for readers, if there is one.
    pub(super) fn contents_of_copy(&self, project: &Path) -> Option<Contents> {
        let copy = project.join("copies/p.duckdb");
        let target = json!({"type": "duckdb", "path": copy.to_string_lossy(), "schema": SCHEMA});
        copy.exists().then(|| contents(&target))
    }

    /// No key of the snapshot `history` has two open versions, or versions that overlap.
    pub(super) fn assert_one_open_version(&self, project: &Path) {
        let adapter = open(&self.target_in(project));
        let mut session = adapter.connect().expect("it connects");
        let is_there = format!(
            "select table_name from information_schema.tables where table_schema = '{SCHEMA}' and table_name = 'history'"
        );
        if rows(&mut *session, &is_there).is_empty() {
            return;
        }
        let wrong = format!(
            "select cast(one.code as text) from {SCHEMA}.history one join {SCHEMA}.history other on one.code = other.code
             and one.dbt_scd_id <> other.dbt_scd_id and one.dbt_valid_from <= other.dbt_valid_from
             and (one.dbt_valid_to is null or one.dbt_valid_to > other.dbt_valid_from)"
        );
        assert_eq!(rows(&mut *session, &wrong), Vec::<String>::new());
    }
}

fn contents(target: &Value) -> Contents {
    let adapter = open(target);
    let mut session = adapter.connect().expect("it connects");
    let names = rows(
        &mut *session,
        &format!("select table_name from information_schema.tables where table_schema = '{SCHEMA}'"),
    );
    let row = |name: &String| rows(&mut *session, &format!("select cast(t as text) from {SCHEMA}.\"{name}\" t"));
    names.iter().map(row).zip(&names).map(|(rows, name)| (name.clone(), rows)).collect()
}

fn open(target: &Value) -> std::sync::Arc<dyn Adapter> {
    registry::open(target.as_object().expect("targets are objects"), &Surroundings::default()).expect("it is valid")
}

fn rows(session: &mut dyn Connection, sql: &str) -> Vec<String> {
    let (_, table) = session.execute(sql, true).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    let mut rows: Vec<String> = table.column(0).map(|cell| cell.to_string()).collect();
    rows.sort();
    rows
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Postgres { name } = &*self {
            self.admin(&format!("drop database if exists {name} with (force)"));
            self.admin(&format!("drop database if exists {name}_saved with (force)"));
        }
    }
}
