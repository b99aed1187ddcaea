//! [`Cache`]: what was found of a query, kept until the query or the columns of its inputs change.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sql::{InputTable, QueryColumns, TableName, Tables};

/// Changes when the same query may give another result: with every change of the analysis.
const VERSION: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));

/// Results of queries by a hash of the query.
#[derive(Debug, Default)]
pub struct Cache {
    known: HashMap<String, Entry>,
    used: HashMap<String, Entry>,
    /// Queries that were not in it.
    pub missed: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// A hash of what was known of each table that the query reads.
    inputs: String,
    found: QueryColumns,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: String,
    queries: HashMap<String, Entry>,
}

impl Cache {
    /// The cache in a file; empty if there is none, or one of another version.
    pub fn read(path: &Path) -> Self {
        let file = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok());
        let known = file.filter(|file| file.version == VERSION).map(|file| file.queries).unwrap_or_default();
        Self { known, ..Self::default() }
    }

    /// What is to be written: only queries that were asked for.
    pub fn to_json(&self) -> impl Serialize {
        File { version: VERSION.to_owned(), queries: self.used.clone() }
    }

    /// The hash that a query is kept by: of all that its result depends on besides its inputs.
    pub(super) fn key(parts: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether the query is in it; its inputs may have changed.
    pub(super) fn has(&self, key: &str) -> bool {
        self.known.contains_key(key)
    }

    /// What was found of a query, if its inputs are what they were.
    pub(super) fn get(&mut self, key: &str, tables: &dyn Tables) -> Option<QueryColumns> {
        let entry = self.known.get(key)?;
        if entry.inputs != hash_of_inputs(&entry.found.tables, tables) {
            return None;
        }
        self.used.insert(key.to_owned(), entry.clone());
        Some(entry.found.clone())
    }

    pub(super) fn insert(&mut self, key: String, found: &QueryColumns, tables: &dyn Tables) {
        self.missed += 1;
        let entry = Entry { inputs: hash_of_inputs(&found.tables, tables), found: found.clone() };
        self.used.insert(key, entry);
    }
}

fn hash_of_inputs(names: &[TableName], tables: &dyn Tables) -> String {
    let mut texts: Vec<String> = Vec::new();
    for name in names {
        texts.push(name.text.clone());
        match tables.table(name) {
            None => texts.push("unknown".into()),
            Some(InputTable { columns, incomplete }) => {
                texts.push(incomplete.unwrap_or_default());
                for column in columns {
                    texts.push(column.name);
                    texts.push(column.data_type.unwrap_or_default());
                }
            }
        }
    }
    Cache::key(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}
