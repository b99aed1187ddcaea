//! The profile and target that a command runs against.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::diagnostics::Span;

/// Where a profile was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileOrigin {
    /// In this `profiles.yml`.
    File(PathBuf),
    /// Nowhere: the default, a DuckDB file beside `dbt_project.yml`.
    Default,
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
    pub secrets: Vec<String>,
    /// Where it was found.
    pub origin: ProfileOrigin,
    /// The target in `profiles.yml`.
    pub span: Option<Span>,
    /// Where each key of `credentials` stands, for diagnostics of the adapter.
    pub credential_spans: Vec<(String, Span)>,
}

impl Profile {
    /// Where a key of the credentials stands; the target if the key is not written.
    pub fn credential_span(&self, key: &str) -> Option<Span> {
        self.credential_spans.iter().find(|(name, _)| name == key).map(|(_, span)| *span).or(self.span)
    }

    /// The text with every secret replaced by stars.
    pub fn hide_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "*****"))
    }
}
