//! Types of values, where they are certain without asking the warehouse. A type is its name as the warehouse shows it.

use std::rc::Rc;

use sqlparser::ast::{BinaryOperator, DataType, Expr, UnaryOperator, Value};

use crate::sql::dialect::Dialect;

/// A type's name; none where it is not known.
pub(super) type Type = Option<Rc<str>>;

/// One type for both warehouses: DuckDB's name and PostgreSQL's.
type Names = (&'static str, &'static str);

const BOOLEAN: Names = ("BOOLEAN", "boolean");
const INTEGER: Names = ("INTEGER", "integer");
const BIGINT: Names = ("BIGINT", "bigint");
const DOUBLE: Names = ("DOUBLE", "double precision");
const TEXT: Names = ("VARCHAR", "text");
const DATE: Names = ("DATE", "date");
const TIMESTAMP: Names = ("TIMESTAMP", "timestamp without time zone");
const TIMESTAMP_TZ: Names = ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone");
const INTERVAL: Names = ("INTERVAL", "interval");
const JSON: Names = ("JSON", "json");

/// Words for types, in lower case without what stands in parentheses.
const WORDS: &[(&[&str], Names)] = &[
    (&["boolean", "bool", "logical"], BOOLEAN),
    (&["tinyint", "int1"], ("TINYINT", "smallint")),
    (&["smallint", "int2", "short"], ("SMALLINT", "smallint")),
    (&["integer", "int", "int4", "signed"], INTEGER),
    (&["bigint", "int8", "long"], BIGINT),
    (&["hugeint", "int128"], ("HUGEINT", "numeric")),
    (&["utinyint"], ("UTINYINT", "smallint")),
    (&["usmallint"], ("USMALLINT", "integer")),
    (&["uinteger"], ("UINTEGER", "bigint")),
    (&["ubigint"], ("UBIGINT", "numeric")),
    (&["real", "float4"], ("FLOAT", "real")),
    (&["double", "float8", "double precision"], DOUBLE),
    (&["text", "string"], TEXT),
    (&["date"], DATE),
    (&["timestamp", "datetime", "timestamp without time zone"], TIMESTAMP),
    (&["timestamptz", "timestamp with time zone"], TIMESTAMP_TZ),
    (&["time", "time without time zone"], ("TIME", "time without time zone")),
    (&["interval"], INTERVAL),
    (&["json"], JSON),
    (&["jsonb"], ("JSON", "jsonb")),
    (&["uuid"], ("UUID", "uuid")),
    (&["blob", "bytea", "binary", "varbinary"], ("BLOB", "bytea")),
];

fn pick(names: Names, dialect: Dialect) -> Type {
    Some(if dialect.is_postgres() { names.1 } else { names.0 }.into())
}

fn is(data_type: Option<&str>, names: Names, dialect: Dialect) -> bool {
    data_type == pick(names, dialect).as_deref()
}

/// The name of a type that is written out; none for types that are not known here.
pub(super) fn named(data_type: &DataType, dialect: Dialect) -> Type {
    let text = data_type.to_string().to_lowercase();
    if let Some(element) = text.strip_suffix("[]") {
        return word(element, dialect).map(|element| format!("{element}[]").into());
    }
    word(&text, dialect)
}

/// A type that is written in YAML or a catalog, as the warehouse shows it; one that is not known here stays as it is.
pub(super) fn spelled(text: &str, dialect: Dialect) -> Rc<str> {
    word(&text.to_lowercase(), dialect).unwrap_or_else(|| text.into())
}

