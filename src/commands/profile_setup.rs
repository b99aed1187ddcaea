//! [`ProfileSetup`]: asks for what a target needs and writes it to `profiles.yml`, for `init`.
//!
//! What is asked is a template of dbt's form (`fixed`, `prompts`, `_choose_…`, `_fixed_…`): the project's own
//! `profile_template.yml`, else that of the warehouse that is chosen.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::adapters::registry;
use crate::config::{self, Invocation, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::{Event, Reporter};
use crate::ui::{self, Console};
use crate::yaml;

const PROFILES: &str = "profiles.yml";

/// The profile of a project.
pub(super) struct ProfileSetup<'a> {
    /// The project's folder.
    pub(super) project: &'a Path,
    /// Name of the profile.
    pub(super) name: &'a str,
    /// Whether `init` has just made the project.
    pub(super) is_new_project: bool,
}

/// Whether a profile of this name exists where a project in `folder` would look.
pub(super) fn has_profile(
    name: &str,
    invocation: &Invocation,
    overrides: &Overrides,
    folder: &Path,
) -> Result<bool, Diagnostics> {
    let folder = config::named_profiles_dir(invocation, overrides).map(|(folder, _)| folder).or_else(|| {
        let places = [Some(folder.to_path_buf()), home(invocation)].into_iter().flatten();
        places.into_iter().find(|place| place.join(PROFILES).is_file())
    });
    let text = folder.and_then(|folder| std::fs::read_to_string(folder.join(PROFILES)).ok()).unwrap_or_default();
    Ok(read(PROFILES, &text)?.contains_key(name))
}

/// `~/.dbt`.
fn home(invocation: &Invocation) -> Option<PathBuf> {
    invocation.home_dir.as_ref().map(|home| home.join(".dbt"))
}

impl ProfileSetup<'_> {
    /// Asks, and writes; an existing profile of the name is replaced if the answer is yes.
    pub(super) fn run(
        &self,
        invocation: &Invocation,
        overrides: &Overrides,
        console: &Console,
    ) -> Result<(), Diagnostics> {
        let template = self.template()?;
        let prompts = section(&template, "prompts");
        let folder = match config::named_profiles_dir(invocation, overrides) {
            Some((folder, _)) => folder,
            // What holds no secret may lie beside the project, where it is moved together with it.
            None if self.is_new_project && prompts.is_empty() => self.project.to_path_buf(),
            None => home(invocation).unwrap_or_else(|| self.project.to_path_buf()),
        };
        let path = folder.join(PROFILES);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        if read(PROFILES, &before)?.contains_key(self.name) {
            let question = format!(
                "The profile {} already exists in {}. Continue and overwrite it? [y/N]",
                self.name,
                path.display()
            );
            if !ui::ask(&question, Some("n")).is_some_and(|answer| matches!(answer.as_str(), "y" | "yes" | "Y")) {
                return Ok(());
            }
        }
        let mut target = section(&template, "fixed");
        ask_all(&prompts, &mut target)?;
        for value in target.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace("{name}", self.name);
            }
        }
        super::init::write(&path, &with_profile(&before, self.name, target))?;
        console.report(&Event::Note { msg: format!("Profile {} written to {}", self.name, path.display()) });
        Ok(())
    }

    fn template(&self) -> Result<Map<String, Value>, Diagnostics> {
        const OWN: &str = "profile_template.yml";
        if let Ok(text) = std::fs::read_to_string(self.project.join(OWN)) {
            return read(OWN, &text);
        }
        let types: Vec<&str> = registry::known_types().collect();
        let question =
            format!("Which database would you like to use?\n{}\nEnter a number", menu(types.iter().copied()));
        // Without an answer the first, which needs none.
        let chosen = match ui::ask(&question, None) {
            Some(answer) => choice(&answer, types.len())?,
            None => 0,
        };
        read(OWN, registry::profile_template(types[chosen]).unwrap_or_default())
    }
}

