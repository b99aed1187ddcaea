//! The arguments of a generic test: templates in YAML that become values before its macro is called.

use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use crate::jinja::{Dict, List, from_json, has_tags};

/// Renders the strings of a test's arguments natively; `column_name` stays as it is. A bare call such as `ref('x')` counts as
/// a template (dbt's `add_rendered_test_kwargs`).
pub fn render_test_arguments<E>(
    kwargs: &Map<String, Value>,
    render: &mut dyn FnMut(&str) -> Result<JinjaValue, E>,
) -> Result<JinjaValue, E> {
    let mut pairs = Vec::with_capacity(kwargs.len());
    for (key, value) in kwargs {
        let rendered = if key == "column_name" { from_json(value) } else { render_kwarg(value, render)? };
        pairs.push((JinjaValue::from(key.as_str()), rendered));
    }
    Ok(Dict::value(pairs))
}

fn render_kwarg<E>(value: &Value, render: &mut dyn FnMut(&str) -> Result<JinjaValue, E>) -> Result<JinjaValue, E> {
    match value {
        Value::String(text) if looks_like_call(text) => render(&format!("{{{{ {text} }}}}")),
        Value::String(text) if has_tags(text) => render(text),
        Value::Array(items) => {
            let items: Vec<JinjaValue> =
                items.iter().map(|item| render_kwarg(item, render)).collect::<Result<_, _>>()?;
            Ok(List::value(items))
        }
        Value::Object(map) => {
            let mut pairs = Vec::with_capacity(map.len());
            for (key, value) in map {
                pairs.push((JinjaValue::from(key.as_str()), render_kwarg(value, render)?));
            }
            Ok(Dict::value(pairs))
        }
        other => Ok(from_json(other)),
    }
}

fn looks_like_call(text: &str) -> bool {
    let text = text.trim();
    ["env_var", "ref", "var", "source", "doc"].iter().any(|name| {
        text.strip_prefix(name).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.len() > 2 && rest.starts_with('(') && rest.ends_with(')')
        })
    })
}
