//! Python's `"…" % values`.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::values::{Decimal, failed, items_of, number_of, repr, to_text, type_name};

/// One `%…` directive.
#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats `template` with one value, a tuple of values, or a mapping for `%(name)s`.
pub(crate) fn format(template: &str, values: &Value) -> Result<Value, Error> {
    let is_mapping = values.kind() == ValueKind::Map;
    // Python takes a list for a mapping too when it counts what is left over.
    let may_be_left = is_mapping || values.kind() == ValueKind::Seq && !values.is_tuple();
    let mut rest = if values.is_tuple() { items_of(values)? } else { vec![values.clone()] }.into_iter();
    let mut used_mapping = false;
    let mut out = String::with_capacity(template.len() + 16);
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut directive = Directive::default();
        let mut named = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let key: String = chars.by_ref().take_while(|c| *c != ')').collect();
            if !is_mapping {
                return Err(failed("format requires a mapping"));
            }
            used_mapping = true;
            named = Some(values.get_item(&Value::from(key.as_str()))?);
        }
        while let Some(flag) = chars.peek() {
            match flag {
                '-' => directive.left = true,
                '0' => directive.zero = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                '#' => directive.alternate = true,
                _ => break,
            }
            chars.next();
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.peek() == Some(&'*') {
                chars.next();
                return rest.next().and_then(|v| v.as_usize());
            }
            let mut found = None;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                found = Some(found.unwrap_or(0) * 10 + digit as usize);
                chars.next();
            }
            found
        };
        directive.width = number(&mut chars).unwrap_or(0).min(10_000);
        if chars.peek() == Some(&'.') {
            chars.next();
            directive.precision = Some(number(&mut chars).unwrap_or(0).min(1_000));
        }
        while matches!(chars.peek(), Some('l' | 'h' | 'L')) {
            chars.next();
        }
        let Some(conversion) = chars.next() else {
            return Err(failed("incomplete format"));
        };
        if conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => rest.next().ok_or_else(|| failed("not enough arguments for format string"))?,
        };
        out.push_str(&directive.convert(conversion, &value)?);
    }
    if rest.next().is_some() && !(may_be_left || used_mapping) {
        return Err(failed("not all arguments converted during string formatting"));
    }
    Ok(Value::from(out))
}

impl Directive {
    fn convert(&self, conversion: char, value: &Value) -> Result<String, Error> {
        let number = || {
            if value.kind() == ValueKind::Bool || number_of(value).is_some() {
                return Ok(());
            }
            Err(failed(format!("%{conversion} format: a real number is required, not {}", type_name(value))))
        };
        Ok(match conversion {
            's' | 'r' | 'a' => {
                let text = if conversion == 's' { to_text(value) } else { repr(value) };
                let text = match self.precision {
                    Some(limit) => text.chars().take(limit).collect(),
                    None => text,
                };
                self.pad(&text, "")
            }
            'c' => match value.as_i64() {
                Some(code) => {
                    let c = u32::try_from(code).ok().and_then(char::from_u32);
                    self.pad(&c.unwrap_or('\u{fffd}').to_string(), "")
                }
                None => self.pad(&to_text(value), ""),
            },
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                number()?;
                let whole = match super::values::float_of(value) {
                    Some(float) => float.trunc() as i128,
                    None if value.kind() == ValueKind::Bool => i128::from(value.is_true()),
                    None => match value.downcast_object_ref::<Decimal>() {
                        Some(decimal) => decimal.to_integer(),
                        None => i128::try_from(value.clone())?,
                    },
                };
                let digits = match conversion {
                    'x' => format!("{:x}", whole.unsigned_abs()),
                    'X' => format!("{:X}", whole.unsigned_abs()),
                    'o' => format!("{:o}", whole.unsigned_abs()),
                    _ => whole.unsigned_abs().to_string(),
                };
                let least = self.precision.unwrap_or(0);
                let prefix = match conversion {
                    'x' if self.alternate => "0x",
                    'X' if self.alternate => "0X",
                    'o' if self.alternate => "0o",
                    _ => "",
                };
                let sign = format!("{}{prefix}", self.sign(whole < 0));
                self.pad(&format!("{digits:0>least$}"), &sign)
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                number()?;
                let float = if value.kind() == ValueKind::Bool {
                    f64::from(u8::from(value.is_true()))
                } else {
                    number_of(value).unwrap_or_default()
                };
                let precision = self.precision.unwrap_or(6);
                let text = float_directive(conversion, float.abs(), precision);
                self.pad(&text, self.sign(float.is_sign_negative()))
            }
            other => {
                return Err(failed(format!("unsupported format character '{other}'")));
            }
        })
    }

    fn sign(&self, negative: bool) -> &'static str {
        if negative {
            "-"
        } else if self.plus {
            "+"
        } else if self.space {
            " "
        } else {
            ""
        }
    }

    fn pad(&self, text: &str, sign: &str) -> String {
        let length = text.chars().count() + sign.chars().count();
        let missing = self.width.saturating_sub(length);
        if self.left {
            format!("{sign}{text}{}", " ".repeat(missing))
        } else if self.zero && !text.starts_with(|c: char| c.is_alphabetic()) {
            format!("{sign}{}{text}", "0".repeat(missing))
        } else {
            format!("{}{sign}{text}", " ".repeat(missing))
        }
    }
}

fn float_directive(conversion: char, float: f64, precision: usize) -> String {
    let exponential = |precision: usize| {
        let text = format!("{float:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        format!("{mantissa}e{sign}{digits:0>2}")
    };
    let text = match conversion.to_ascii_lowercase() {
        'f' => format!("{float:.precision$}"),
        'e' => exponential(precision),
        _ => {
            let precision = precision.max(1);
            let magnitude = if float == 0.0 { 0 } else { float.log10().floor() as i64 };
            let trimmed = |text: String| {
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
            };
            if magnitude < -4 || magnitude >= precision as i64 {
                let text = exponential(precision - 1);
                match text.split_once('e') {
                    Some((mantissa, exponent)) => {
                        format!("{}e{exponent}", trimmed(mantissa.to_owned()))
                    }
                    None => text,
                }
            } else {
                let decimals = (precision as i64 - 1 - magnitude).max(0) as usize;
                trimmed(format!("{float:.decimals$}"))
            }
        }
    };
    if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text }
}
