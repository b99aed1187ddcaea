//! `exceptions`: what templates raise and warn.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{bind, bound_method, optional_text, required, text};
use super::raise::raise;
use super::scope::Scope;
use super::values::nothing;
use crate::diagnostics::{Code, Diagnostic};

/// The object behind `exceptions`.
#[derive(Debug)]
pub(super) struct Exceptions(pub(super) Arc<Scope>);

const METHODS: &[&str] = &[
    "warn",
    "missing_config",
    "missing_materialization",
    "missing_relation",
    "raise_ambiguous_alias",
    "raise_ambiguous_catalog_match",
    "raise_cache_inconsistent",
    "raise_dataclass_not_dict",
    "raise_compiler_error",
    "raise_contract_error",
    "raise_database_error",
    "raise_dep_not_found",
    "raise_dependency_error",
    "raise_duplicate_patch_name",
    "raise_duplicate_resource_name",
    "raise_invalid_property_yml_version",
    "raise_not_implemented",
    "raise_parsing_error",
    "relation_wrong_type",
    "column_type_missing",
    "raise_fail_fast_error",
    "ref_invalid_args",
    "source_invalid_args",
    "ref_target_not_found",
    "warn_snapshot_timestamp_data_types",
    "CompilationException",
    "CompilationError",
];

impl Object for Exceptions {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        bound_method(self, METHODS, key.as_str()?)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "warn" => {
                let [message, _node] = bind("warn", ["msg", "node"], args)?;
                self.warn(text("warn", "msg", message)?)
            }
            "warn_snapshot_timestamp_data_types" => {
                let [snapshot, updated_at] = bind(method, ["snapshot_time_data_type", "updated_at_data_type"], args)?;
                self.warn(format!(
                    "Data type of snapshot table timestamp columns ({}) doesn't match derived column 'updated_at' ({}). \
                     Please update snapshot config 'updated_at'.",
                    text(method, "snapshot_time_data_type", snapshot)?,
                    text(method, "updated_at_data_type", updated_at)?
                ))
            }
            _ => Err(raise(problem(method, args)?)),
        }
    }
}

impl Exceptions {
    fn warn(&self, message: String) -> Result<Value, Error> {
        self.0.warn(message)?;
        Ok(nothing())
    }
}