fn read(name: &str, text: &str) -> Result<Map<String, Value>, Diagnostics> {
    let sources = SourceMap::new();
    match yaml::parse(sources.add(name, text), text)?.to_json() {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

fn section(template: &Map<String, Value>, name: &str) -> Map<String, Value> {
    template.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// A line for each name, numbered from 1.
fn menu<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.enumerate().fold(String::new(), |mut text, (at, name)| {
        let _ = writeln!(text, "[{}] {name}", at + 1);
        text
    })
}

/// The place of an answer, a number from 1, in a list.
fn choice(answer: &str, count: usize) -> Result<usize, Diagnostic> {
    match answer.parse::<usize>() {
        Ok(number @ 1..) if number <= count => Ok(number - 1),
        _ => Err(Diagnostic::error(Code::USAGE, format!("`{answer}` is none of the numbers from 1 to {count}"))),
    }
}

fn ask_all(prompts: &Map<String, Value>, target: &mut Map<String, Value>) -> Result<(), Diagnostic> {
    for (key, about) in prompts {
        if let Some(key) = key.strip_prefix("_fixed_") {
            target.insert(key.to_owned(), about.clone());
        } else if let Some(what) = key.strip_prefix("_choose_") {
            let options: Vec<(&String, &Value)> = about.as_object().into_iter().flatten().collect();
            let question = format!(
                "{}Desired {} option (enter a number)",
                menu(options.iter().map(|(name, _)| name.as_str())),
                what.replace('_', " ")
            );
            let chosen = choice(&ui::ask(&question, None).ok_or_else(|| unanswered(what))?, options.len())?;
            ask_all(options[chosen].1.as_object().unwrap_or(&Map::new()), target)?;
        } else {
            target.insert(key.clone(), ask(key, about)?);
        }
    }
    Ok(())
}

/// Asks for one key until the answer is of its type.
fn ask(key: &str, about: &Value) -> Result<Value, Diagnostic> {
    let hint = about.get("hint").and_then(Value::as_str);
    let question = hint.map_or_else(|| key.to_owned(), |hint| format!("{key} ({hint})"));
    let default = about.get("default").filter(|value| !value.is_null());
    let default = default.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let kind = about.get("type").and_then(Value::as_str).unwrap_or("string");
    loop {
        let answer = if about.get("hide_input").and_then(Value::as_bool) == Some(true) {
            ui::ask_secret(&question)
        } else {
            ui::ask(&question, default.as_deref())
        };
        let answer = answer.ok_or_else(|| unanswered(key))?;
        match typed(kind, &answer) {
            Some(value) => return Ok(value),
            None => ui::print_line(&format!("Error: '{answer}' is not a valid {kind}.")),
        }
    }
}

/// An answer as a value of one of dbt's types of prompts.
fn typed(kind: &str, answer: &str) -> Option<Value> {
    match kind {
        "int" => answer.parse::<i64>().ok().map(Value::from),
        "float" => answer.parse::<f64>().ok().map(Value::from),
        "bool" => match answer.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Some(true.into()),
            "0" | "false" | "f" | "no" | "n" | "off" => Some(false.into()),
            _ => None,
        },
        _ => Some(answer.into()),
    }
}

fn unanswered(key: &str) -> Diagnostic {
    Diagnostic::error(Code::USAGE, format!("`{key}` has no answer: the input has ended"))
        .hint("answer on standard input, or give --skip-profile-setup and write profiles.yml")
}

/// The text of a `profiles.yml` with one profile of one target added, or put in the place of the one of that name.
fn with_profile(before: &str, name: &str, mut target: Map<String, Value>) -> String {
    let target_name = match target.shift_remove("target") {
        Some(Value::String(name)) => name,
        _ => "dev".into(),
    };
    let mut text = String::new();
    let mut is_replaced = false;
    for line in before.lines() {
        if !line.starts_with([' ', '\t', '#', '-']) && !line.trim().is_empty() {
            let key = line.split(':').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
            is_replaced = key == name;
        }
        if !is_replaced || line.starts_with('#') {
            let _ = writeln!(text, "{line}");
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{name}:\n  target: {target_name}\n  outputs:\n    {target_name}:");
    for (key, value) in target {
        // JSON is YAML; a word needs no quotes.
        let is_word = |text: &&str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_./".contains(c));
        let word = value.as_str().filter(is_word).filter(|text| typed("bool", text).is_none());
        let word = word.filter(|text| text.starts_with(|c: char| c.is_ascii_alphabetic()) && *text != "null");
        let _ = writeln!(text, "      {key}: {}", word.map_or_else(|| value.to_string(), str::to_owned));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(json: Value) -> Map<String, Value> {
        json.as_object().cloned().unwrap()
    }

    #[test]
    fn profiles_are_added_and_replaced() {
        let first =
            with_profile("", "shop", target(serde_json::json!({"type": "duckdb", "path": "a b", "threads": 4})));
        assert_eq!(
            first,
            "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: \"a b\"\n      threads: 4\n"
        );
        let both = with_profile(&first, "other", target(serde_json::json!({"target": "prod", "pass": "no"})));
        assert_eq!(both, format!("{first}\nother:\n  target: prod\n  outputs:\n    prod:\n      pass: \"no\"\n"));
        let replaced = with_profile(&both, "shop", target(serde_json::json!({"type": "x"})));
        assert!(replaced.starts_with("other:\n  target: prod"), "{replaced}");
        assert_eq!(replaced.matches("shop:").count(), 1);
        assert!(!replaced.contains("duckdb"));
    }

    #[test]
    fn every_warehouse_has_a_template_of_its_own_type() {
        for name in registry::known_types() {
            let template = read("template", registry::profile_template(name).unwrap()).unwrap_or_default();
            assert_eq!(section(&template, "fixed")["type"], name);
            assert!(section(&template, "prompts").values().all(Value::is_object), "{name}");
        }
    }

    #[test]
    fn answers_have_the_type_that_is_asked_for() {
        assert_eq!(typed("int", "5432"), Some(5432.into()));
        assert_eq!(typed("int", "x"), None);
        assert_eq!(typed("bool", "Yes"), Some(true.into()));
        assert_eq!(typed("string", "007"), Some("007".into()));
    }
}
