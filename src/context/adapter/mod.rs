//! `adapter`: the warehouse as templates see it.
//!
//! While parsing, everything that would ask the warehouse answers dbt's stand-ins: empty tables, empty lists, none. While
//! running, calls go through the worker's connection and the relation cache.

pub(super) mod cache;
mod columns;
mod constraints;
mod dispatch;
pub(super) mod execute;
mod external;
mod foreign_keys;
mod identifiers;
mod index;
pub(super) mod query_comment;
mod relations;
mod snapshot;

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

pub(super) use cache::find_relation;
pub(super) use dispatch::dispatched;
pub(super) use identifiers::limit as identifier_limit;
pub use identifiers::suffixed_identifier;

use super::NodeRun;
use super::arguments::{bind, bound_method, flag, optional_text, required, text};
use super::raise::{OrRaise, compilation, raise};
use super::relation::RelationClass;
use super::results::ResponseValue;
use super::scope::Scope;
use super::table::{TableValue, as_table, cell_of};
use super::transaction;
use super::values::{dict, list, none, nothing, tuple};
use crate::adapters::{AdapterResponse, Column};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::items_of;
use crate::manifest::publishes_in_place;

/// The object behind `adapter`.
#[derive(Debug)]
struct AdapterValue(Arc<Scope>);

/// `adapter` of a scope.
pub(super) fn adapter_value(scope: &Arc<Scope>) -> Value {
    Value::from_object(AdapterValue(Arc::clone(scope)))
}

const METHODS: &[&str] = &[
    "add_query",
    "already_exists",
    "assert_valid_snapshot_target_given_strategy",
    "batch_id_for_model",
    "build_catalog_relation",
    "cache_added",
    "cache_dropped",
    "cache_rebound",
    "cache_renamed",
    "catalog_supports_foreign_keys",
    "check_schema_exists",
    "commit",
    "convert_datetimes_to_strs",
    "convert_type",
    "create_schema",
    "disable_transactions",
    "dispatch",
    "drop_relation",
    "drop_schema",
    "ensure_transaction",
    "escape_sql_string",
    "execute",
    "existing_key_constraint_types",
    "expand_target_column_types",
    "external_read_location",
    "external_root",
    "external_write_options",
    "get_binding_char",
    "get_catalog_integration",
    "get_column_schema_from_query",
    "get_columns_in_relation",
    "get_columns_in_table",
    "get_hard_deletes_behavior",
    "get_incremental_strategy_macro",
    "get_missing_columns",
    "get_partitions_metadata",
    "get_relation",
    "get_seed_file_path",
    "get_temp_relation_path",
    "hetl_audit",
    "hetl_publishes_in_place",
    "hetl_replace_rows",
    "hetl_withhold",
    "identifier_with_suffix",
    "is_ducklake",
    "is_motherduck",
    "is_of_project",
    "list_relations",
    "list_relations_without_caching",
    "list_schemas",
    "load_dataframe",
    "location_exists",
    "nice_connection_name",
    "parse_index",
    "quote",
    "quote_as_configured",
    "quote_seed_column",
    "rename_relation",
    "render_raw_columns_constraints",
    "render_raw_model_constraints",
    "run_sql_for_tests",
    "standardize_grants_dict",
    "store_relation",
    "truncate_relation",
    "type",
    "use_ducklake_table_workarounds",
    "valid_incremental_strategies",
    "valid_snapshot_target",
    "verify_database",
    "warn_once",
];

