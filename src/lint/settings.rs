//! [`Settings`]: which rules apply where and how severely, from the sections `rules`, `folders` and `layers` of `hetl.yml`.
//!
//! ```yaml
//! rules:
//!   missing-description: error
//!   model-name: {severity: warning, staging: [stg_, base_]}
//! folders:
//!   - path: models/legacy
//!     rules: {missing-description: off}
//! layers:
//!   marts: [models/published]
//! ```

use std::collections::BTreeMap;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde_json::{Map, Value};

use super::Severity;
use crate::config;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{self, Node};

/// Whether a rule applies, and how severely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleLevel {
    /// It does not apply.
    Off,
    /// Its findings are so severe.
    At(Severity),
}

/// Levels and options of rules by name.
type Rules = BTreeMap<String, (Option<RuleLevel>, Map<String, Value>)>;

/// What `hetl.yml` says of rules.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    rules: Rules,
    folders: Vec<(Gitignore, Rules)>,
    layers: Vec<(String, Gitignore)>,
}

const LAYERS: &[&str] = &["staging", "intermediate", "marts"];

impl Settings {
    /// Reads the sections. `known` are the names of rules; codes such as `LT01` are taken as they are.
    pub fn read(file: &config::Settings, known: &[&str]) -> (Self, Diagnostics) {
        let mut reader = Reading { known, problems: Diagnostics::new() };
        let mut settings = Self::default();
        if let Some(section) = file.section("rules") {
            settings.rules = reader.rules(section);
        }
        for folder in file.section("folders").map(|section| reader.list(section, "folders")).into_iter().flatten() {
            reader.keys(folder, &["path", "rules"]);
            let paths = folder.get("path").and_then(|path| reader.paths(path));
            let Some(paths) = paths else {
                reader.wrong(folder, "an entry of `folders` needs `path`: a folder or a pattern, or a list of them");
                continue;
            };
            let rules = folder.get("rules").map(|rules| reader.rules(rules)).unwrap_or_default();
            settings.folders.push((paths, rules));
        }
        if let Some(section) = file.section("layers") {
            reader.keys(section, LAYERS);
            for (name, value) in section.as_map().into_iter().flat_map(yaml::Mapping::iter) {
                match (name.as_str(), reader.paths(value)) {
                    (Some(name), Some(paths)) => settings.layers.push((name.to_owned(), paths)),
                    _ => reader.wrong(value, "a layer is a folder or a pattern, or a list of them"),
                }
            }
        }
        (settings, reader.problems)
    }

    /// What is said of a rule for a file, a path below the project's root; none if nothing is. The last folder that says
    /// something wins over those before it, and all of them over what is said everywhere.
    pub fn level(&self, rule: &str, path: &str) -> Option<RuleLevel> {
        let everywhere = self.rules.get(rule).and_then(|(level, _)| *level);
        let holds = |(paths, _): &&(Gitignore, Rules)| paths.matched_path_or_any_parents(path, false).is_ignore();
        let said = |(_, rules): &(Gitignore, Rules)| rules.get(rule).and_then(|(level, _)| *level);
        self.folders.iter().rev().filter(holds).find_map(said).or(everywhere)
    }

    /// Whether any place switches the rule on.
    pub fn is_on_somewhere(&self, rule: &str) -> bool {
        let all = std::iter::once(&self.rules).chain(self.folders.iter().map(|(_, rules)| rules));
        all.filter_map(|rules| rules.get(rule)).any(|(level, _)| matches!(level, Some(RuleLevel::At(_))))
    }

    /// An option of a rule.
    pub fn option(&self, rule: &str, name: &str) -> Option<&Value> {
        self.rules.get(rule)?.1.get(name)
    }

    /// An option of a rule that is a text or a list of texts.
    pub fn texts(&self, rule: &str, name: &str) -> Option<Vec<String>> {
        match self.option(rule, name)? {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(many) => Some(many.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            _ => None,
        }
    }

    /// The layer that the settings give a file: `staging`, `intermediate` or `marts`.
    pub fn layer(&self, path: &str) -> Option<&str> {
        let holds = |paths: &Gitignore| paths.matched_path_or_any_parents(path, false).is_ignore();
        self.layers.iter().find(|(_, paths)| holds(paths)).map(|(name, _)| name.as_str())
    }
}

struct Reading<'a> {
    known: &'a [&'a str],
    problems: Diagnostics,
}

