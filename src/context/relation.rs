//! `api.Relation` and the relations that `ref`, `this` and adapters return.

use std::sync::Arc;

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{Arguments, bind, bound_method, flag, optional_text, required, text};
use super::raise::{compilation, raise, wrong_arguments};
use super::values::{dict, list, none, nothing, optional};
use crate::adapters::{Relation, RelationParts, RelationType};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::type_name;

/// A relation as templates see it. Immutable; "changes" give another one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RelationValue(pub(super) Relation);

const METHODS: &[&str] = &[
    "render",
    "quote",
    "include",
    "incorporate",
    "replace_path",
    "replace",
    "matches",
    "information_schema",
    "information_schema_only",
    "without_identifier",
    "quoted",
    "get",
    "create",
    "scd_args",
    "render_limited",
    "add_ephemeral_prefix",
    "get_default_quote_policy",
    "get_default_include_policy",
    "get_function_config",
    "get_function_macro_name",
    "get_materialized_view_config_change_collection",
    "relation_max_name_length",
    "render_event_time_filtered",
    "to_dict",
];

const FIELDS: &[&str] = &["path", "type", "quote_character", "include_policy", "quote_policy", "dbt_created"];

/// A relation as a value.
pub(super) fn relation_value(relation: Relation) -> Value {
    Value::from_object(RelationValue(relation))
}

/// The relation behind a value.
pub(super) fn as_relation(value: &Value) -> Option<&Relation> {
    value.downcast_object_ref::<RelationValue>().map(|relation| &relation.0)
}

/// A required argument that must be a relation.
pub(super) fn relation_argument(function: &str, name: &str, value: Option<Value>) -> Result<Relation, Error> {
    let value = required(function, name, value)?;
    as_relation(&value).cloned().ok_or_else(|| {
        wrong_arguments(format!(
            "'adapter.{function}' expects argument '{name}' to be a relation, instead got {value} ({})",
            type_name(&value)
        ))
    })
}

fn policy(parts: RelationParts<bool>) -> Value {
    dict([
        ("database".to_owned(), parts.database.into()),
        ("schema".to_owned(), parts.schema.into()),
        ("identifier".to_owned(), parts.identifier.into()),
    ])
}

fn path(relation: &Relation) -> Value {
    dict([
        ("database".to_owned(), optional(relation.database.as_deref())),
        ("schema".to_owned(), optional(relation.schema.as_deref())),
        ("identifier".to_owned(), optional(relation.identifier.as_deref())),
    ])
}

/// Overwrites the parts that are given (and not none).
fn update_policy(parts: &mut RelationParts<bool>, given: &Value) {
    for (name, part) in
        [("database", &mut parts.database), ("schema", &mut parts.schema), ("identifier", &mut parts.identifier)]
    {
        if let Ok(value) = given.get_attr(name)
            && !value.is_undefined()
            && !value.is_none()
        {
            *part = value.is_true();
        }
    }
}

/// Overwrites the parts of the name that `given` has; none removes one.
fn update_path(relation: &mut Relation, given: &Value) {
    for (name, part) in [
        ("database", &mut relation.database),
        ("schema", &mut relation.schema),
        ("identifier", &mut relation.identifier),
    ] {
        if let Ok(value) = given.get_attr(name)
            && !value.is_undefined()
        {
            *part = optional_text(Some(&value));
        }
    }
}

fn relation_type(value: &Value) -> Result<Option<RelationType>, Error> {
    match optional_text(Some(value)) {
        None => Ok(None),
        Some(name) if name.is_empty() => Ok(None),
        Some(name) => RelationType::parse(&name)
            .map(Some)
            .ok_or_else(|| compilation(format!("'{name}' is not a type of relation"))),
    }
}

fn bool_parts(function: &str, args: &[Value], mut parts: RelationParts<bool>) -> Result<RelationParts<bool>, Error> {
    let [database, schema, identifier] = bind(function, ["database", "schema", "identifier"], args)?;
    for (value, part) in
        [(database, &mut parts.database), (schema, &mut parts.schema), (identifier, &mut parts.identifier)]
    {
        if let Some(value) = value.filter(|value| !value.is_none() && !value.is_undefined()) {
            *part = value.is_true();
        }
    }
    Ok(parts)
}

/// dbt's match of a relation against parts of a name; a match but for case is an error.
pub(super) fn matches(
    relation: &Relation,
    database: Option<&str>,
    schema: Option<&str>,
    identifier: Option<&str>,
) -> Result<bool, Error> {
    if database.is_none() && schema.is_none() && identifier.is_none() {
        return Err(compilation("Tried to match relation, but no search path was passed!"));
    }
    let (mut exact, mut approximate) = (true, true);
    for (own, search) in
        [(&relation.database, database), (&relation.schema, schema), (&relation.identifier, identifier)]
    {
        let Some(search) = search else { continue };
        let own = own.as_deref().unwrap_or_default();
        exact &= own == search;
        approximate &= own.to_lowercase().trim_matches('"') == search.to_lowercase().trim_matches('"');
    }
    if approximate && !exact {
        let wanted = Relation::new(database, schema, identifier);
        return Err(raise(
            Diagnostic::error(
                Code::AMBIGUOUS_RELATION,
                format!("{wanted} is looked for, and only {relation}, which differs in case, is there"),
            )
            .hint("drop or rename the existing relation, or write its name as it is"),
        ));
    }
    Ok(exact)
}