impl Object for AdapterValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let scope = &self.0;
        match key.as_str()? {
            "Relation" => Some(Value::from_object(RelationClass { quoting: scope.session.quoting() })),
            "Column" => Some(Value::from_object(super::column::ColumnClass)),
            "config" => Some(scope.session.shared().runtime_config.clone()),
            "behavior" => Some(Value::from_object(Behavior(Arc::clone(scope)))),
            name => bound_method(self, METHODS, name),
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if let Some(answer) = offline(&self.0, state, method, args) {
            return answer;
        }
        match self.0.run() {
            Some(run) => online(&self.0, run, state, method, args),
            None if METHODS.contains(&method) => Ok(stand_in(method)),
            None => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// `adapter.behavior`: behaviour flags, each true by itself or by its `no_warn`.
#[derive(Debug)]
struct Behavior(Arc<Scope>);

impl Object for Behavior {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let flag = self.0.session.config().flags.behaves(key.as_str()?);
        Some(Value::from_object(BehaviorFlag(flag)))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// One behaviour flag.
#[derive(Debug)]
struct BehaviorFlag(bool);

impl Object for BehaviorFlag {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        matches!(key.as_str()?, "no_warn" | "setting").then(|| Value::from(self.0))
    }
}

/// What dbt answers while parsing instead of asking the warehouse.
fn stand_in(method: &str) -> Value {
    match method {
        "execute" => tuple(vec![response(AdapterResponse::default()), Value::from_object(TableValue::empty())]),
        "get_partitions_metadata" => tuple(vec![Value::from_object(TableValue::empty())]),
        "add_query" => tuple(vec![none(), none()]),
        "get_columns_in_relation"
        | "get_columns_in_table"
        | "get_missing_columns"
        | "get_column_schema_from_query"
        | "list_relations"
        | "list_schemas"
        | "list_relations_without_caching"
        | "existing_key_constraint_types" => list(Vec::new()),
        "check_schema_exists" | "already_exists" | "location_exists" | "catalog_supports_foreign_keys" => {
            Value::from(false)
        }
        "cache_added" | "cache_dropped" | "cache_renamed" | "commit" | "verify_database" => nothing(),
        _ => none(),
    }
}

fn response(response: AdapterResponse) -> Value {
    Value::from_object(ResponseValue(response))
}

/// Methods that need no connection: the same while parsing and running.
fn offline(
    scope: &Arc<Scope>,
    state: &mut State<'_, '_>,
    method: &str,
    args: &[Value],
) -> Option<Result<Value, Error>> {
    let adapter = scope.session.adapter();
    Some(match method {
        "type" => Ok(Value::from(adapter.type_name())),
        "dispatch" => dispatch::dispatch(scope, args),
        "quote" => one_text("quote", "identifier", args).map(|name| Value::from(adapter.quote(&name))),
        "quote_as_configured" => quote_as_configured(scope, args),
        "quote_seed_column" => quote_seed_column(scope, args),
        "convert_type" => convert_type(scope, args),
        "convert_datetimes_to_strs" => Ok(args.first().cloned().unwrap_or_else(none)),
        "render_raw_columns_constraints" => constraints::columns(scope, args),
        "render_raw_model_constraints" => constraints::model(scope, args),
        "standardize_grants_dict" => standardize_grants(args),
        "get_hard_deletes_behavior" if scope.execute() => snapshot::hard_deletes(state, args),
        "get_incremental_strategy_macro" if scope.execute() => dispatch::strategy(scope, args),
        "valid_incremental_strategies" => {
            Ok(list(adapter.incremental_strategies().iter().map(|name| Value::from(*name)).collect()))
        }
        "nice_connection_name" => {
            Ok(Value::from(if scope.unique_id().is_empty() { "<None>" } else { scope.unique_id() }))
        }
        "external_root" => Ok(Value::from(adapter.external_root())),
        "external_write_options" => external::write_options(args),
        "external_read_location" => external::read_location(args),
        "is_motherduck" | "use_ducklake_table_workarounds" => Ok(Value::from(false)),
        "disable_transactions" => Ok(Value::from(adapter.disables_transactions())),
        "escape_sql_string" => one_text(method, "value", args).map(|text| Value::from(text.replace('\'', "''"))),
        "get_binding_char" => Ok(Value::from(adapter.parameter_mark())),
        "batch_id_for_model" => Ok(batch_id(args)),
        "is_ducklake" => Ok(Value::from(is_ducklake(scope, args))),
        "identifier_with_suffix" => identifiers::with_suffix(scope, args),
        "verify_database" if scope.execute() => identifiers::verify_database(scope, args),
        "parse_index" => index::parse(args),
        "build_catalog_relation" => Ok(catalog_relation()),
        "get_catalog_integration" => Ok(none()),
        "store_relation" => {
            Err(raise(Diagnostic::error(Code::UNSUPPORTED, "plugins of dbt-duckdb are Python code and cannot be used")))
        }
        "warn_once" => warn_once(scope, args),
        _ => return None,
    })
}

/// Methods that ask or change the warehouse.
fn online(
    scope: &Arc<Scope>,
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match method {
        "execute" => {
            let [sql, auto_begin, fetch, limit] = bind("execute", ["sql", "auto_begin", "fetch", "limit"], args)?;
            let sql = text("execute", "sql", sql)?;
            let limit = limit.and_then(|limit| limit.as_usize());
            let (answer, table) =
                execute::run(run, &sql, flag(auto_begin.as_ref()), flag(fetch.as_ref())).or_raise()?;
            let table = Value::from_object(TableValue::new(Arc::new(execute::limited(table, limit))));
            Ok(tuple(vec![response(answer), table]))
        }
        "add_query" => add_query(run, args),
        "run_sql_for_tests" => {
            let [sql, fetch, _connection] = bind(method, ["sql", "fetch", "conn"], args)?;
            let fetch = optional_text(fetch.as_ref()).unwrap_or_default();
            let (_, table) = execute::run(run, &text(method, "sql", sql)?, true, fetch != "None").or_raise()?;
            Ok(Value::from_object(TableValue::new(Arc::new(table))))
        }
        "commit" => execute::commit(run).or_raise().map(|()| nothing()),
        "hetl_audit" => transaction::audit(run, args),
        "hetl_publishes_in_place" => {
            let wish = publishes_in_place(&run.node().config).ok().flatten().unwrap_or(run.worker().publishes_in_place);
            Ok(Value::from(wish && run.session().adapter().replaces_rows()))
        }
        "hetl_replace_rows" => transaction::replace_rows(run, args),
        "hetl_keeps_previous" => Ok(Value::from(run.worker().keeps_previous)),
        "hetl_live_relation" => Ok(run.relation_value(run.live_relation())),
        "hetl_withhold" => transaction::withhold(run, args),
        "ensure_transaction" => execute::begin(run).or_raise().map(|()| nothing()),
        "get_relation"
        | "already_exists"
        | "list_relations"
        | "list_relations_without_caching"
        | "cache_added"
        | "cache_dropped"
        | "cache_rebound"
        | "cache_renamed"
        | "check_schema_exists"
        | "list_schemas" => cache::call(run, method, args),
        "drop_relation" | "truncate_relation" | "rename_relation" | "create_schema" | "drop_schema" => {
            relations::call(run, state, method, args)
        }
        "get_columns_in_relation"
        | "get_columns_in_table"
        | "get_missing_columns"
        | "expand_target_column_types"
        | "get_column_schema_from_query" => columns::call(run, state, method, args),
        "valid_snapshot_target" | "assert_valid_snapshot_target_given_strategy" => {
            snapshot::check_target(run, state, method, args)
        }
        "location_exists" => {
            let location = one_text(method, "location", args)?;
            let sql = format!("select 1 from '{}' where 1=0", location.replace('\'', "''"));
            let exists = execute::run(run, &sql, false, false).is_ok();
            if !exists && run.worker().connection().in_transaction() {
                // The failed statement ended the transaction for all that follow.
                execute::run(run, "rollback", false, false).or_raise()?;
            }
            Ok(Value::from(exists))
        }
        "get_seed_file_path" => Ok(Value::from(super::seed::seed_path(run).to_string_lossy().into_owned())),
        "load_dataframe" => load_dataframe(run, args),
        "is_of_project" => {
            let [schema, identifier] = bind(method, ["schema", "identifier"], args)?;
            let (schema, identifier) = (text(method, "schema", schema)?, text(method, "identifier", identifier)?);
            Ok(Value::from(run.session().is_of_project(run.manifest(), &schema, &identifier)))
        }
        "catalog_supports_foreign_keys" | "existing_key_constraint_types" => foreign_keys::call(run, method, args),
        "get_temp_relation_path" => temp_relation_path(scope, args),
        _ if METHODS.contains(&method) => Ok(stand_in(method)),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

/// `adapter` of the render that is going on, if it has one.
fn adapter_of(state: &State<'_, '_>) -> Option<Arc<dyn crate::adapters::Adapter>> {
    let value = state.lookup("adapter")?;
    value.downcast_object_ref::<AdapterValue>().map(|adapter| Arc::clone(adapter.0.session.adapter()))
}

/// The only argument as text.
fn one_text(method: &str, name: &str, args: &[Value]) -> Result<String, Error> {
    let [value] = bind(method, [name], args)?;
    text(method, name, value)
}

fn quote_as_configured(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let [identifier, key] = bind("quote_as_configured", ["identifier", "quote_key"], args)?;
    let identifier = text("quote_as_configured", "identifier", identifier)?;
    let quoting = scope.session.quoting();
    let quoted = match text("quote_as_configured", "quote_key", key)?.as_str() {
        "database" => quoting.database,
        "schema" => quoting.schema,
        "identifier" => quoting.identifier,
        _ => false,
    };
    Ok(Value::from(if quoted { scope.session.adapter().quote(&identifier) } else { identifier }))
}

fn quote_seed_column(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    use minijinja::value::ValueKind;
    let [column, config] = bind("quote_seed_column", ["column", "quote_config"], args)?;
    let column = text("quote_seed_column", "column", column)?;
    let quoted = match config {
        None => true,
        Some(value) if value.is_none() || value.is_undefined() => true,
        Some(value) if value.kind() == ValueKind::Bool => value.is_true(),
        Some(value) => {
            return Err(raise(Diagnostic::error(
                Code::INVALID_CONFIG,
                format!(
                    "The seed configuration value of \"quote_columns\" has an invalid type {}",
                    crate::jinja::type_name(&value)
                ),
            )));
        }
    };
    Ok(Value::from(if quoted { scope.session.adapter().quote(&column) } else { column }))
}

fn convert_type(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let [table, index] = bind("convert_type", ["agate_table", "col_idx"], args)?;
    let table = required("convert_type", "agate_table", table)?;
    let index = index.and_then(|index| index.as_usize()).unwrap_or(0);
    let table = as_table(&table).ok_or_else(|| compilation("convert_type() needs a table"))?;
    Ok(table.kinds().get(index).map_or_else(none, |kind| Value::from(scope.session.adapter().seed_type(*kind))))
}

/// Rows of `grantee` and `privilege_type` as a dict from privilege to grantees.
fn standardize_grants(args: &[Value]) -> Result<Value, Error> {
    let [table] = bind("standardize_grants_dict", ["grants_table"], args)?;
    let mut grants: Vec<(String, Vec<Value>)> = Vec::new();
    for row in items_of(&required("standardize_grants_dict", "grants_table", table)?)? {
        let privilege = row.get_item(&Value::from("privilege_type"))?.to_string();
        let grantee = row.get_item(&Value::from("grantee"))?;
        match grants.iter_mut().find(|(name, _)| *name == privilege) {
            Some((_, grantees)) => grantees.push(grantee),
            None => grants.push((privilege, vec![grantee])),
        }
    }
    Ok(dict(grants.into_iter().map(|(privilege, grantees)| (privilege, list(grantees)))))
}

/// A batch's start as a suffix of names; empty outside of microbatches.
fn batch_id(args: &[Value]) -> Value {
    let start = args
        .first()
        .and_then(|model| model.get_attr("batch").ok())
        .and_then(|batch| batch.get_attr("event_time_start").ok())
        .filter(|start| !start.is_none() && !start.is_undefined());
    let Some(start) = start else { return nothing() };
    let text = start.to_string();
    Value::from(text.replace(['-', ':', '+'], "").replace(' ', "_"))
}

fn is_ducklake(scope: &Scope, args: &[Value]) -> bool {
    let database =
        args.first().and_then(super::relation::as_relation).and_then(|relation| relation.database.as_deref());
    database.is_some_and(|database| scope.session.adapter().is_ducklake(database))
}

fn catalog_relation() -> Value {
    dict([
        ("catalog_name", none()),
        ("catalog_type", none()),
        ("table_format", Value::from("default")),
        ("file_format", none()),
        ("external_volume", none()),
    ])
}

fn warn_once(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let message = one_text("warn_once", "msg", args)?;
    if scope.session.is_news(&message) {
        scope.warn(message)?;
    }
    Ok(nothing())
}

fn add_query(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let names = ["sql", "auto_begin", "bindings", "abridge_sql_log"];
    let [sql, auto_begin, bindings, _abridge] = bind("add_query", names, args)?;
    let sql = text("add_query", "sql", sql)?;
    let auto_begin = auto_begin.is_none_or(|value| value.is_true());
    let bindings = bindings.filter(|bindings| !bindings.is_none());
    match bindings {
        Some(bindings) => {
            let cells: Vec<_> = items_of(&bindings)?.iter().map(cell_of).collect();
            execute::with_bindings(run, &sql, auto_begin, &cells).or_raise()?;
        }
        None => {
            execute::run(run, &sql, auto_begin, false).or_raise()?;
        }
    }
    Ok(tuple(vec![none(), none()]))
}

/// A seed's rows into its table by the warehouse's own loader. In place of dbt's `column_override` it takes the names of the columns that the rows fill.
fn load_dataframe(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let names = ["database", "schema", "table_name", "agate_table", "column_override", "field_delimiter"];
    let [database, schema, name, table, columns, _delimiter] = bind("load_dataframe", names, args)?;
    let table = required("load_dataframe", "agate_table", table)?;
    let table = as_table(&table).ok_or_else(|| compilation("load_dataframe() needs a table"))?.to_table();
    let [database, schema, name] = [database, schema, name].map(|value| optional_text(value.as_ref()));
    let relation = run
        .session()
        .adapter()
        .relation(database.as_deref(), schema.as_deref(), name.as_deref())
        .with_quoting(run.session().quoting());
    execute::fault("load").or_raise()?;
    let columns: Vec<Column> = columns
        .iter()
        .flat_map(|names| names.try_iter().into_iter().flatten())
        .map(|name| Column::new(name.to_string(), String::new()))
        .collect();
    let rows = run.worker().connection().load_rows(&relation, &columns, &table);
    if let Some(reason) = table.unread() {
        return Err(compilation(format!("rows of a seed could not be read a second time: {reason}")));
    }
    match rows {
        Ok(rows) => Ok(Value::from(rows)),
        Err(error) => Err(raise(execute::problem(run, &error, ""))),
    }
}

fn temp_relation_path(scope: &Scope, args: &[Value]) -> Result<Value, Error> {
    let [model, batch] = bind("get_temp_relation_path", ["model", "batch_id"], args)?;
    let model = required("get_temp_relation_path", "model", model)?;
    let part = |name: &str| model.get_attr(name).unwrap_or_default();
    let invocation = &scope.session.config().invocation.invocation_id;
    let mut identifier = format!("{}__{}", part("identifier"), invocation.rsplit('-').next().unwrap_or_default());
    if let Some(batch) = optional_text(batch.as_ref()).filter(|batch| !batch.is_empty()) {
        identifier = format!("{identifier}__{batch}");
    }
    Ok(dict([
        ("database", part("database")),
        ("schema", Value::from("dbt_temp")),
        ("identifier", Value::from(identifier)),
    ]))
}
