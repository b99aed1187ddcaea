//! Jinja2's filters where minijinja has none or another meaning, the operators of the rewrite, dbt's native filters.

use minijinja::filters;
use minijinja::functions::Function;
use minijinja::value::{FunctionArgs, FunctionResult, Rest, Tuple, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use crate::jinja::macros::render_state;
use crate::jinja::native::{Marker, MarkerKind};
use crate::jinja::printf;
use crate::jinja::values::{
    self, Decimal, Dict, List, Rounding, bind, failed, integer, items_of, number_of, pairs_of, repr, required, to_text,
    type_name,
};

pub(crate) fn register(environment: &mut Environment<'static>) {
    rewritten(environment);
    native(environment);
    text(environment);
    sequences(environment);
    super::html::register(environment);
}

/// Filters that only the rewrite writes.
fn rewritten(environment: &mut Environment<'static>) {
    environment
        .add_filter("__list", |value: &Value| -> Result<Value, Error> { Ok(List::value(value.try_iter()?.collect())) });
    environment.add_filter("__dict", |value: &Value| -> Result<Value, Error> { Ok(Dict::value(pairs_of(value)?)) });
    environment.add_filter("__add", |s: &mut State, a: &Value, b: &Value| values::add(s, a, b));
    environment.add_filter("__sub", |s: &mut State, a: &Value, b: &Value| values::sub(s, a, b));
    environment.add_filter("__mul", |s: &mut State, a: &Value, b: &Value| values::mul(s, a, b));
    environment.add_filter("__div", |s: &mut State, a: &Value, b: &Value| values::div(s, a, b));
    environment.add_filter("__floordiv", |s: &mut State, a: &Value, b: &Value| values::floordiv(s, a, b));
    environment.add_filter("__mod", |s: &mut State, a: &Value, b: &Value| values::modulo(s, a, b));
    environment.add_filter("__pow", |s: &mut State, a: &Value, b: &Value| values::pow(s, a, b));
    environment.add_filter("__neg", |s: &mut State, value: &Value| values::neg(s, value));
    environment.add_filter("__eq", values::equal);
    environment.add_filter("__ne", |a: &Value, b: &Value| !values::equal(a, b));
    environment.add_filter("__lt", |a: &Value, b: &Value| values::less(a, b, false));
    environment.add_filter("__le", |a: &Value, b: &Value| values::less(a, b, true));
    environment.add_filter("__gt", |a: &Value, b: &Value| values::less(b, a, false));
    environment.add_filter("__ge", |a: &Value, b: &Value| values::less(b, a, true));
    environment.add_filter("__slice", |value: &Value, start: &Value, stop: &Value, step: &Value| {
        values::slice(value, start, stop, step)
    });
    environment.add_filter("__iter", |value: Value| -> Result<Value, Error> {
        match value.kind() {
            ValueKind::String => Ok(List::value(items_of(&value)?)),
            ValueKind::None | ValueKind::Bool | ValueKind::Number => {
                Err(failed(format!("'{}' object is not iterable", type_name(&value))))
            }
            _ => Ok(value),
        }
    });
    environment.add_filter("__emit", |state: &mut State, value: Value| {
        render_state(state).emitted.push(value.clone());
        value
    });
    environment.add_filter("__export", |state: &mut State, value: Value| {
        render_state(state).exported = Some(value);
    });
}

/// dbt's filters; they only mark the value where dbt renders natively.
fn native(environment: &mut Environment<'static>) {
    let filters = [
        ("as_text", MarkerKind::Text),
        ("as_native", MarkerKind::Native),
        ("as_bool", MarkerKind::Bool),
        ("as_number", MarkerKind::Number),
    ];
    for (name, kind) in filters {
        environment.add_filter(
            name,
            move |state: &mut State, value: Value| {
                if render_state(state).native { Marker::value(kind, &value) } else { value }
            },
        );
    }
    environment.add_filter("is_list", |value: &Value| value.kind() == ValueKind::Seq && !value.is_tuple());
}

fn text(environment: &mut Environment<'static>) {
    environment.add_filter("string", |value: &Value| match value.as_str() {
        Some(_) => value.clone(),
        None => Value::from(to_text(value)),
    });
    environment.add_filter("format", |template: &Value, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
        let args = args.into_values();
        let (positional, keyword) = values::split_args(&args);
        if positional.is_empty() && !keyword.is_empty() {
            let pairs = keyword.into_iter().map(|(k, v)| (Value::from(k), v));
            return printf::format(&to_text(template), &Dict::value(pairs));
        }
        let values = Value::from(Tuple::from(positional.to_vec()));
        printf::format(&to_text(template), &values)
    });
    environment.add_filter("replace", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [old, new, count] = bind("replace", ["old", "new", "count"], &args.into_values())?;
        let (old, new) = (required(old, "replace")?, required(new, "replace")?);
        let (text, old, new) = (to_text(value), to_text(&old), to_text(&new));
        let count = count.filter(|c| !c.is_none());
        let count = count.map_or(Ok(-1), |c| integer(&c))?;
        Ok::<_, Error>(match usize::try_from(count) {
            Ok(count) => text.replacen(&old, &new, count),
            Err(_) => text.replace(&old, &new),
        })
    });
    environment.add_filter("capitalize", |value: &Value| {
        let text = to_text(value);
        let mut chars = text.chars();
        match chars.next() {
            Some(first) => first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase(),
            None => text,
        }
    });
    environment.add_filter("center", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [width] = bind("center", ["width"], &args.into_values())?;
        let width = width.map_or(Ok(80), |w| integer(&w))?.clamp(0, 100_000) as usize;
        let text = to_text(value);
        let missing = width.saturating_sub(text.chars().count());
        let left = missing / 2 + (missing & width & 1);
        Ok::<_, Error>(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)))
    });
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", |value: &Value| {
        to_text(value).split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).count()
    });
    environment.add_filter("wordwrap", wordwrap);
    environment.add_filter("indent", indent);
    environment.add_filter("pprint", |value: &Value| repr(value));
    environment.add_filter("filesizeformat", filesizeformat);
    environment.add_filter("trim", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [chars] = bind("trim", ["chars"], &args.into_values())?;
        let text = to_text(value);
        Ok::<_, Error>(match chars.filter(|c| !c.is_none()) {
            Some(chars) => {
                let set: Vec<char> = to_text(&chars).chars().collect();
                text.trim_matches(|c| set.contains(&c)).to_owned()
            }
            None => text.trim().to_owned(),
        })
    });
    environment.add_filter("tojson", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [indent] = bind("tojson", ["indent"], &args.into_values())?;
        let width = indent.filter(|i| !i.is_none()).map(|i| integer(&i)).transpose()?;
        let text = values::json_text(value, width.map(|w| w.max(0) as usize));
        let text =
            text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
        Ok::<_, Error>(Value::from_safe_string(text))
    });
    environment.add_filter("int", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [default, base] = bind("int", ["default", "base"], &args.into_values())?;
        let default = default.unwrap_or(Value::from(0));
        let base = base.map_or(Ok(10), |b| integer(&b))?;
        Ok::<_, Error>(to_int(value, base as u32).unwrap_or(default))
    });
    environment.add_filter("abs", |value: Value| values::absolute(&value).map_or_else(|| filters::abs(value), Ok));
    environment.add_filter("__round", filters::round);
    environment.add_filter("round", |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| {
        let args = args.into_values();
        match value.downcast_object_ref::<Decimal>() {
            Some(decimal) => round_decimal(decimal, &args),
            None => state.apply_filter("__round", &[&[value], args.as_slice()].concat()),
        }
    });
    environment.add_filter("float", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [default] = bind("float", ["default"], &args.into_values())?;
        let float = match value.as_str() {
            Some(text) => text.trim().replace('_', "").parse::<f64>().ok(),
            None if value.kind() == ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
            None => number_of(value),
        };
        Ok::<_, Error>(float.map_or(default.unwrap_or(Value::from(0.0)), Value::from))
    });
}

