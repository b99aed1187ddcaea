//! `config`: captured while parsing, read while running.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::{Map, Value as Json};

use super::arguments::{Arguments, bind, bound_method, function, text};
use super::raise::{compilation, raise};
use super::scope::{Scope, Stage};
use super::values::{none, nothing};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{from_json, to_json};

/// The object behind `config`.
#[derive(Debug)]
struct Config(Arc<Scope>);

/// `config` of a scope.
pub(super) fn config_value(scope: &Arc<Scope>) -> Value {
    Value::from_object(Config(Arc::clone(scope)))
}

const METHODS: &[&str] =
    &["get", "require", "set", "meta_get", "meta_require", "persist_relation_docs", "persist_column_docs"];

impl Object for Config {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if key == "model" {
            return self.0.lookup("model");
        }
        bound_method(self, METHODS, key)
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        if let Stage::Parse { capture, .. } = &self.0.stage {
            let call = config_call(args)?;
            merge_config_call(&mut capture.lock().config_call, call)?;
        }
        Ok(nothing())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if !METHODS.contains(&method) {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        if method == "set" {
            let [name, value] = bind("config.set", ["name", "value"], args)?;
            if let Stage::Parse { capture, .. } = &self.0.stage {
                let name = text("config.set", "name", name)?;
                let call = Map::from_iter([(name, to_json(&value.unwrap_or_else(none)))]);
                merge_config_call(&mut capture.lock().config_call, call)?;
            }
            return Ok(nothing());
        }
        if matches!(self.0.stage, Stage::Parse { .. }) {
            return Ok(if method.starts_with("persist_") { Value::from(false) } else { nothing() });
        }
        match method {
            "persist_relation_docs" => self.persists("relation"),
            "persist_column_docs" => self.persists("columns"),
            _ => self.read(state, method, args),
        }
    }
}

impl Config {
    /// A config by key; for `meta_…` from the node's meta.
    fn find(&self, name: &str, in_meta: bool) -> Option<Json> {
        let run = self.0.run();
        if let Some(overridden) = run.and_then(|run| run.config_override(name)).filter(|_| !in_meta) {
            return Some(overridden);
        }
        let config = self.0.config()?;
        if name == "snapshot_table_column_names" && !in_meta {
            return config.get("snapshot_meta_column_names").map(snapshot_columns);
        }
        if in_meta {
            return config.values().get("meta").and_then(|meta| meta.get(name)).cloned();
        }
        let key = match name {
            "pre_hook" => "pre-hook",
            "post_hook" => "post-hook",
            other => other,
        };
        config.values().get(key).cloned()
    }

    fn read(&self, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let requires = matches!(method, "require" | "meta_require");
        let (name, default, validator) = if requires {
            let [name, validator] = bind(method, ["name", "validator"], args)?;
            (name, None, validator)
        } else {
            let [name, default, validator] = bind(method, ["name", "default", "validator"], args)?;
            (name, default, validator)
        };
        let name = text(method, "name", name)?;
        let value = match self.find(&name, method.starts_with("meta_")) {
            Some(found) => super::batch::config_value(&name, &found),
            None if requires => {
                return Err(raise(Diagnostic::error(
                    Code::INVALID_CONFIG,
                    format!("Model '{}' does not define a required config parameter '{name}'.", self.0.unique_id()),
                )));
            }
            None => default.clone().unwrap_or_else(none),
        };
        let validates = requires || default.is_some_and(|default| !default.is_none());
        if let Some(validator) = validator.filter(|validator| validates && !validator.is_none()) {
            validator.call(state, std::slice::from_ref(&value))?;
        }
        Ok(value)
    }

    fn persists(&self, what: &str) -> Result<Value, Error> {
        match self.find("persist_docs", false) {
            None | Some(Json::Null) => Ok(Value::from(false)),
            Some(Json::Object(map)) => Ok(map.get(what).map_or_else(|| Value::from(false), from_json)),
            Some(other) => Err(raise(
                Diagnostic::error(
                    Code::INVALID_CONFIG,
                    format!("Invalid value provided for 'persist_docs'. Expected dict but received {other}"),
                )
                .hint("write `persist_docs: {relation: true, columns: true}`"),
            )),
        }
    }
}