fn word(text: &str, dialect: Dialect) -> Type {
    let (base, parameters) = match text.split_once('(') {
        Some((base, rest)) => (base.trim(), rest.split_once(')').map(|(inside, _)| inside.replace(' ', ""))),
        None => (text, None),
    };
    let postgres = dialect.is_postgres();
    match base {
        "numeric" | "decimal" | "dec" => Some(match (parameters, postgres) {
            (None, true) => "numeric".into(),
            (Some(parameters), true) if parameters.contains(',') => format!("numeric({parameters})").into(),
            (Some(precision), true) => format!("numeric({precision},0)").into(),
            (None, false) => "DECIMAL(18,3)".into(),
            (Some(parameters), false) if parameters.contains(',') => format!("DECIMAL({parameters})").into(),
            (Some(precision), false) => format!("DECIMAL({precision},0)").into(),
        }),
        "float" => pick(if postgres { DOUBLE } else { ("FLOAT", "") }, dialect),
        "varchar" | "character varying" | "nvarchar" => Some(match (parameters, postgres) {
            (Some(length), true) => format!("character varying({length})").into(),
            (None, true) => "character varying".into(),
            (_, false) => "VARCHAR".into(),
        }),
        "char" | "character" | "bpchar" => Some(match (parameters, postgres) {
            (Some(length), true) => format!("character({length})").into(),
            (None, true) => "character(1)".into(),
            (_, false) => "VARCHAR".into(),
        }),
        _ => {
            let known = WORDS.iter().find(|(words, _)| words.contains(&base))?;
            // `timestamp(3)` is a type of its own.
            if parameters.is_some() && (base.starts_with("timestamp") || base.starts_with("time")) {
                return None;
            }
            pick(known.1, dialect)
        }
    }
}

/// PostgreSQL's inner name of a type, which names a column without a name.
pub(super) fn short_name(data_type: &DataType) -> String {
    let text = data_type.to_string().to_lowercase();
    let base = text.split('(').next().unwrap_or(&text).trim();
    match base {
        "integer" | "int" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "double precision" => "float8",
        "real" => "float4",
        "boolean" => "bool",
        "character varying" => "varchar",
        "decimal" => "numeric",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "character" => "bpchar",
        other => other,
    }
    .to_owned()
}

pub(super) fn boolean(dialect: Dialect) -> Type {
    pick(BOOLEAN, dialect)
}

pub(super) fn is_null(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_null(inner),
        Expr::Value(value) => value.value == Value::Null,
        _ => false,
    }
}

pub(super) fn of_value(value: &Value, dialect: Dialect) -> Type {
    match value {
        Value::Boolean(_) => boolean(dialect),
        Value::Number(number, _) => {
            if number.parse::<i32>().is_ok() {
                pick(INTEGER, dialect)
            } else if number.parse::<i64>().is_ok() {
                pick(BIGINT, dialect)
            } else if number.contains(['e', 'E']) && !dialect.is_postgres() {
                pick(DOUBLE, dialect)
            } else {
                None
            }
        }
        Value::SingleQuotedString(_) | Value::DollarQuotedString(_) | Value::EscapedStringLiteral(_) => {
            pick(TEXT, dialect)
        }
        _ => None,
    }
}