/// The filter `round`: a `Decimal` by the common method, and a float by the others, as Python's functions give them.
fn round_decimal(decimal: &Decimal, args: &[Value]) -> Result<Value, Error> {
    let [precision, method] = bind("round", ["precision", "method"], args)?;
    let places = precision.map_or(Ok(0), |places| integer(&places))?;
    Ok(match method.as_ref().and_then(Value::as_str).unwrap_or("common") {
        "common" => decimal.rounded_to(places, Rounding::HalfEven).value(),
        "ceil" => Value::from(decimal.rounded_to(places, Rounding::Ceiling).to_float()),
        "floor" => Value::from(decimal.rounded_to(places, Rounding::Floor).to_float()),
        _ => return Err(failed("method must be common, ceil or floor")),
    })
}

fn to_int(value: &Value, base: u32) -> Option<Value> {
    if let Some(text) = value.as_str() {
        let text = text.trim().replace('_', "");
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(&text)),
        };
        let digits = match base {
            16 => digits.trim_start_matches("0x").trim_start_matches("0X"),
            8 => digits.trim_start_matches("0o").trim_start_matches("0O"),
            2 => digits.trim_start_matches("0b").trim_start_matches("0B"),
            _ => digits,
        };
        if let Ok(number) = i128::from_str_radix(digits, base.clamp(2, 36)) {
            let number = sign * number;
            return Some(i64::try_from(number).map_or_else(|_| Value::from(number), Value::from));
        }
        let float: f64 = text.parse().ok()?;
        return float.is_finite().then(|| Value::from(float.trunc() as i64));
    }
    match value.kind() {
        ValueKind::Bool => Some(Value::from(i64::from(value.is_true()))),
        ValueKind::Number => match values::float_of(value) {
            Some(float) if float.is_finite() => Some(Value::from(float.trunc() as i64)),
            Some(_) => None,
            None => Some(value.clone()),
        },
        _ => value.downcast_object_ref::<Decimal>().map(|decimal| values::int_value(decimal.to_integer())),
    }
}