/// The information schema of a relation's database, or one of its views.
pub fn information_schema(relation: &Relation, view: Option<&str>) -> Relation {
    let mut schema = Relation::new(relation.database.as_deref(), None, Some("INFORMATION_SCHEMA"))
        .with_quoting(RelationParts { identifier: false, ..relation.quoting });
    schema.include.database = relation.database.is_some();
    let name = schema.render_name();
    schema.replacement = Some(view.map_or_else(|| name.clone(), |view| format!("{name}.{view}")));
    schema
}

impl Object for RelationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let relation = &self.0;
        let is = |wanted: RelationType| Value::from(relation.relation_type == Some(wanted));
        Some(match key {
            "database" => optional(relation.database.as_deref()),
            "schema" => optional(relation.schema.as_deref()),
            "identifier" | "name" | "table" => optional(relation.identifier.as_deref()),
            "type" => optional(relation.relation_type.map(RelationType::as_str)),
            "is_table" => is(RelationType::Table),
            "is_view" => is(RelationType::View),
            "is_cte" => is(RelationType::Cte),
            "is_materialized_view" => is(RelationType::MaterializedView),
            "is_function" => is(RelationType::Function),
            "is_pointer" | "dbt_created" | "can_be_replaced" => Value::from(false),
            "can_be_renamed" => {
                Value::from(matches!(relation.relation_type, Some(RelationType::Table | RelationType::View)))
            }
            "external" => optional(relation.replacement.as_deref()),
            "path" => path(relation),
            "quote_policy" => policy(relation.quoting),
            "include_policy" => policy(relation.include),
            "quote_character" => Value::from("\""),
            "require_alias" => Value::from(relation.names_subqueries),
            "event_time_filter" => optional(relation.filter.as_deref()),
            "catalog" => none(),
            "limit" => relation.limit.map_or_else(none, Value::from),
            "metadata" => dict([("type".to_owned(), Value::from("BaseRelation"))]),
            _ => return constant(key).or_else(|| bound_method(self, METHODS, key)),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(FIELDS)
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let relation = &self.0;
        let mut changed = relation.clone();
        Ok(match method {
            "render" => relation.render_name().into(),
            "render_limited" => relation.to_string().into(),
            "quote" => {
                changed.quoting = bool_parts("quote", args, relation.quoting)?;
                relation_value(changed)
            }
            "include" => {
                changed.include = bool_parts("include", args, relation.include)?;
                relation_value(changed)
            }
            "incorporate" | "replace" => {
                for (key, value) in Arguments::of(args).keywords {
                    match key.as_str() {
                        "path" => update_path(&mut changed, &value),
                        "type" => changed.relation_type = relation_type(&value)?,
                        "quote_policy" => update_policy(&mut changed.quoting, &value),
                        "include_policy" => update_policy(&mut changed.include, &value),
                        _ => {}
                    }
                }
                relation_value(changed)
            }
            "replace_path" => {
                let given = dict(Arguments::of(args).keywords);
                update_path(&mut changed, &given);
                relation_value(changed)
            }
            "matches" => {
                let [database, schema, identifier] = bind("matches", ["database", "schema", "identifier"], args)?;
                let [database, schema, identifier] =
                    [database, schema, identifier].map(|value| optional_text(value.as_ref()));
                matches(relation, database.as_deref(), schema.as_deref(), identifier.as_deref())?.into()
            }
            "information_schema" | "information_schema_only" => {
                let [view] = bind("information_schema", ["view_name"], args)?;
                relation_value(information_schema(relation, optional_text(view.as_ref()).as_deref()))
            }
            "without_identifier" => {
                changed.identifier = None;
                changed.include.identifier = false;
                changed.relation_type = None;
                relation_value(changed)
            }
            "get" => {
                let [key, default] = bind("get", ["key", "default"], args)?;
                let key = text("get", "key", key)?;
                self.get_value_by_str(&key).unwrap_or_else(|| default.unwrap_or_else(none))
            }
            "render_event_time_filtered" => Value::from(Relation { limit: None, ..changed }.to_string()),
            "to_dict" => {
                let rest = ["limit", "event_time_filter", "require_alias", "catalog", "external"];
                let fields = FIELDS.iter().copied().chain(rest);
                dict(fields.filter_map(|field| Some((field.to_owned(), self.get_value_by_str(field)?))))
            }
            "get_function_config" => {
                let [model] = bind("get_function_config", ["model"], args)?;
                super::user_function::config_of(&required("get_function_config", "model", model)?)?
            }
            "get_function_macro_name" => {
                let [config] = bind("get_function_macro_name", ["config"], args)?;
                super::user_function::macro_name(&required("get_function_macro_name", "config", config)?)?
            }
            "get_materialized_view_config_change_collection" => {
                let [results, model] = bind(
                    "get_materialized_view_config_change_collection",
                    ["relation_results", "relation_config"],
                    args,
                )?;
                super::index_changes::between(
                    &required("get_materialized_view_config_change_collection", "relation_results", results)?,
                    &required("get_materialized_view_config_change_collection", "relation_config", model)?,
                )?
            }
            "relation_max_name_length" => super::adapter::identifier_limit(state).map_or_else(none, Value::from),
            _ => return class_method(method, args, relation.quoting),
        })
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        let key = |relation: &Relation| {
            let bits = |parts: RelationParts<bool>| [parts.database, parts.schema, parts.identifier];
            (
                relation.to_string(),
                relation.relation_type.map(RelationType::as_str),
                [relation.database.clone(), relation.schema.clone(), relation.identifier.clone()],
                bits(relation.quoting),
                bits(relation.include),
            )
        };
        other.downcast_ref::<Self>().map(|other| key(&self.0).cmp(&key(&other.0)))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn constant(name: &str) -> Option<Value> {
    Some(Value::from(match name {
        "Table" => "table",
        "View" => "view",
        "CTE" => "cte",
        "External" => "external",
        "MaterializedView" => "materialized_view",
        "PointerTable" => "pointer_table",
        "Function" => "function",
        _ => return None,
    }))
}

/// `api.Relation` itself; makes relations with the project's quoting.
#[derive(Debug)]
pub(super) struct RelationClass {
    /// How relations are quoted where the call does not say.
    pub(super) quoting: RelationParts<bool>,
}

impl Object for RelationClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        constant(key).or_else(|| bound_method(self, METHODS, key))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        class_method(method, args, self.quoting)
    }
}

