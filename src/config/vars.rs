//! What `var` answers.

use serde_json::{Map, Value};

use super::Project;

/// Variables of the command line and of all packages. Values are as written: text in them is not rendered yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vars {
    command_line: Map<String, Value>,
    root_name: String,
    root: Map<String, Value>,
    packages: Map<String, Value>,
}

impl Vars {
    /// Variables of a project with its packages, under those of the command line.
    pub fn new(command_line: Map<String, Value>, project: &Project) -> Self {
        Self {
            command_line,
            root_name: project.name.clone(),
            root: project.vars.clone(),
            packages: project
                .packages
                .iter()
                .map(|package| (package.name.clone(), Value::Object(package.vars.clone())))
                .collect(),
        }
    }

    /// Only those of the command line, for rendering project files.
    pub fn of_command_line(command_line: Map<String, Value>) -> Self {
        Self { command_line, ..Self::default() }
    }

    /// What was given by `--vars`.
    pub fn command_line(&self) -> &Map<String, Value> {
        &self.command_line
    }

    /// A variable as a resource of `package` sees it: `--vars`, then the root project's (first those under the package's
    /// name), then the package's own (likewise).
    pub fn get(&self, package: &str, name: &str) -> Option<&Value> {
        self.scopes(package).find_map(|scope| scope.get(name))
    }

    /// All variables that a resource of `package` sees.
    pub fn merged(&self, package: &str) -> Map<String, Value> {
        let mut scopes: Vec<_> = self.scopes(package).collect();
        scopes.reverse();
        let mut merged = Map::new();
        for scope in scopes {
            merged.extend(scope.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        merged
    }

    /// The mappings to look in, strongest first.
    fn scopes<'a>(&'a self, package: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
        let scoped = |vars: &'a Map<String, Value>| vars.get(package).and_then(Value::as_object);
        let own = if package == self.root_name { None } else { self.packages.get(package).and_then(Value::as_object) };
        [Some(&self.command_line), scoped(&self.root), Some(&self.root), own.and_then(scoped), own]
            .into_iter()
            .flatten()
    }
}