impl Reading<'_> {
    fn wrong(&mut self, node: &Node, message: &str) {
        self.problems.push(Diagnostic::error(Code::YAML_TYPE, format!("hetl.yml: {message}")).at(node.span, ""));
    }

    fn list<'n>(&mut self, node: &'n Node, name: &str) -> &'n [Node] {
        node.as_seq().unwrap_or_else(|| {
            self.wrong(node, &format!("`{name}` must be a list, not {}", node.type_name()));
            &[]
        })
    }

    fn keys(&mut self, node: &Node, known: &[&str]) {
        let Some(map) = node.as_map() else {
            self.wrong(node, &format!("a mapping is expected here, not {}", node.type_name()));
            return;
        };
        for (key, _) in map.iter() {
            let name = key.scalar_text().unwrap_or_default();
            if !known.contains(&name.as_str()) {
                self.problems.push(
                    Diagnostic::warning(Code::YAML_UNKNOWN_KEY, format!("unknown key `{name}` in hetl.yml"))
                        .at(key.span, "nobody reads this")
                        .suggest(&name, known.iter().copied()),
                );
            }
        }
    }

    fn paths(&mut self, node: &Node) -> Option<Gitignore> {
        let mut patterns = GitignoreBuilder::new("");
        let one = std::slice::from_ref(node);
        for item in node.as_seq().unwrap_or(one) {
            let pattern = item.as_str()?;
            // A path means what lies below the root, not a folder of that name anywhere.
            let pattern = format!("/{}", pattern.trim_start_matches("./").trim_start_matches('/'));
            patterns.add_line(None, &pattern).ok()?;
        }
        patterns.build().ok()
    }

    fn rules(&mut self, node: &Node) -> Rules {
        let mut rules = Rules::new();
        let Some(map) = node.as_map() else {
            self.wrong(node, &format!("`rules` must be a mapping, not {}", node.type_name()));
            return rules;
        };
        for (key, value) in map.iter() {
            let name = key.scalar_text().unwrap_or_default();
            if !self.known.contains(&name.as_str()) && !is_code(&name) {
                self.problems.push(
                    Diagnostic::warning(Code::YAML_UNKNOWN_KEY, format!("hetl.yml sets `{name}`, which is no rule"))
                        .at(key.span, "no rule has this name")
                        .suggest(&name, self.known.iter().copied()),
                );
                continue;
            }
            let entry = match value.as_map() {
                None => (self.level(value), Map::new()),
                Some(map) => {
                    let level = map.get("severity").and_then(|severity| self.level(severity));
                    let Value::Object(mut options) = value.to_json() else { continue };
                    options.shift_remove("severity");
                    (level, options)
                }
            };
            rules.insert(name, entry);
        }
        rules
    }

    fn level(&mut self, node: &Node) -> Option<RuleLevel> {
        // `off` is false in YAML, as it is read here.
        let level = match (&node.value, node.as_str()) {
            (yaml::Value::Bool(false), _) | (_, Some("off")) => RuleLevel::Off,
            (_, Some("info")) => RuleLevel::At(Severity::Info),
            (_, Some("warning")) => RuleLevel::At(Severity::Warning),
            (_, Some("error")) => RuleLevel::At(Severity::Error),
            _ => {
                self.problems.push(
                    Diagnostic::error(Code::YAML_VALUE, "hetl.yml: a severity is off, info, warning or error")
                        .at(node.span, "this is none of them"),
                );
                return None;
            }
        };
        Some(level)
    }
}

/// Whether a name is a code of SQL rules: `LT01`.
fn is_code(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() == 4 && bytes[..2].iter().all(u8::is_ascii_uppercase) && bytes[2..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::SourceMap;

    const KNOWN: &[&str] = &["missing-description", "model-name"];

    fn read(text: &str) -> (Settings, Vec<String>) {
        let sources = SourceMap::new();
        let source = sources.add("hetl.yml", text);
        let mut problems = Diagnostics::new();
        let root = yaml::parse_into(source, text, &mut problems).expect("it is YAML");
        let file = config::Settings::of_tree(root);
        let (settings, found) = Settings::read(&file, KNOWN);
        problems.extend(found);
        (settings, problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn the_last_folder_that_holds_wins() {
        let (settings, problems) = read(
            "rules:\n  missing-description: error\n  model-name: {severity: off, staging: stg_}\n\
             folders:\n  - path: models/legacy\n    rules: {missing-description: off}\n  \
             - path: [models/*/kept, 'models/**/*.yml']\n    rules: {missing-description: info}\n\
             layers: {marts: models/published}\n",
        );
        assert_eq!(problems, [""; 0]);
        let level = |path| settings.level("missing-description", path);
        assert_eq!(level("models/a.sql"), Some(RuleLevel::At(Severity::Error)));
        assert_eq!(level("models/legacy/b/a.sql"), Some(RuleLevel::Off));
        assert_eq!(level("models/legacy/kept/a.sql"), Some(RuleLevel::At(Severity::Info)));
        assert_eq!(level("models/legacy/b.yml"), Some(RuleLevel::At(Severity::Info)));
        assert_eq!(settings.level("model-name", "models/a.sql"), Some(RuleLevel::Off));
        assert_eq!(settings.texts("model-name", "staging"), Some(vec!["stg_".to_owned()]));
        assert_eq!(settings.layer("models/published/a.sql"), Some("marts"));
        assert_eq!(settings.layer("other/models/published/a.sql"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (_, problems) = read(
            "rules: {missing-descripton: error, model-name: loud, LT01: off}\nfolders: [{rules: {}}]\nlayers: {mart: a}\n",
        );
        assert_eq!(
            problems,
            [
                "hetl.yml sets `missing-descripton`, which is no rule",
                "hetl.yml: a severity is off, info, warning or error",
                "hetl.yml: an entry of `folders` needs `path`: a folder or a pattern, or a list of them",
                "unknown key `mart` in hetl.yml"
            ]
        );
    }
}
