//! The warehouses that there are: one line each.
//!
//! [`open`] makes the adapter that a target of a profile asks for. Nothing is connected yet; a target that cannot work is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Adapter, duckdb, postgres};
use crate::diagnostics::{Code, Diagnostic};

/// What an adapter may know of the machine; collected by whoever reads the environment.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The project's folder: relative paths of a profile start there.
    pub project_root: PathBuf,
    /// Further folders with extensions of the warehouse, such as the `site-packages` of a virtual environment.
    pub extension_folders: Vec<PathBuf>,
    /// The user's home folder: `.pgpass` and the like are there.
    pub home: Option<PathBuf>,
    /// Variables of the environment that clients of warehouses heed (`PGSERVICE` …).
    pub variables: BTreeMap<String, String>,
}

impl Surroundings {
    /// A variable that is set to something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

type Factory = fn(&Map<String, Value>, &Surroundings) -> Result<Arc<dyn Adapter>, Diagnostic>;

/// One warehouse.
struct Registered {
    /// dbt's name for its type.
    name: &'static str,
    /// How its adapter is made.
    factory: Factory,
    /// What `init` asks for a target of it, in the form of dbt's `profile_template.yml`.
    profile_template: &'static str,
}

const ADAPTERS: &[Registered] = &[
    Registered {
        name: "duckdb",
        factory: |credentials, surroundings| Ok(Arc::new(duckdb::DuckDb::new(credentials, surroundings)?)),
        profile_template: include_str!("duckdb/profile_template.yml"),
    },
    Registered {
        name: "postgres",
        factory: |credentials, surroundings| Ok(Arc::new(postgres::Postgres::new(credentials, surroundings)?)),
        profile_template: include_str!("postgres/profile_template.yml"),
    },
    Registered {
        name: "redshift",
        factory: |credentials, surroundings| Ok(Arc::new(postgres::Postgres::redshift(credentials, surroundings)?)),
        profile_template: include_str!("postgres/redshift_profile_template.yml"),
    },
];

/// The types that a profile can ask for, sorted.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    ADAPTERS.iter().map(|adapter| adapter.name)
}

/// What `init` asks for a target of a type, in the form of dbt's `profile_template.yml`; none of a type that is not known.
pub fn profile_template(type_name: &str) -> Option<&'static str> {
    ADAPTERS.iter().find(|adapter| adapter.name == type_name).map(|adapter| adapter.profile_template)
}

/// The adapter for a target: its credentials are one entry of a profile's `outputs`, with `type`, already rendered.
pub fn open(credentials: &Map<String, Value>, surroundings: &Surroundings) -> Result<Arc<dyn Adapter>, Diagnostic> {
    let known = known_types().collect::<Vec<_>>().join(", ");
    let Some(name) = credentials.get("type").and_then(Value::as_str) else {
        return Err(Diagnostic::error(Code::INVALID_PROFILE, "the target has no `type`")
            .hint(format!("add `type:` with one of: {known}")));
    };
    if let Some(adapter) = ADAPTERS.iter().find(|adapter| adapter.name == name) {
        return (adapter.factory)(credentials, surroundings);
    }
    let error = Diagnostic::error(Code::INVALID_PROFILE, format!("the warehouse type `{name}` is not known"))
        .note(format!("known types: {known}"));
    Err(error.suggest(name, known_types()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(credentials: Value) -> Diagnostic {
        let Value::Object(credentials) = credentials else { unreachable!("tests give objects") };
        open(&credentials, &Surroundings::default()).expect_err("is refused")
    }

    #[test]
    fn a_typo_gets_a_hint() {
        let error = refused(serde_json::json!({"type": "duckbd"}));
        assert_eq!(error.hint.as_deref(), Some("a similar name exists: `duckdb`"));
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(refused(serde_json::json!({})).message.contains("no `type`"));
        assert!(refused(serde_json::json!({"type": "oracle"})).notes[0].contains("duckdb, postgres, redshift"));
    }
}