/// Names of the columns that a snapshot adds: as configured, else as usual.
fn snapshot_columns(configured: &Json) -> Json {
    let columns = ["dbt_valid_from", "dbt_valid_to", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"];
    let name = |usual: &str| {
        let given = configured.get(usual).and_then(Json::as_str).filter(|name| !name.is_empty());
        Json::from(given.unwrap_or(usual))
    };
    Json::Object(columns.into_iter().map(|usual| (usual.to_owned(), name(usual))).collect())
}

/// The configs of one call of `config`.
fn config_call(args: &[Value]) -> Result<Map<String, Json>, Error> {
    let arguments = Arguments::of(args);
    let given: Map<String, Json> = match (arguments.positional.as_slice(), arguments.keywords.is_empty()) {
        ([], _) => arguments.keywords.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        ([one], true) if one.kind() == ValueKind::Map => match to_json(one) {
            Json::Object(map) => map,
            _ => Map::new(),
        },
        _ => {
            return Err(raise(
                Diagnostic::error(Code::INVALID_CONFIG, "Invalid inline model config")
                    .hint("write `config(materialized='table')` or give one dict"),
            ));
        }
    };
    let mut call = Map::new();
    for (key, value) in given {
        let key = match key.as_str() {
            "pre_hook" => "pre-hook".to_owned(),
            "post_hook" => "post-hook".to_owned(),
            _ => key,
        };
        if call.insert(key.clone(), value).is_some() {
            return Err(raise(Diagnostic::error(
                Code::INVALID_CONFIG,
                format!("config has both \"{}\" and \"{key}\"", key.replace('-', "_")),
            )));
        }
    }
    Ok(call)
}

fn listed(value: Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items,
        other => vec![other],
    }
}

/// Adds a call of `config` to earlier ones: tags and hooks add up, `meta` and the like are updated, others replaced.
pub fn merge_config_call(into: &mut Map<String, Json>, call: Map<String, Json>) -> Result<(), Error> {
    let first = into.is_empty();
    for (key, value) in call {
        match key.as_str() {
            _ if first => {
                into.insert(key, value);
            }
            "pre-hook" | "post-hook" | "tags" | "packages" => {
                let mut items = into.remove(&key).map(listed).unwrap_or_default();
                items.extend(listed(value));
                into.insert(key, Json::Array(items));
            }
            "meta" | "column_types" | "quoting" | "docs" | "contract" | "snapshot_meta_column_names" => {
                match (into.get_mut(&key), value) {
                    (Some(Json::Object(own)), Json::Object(more)) => own.extend(more),
                    (_, Json::Object(more)) => {
                        into.insert(key, Json::Object(more));
                    }
                    (_, other) => {
                        return Err(compilation(format!("config `{key}` must be a dict, not {other}")));
                    }
                }
            }
            "grants" => merge_grants(into, value)?,
            _ => {
                into.insert(key, value);
            }
        }
    }
    Ok(())
}

fn merge_grants(into: &mut Map<String, Json>, value: Json) -> Result<(), Error> {
    let Json::Object(more) = value else {
        return Err(compilation(format!("config `grants` must be a dict, not {value}")));
    };
    let own = into.entry("grants").or_insert_with(|| Json::Object(Map::new()));
    let Json::Object(own) = own else { return Ok(()) };
    for (privilege, grantees) in more {
        let mut list = listed(grantees);
        if privilege.starts_with('+')
            && let Some(earlier) = own.remove(&privilege)
        {
            let mut all = listed(earlier);
            all.append(&mut list);
            list = all;
        }
        own.insert(privilege, Json::Array(list));
    }
    Ok(())
}

/// `validation.any`: a validator that accepts the given values and types.
pub(super) fn validation_any() -> Value {
    function("any", |_, allowed| {
        let allowed = allowed.to_vec();
        Ok(function("validator", move |_, args| {
            let value = args.first().cloned().unwrap_or_default();
            let accepted = allowed.iter().any(|one| *one == value || is_of_type(one, &value));
            if accepted {
                return Ok(none());
            }
            let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            Err(raise(Diagnostic::error(
                Code::INVALID_CONFIG,
                format!("Expected value \"{value}\" to be one of {}", names.join(",")),
            )))
        }))
    })
}

/// `validation.any[list]` style arguments are undefined names in Jinja: they accept everything of their type.
fn is_of_type(wanted: &Value, value: &Value) -> bool {
    wanted.is_undefined() && !value.is_undefined()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(calls: &[Json]) -> Json {
        let mut into = Map::new();
        for call in calls {
            let Json::Object(call) = call.clone() else { panic!("a call is a dict") };
            merge_config_call(&mut into, call).unwrap();
        }
        Json::Object(into)
    }

    #[test]
    fn later_calls_add_tags_and_update_meta() {
        let both = merged(&[
            json!({"materialized": "view", "tags": "a", "meta": {"x": 1}}),
            json!({"materialized": "table", "tags": ["b"], "meta": {"y": 2}}),
        ]);
        assert_eq!(both, json!({"materialized": "table", "tags": ["a", "b"], "meta": {"x": 1, "y": 2}}));
    }
}
