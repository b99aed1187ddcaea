//! `adapter.config`: project and profile as packages read them off the adapter, or off `builtins.ref`, where dbt keeps its own configuration
//! object. Only what is plain and free of secrets is here.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};
use serde_json::{Value as Json, json};

use super::arguments::{bind, function, text};
use super::flags;
use super::values::{dict, optional};
use crate::adapters::RelationParts;
use crate::config::{Config, ConfigKind, DispatchRule, Hook, Project};
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

/// The configuration of an invocation; `quoting` is how names are quoted where nothing else is said.
pub(super) fn runtime_config(config: &Config, target: &Value, quoting: RelationParts<bool>) -> Value {
    let profile = &config.profile;
    let dependencies =
        config.project.all().map(|project| (project.name.clone(), Attributes::value(of_project(project, quoting))));
    let project = Arc::clone(&config.project);
    let to_target_dict = target.clone();
    let mut fields = of_project(&config.project, quoting);
    fields.extend([
        ("profile_name", Value::from(profile.profile_name.as_str())),
        ("target_name", Value::from(profile.target_name.as_str())),
        ("threads", Value::from(profile.threads)),
        ("credentials", target.clone()),
        ("to_target_dict", function("to_target_dict", move |_, _| Ok(to_target_dict.clone()))),
        ("dependencies", dict(dependencies)),
        ("args", from_json(&Json::Object(flags::invocation_args(config)))),
        ("cli_vars", from_json(&Json::Object(config.vars.command_line().clone()))),
        (
            "get_macro_search_order",
            function("get_macro_search_order", move |_, args| {
                let [namespace] = bind("get_macro_search_order", ["macro_namespace"], args)?;
                let namespace = text("get_macro_search_order", "macro_namespace", namespace)?;
                Ok(project.search_order(&namespace).map_or_else(|| Value::from(()), |order| from_json(&json!(order))))
            }),
        ),
    ]);
    Attributes::value(fields)
}

fn of_project(project: &Project, quoting: RelationParts<bool>) -> Vec<(&'static str, Value)> {
    let vars = Json::Object(project.vars.clone());
    let as_dict = vars.clone();
    let paths = &project.paths;
    let path = |path: &Path| Value::from(path.to_string_lossy().into_owned());
    let listed = |texts: &[String]| from_json(&json!(texts));
    let below = |folder: &str| from_json(&paths.test.iter().map(|test| json!(format!("{test}/{folder}"))).collect());
    let sources =
        [&paths.model, &paths.seed, &paths.snapshot, &paths.analysis, &paths.macros, &paths.test, &paths.function];
    let hooks = |hooks: &[Hook]| from_json(&hooks.iter().map(|hook| json!(hook.sql)).collect());
    let dispatch =
        |rule: &DispatchRule| json!({"macro_namespace": rule.macro_namespace, "search_order": rule.search_order});
    let comment = &project.query_comment;
    let mut fields = vec![
        ("project_name", Value::from(project.name.as_str())),
        ("version", optional(project.version.as_deref())),
        ("config_version", Value::from(2)),
        ("project_root", path(&project.root)),
        ("model_paths", listed(&paths.model)),
        ("macro_paths", listed(&paths.macros)),
        ("seed_paths", listed(&paths.seed)),
        ("test_paths", listed(&paths.test)),
        ("generic_test_paths", below("generic")),
        ("fixture_paths", below("fixtures")),
        ("analysis_paths", listed(&paths.analysis)),
        ("docs_paths", listed(&paths.docs)),
        ("asset_paths", listed(&paths.asset)),
        ("snapshot_paths", listed(&paths.snapshot)),
        ("function_paths", listed(&paths.function)),
        (
            "all_source_paths",
            listed(&sources.into_iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()),
        ),
        ("target_path", path(&project.target_path)),
        ("project_target_path", path(&project.target_dir())),
        ("log_path", path(&project.log_dir())),
        ("packages_install_path", path(&project.packages_install_path)),
        (
            "clean_targets",
            from_json(&project.clean_targets.iter().map(|target| json!(target.to_string_lossy())).collect()),
        ),
        (
            "quoting",
            from_json(
                &json!({"database": quoting.database, "schema": quoting.schema, "identifier": quoting.identifier}),
            ),
        ),
        ("on_run_start", hooks(&project.on_run_start)),
        ("on_run_end", hooks(&project.on_run_end)),
        ("dispatch", from_json(&project.dispatch.iter().map(dispatch).collect())),
        (
            "query_comment",
            Attributes::value(vec![
                ("comment", optional(comment.comment.as_deref())),
                ("append", Value::from(comment.append)),
            ]),
        ),
        ("restrict_access", Value::from(project.restrict_access)),
        ("flags", from_json(&Json::Object(project.flags.clone()))),
        ("dbt_cloud", from_json(&Json::Object(project.dbt_cloud.clone()))),
        (
            "vars",
            Attributes::value(vec![
                ("vars", from_json(&vars)),
                ("to_dict", function("to_dict", move |_, _| Ok(from_json(&as_dict)))),
            ]),
        ),
    ];
    for kind in ConfigKind::ALL {
        let configs = project.config_tree(*kind).map_or_else(|| json!({}), |tree| tree.rendered.to_json());
        fields.push((kind.attribute(), from_json(&configs)));
    }
    fields
}
