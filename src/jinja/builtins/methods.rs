//! Python's methods of strings, tuples and numbers.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, State, UndefinedBehavior, Value};

use crate::jinja::values::{List, bind, failed, integer, items_of, required, split_args, type_name};

/// Methods of values that are not objects with methods of their own.
pub(crate) fn call(state: &mut State<'_, '_>, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    dispatch(state, value, method, args).map_err(|error| {
        if error.kind() != ErrorKind::UnknownMethod || error.detail().is_some() {
            return error;
        }
        let detail = format!("'{} object' has no attribute '{method}'", type_name(value));
        Error::new(ErrorKind::UnknownMethod, detail)
    })
}

fn dispatch(state: &mut State<'_, '_>, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    if value.is_undefined() {
        if state.undefined_behavior() == UndefinedBehavior::Chainable {
            return Ok(Value::UNDEFINED);
        }
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if let Some(text) = value.as_str() {
        return match text_method(text, method, args)? {
            Some(result) => Ok(result),
            None => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args),
        };
    }
    match value.kind() {
        ValueKind::Seq => {
            let items = items_of(value)?;
            match method {
                "count" | "index" | "copy" => {
                    let list = List::value(items);
                    list.call_method(state, method, args)
                }
                _ => Err(Error::from(ErrorKind::UnknownMethod)),
            }
        }
        ValueKind::Number if method == "bit_length" => {
            let number = i128::try_from(value.clone())?.unsigned_abs();
            Ok(Value::from(128 - number.leading_zeros()))
        }
        ValueKind::Number if method == "is_integer" => {
            let whole = crate::jinja::values::float_of(value).is_none_or(|f| f.fract() == 0.0);
            Ok(Value::from(whole))
        }
        ValueKind::Map => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn string(value: Option<Value>, method: &str) -> Result<String, Error> {
    let value = required(value, method)?;
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| failed(format!("{method}() argument must be str, not {}", type_name(&value))))
}

fn texts<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Value {
    List::value(pieces.into_iter().map(Value::from).collect())
}

fn text_method(text: &str, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    let found = match method {
        "split" | "rsplit" => split(text, method, args)?,
        "splitlines" => {
            let [keep] = bind("splitlines", ["keepends"], args)?;
            if keep.is_some_and(|v| v.is_true()) { texts(text.split_inclusive('\n')) } else { texts(text.lines()) }
        }
        "partition" | "rpartition" => {
            let [separator] = bind(method, ["sep"], args)?;
            let separator = string(separator, method)?;
            let at = if method == "partition" { text.find(&separator) } else { text.rfind(&separator) };
            let parts = match at {
                Some(at) => [&text[..at], &separator, &text[at + separator.len()..]],
                None if method == "partition" => [text, "", ""],
                None => ["", "", text],
            };
            Value::from(Tuple::from(parts.map(Value::from)))
        }
        "zfill" | "ljust" | "rjust" | "center" => {
            let [width, fill] = bind(method, ["width", "fillchar"], args)?;
            let width = integer(&required(width, method)?)?.clamp(0, 1_000_000) as usize;
            let fill = fill.map_or_else(|| Ok(" ".to_owned()), |f| string(Some(f), method))?;
            let missing = width.saturating_sub(text.chars().count());
            Value::from(match method {
                "ljust" => format!("{text}{}", fill.repeat(missing)),
                "rjust" => format!("{}{text}", fill.repeat(missing)),
                "zfill" => match text.strip_prefix(['-', '+']) {
                    Some(digits) => format!("{}{}{digits}", &text[..1], "0".repeat(missing)),
                    None => format!("{}{text}", "0".repeat(missing)),
                },
                _ => {
                    // Python puts the odd blank to the left when the width is odd.
                    let left = missing / 2 + (missing & width & 1);
                    format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left))
                }
            })
        }
        "title" => {
            let mut inside = false;
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                if inside {
                    out.extend(c.to_lowercase());
                } else {
                    out.extend(c.to_uppercase());
                }
                inside = c.is_alphabetic();
            }
            Value::from(out)
        }
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "swapcase" => Value::from(
            text.chars()
                .flat_map(|c| -> Box<dyn Iterator<Item = char>> {
                    if c.is_uppercase() { Box::new(c.to_lowercase()) } else { Box::new(c.to_uppercase()) }
                })
                .collect::<String>(),
        ),
        "removeprefix" | "removesuffix" => {
            let [affix] = bind(method, ["affix"], args)?;
            let affix = string(affix, method)?;
            let stripped = if method == "removeprefix" {
                text.strip_prefix(affix.as_str())
            } else {
                text.strip_suffix(affix.as_str())
            };
            Value::from(stripped.unwrap_or(text))
        }
        "find" | "rfind" | "index" | "rindex" => position(text, method, args)?,
        "count" => {
            let [part] = bind("count", ["sub"], args)?;
            let part = string(part, "count")?;
            Value::from(if part.is_empty() { text.chars().count() + 1 } else { text.matches(&part).count() })
        }
        "replace" => {
            let [old, new, count] = bind("replace", ["old", "new", "count"], args)?;
            let (old, new) = (string(old, "replace")?, string(new, "replace")?);
            let count = count.map_or(Ok(-1), |c| integer(&c))?;
            Value::from(match usize::try_from(count) {
                Ok(count) => text.replacen(&old, &new, count),
                Err(_) => text.replace(&old, &new),
            })
        }
        "join" => {
            let [items] = bind("join", ["iterable"], args)?;
            let mut out = String::new();
            for (index, item) in items_of(&required(items, "join")?)?.iter().enumerate() {
                let piece = item.as_str().ok_or_else(|| {
                    failed(format!("sequence item {index}: expected str instance, {} found", type_name(item)))
                })?;
                if index > 0 {
                    out.push_str(text);
                }
                out.push_str(piece);
            }
            Value::from(out)
        }
        "encode" => Value::from_bytes(text.as_bytes().to_vec()),
        "format" => format_fields(text, args)?,
        "expandtabs" => Value::from(text.replace('\t', "        ")),
        "isidentifier" => {
            let mut chars = text.chars();
            let first = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
            Value::from(first && chars.all(|c| c == '_' || c.is_alphanumeric()))
        }
        "isdecimal" => Value::from(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
        "istitle" => {
            let mut previous = false;
            let mut cased = false;
            let ok = text.chars().all(|c| {
                let fine = if c.is_uppercase() { !previous } else { !c.is_lowercase() || previous };
                previous = c.is_alphabetic();
                cased |= previous;
                fine
            });
            Value::from(ok && cased)
        }
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn split(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [separator, limit] = bind(method, ["sep", "maxsplit"], args)?;
    let limit = limit.map_or(Ok(-1), |l| integer(&l))?;
    let pieces = usize::try_from(limit).ok().map(|l| l + 1);
    let separator = separator.filter(|s| !s.is_none());
    let Some(separator) = separator else {
        let words: Vec<&str> = match (pieces, method) {
            (None, _) => text.split_whitespace().collect(),
            (Some(count), "split") => split_words(text, count),
            (Some(count), _) => {
                let mut rest = text.trim_end();
                let mut words = Vec::new();
                while words.len() + 1 < count {
                    let Some(at) = rest.rfind(char::is_whitespace) else {
                        break;
                    };
                    words.push(rest[at..].trim_start());
                    rest = rest[..at].trim_end();
                }
                if !rest.is_empty() {
                    words.push(rest);
                }
                words.reverse();
                words
            }
        };
        return Ok(texts(words));
    };
    let separator = string(Some(separator), method)?;
    if separator.is_empty() {
        return Err(failed("empty separator"));
    }
    Ok(match (pieces, method) {
        (None, _) => texts(text.split(&separator)),
        (Some(count), "split") => texts(text.splitn(count, &separator)),
        (Some(count), _) => {
            let mut parts: Vec<&str> = text.rsplitn(count, &separator).collect();
            parts.reverse();
            texts(parts)
        }
    })
}

fn split_words(text: &str, count: usize) -> Vec<&str> {
    let mut rest = text.trim_start();
    let mut words = Vec::new();
    while !rest.is_empty() {
        if words.len() + 1 == count {
            words.push(rest);
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

fn position(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [part, start, end] = bind(method, ["sub", "start", "end"], args)?;
    let part = string(part, method)?;
    let chars: Vec<char> = text.chars().collect();
    let length = chars.len() as i64;
    let clamp = |value: Option<Value>, default: i64| -> Result<usize, Error> {
        let at = value.map_or(Ok(default), |v| integer(&v))?;
        Ok((if at < 0 { at + length } else { at }).clamp(0, length) as usize)
    };
    let (start, end) = (clamp(start, 0)?, clamp(end, length)?);
    let window: String = chars[start.min(end)..end].iter().collect();
    let found = if method.starts_with('r') { window.rfind(&part) } else { window.find(&part) };
    match found {
        Some(at) => Ok(Value::from(start + window[..at].chars().count())),
        None if method.ends_with("index") => Err(failed("substring not found")),
        None => Ok(Value::from(-1)),
    }
}

/// Python's `str.format`; fields with format specifications go to minijinja's implementation.
fn format_fields(text: &str, args: &[Value]) -> Result<Value, Error> {
    let (positional, keyword) = split_args(args);
    let mut out = String::new();
    let mut next = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.peek() == Some(&'{') => {
                chars.next();
                out.push('{');
            }
            '}' if chars.peek() == Some(&'}') => {
                chars.next();
                out.push('}');
            }
            '}' => return Err(failed("Single '}' encountered in format string")),
            '{' => {
                let field: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let (reference, spec) = field.split_once(':').unwrap_or((&field, ""));
                let (reference, conversion) = match reference.split_once('!') {
                    Some((reference, conversion)) => (reference, Some(conversion)),
                    None => (reference, None),
                };
                let name_end = reference.find(['.', '[']).unwrap_or(reference.len());
                let (name, path) = reference.split_at(name_end);
                let mut value = if name.is_empty() {
                    next += 1;
                    positional.get(next - 1).cloned()
                } else if let Ok(index) = name.parse::<usize>() {
                    positional.get(index).cloned()
                } else {
                    keyword.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())
                }
                .ok_or_else(|| {
                    failed(if name.is_empty() || name.parse::<usize>().is_ok() {
                        "Replacement index out of range for positional args tuple".to_owned()
                    } else {
                        format!("'{name}'")
                    })
                })?;
                for step in path.split(['.', '[']).filter(|s| !s.is_empty()) {
                    let step = step.trim_end_matches(']');
                    value = match step.parse::<i64>() {
                        Ok(index) => value.get_item(&Value::from(index))?,
                        Err(_) => value.get_item(&Value::from(step))?,
                    };
                }
                if conversion == Some("r") {
                    value = Value::from(crate::jinja::values::repr(&value));
                }
                out.push_str(&super::filters::format_spec(&value, spec)?);
            }
            c => out.push(c),
        }
    }
    Ok(Value::from(out))
}