/// One of several values: a type if all have it. What is `null` takes the type of the others.
pub(super) fn of_alternatives(alternatives: Vec<(Type, bool)>) -> Type {
    let mut typed = alternatives.into_iter().filter(|(_, is_null)| !is_null).map(|(data_type, _)| data_type);
    let first = typed.next()??;
    typed.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

pub(super) fn of_unary(operator: UnaryOperator, operand: Option<&Rc<str>>, dialect: Dialect) -> Type {
    match operator {
        UnaryOperator::Not => boolean(dialect),
        UnaryOperator::Plus | UnaryOperator::Minus => operand.filter(|operand| is_number(operand, dialect)).cloned(),
        _ => None,
    }
}

fn is_number(data_type: &str, dialect: Dialect) -> bool {
    [INTEGER, BIGINT, DOUBLE].iter().any(|number| is(Some(data_type), *number, dialect))
}

pub(super) fn of_operator(
    operator: &BinaryOperator,
    left: Option<&str>,
    right: Option<&str>,
    dialect: Dialect,
) -> Type {
    use BinaryOperator as Op;
    let are = |one: Names, other: Names| is(left, one, dialect) && is(right, other, dialect);
    let either = |names: Names| is(left, names, dialect) || is(right, names, dialect);
    let numbers =
        left.is_some_and(|left| is_number(left, dialect)) && right.is_some_and(|right| is_number(right, dialect));
    match operator {
        Op::Gt
        | Op::Lt
        | Op::GtEq
        | Op::LtEq
        | Op::Eq
        | Op::NotEq
        | Op::And
        | Op::Or
        | Op::PGRegexMatch
        | Op::PGRegexIMatch
        | Op::PGRegexNotMatch
        | Op::PGRegexNotIMatch
        | Op::PGLikeMatch
        | Op::PGStartsWith => boolean(dialect),
        Op::StringConcat if are(TEXT, TEXT) => pick(TEXT, dialect),
        Op::LongArrow | Op::HashLongArrow => pick(TEXT, dialect),
        Op::Arrow if !dialect.is_postgres() => pick(JSON, dialect),
        Op::Plus | Op::Minus if either(INTERVAL) && (either(DATE) || either(TIMESTAMP)) => pick(TIMESTAMP, dialect),
        Op::Minus if are(DATE, DATE) => pick(if dialect.is_postgres() { INTEGER } else { BIGINT }, dialect),
        Op::Minus if are(TIMESTAMP, TIMESTAMP) => pick(INTERVAL, dialect),
        Op::Plus | Op::Minus if are(DATE, INTEGER) => pick(DATE, dialect),
        Op::Divide if numbers && !dialect.is_postgres() => pick(DOUBLE, dialect),
        Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo | Op::DuckIntegerDivide if numbers => {
            let is_whole = *operator == Op::DuckIntegerDivide;
            [DOUBLE, BIGINT, INTEGER]
                .into_iter()
                .find(|names| either(*names) && !(is_whole && *names == DOUBLE))
                .and_then(|names| pick(names, dialect))
        }
        _ => None,
    }
}

/// Predicates and the few other forms whose type never differs.
pub(super) fn of_predicate(expression: &Expr, dialect: Dialect) -> Type {
    match expression {
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InUnnest { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::RLike { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. } => boolean(dialect),
        Expr::Trim { .. } | Expr::Substring { .. } | Expr::Overlay { .. } => pick(TEXT, dialect),
        Expr::Interval(_) => pick(INTERVAL, dialect),
        Expr::Position { .. } => pick(if dialect.is_postgres() { INTEGER } else { BIGINT }, dialect),
        Expr::Extract { field, .. } if !dialect.is_postgres() => {
            let field = field.to_string().to_lowercase();
            let whole = ["year", "month", "day", "hour", "minute", "quarter", "week", "dow", "doy", "isodow", "decade"];
            whole.contains(&field.as_str()).then(|| pick(BIGINT, dialect)).flatten()
        }
        Expr::Extract { .. } => Some("numeric".into()),
        _ => None,
    }
}

/// What a function gives, by the types of its arguments (and whether each is `null`).
pub(super) fn of_function(name: &str, arguments: &[(Type, bool)], dialect: Dialect) -> Type {
    let postgres = dialect.is_postgres();
    let argument = |at: usize| arguments.get(at).and_then(|(data_type, _)| data_type.clone());
    match name {
        "count" | "count_star" | "row_number" | "rank" | "dense_rank" | "approx_count_distinct" => {
            pick(BIGINT, dialect)
        }
        "min" | "max" | "any_value" | "first" | "last" | "first_value" | "last_value" | "lag" | "lead"
        | "nth_value" | "mode" | "arg_min" | "arg_max" | "min_by" | "max_by" | "nullif" => {
            argument(0).filter(|_| arguments.len() <= 2 || name != "lag" && name != "lead")
        }
        "coalesce" | "ifnull" | "greatest" | "least" => of_alternatives(arguments.to_vec()),
        "upper" | "lower" | "trim" | "ltrim" | "rtrim" | "btrim" | "replace" | "md5" | "concat" | "concat_ws"
        | "left" | "right" | "lpad" | "rpad" | "regexp_replace" | "split_part" | "substring" | "substr" | "initcap"
        | "string_agg" | "repeat" | "translate" | "to_char" => pick(TEXT, dialect),
        "strftime" | "sha256" | "listagg" | "group_concat" | "regexp_extract" | "printf" | "format" if !postgres => {
            pick(TEXT, dialect)
        }
        "bool_and" | "bool_or" | "starts_with" => boolean(dialect),
        "regexp_matches" | "contains" | "ends_with" | "prefix" | "suffix" | "isnan" | "regexp_full_match"
            if !postgres =>
        {
            boolean(dialect)
        }
        "length" | "char_length" => pick(if postgres { INTEGER } else { BIGINT }, dialect),
        "len" | "strlen" | "instr" | "date_diff" | "datediff" | "year" | "month" | "day" | "hour" | "minute"
        | "second" | "quarter" | "week" | "dayofweek" | "dayofyear" | "isodow" | "ntile"
            if !postgres =>
        {
            pick(BIGINT, dialect)
        }
        "avg" | "median" | "stddev" | "stddev_samp" | "variance"
            if !postgres
                && [INTEGER, BIGINT, DOUBLE].iter().any(|names| is(argument(0).as_deref(), *names, dialect)) =>
        {
            pick(DOUBLE, dialect)
        }
        "sum" => match argument(0).as_deref() {
            given if is(given, DOUBLE, dialect) => pick(DOUBLE, dialect),
            given if is(given, INTEGER, dialect) || is(given, BIGINT, dialect) => {
                match (postgres, is(given, INTEGER, dialect)) {
                    (false, _) => pick(("HUGEINT", ""), dialect),
                    (true, true) => pick(BIGINT, dialect),
                    (true, false) => Some("numeric".into()),
                }
            }
            Some(given) if !postgres && given.starts_with("DECIMAL(") => {
                let scale = given.trim_end_matches(')').rsplit(',').next()?;
                Some(format!("DECIMAL(38,{scale})").into())
            }
            _ => None,
        },
        "abs" => argument(0).filter(|given| is_number(given, dialect)),
        "sqrt" | "exp" | "ln" if is(argument(0).as_deref(), DOUBLE, dialect) => pick(DOUBLE, dialect),
        "percent_rank" | "cume_dist" => pick(DOUBLE, dialect),
        "current_date" | "make_date" => pick(DATE, dialect),
        "current_timestamp" | "now" => pick(TIMESTAMP_TZ, dialect),
        "to_json" if !postgres => pick(JSON, dialect),
        "list" | "array_agg" => {
            argument(0).filter(|given| !postgres || !given.contains('(')).map(|given| format!("{given}[]").into())
        }
        _ => None,
    }
}

/// Names and types of the fields of `STRUCT(x INTEGER, "my y" VARCHAR[])`, as DuckDB writes it; none of other types.
pub(super) fn struct_fields(data_type: &str) -> Option<Vec<(String, String)>> {
    let inner = data_type.strip_prefix("STRUCT(")?.strip_suffix(')')?;
    split_at_commas(inner)?.into_iter().map(field).collect()
}

/// The parts between commas that stand outside of quotes and parentheses.
fn split_at_commas(list: &str) -> Option<Vec<&str>> {
    let (mut depth, mut is_quoted, mut begin, mut parts) = (0_u32, false, 0, Vec::new());
    for (at, character) in list.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.checked_sub(1)?,
            ',' if !is_quoted && depth == 0 => {
                parts.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[begin..]);
    Some(parts)
}

fn field(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let (name, data_type) = match text.strip_prefix('"') {
        Some(rest) => {
            let end = rest.find("\" ")?;
            (rest[..end].replace("\"\"", "\""), &rest[end + 2..])
        }
        None => {
            let (name, data_type) = text.split_once(' ')?;
            (name.to_owned(), data_type)
        }
    };
    Some((name, data_type.to_owned()))
}
