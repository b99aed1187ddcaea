//! All macros of all packages, and dbt's rules for finding one.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::jinja::{Engine, Origin};
use crate::manifest::Macro;

/// Which of the three name macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameMacro {
    /// `generate_database_name`
    Database,
    /// `generate_schema_name`
    Schema,
    /// `generate_alias_name`
    Alias,
}

impl NameMacro {
    /// The macro's name.
    pub fn macro_name(self) -> &'static str {
        match self {
            Self::Database => "generate_database_name",
            Self::Schema => "generate_schema_name",
            Self::Alias => "generate_alias_name",
        }
    }
}

/// A macro with the place it holds in the lookup.
#[derive(Debug, Clone)]
pub struct MacroEntry {
    /// The macro.
    pub definition: Arc<Macro>,
    /// What a template calls.
    pub value: Value,
    /// Whether it is built in.
    pub is_internal: bool,
}

/// Macros by package and name. Frozen once made.
#[derive(Debug, Default)]
pub struct MacroSet {
    engine: Engine,
    root_package: String,
    /// Built-in packages, most special first.
    internal_packages: Vec<String>,
    packages: HashMap<String, HashMap<String, Arc<MacroEntry>>>,
    /// Built-in macros by name, the most special package's first.
    internal: HashMap<String, Arc<MacroEntry>>,
    by_name: HashMap<String, Vec<Arc<MacroEntry>>>,
}

impl MacroSet {
    /// A set of all these macros, whose templates are in [`MacroSet::engine`]. `internal_packages` are the adapter's, most special first (`dbt_duckdb`, `dbt`).
    /// Two macros of one name in one package are an error; the first is kept.
    pub fn new(
        macros: impl IntoIterator<Item = Arc<Macro>>,
        root_package: &str,
        internal_packages: &[&str],
    ) -> (Self, Diagnostics) {
        let mut set = Self {
            root_package: root_package.to_owned(),
            internal_packages: internal_packages.iter().map(|name| (*name).to_owned()).collect(),
            ..Self::default()
        };
        let mut diagnostics = Diagnostics::new();
        for definition in macros {
            if let Err(problem) = set.add(definition) {
                diagnostics.push(problem);
            }
        }
        for package in set.internal_packages.iter().rev() {
            for (name, entry) in set.packages.get(package).into_iter().flatten() {
                set.internal.insert(name.clone(), Arc::clone(entry));
            }
        }
        (set, diagnostics)
    }

    fn add(&mut self, definition: Arc<Macro>) -> Result<(), Diagnostic> {
        let is_internal = self.internal_packages.contains(&definition.package_name);
        let package = self.packages.entry(definition.package_name.clone()).or_default();
        if let Some(earlier) = package.get(&definition.name) {
            return Err(Diagnostic::error(
                Code::DUPLICATE_RESOURCE,
                format!(
                    "dbt found multiple macros named \"{}\" in the project \"{}\"",
                    definition.name, definition.package_name
                ),
            )
            .at_some(definition.span, "defined again here")
            .at_some(earlier.definition.span, "first defined here")
            .hint("rename or remove one of them"));
        }
        let value = self.engine.add_macro(
            &definition.package_name,
            &definition.name,
            Arc::clone(&definition.macro_sql),
            definition.span.map(|span| Origin::new(span.source, span.start as usize)),
        );
        let entry = Arc::new(MacroEntry { definition: Arc::clone(&definition), value, is_internal });
        package.insert(definition.name.clone(), Arc::clone(&entry));
        self.by_name.entry(definition.name.clone()).or_default().push(entry);
        Ok(())
    }

    /// The engine that has the macros' templates; all other templates are rendered by it.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The root project's name.
    pub fn root_package(&self) -> &str {
        &self.root_package
    }

    /// The macro that a bare name means in a template of `package`: the package's own, then the root project's, then a
    /// built-in one.
    pub fn find(&self, package: &str, name: &str) -> Option<&Arc<MacroEntry>> {
        self.find_local(package, name).or_else(|| self.find_internal(name))
    }

