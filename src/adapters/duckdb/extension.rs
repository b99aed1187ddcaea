//! Extensions that a profile asks for.
//!
//! An extension is loaded from where it was put by hand or by a package installer. It is fetched only if the profile turns
//! `autoinstall_known_extensions` on.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::credentials::invalid;
use super::literal;
use crate::diagnostics::{Code, Diagnostic};

/// One entry of `extensions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    name: String,
    /// Where it is installed from, if not from DuckDB's own repository: a name, an address or a folder.
    repository: Option<String>,
}

impl Extension {
    /// Reads a name, or a mapping of `name` and `repo`.
    pub(super) fn parse(entry: &Value) -> Result<Self, Diagnostic> {
        let word =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (name, repository) = match entry {
            Value::String(name) => (name.as_str(), None),
            Value::Object(entry) => match (entry.get("name"), entry.get("repo")) {
                (Some(Value::String(name)), Some(Value::String(repository))) => {
                    (name.as_str(), Some(repository.clone()))
                }
                _ => return Err(invalid("an entry of `extensions` needs `name` and `repo`, or is a name alone")),
            },
            _ => return Err(invalid("an entry of `extensions` is neither a name nor a mapping")),
        };
        if !word(name) {
            return Err(invalid(format!("`{name}` is not the name of an extension")));
        }
        Ok(Self { name: name.to_owned(), repository })
    }

    /// Loads it into the database of `connection`.
    pub(super) fn load(
        &self,
        connection: &::duckdb::Connection,
        may_install: bool,
        folders: &[PathBuf],
    ) -> Result<(), Diagnostic> {
        let placed = folders.iter().find_map(|folder| self.placed_in(folder));
        let load = match &placed {
            Some(file) => format!("LOAD {}", literal::string(&file.to_string_lossy())),
            None => format!("LOAD {}", self.name),
        };
        let Err(error) = connection.execute_batch(&load) else { return Ok(()) };
        if !may_install && !self.has_local_repository() {
            return Err(self.missing(&error.to_string()));
        }
        let source = match &self.repository {
            Some(repository) if self.has_local_repository() => format!(" FROM {}", literal::string(repository)),
            Some(repository) => format!(" FROM {repository}"),
            None => String::new(),
        };
        connection
            .execute_batch(&format!("INSTALL {name}{source}; LOAD {name}", name = self.name))
            .map_err(|error| self.missing(&error.to_string()))
    }

    /// The file of a Python package `duckdb-extension-<name>` in a `site-packages` folder, or the file itself.
    fn placed_in(&self, folder: &Path) -> Option<PathBuf> {
        let file = format!("{}.duckdb_extension", self.name);
        let package = folder.join(format!("duckdb_extension_{}", self.name)).join("extensions");
        [package.join(format!("v{}", super::instance::version())).join(&file), folder.join(&file)]
            .into_iter()
            .find(|path| path.is_file())
    }

    fn has_local_repository(&self) -> bool {
        self.repository.as_ref().is_some_and(|repository| Path::new(repository).is_dir())
    }

    fn missing(&self, reason: &str) -> Diagnostic {
        let name = &self.name;
        Diagnostic::error(Code::CONNECTION, format!("the DuckDB extension `{name}` cannot be loaded"))
            .note(reason.lines().next().unwrap_or(reason).to_owned())
            .hint(format!(
                "`pip install duckdb-extension-{name}=={version}` places it; to let DuckDB fetch it, add \
                 `autoinstall_known_extensions: true` under `config_options` of the target",
                version = super::instance::version()
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn entries_are_names_or_mappings() {
        assert!(Extension::parse(&json!("httpfs")).is_ok());
        assert!(Extension::parse(&json!({"name": "h3", "repo": "community"})).is_ok());
        assert!(Extension::parse(&json!("a; drop")).is_err());
        assert!(Extension::parse(&json!({"name": "h3"})).is_err());
    }

    #[test]
    fn built_in_extensions_load_and_others_say_how_to_get_them() {
        let connection = super::super::instance::in_memory();
        Extension::parse(&json!("json")).unwrap().load(&connection, false, &[]).unwrap();
        let error = Extension::parse(&json!("no_such")).unwrap().load(&connection, false, &[]).unwrap_err();
        assert!(error.hint.unwrap().contains("pip install duckdb-extension-no_such=="));
    }
}