fn truncate(value: &Value, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let [length, killwords, end, leeway] =
        bind("truncate", ["length", "killwords", "end", "leeway"], &args.into_values())?;
    let length = length.map_or(Ok(255), |l| integer(&l))?.max(0) as usize;
    let end = end.map_or_else(|| "...".to_owned(), |e| to_text(&e));
    let leeway = leeway.filter(|l| !l.is_none());
    let leeway = leeway.map_or(Ok(5), |l| integer(&l))?.max(0) as usize;
    let text = to_text(value);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= length + leeway {
        return Ok(text);
    }
    let kept = length.saturating_sub(end.chars().count());
    let cut: String = chars[..kept].iter().collect();
    if killwords.is_some_and(|k| k.is_true()) {
        return Ok(cut + &end);
    }
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Ok(format!("{whole}{end}"))
}

fn wordwrap(value: &Value, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let [width, long, newline] = bind("wordwrap", ["width", "break_long_words", "wrapstring"], &args.into_values())?;
    let width = width.map_or(Ok(79), |w| integer(&w))?.max(1) as usize;
    let long = long.is_none_or(|l| l.is_true());
    let newline = newline.filter(|n| !n.is_none()).map_or_else(|| "\n".to_owned(), |n| to_text(&n));
    let text = to_text(value);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut count = 0;
        for word in paragraph.split_whitespace() {
            let mut word: Vec<char> = word.chars().collect();
            let gap = usize::from(count > 0);
            if count + gap + word.len() > width && count > 0 {
                lines.push(std::mem::take(&mut line));
                count = 0;
            }
            while long && word.len() > width {
                lines.push(word[..width].iter().collect());
                word.drain(..width);
            }
            if count > 0 {
                line.push(' ');
                count += 1;
            }
            count += word.len();
            line.extend(word);
        }
        lines.push(line);
    }
    Ok(lines.join(&newline))
}

fn indent(value: &Value, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let [width, first, blank] = bind("indent", ["width", "first", "blank"], &args.into_values())?;
    let prefix = match width {
        None => "    ".to_owned(),
        Some(width) => match width.as_str() {
            Some(text) => text.to_owned(),
            None => " ".repeat(integer(&width)?.clamp(0, 10_000) as usize),
        },
    };
    let first = first.is_some_and(|f| f.is_true());
    let blank = blank.is_some_and(|b| b.is_true());
    let text = to_text(value);
    let mut out = String::with_capacity(text.len() + 16);
    // Jinja2 appends a newline before it splits, so a trailing newline makes a last empty line.
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let wanted = if index == 0 { first } else { blank || !line.is_empty() };
        if wanted {
            out.push_str(&prefix);
        }
        out.push_str(line);
    }
    Ok(out)
}

