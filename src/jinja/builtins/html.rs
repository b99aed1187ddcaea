//! Jinja2's filters for HTML and URLs. Nothing is escaped by itself; dbt has no auto-escaping.

use std::fmt::Write as _;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, Value};

use crate::jinja::values::{bind, items_of, pairs_of, to_text};

pub(crate) fn register(environment: &mut Environment<'static>) {
    let escaped = |value: &Value| {
        if value.is_safe() { value.clone() } else { Value::from_safe_string(escape(&to_text(value))) }
    };
    environment.add_filter("escape", escaped);
    environment.add_filter("e", escaped);
    environment.add_filter("forceescape", |value: &Value| Value::from_safe_string(escape(&to_text(value))));
    environment.add_filter("striptags", |value: &Value| striptags(&to_text(value)));
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("urlize", |value: &Value| urlize(&to_text(value)));
    environment.add_filter("xmlattr", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [space] = bind("xmlattr", ["autospace"], &args.into_values())?;
        let attributes: Vec<String> = pairs_of(value)?
            .into_iter()
            .filter(|(_, v)| !v.is_none() && !v.is_undefined())
            .map(|(k, v)| format!("{}=\"{}\"", escape(&to_text(&k)), escape(&to_text(&v))))
            .collect();
        let text = attributes.join(" ");
        let spaced = space.is_none_or(|s| s.is_true()) && !text.is_empty();
        Ok::<_, Error>(if spaced { format!(" {text}") } else { text })
    });
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let comment = rest[open..].starts_with("<!--");
        let (end, skip) = if comment { ("-->", 3) } else { (">", 1) };
        if let Some(close) = rest[open..].find(end) {
            rest = &rest[open + close + skip..];
        } else {
            out.push_str(&rest[open..]);
            rest = "";
        }
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    words
        .join(" ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

fn quoted(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn urlencode(value: &Value) -> Result<String, Error> {
    if value.as_str().is_some() || !matches!(value.kind(), ValueKind::Map | ValueKind::Seq) {
        return Ok(quoted(&to_text(value), "/"));
    }
    let pairs = if value.kind() == ValueKind::Map {
        pairs_of(value)?
    } else {
        items_of(value)?
            .iter()
            .map(|pair| Ok((pair.get_item_by_index(0)?, pair.get_item_by_index(1)?)))
            .collect::<Result<_, Error>>()?
    };
    let form = |v: &Value| quoted(&to_text(v), "").replace("%20", "+");
    let parts: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", form(k), form(v))).collect();
    Ok(parts.join("&"))
}

fn urlize(text: &str) -> String {
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            if word.starts_with("https://") || word.starts_with("http://") {
                let link = escape(word);
                format!("<a href=\"{link}\" rel=\"noopener\">{link}</a>")
            } else {
                escape(word)
            }
        })
        .collect();
    words.join(" ")
}