/// The diagnostic that a raising method stands for.
fn problem(method: &str, args: &[Value]) -> Result<Diagnostic, Error> {
    let error = |code: Code, message: String| Diagnostic::error(code, message);
    Ok(match method {
        "raise_compiler_error" | "CompilationException" | "CompilationError" => {
            let [message, _node] = bind(method, ["msg", "node"], args)?;
            error(Code::COMPILER_ERROR_RAISED, text(method, "msg", message)?)
        }
        "raise_database_error" => {
            let [message, _node] = bind(method, ["msg", "node"], args)?;
            error(Code::DATABASE, text(method, "msg", message)?)
        }
        "raise_fail_fast_error" => {
            let [message, _node] = bind(method, ["msg", "node"], args)?;
            error(Code::TEST_FAILED, text(method, "msg", message)?)
        }
        "raise_not_implemented" => {
            let [message] = bind(method, ["msg"], args)?;
            error(Code::UNSUPPORTED, format!("ERROR: {}", text(method, "msg", message)?))
        }
        "raise_contract_error" => {
            let [yaml, sql] = bind(method, ["yaml_columns", "sql_columns"], args)?;
            let yaml = required(method, "yaml_columns", yaml)?;
            super::contract::mismatch(&yaml, &required(method, "sql_columns", sql)?)?
        }
        "column_type_missing" => {
            let [names] = bind(method, ["column_names"], args)?;
            let names = required(method, "column_names", names)?;
            error(
                Code::CONTRACT,
                format!(
                    "Contracted models require data_type to be defined for each column.  Please ensure that the column \
                     name and data_type are defined within the YAML configuration for the {names} column(s)."
                ),
            )
        }
        "missing_relation" => {
            let [relation, _model] = bind(method, ["relation", "model"], args)?;
            error(Code::COMPILER_ERROR_RAISED, format!("Relation {} not found!", text(method, "relation", relation)?))
        }
        "missing_config" => {
            let [model, name] = bind(method, ["model", "name"], args)?;
            let model = required(method, "model", model)?;
            let id = model.get_attr("unique_id").ok().filter(|id| !id.is_undefined()).unwrap_or(model);
            error(
                Code::INVALID_CONFIG,
                format!("Model '{id}' does not define a required config parameter '{}'.", text(method, "name", name)?),
            )
        }
        "missing_materialization" => {
            let [model, adapter_type] = bind(method, ["model", "adapter_type"], args)?;
            let model = required(method, "model", model)?;
            let materialized =
                model.get_attr("config").and_then(|config| config.get_attr("materialized")).unwrap_or_default();
            error(
                Code::MACRO_NOT_FOUND,
                format!(
                    "No materialization '{materialized}' was found for adapter {}! (searched types 'default' and '{}')",
                    optional_text(adapter_type.as_ref()).unwrap_or_default(),
                    optional_text(adapter_type.as_ref()).unwrap_or_default()
                ),
            )
        }
        "relation_wrong_type" => {
            let [relation, expected, _model] = bind(method, ["relation", "expected_type", "model"], args)?;
            let relation = required(method, "relation", relation)?;
            let kind = relation.get_attr("type").unwrap_or_default();
            let expected = text(method, "expected_type", expected)?;
            error(
                Code::COMPILER_ERROR_RAISED,
                format!(
                    "Trying to create {expected} {relation}, but it currently exists as a {kind}. Either drop {relation} \
                     manually, or run dbt with `--full-refresh` and dbt will drop it for you."
                ),
            )
        }
        "raise_dep_not_found" => {
            let [_node, description, package] = bind(method, ["node", "node_description", "required_pkg"], args)?;
            error(
                Code::PACKAGE,
                format!(
                    "Error while parsing {}. The required package \"{}\" was not found.",
                    text(method, "node_description", description)?,
                    text(method, "required_pkg", package)?
                ),
            )
            .hint("install the packages: hetl deps")
        }
        "raise_invalid_property_yml_version" => {
            let [path, issue] = bind(method, ["path", "issue"], args)?;
            let (path, issue) = (text(method, "path", path)?, text(method, "issue", issue)?);
            error(Code::COMPILER_ERROR_RAISED, format!("The yml property file at {path} is invalid because {issue}."))
        }
        "raise_ambiguous_alias" | "raise_duplicate_resource_name" | "raise_duplicate_patch_name" => {
            let both = args.iter().take(2).map(|node| node.get_attr("unique_id").ok().filter(|id| !id.is_undefined()));
            let both: Vec<String> = both.zip(args).map(|(id, node)| id.unwrap_or(node.clone()).to_string()).collect();
            let what = method.trim_start_matches("raise_").replace('_', " ");
            error(Code::COMPILER_ERROR_RAISED, format!("{what}: {}", both.join(" and ")))
        }
        "raise_cache_inconsistent" => {
            let [message] = bind(method, ["message"], args)?;
            let message = text(method, "message", message)?;
            error(Code::COMPILER_ERROR_RAISED, format!("Cache inconsistency detected: {message}"))
        }
        "raise_parsing_error" | "raise_dependency_error" => {
            error(Code::COMPILER_ERROR_RAISED, args.first().map(ToString::to_string).unwrap_or_default())
        }
        _ if METHODS.contains(&method) => {
            let parts: Vec<String> = args.iter().map(ToString::to_string).collect();
            error(Code::COMPILER_ERROR_RAISED, format!("{}: {}", method.replace('_', " "), parts.join(", ")))
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}