fn filesizeformat(value: &Value, args: Rest<ValueOrKwargs>) -> Result<String, Error> {
    let [binary] = bind("filesizeformat", ["binary"], &args.into_values())?;
    let binary = binary.is_some_and(|b| b.is_true());
    let bytes = number_of(value).map_or_else(
        || {
            to_text(value)
                .parse::<f64>()
                .map_err(|_| failed(format!("could not convert string to float: {}", repr(value))))
        },
        Ok,
    )?;
    let base = if binary { 1024.0 } else { 1000.0 };
    if (bytes - 1.0).abs() < f64::EPSILON {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc() as i64));
    }
    let units = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut size = bytes / base;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    Ok(format!("{size:.1} {}", units[unit]))
}

fn sequences(environment: &mut Environment<'static>) {
    environment.add_filter("list", |value: &Value| -> Result<Value, Error> { Ok(List::value(items_of(value)?)) });
    environment.add_filter("random", |value: &Value| -> Result<Value, Error> {
        let items = items_of(value)?;
        // Any item is as good as another; the first keeps artifacts the same from run to run.
        Ok(items.into_iter().next().unwrap_or(Value::UNDEFINED))
    });
    upstream(environment, "sort", "__sort", filters::sort);
    upstream(environment, "dictsort", "__dictsort", filters::dictsort);
    upstream(environment, "items", "__items", filters::items);
    upstream(environment, "batch", "__batch", filters::batch);
    upstream(environment, "slice", "__slices", filters::slice);
    upstream(environment, "unique", "__unique", filters::unique);
    upstream(environment, "map", "__map", filters::map);
    upstream(environment, "select", "__select", filters::select);
    upstream(environment, "reject", "__reject", filters::reject);
    upstream(environment, "selectattr", "__selectattr", filters::selectattr);
    upstream(environment, "rejectattr", "__rejectattr", filters::rejectattr);
    upstream(environment, "split", "__split", filters::split);
    upstream(environment, "lines", "__lines", filters::lines);
    upstream(environment, "groupby", "__groupby", filters::groupby);
    upstream(environment, "reverse", "__reverse", filters::reverse);
    environment.add_filter("attr", |value: &Value, name: &str| {
        // Attributes only: the items of a dict are none.
        if value.downcast_object_ref::<Dict>().is_some() {
            return Value::UNDEFINED;
        }
        value.get_attr(name).unwrap_or_default()
    });
    environment.add_filter("first", |value: &Value| -> Result<Value, Error> {
        Ok(items_of(value)?.into_iter().next().unwrap_or_default())
    });
    environment
        .add_filter("last", |value: &Value| -> Result<Value, Error> { Ok(items_of(value)?.pop().unwrap_or_default()) });
    environment.add_filter("count", length);
    environment.add_filter("length", length);
    environment.add_filter("sum", |state: &mut State, value: &Value, args: Rest<ValueOrKwargs>| {
        let [attribute, start] = bind("sum", ["attribute", "start"], &args.into_values())?;
        let mut total = start.unwrap_or(Value::from(0));
        for item in items_of(value)? {
            let item = match attribute.as_ref().filter(|a| !a.is_none()) {
                Some(attribute) => item.get_item(attribute)?,
                None => item,
            };
            total = values::add(state, &total, &item)?;
        }
        Ok::<_, Error>(total)
    });
    environment.add_filter("join", |value: &Value, args: Rest<ValueOrKwargs>| {
        let [separator, attribute] = bind("join", ["d", "attribute"], &args.into_values())?;
        let separator = separator.map_or_else(String::new, |s| to_text(&s));
        let mut pieces = Vec::new();
        for item in items_of(value)? {
            let item = match attribute.as_ref().filter(|a| !a.is_none()) {
                Some(attribute) => item.get_item(attribute)?,
                None => item,
            };
            pieces.push(to_text(&item));
        }
        Ok::<_, Error>(pieces.join(&separator))
    });
}

/// minijinja's filter with a result that can be changed, added and sliced as Python's.
fn upstream<F, Rv, Args>(environment: &mut Environment<'static>, name: &'static str, hidden: &'static str, filter: F)
where
    F: Function<Rv, Args>,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    environment.add_filter(hidden, filter);
    environment.add_filter(
        name,
        move |state: &mut State, value: Value, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
            if value.is_undefined() && name == "items" {
                return Ok(List::value(Vec::new()));
            }
            let mut all = vec![value];
            all.extend(args.into_values());
            let result = state.apply_filter(hidden, &all)?;
            let fixed = match result.kind() {
                ValueKind::Seq => !result.is_tuple(),
                kind => kind == ValueKind::Iterable,
            };
            if !fixed {
                return Ok(result);
            }
            let items = result.try_iter()?.checked();
            let items: Vec<Value> = items.map(|i| i.map(thaw)).collect::<Result<_, _>>()?;
            Ok(List::value(items))
        },
    );
}

