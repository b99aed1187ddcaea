//! `ref.config`: the project and profile as packages read them off `builtins.ref`, where dbt keeps its own configuration
//! object. Only what is plain and free of secrets is here.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};
use serde_json::Value as Json;

use super::arguments::function;
use super::flags;
use super::values::{dict, optional};
use crate::config::{Config, Project};
use crate::jinja::from_json;

/// A function of a template that has attributes too.
#[derive(Debug)]
pub(super) struct WithConfig {
    /// What a call does.
    pub(super) function: Value,
    /// The attribute `config`.
    pub(super) config: Value,
}

impl Object for WithConfig {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("config")).then(|| self.config.clone())
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.function.call(state, args)
    }
}

/// What is read and not changed.
#[derive(Debug)]
struct Attributes(Vec<(&'static str, Value)>);

impl Attributes {
    fn value(fields: Vec<(&'static str, Value)>) -> Value {
        Value::from_object(Self(fields))
    }
}

impl Object for Attributes {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

/// The configuration of an invocation.
pub(super) fn runtime_config(config: &Config, target: &Value) -> Value {
    let profile = &config.profile;
    let dependencies =
        config.project.all().map(|project| (project.name.clone(), Attributes::value(of_project(project))));
    let mut fields = of_project(&config.project);
    fields.extend([
        ("profile_name", Value::from(profile.profile_name.as_str())),
        ("target_name", Value::from(profile.target_name.as_str())),
        ("threads", Value::from(profile.threads)),
        ("credentials", target.clone()),
        ("dependencies", dict(dependencies)),
        ("args", from_json(&Json::Object(flags::invocation_args(config)))),
        ("cli_vars", from_json(&Json::Object(config.vars.command_line().clone()))),
    ]);
    Attributes::value(fields)
}

fn of_project(project: &Project) -> Vec<(&'static str, Value)> {
    let vars = Json::Object(project.vars.clone());
    let as_dict = vars.clone();
    vec![
        ("project_name", Value::from(project.name.as_str())),
        ("version", optional(project.version.as_deref())),
        ("project_root", Value::from(project.root.to_string_lossy().into_owned())),
        (
            "vars",
            Attributes::value(vec![
                ("vars", from_json(&vars)),
                ("to_dict", function("to_dict", move |_, _| Ok(from_json(&as_dict)))),
            ]),
        ),
    ]
}