    /// The same without built-in ones.
    pub fn find_local(&self, package: &str, name: &str) -> Option<&Arc<MacroEntry>> {
        let own = if self.is_internal(package) { None } else { self.in_package(package, name) };
        own.or_else(|| self.in_package(&self.root_package, name))
    }

    /// The built-in macro of this name, the adapter's own first.
    pub fn find_internal(&self, name: &str) -> Option<&Arc<MacroEntry>> {
        self.internal.get(name)
    }

    /// The macro that a template name of the engine (`macro:package.name`) stands for, by unique id.
    pub fn unique_id_of_template(&self, template: &str) -> Option<&str> {
        let (package, name) = template.strip_prefix("macro:")?.split_once('.')?;
        Some(&self.in_package(package, name)?.definition.unique_id)
    }

    /// The macro that `package.name` means; `dbt` stands for all built-in packages.
    pub fn find_in(&self, package: &str, name: &str) -> Option<&Arc<MacroEntry>> {
        if package == "dbt" { self.internal.get(name) } else { self.in_package(package, name) }
    }

    /// Whether `package` can be written before a macro's name.
    pub fn has_namespace(&self, package: &str) -> bool {
        package == "dbt" || (self.packages.contains_key(package) && !self.is_internal(package))
    }

    /// Names of the macros in a namespace.
    pub fn names_in(&self, package: &str) -> Vec<&str> {
        let macros = if package == "dbt" { Some(&self.internal) } else { self.packages.get(package) };
        macros.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// Every macro name, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The macro of this name that wins over all packages: the root project's, then an installed package's, then a
    /// built-in one. With `package`, only that package's.
    pub fn find_anywhere(&self, name: &str, package: Option<&str>) -> Option<&Arc<MacroEntry>> {
        if let Some(package) = package {
            return self.in_package(package, name);
        }
        let candidates = self.by_name.get(name)?;
        self.in_package(&self.root_package, name)
            .or_else(|| candidates.iter().rev().find(|entry| !entry.is_internal))
            .or_else(|| self.internal.get(name))
    }

    /// The macro that makes names for resources of `package`: an installed package's own, else the root project's, else
    /// the built-in one.
    pub fn find_name_macro(&self, which: NameMacro, package: &str) -> Option<&Arc<MacroEntry>> {
        let name = which.macro_name();
        let installed = if package == self.root_package || self.is_internal(package) {
            None
        } else {
            self.in_package(package, name)
        };
        installed.or_else(|| self.in_package(&self.root_package, name)).or_else(|| self.internal.get(name))
    }

    /// The materialization of this name: the adapter's most special one first; for the same speciality the root
    /// project's, then a package's, then the built-in one. `prefixes` are the adapter's dispatch prefixes.
    ///
    /// A package's does not stand in for a built-in one, whatever its speciality, unless `packages_override` is set.
    pub fn find_materialization(
        &self,
        name: &str,
        prefixes: &[&str],
        packages_override: bool,
    ) -> Option<&Arc<MacroEntry>> {
        let names: Vec<String> = prefixes.iter().map(|prefix| format!("materialization_{name}_{prefix}")).collect();
        let found = names.iter().find_map(|name| self.find_anywhere(name, None))?;
        let is_built_in = || names.iter().any(|name| self.internal.contains_key(name));
        if packages_override || !self.is_of_package(found) || !is_built_in() {
            return Some(found);
        }
        names.iter().find_map(|name| self.in_package(&self.root_package, name).or_else(|| self.internal.get(name)))
    }

    /// Whether a macro is neither built in nor the root project's.
    pub fn is_of_package(&self, entry: &MacroEntry) -> bool {
        !entry.is_internal && entry.definition.package_name != self.root_package
    }

    /// Every macro, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<MacroEntry>> {
        self.by_name.values().flatten()
    }

    fn is_internal(&self, package: &str) -> bool {
        self.internal_packages.iter().any(|name| name == package)
    }

    fn in_package(&self, package: &str, name: &str) -> Option<&Arc<MacroEntry>> {
        self.packages.get(package)?.get(name)
    }
}