fn length(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::from(0));
    }
    value.len().map(Value::from).ok_or_else(|| failed(format!("object of type '{}' has no len()", type_name(value))))
}

/// Inner fixed lists of minijinja (from `batch`, `slice`, `groupby`) as lists.
fn thaw(value: Value) -> Value {
    if value.kind() == ValueKind::Seq && !value.is_tuple() && value.downcast_object_ref::<Vec<Value>>().is_some() {
        return List::value(value.try_iter().into_iter().flatten().collect());
    }
    value
}

/// A value by a format specification of `str.format`.
pub(crate) fn format_spec(value: &Value, spec: &str) -> Result<String, Error> {
    if spec.is_empty() {
        return Ok(to_text(value));
    }
    let chars: Vec<char> = spec.chars().collect();
    let aligns = ['<', '>', '^', '='];
    let (mut fill, mut align, mut at) = (' ', None, 0);
    if chars.len() > 1 && aligns.contains(&chars[1]) {
        (fill, align, at) = (chars[0], Some(chars[1]), 2);
    } else if aligns.contains(&chars[0]) {
        (align, at) = (Some(chars[0]), 1);
    }
    let rest: String = chars[at..].iter().collect();
    let mut rest = rest.as_str();
    let mut flags = String::new();
    while let Some(flag) = rest.chars().next().filter(|c| "+- #".contains(*c)) {
        flags.push(flag);
        rest = &rest[1..];
    }
    let zero = rest.starts_with('0');
    let width_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let width: usize = rest[..width_end].parse().unwrap_or(0).min(100_000);
    rest = &rest[width_end..];
    let grouped = rest.starts_with([',', '_']);
    let separator = rest.chars().next().unwrap_or(',');
    if grouped {
        rest = &rest[1..];
    }
    let decimal = value.downcast_object_ref::<Decimal>();
    let numeric = decimal.is_some() || matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
    let (precision, kind) = match rest.strip_prefix('.') {
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            (Some(&after[..end]), &after[end..])
        }
        None => (None, rest),
    };
    let flags = flags.replace('-', "");
    let mut body = if kind == "%" {
        let scaled = number_of(value).ok_or_else(|| failed("Unknown format code '%'"))? * 100.0;
        let precision = precision.unwrap_or("6");
        to_text(&printf::format(&format!("%{flags}.{precision}f"), &Value::from(scaled))?) + "%"
    } else if kind.is_empty() && precision.is_none() {
        let text = to_text(value);
        if numeric && flags.contains('+') && !text.starts_with('-') { format!("+{text}") } else { text }
    } else if let Some((decimal, places)) = decimal.zip(precision).filter(|_| matches!(kind, "f" | "F")) {
        let text = decimal.fixed(places.parse().unwrap_or(6));
        if flags.contains('+') && !text.starts_with('-') { format!("+{text}") } else { text }
    } else {
        let kind = match kind {
            "" if numeric => "g",
            "" => "s",
            kind => kind,
        };
        let precision = precision.map_or_else(String::new, |p| format!(".{p}"));
        let tuple = Value::from(Tuple::from(vec![value.clone()]));
        to_text(&printf::format(&format!("%{flags}{precision}{kind}"), &tuple)?)
    };
    if grouped {
        body = group_digits(&body, separator);
    }
    let missing = width.saturating_sub(body.chars().count());
    if zero && align.is_none() {
        (fill, align) = ('0', Some('='));
    }
    let filler = |count: usize| fill.to_string().repeat(count);
    Ok(match align.unwrap_or(if numeric { '>' } else { '<' }) {
        '<' => body + &filler(missing),
        '^' => format!("{}{body}{}", filler(missing / 2), filler(missing - missing / 2)),
        '=' => match body.strip_prefix(['-', '+']) {
            Some(digits) => format!("{}{}{digits}", &body[..1], filler(missing)),
            None => filler(missing) + &body,
        },
        _ => filler(missing) + &body,
    })
}

fn group_digits(text: &str, separator: char) -> String {
    let start = usize::from(text.starts_with(['-', '+']));
    let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| at + start);
    let digits = &text[start..end];
    let mut out = text[..start].to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out + &text[end..]
}