fn class_method(method: &str, args: &[Value], quoting: RelationParts<bool>) -> Result<Value, Error> {
    match method {
        "create" => create(args, quoting).map(relation_value),
        "scd_args" => {
            let [key, updated_at] = bind("scd_args", ["primary_key", "updated_at"], args)?;
            let key = required("scd_args", "primary_key", key)?;
            let mut parts = match key.kind() {
                minijinja::value::ValueKind::Seq => key.try_iter()?.collect(),
                _ => vec![key],
            };
            parts.push(required("scd_args", "updated_at", updated_at)?);
            Ok(list(parts))
        }
        "quoted" => {
            let [identifier] = bind("quoted", ["identifier"], args)?;
            Ok(format!("\"{}\"", text("quoted", "identifier", identifier)?).into())
        }
        "add_ephemeral_prefix" => {
            let [name] = bind("add_ephemeral_prefix", ["name"], args)?;
            Ok(format!("__dbt__cte__{}", text("add_ephemeral_prefix", "name", name)?).into())
        }
        "get_default_quote_policy" | "get_default_include_policy" => {
            Ok(dict(["database", "schema", "identifier"].map(|part| (part, Value::from(true)))))
        }
        "get_relation_type" => Ok(args.first().cloned().unwrap_or_else(nothing)),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn create(args: &[Value], quoting: RelationParts<bool>) -> Result<Relation, Error> {
    let mut arguments = Arguments::of(args);
    let mut given = |position: usize, name: &str| {
        let positional = arguments.positional.get(position).cloned();
        positional.or_else(|| arguments.take(name)).filter(|value| !value.is_undefined())
    };
    let [database, schema, identifier] =
        [given(0, "database"), given(1, "schema"), given(2, "identifier")].map(|value| optional_text(value.as_ref()));
    let kind = given(3, "type");
    let mut relation =
        Relation::new(database.as_deref(), schema.as_deref(), identifier.as_deref()).with_quoting(quoting);
    if let Some(kind) = kind {
        relation.relation_type = relation_type(&kind)?;
    }
    for (key, value) in arguments.keywords {
        match key.as_str() {
            "quote_policy" => update_policy(&mut relation.quoting, &value),
            "include_policy" => update_policy(&mut relation.include, &value),
            "external" if flag(Some(&value)) => relation.replacement = optional_text(Some(&value)),
            "limit" => relation.limit = u64::try_from(value).ok(),
            _ => {}
        }
    }
    Ok(relation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_differs_only_in_case_is_an_error() {
        let relation = Relation::new(Some("db"), Some("main"), Some("Orders"));
        assert!(matches(&relation, None, Some("main"), Some("Orders")).is_ok_and(|found| found));
        assert!(matches(&relation, None, Some("main"), Some("items")).is_ok_and(|found| !found));
        assert!(matches(&relation, None, Some("main"), Some("orders")).is_err());
    }

    #[test]
    fn the_information_schema_is_of_the_same_database() {
        let relation = Relation::new(Some("db"), Some("main"), Some("t"));
        assert_eq!(information_schema(&relation, Some("tables")).to_string(), "\"db\".INFORMATION_SCHEMA.tables");
    }
}
