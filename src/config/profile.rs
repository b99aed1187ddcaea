//! The profile and target that a command runs against.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Secrets;
use crate::adapters::{Surroundings, registry};
use crate::diagnostics::Span;

/// Where a profile was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileOrigin {
    /// In this `profiles.yml`.
    File(PathBuf),
    /// Nowhere: the default, a DuckDB file beside `dbt_project.yml`.
    Default,
    /// Not looked for, as the command needs none.
    Unset,
}

/// The chosen target of the chosen profile, rendered.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Name of the profile.
    pub profile_name: String,
    /// Name of the target.
    pub target_name: String,
    /// dbt's adapter type: `duckdb`, `postgres`.
    pub adapter_type: String,
    /// How many nodes run at once; at least 1.
    pub threads: usize,
    /// Keys of the target as written, rendered; `type` and `threads` are not among them.
    pub credentials: Map<String, Value>,
    /// Texts that must never be shown: values of secret environment variables, passwords, tokens.
    pub secrets: Secrets,
    /// Where it was found.
    pub origin: ProfileOrigin,
    /// The target in `profiles.yml`.
    pub span: Option<Span>,
    /// Where each key of `credentials` stands, for diagnostics of the adapter.
    pub credential_spans: Vec<(String, Span)>,
}

impl Profile {
    /// What commands have that need no warehouse.
    pub fn unset() -> Self {
        Self {
            profile_name: String::new(),
            target_name: String::new(),
            adapter_type: String::new(),
            threads: 1,
            credentials: Map::new(),
            secrets: Secrets::default(),
            origin: ProfileOrigin::Unset,
            span: None,
            credential_spans: Vec::new(),
        }
    }

    /// The credentials with `type`, as the registry of adapters wants them.
    pub fn typed_credentials(&self) -> Map<String, Value> {
        let mut all = Map::new();
        all.insert("type".into(), Value::from(self.adapter_type.as_str()));
        all.extend(self.credentials.clone());
        all
    }

    /// `target` as project files see it: what the adapter shows of the credentials (without secrets), and what dbt adds. Where
    /// the adapter refuses them, all keys that are no secrets.
    pub fn target_fields(&self, project_root: &Path) -> Map<String, Value> {
        let surroundings = Surroundings { project_root: project_root.to_path_buf(), ..Surroundings::default() };
        let shown = registry::open(&self.typed_credentials(), &surroundings).map(|adapter| adapter.target_fields());
        let mut fields = shown.unwrap_or_else(|_| {
            let shown = self.credentials.iter().filter(|(key, _)| !super::secrets::is_secret_key(key));
            shown.map(|(key, value)| (key.clone(), value.clone())).collect()
        });
        self.secrets.hide_in_fields(&mut fields);
        fields.insert("type".into(), Value::from(self.adapter_type.as_str()));
        fields.insert("threads".into(), Value::from(self.threads));
        fields.insert("name".into(), Value::from(self.target_name.as_str()));
        fields.insert("target_name".into(), Value::from(self.target_name.as_str()));
        fields.insert("profile_name".into(), Value::from(self.profile_name.as_str()));
        fields
    }

    /// Where a key of the credentials stands; the target if the key is not written.
    pub fn credential_span(&self, key: &str) -> Option<Span> {
        self.credential_spans.iter().find(|(name, _)| name == key).map(|(_, span)| *span).or(self.span)
    }
}
