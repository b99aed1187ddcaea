//! Parts of definitions in the form that dbt's manifest has: defaults filled in, short forms written out, types checked.

use serde_json::{Value, json};

use crate::diagnostics::{Code, Diagnostic, Span};

/// Units of time, the smallest first.
pub(super) const GRANULARITIES: [&str; 10] =
    ["nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter"];

/// Whether dbt knows this unit of time.
pub(super) fn is_granularity(word: &str) -> bool {
    word == "year" || GRANULARITIES.contains(&word)
}

/// How coarse a unit is: comparable numbers.
pub(super) fn coarseness(word: &str) -> usize {
    GRANULARITIES.iter().position(|known| *known == word).unwrap_or(GRANULARITIES.len())
}

/// The items of a list; nothing for anything else.
pub(super) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// Fills what an item leaves out.
pub(super) fn filled(item: &Value, defaults: Value) -> Value {
    let (Value::Object(mut all), Some(given)) = (defaults, item.as_object()) else { return item.clone() };
    for (key, value) in given {
        if all.contains_key(key) {
            all.insert(key.clone(), value.clone());
        }
    }
    Value::Object(all)
}

/// A part of a definition that may be left out, its own parts filled.
pub(super) fn filled_part(value: &mut Value, defaults: Value) {
    if value.is_object() {
        *value = filled(value, defaults);
    }
}

/// One condition or several, in the form that dbt's manifest has.
pub(super) fn filters(value: Option<&Value>) -> Value {
    let all: Vec<&Value> = match value {
        None | Some(Value::Null) => return Value::Null,
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    };
    json!({"where_filters": all.into_iter().map(|sql| json!({"where_sql_template": sql})).collect::<Vec<_>>()})
}

/// A span of time: `7 days` is seven times `day`.
pub(super) fn window(value: &Value, owner: &str, place: Span) -> Result<Value, Diagnostic> {
    let Value::String(text) = value else { return Ok(Value::Null) };
    let lower = text.to_lowercase();
    let (count, unit) = match lower.split(' ').collect::<Vec<_>>()[..] {
        [count, unit] => (count.parse::<u64>().ok(), unit),
        _ => (None, ""),
    };
    let count = count.ok_or_else(|| {
        Diagnostic::error(Code::YAML_VALUE, format!("`{text}` is not a window of time for `{owner}`"))
            .at(place, "in this definition")
            .hint("write a number and a unit: `28 days`")
    })?;
    let single = unit.strip_suffix('s').filter(|single| is_granularity(single)).unwrap_or(unit);
    Ok(json!({"count": count, "granularity": single}))
}

/// Numbers and truth values that stand for SQL, as text.
pub(super) fn sql_text(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => value.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string().into(),
    }
}

/// One of the words that a key may have.
pub(super) fn word(value: &Value, key: &str, owner: &str, allowed: &[&str], place: Span) -> Result<Value, Diagnostic> {
    let written = value.as_str().unwrap_or_default();
    if let Some(word) = allowed.iter().find(|word| word.eq_ignore_ascii_case(written)) {
        return Ok((*word).into());
    }
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let problem = Diagnostic::error(Code::YAML_VALUE, format!("`{shown}` is not a `{key}` that `{owner}` can have"));
    Err(problem.at(place, format!("expected one of {}", allowed.join(", "))).suggest(written, allowed.iter().copied()))
}

/// What is missing in a definition.
pub(super) fn missing(owner: &str, key: &str, place: Span) -> Diagnostic {
    Diagnostic::error(Code::YAML_MISSING_KEY, format!("`{owner}` has no `{key}`"))
        .at(place, format!("`{key}` is missing here"))
}

/// The text under a key.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}
