//! What a plain scalar means in YAML 1.1, as PyYAML's safe loader decides.
//!
//! Main entry: [`resolve`]. Differences from YAML 1.2 that matter in dbt projects: `yes`/`no`/`on`/`off` are booleans, `012` is
//! octal, `1:30` is 90, `1e3` (no dot, no sign) is a string, dates are dates.

use super::Value;

/// The value of an unquoted, untagged scalar.
pub(super) fn resolve(text: &str) -> Value {
    let Some(first) = text.bytes().next() else { return Value::Null };
    match first {
        b'~' | b'n' | b'N' if is_null(text) => Value::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => {
            boolean(text).map_or_else(|| Value::Str(text.to_owned()), Value::Bool)
        }
        b'-' | b'+' | b'.' | b'0'..=b'9' => number(text).unwrap_or_else(|| Value::Str(text.to_owned())),
        _ => Value::Str(text.to_owned()),
    }
}

/// A number or timestamp, if the text is one.
pub(super) fn number(text: &str) -> Option<Value> {
    integer(text).or_else(|| float(text).map(Value::Float)).or_else(|| timestamp(text).map(Value::Timestamp))
}

pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

/// A whole number; one that does not fit 64 bits becomes a float.
pub(super) fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = split_sign(text);
    let first = *digits.as_bytes().first()?;
    let magnitude = if let Some(binary) = digits.strip_prefix("0b") {
        radix(binary, 2, |b| matches!(b, b'0' | b'1' | b'_'))?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        radix(hex, 16, |b| b.is_ascii_hexdigit() || b == b'_')?
    } else if first == b'0' {
        match &digits[1..] {
            "" => Magnitude::Whole(0),
            octal => radix(octal, 8, |b| matches!(b, b'0'..=b'7' | b'_')).or_else(|| {
                // `0_` alone is zero.
                all(octal, |b| b == b'_').then_some(Magnitude::Whole(0))
            })?,
        }
    } else if first.is_ascii_digit() {
        if digits.contains(':') {
            Magnitude::Whole(sexagesimal(digits)?)
        } else {
            radix(digits, 10, is_digit_or_underscore)?
        }
    } else {
        return None;
    };
    Some(match magnitude {
        Magnitude::Whole(number) => {
            let signed = if negative { -i128::from(number) } else { i128::from(number) };
            i64::try_from(signed).map_or(Value::Float(signed as f64), Value::Int)
        }
        Magnitude::Beyond(number) => Value::Float(if negative { -number } else { number }),
    })
}

enum Magnitude {
    Whole(u64),
    Beyond(f64),
}

fn radix(text: &str, base: u32, allowed: impl Fn(u8) -> bool) -> Option<Magnitude> {
    if !all(text, allowed) {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    if digits.is_empty() {
        return None;
    }
    Some(match u64::from_str_radix(&digits, base) {
        Ok(number) => Magnitude::Whole(number),
        Err(_) if base == 10 => Magnitude::Beyond(digits.parse().ok()?),
        Err(_) => Magnitude::Beyond(
            digits
                .chars()
                .filter_map(|c| c.to_digit(base))
                .fold(0.0, |sum, digit| sum * f64::from(base) + f64::from(digit)),
        ),
    })
}

/// Digits `12:30:45` in base 60: each part after the first below 60, one or two digits.
fn sexagesimal(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    if !first.starts_with(|c: char| ('1'..='9').contains(&c)) || !all(first, is_digit_or_underscore) {
        return None;
    }
    let start: u64 = first.replace('_', "").parse().ok()?;
    parts.try_fold(start, |sum, part| sum.checked_mul(60)?.checked_add(minute(part)?))
}

fn minute(part: &str) -> Option<u64> {
    let ok = match part.as_bytes() {
        [d] => d.is_ascii_digit(),
        [d, e] => matches!(d, b'0'..=b'5') && e.is_ascii_digit(),
        _ => false,
    };
    if ok { part.parse().ok() } else { None }
}

/// A float: needs a dot, and a sign in the exponent.
pub(super) fn float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let (negative, body) = split_sign(text);
    let signed = |number: f64| if negative { -number } else { number };
    let (whole, fraction) = body.split_once('.')?;
    if whole.contains(':') {
        if !all(fraction, is_digit_or_underscore) && !fraction.is_empty() {
            return None;
        }
        let mut parts = whole.split(':');
        let first = parts.next()?;
        if !first.starts_with(|c: char| c.is_ascii_digit()) || !all(first, is_digit_or_underscore) {
            return None;
        }
        let start: u64 = first.replace('_', "").parse().ok()?;
        let seconds = parts.try_fold(start, |sum, part| sum.checked_mul(60)?.checked_add(minute(part)?))?;
        let tail: f64 = format!("0.{}0", fraction.replace('_', "")).parse().ok()?;
        return Some(signed(seconds as f64 + tail));
    }
    let (fraction, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => (&fraction[..at], Some(&fraction[at + 1..])),
        None => (fraction, None),
    };
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+'])?;
        if !all(digits, |b| b.is_ascii_digit()) {
            return None;
        }
    }
    let starts_with_digit = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let well_formed = if whole.is_empty() {
        // No sign is allowed before a leading dot.
        body.len() == text.len() && starts_with_digit(fraction) && all(fraction, is_digit_or_underscore)
    } else {
        starts_with_digit(whole)
            && all(whole, is_digit_or_underscore)
            && (fraction.is_empty() || all(fraction, is_digit_or_underscore))
    };
    if !well_formed {
        return None;
    }
    let plain: String = body.chars().filter(|c| *c != '_').collect();
    plain.parse().ok().map(signed)
}

/// A date, or a date and time in ISO form (`2024-01-31T10:00:00.500000+02:00`).
pub(super) fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    if bytes.len() == 10 && bytes[7] == b'-' && [5, 6, 8, 9].iter().all(|at| bytes[*at].is_ascii_digit()) {
        return text.parse::<jiff::civil::Date>().is_ok().then(|| text.to_owned());
    }
    let mut rest = Cursor { bytes, at: 5 };
    let month = rest.digits(1, 2)?;
    rest.byte(b'-')?;
    let day = rest.digits(1, 2)?;
    if matches!(rest.peek(), Some(b'T' | b't')) {
        rest.at += 1;
    } else {
        rest.blanks().then_some(())?;
    }
    let hour = rest.digits(1, 2)?;
    rest.byte(b':')?;
    let minute = rest.digits(2, 2)?;
    rest.byte(b':')?;
    let second = rest.digits(2, 2)?;
    let mut micros = String::new();
    if rest.peek() == Some(b'.') {
        rest.at += 1;
        while let Some(digit @ b'0'..=b'9') = rest.peek() {
            micros.push(char::from(digit));
            rest.at += 1;
        }
        micros.truncate(6);
    }
    let zone = rest.zone()?;
    let year: i16 = text[..4].parse().ok()?;
    jiff::civil::DateTime::new(year, month as i8, day as i8, hour as i8, minute as i8, second as i8, 0).ok()?;
    let fraction = if micros.bytes().all(|b| b == b'0') { String::new() } else { format!(".{micros:0<6}") };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<u8> {
        let mut value = 0;
        let mut count = 0;
        while let (Some(digit @ b'0'..=b'9'), true) = (self.peek(), count < most) {
            value = value * 10 + (digit - b'0');
            self.at += 1;
            count += 1;
        }
        (count >= least).then_some(value)
    }

    fn blanks(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        self.at > start
    }

    /// The rest of the text as an offset; empty where there is none.
    fn zone(&mut self) -> Option<String> {
        self.blanks();
        let sign = match self.peek() {
            None => return (self.bytes.last() != Some(&b' ')).then(String::new),
            Some(b'Z') => {
                self.at += 1;
                return self.peek().is_none().then(|| "+00:00".to_owned());
            }
            Some(sign @ (b'+' | b'-')) => char::from(sign),
            Some(_) => return None,
        };
        self.at += 1;
        let hours = self.digits(1, 2)?;
        let minutes = if self.peek() == Some(b':') {
            self.at += 1;
            self.digits(2, 2)?
        } else {
            0
        };
        self.peek().is_none().then(|| format!("{sign}{hours:02}:{minutes:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value::{Bool, Float, Int, Null, Str, Timestamp};
    use super::*;

    fn text(value: &str) -> Value {
        Str(value.to_owned())
    }

    /// Answers of PyYAML 6.0 (`yaml.safe_load`).
    #[test]
    fn plain_scalars_are_read_as_pyyaml_reads_them() {
        let date = |iso: &str| Timestamp(iso.to_owned());
        for (written, expected) in [
            ("yes", Bool(true)),
            ("No", Bool(false)),
            ("ON", Bool(true)),
            ("off", Bool(false)),
            ("y", text("y")),
            ("n", text("n")),
            ("tRue", text("tRue")),
            ("~", Null),
            ("null", Null),
            ("nUll", text("nUll")),
            ("None", text("None")),
            ("0", Int(0)),
            ("-0", Int(0)),
            ("012", Int(10)),
            ("-012", Int(-10)),
            ("08", text("08")),
            ("0o12", text("0o12")),
            ("0b101", Int(5)),
            ("0x1F", Int(31)),
            ("0XFF", text("0XFF")),
            ("1_000", Int(1000)),
            ("_1", text("_1")),
            ("+12", Int(12)),
            ("1:30", Int(90)),
            ("12:30:45", Int(45045)),
            ("1:60", text("1:60")),
            ("01:30", text("01:30")),
            ("-1:30", Int(-90)),
            ("9223372036854775807", Int(i64::MAX)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("9223372036854775808", Float(9_223_372_036_854_775_808.0)),
            (".5", Float(0.5)),
            ("-.5", text("-.5")),
            ("1.", Float(1.0)),
            ("1.5e+3", Float(1500.0)),
            ("1.5e3", text("1.5e3")),
            ("1e3", text("1e3")),
            ("1_0.2_5", Float(10.25)),
            ("190:20:30.15", Float(685_230.15)),
            (".inf", Float(f64::INFINITY)),
            ("-.INF", Float(f64::NEG_INFINITY)),
            ("1.2.3", text("1.2.3")),
            (".", text(".")),
            ("-", text("-")),
            ("2024-01-31", date("2024-01-31")),
            ("2024-1-31", text("2024-1-31")),
            ("2001-12-14t21:59:43.10-05:00", date("2001-12-14T21:59:43.100000-05:00")),
            ("2001-12-14 21:59:43.10 -5", date("2001-12-14T21:59:43.100000-05:00")),
            ("2001-12-15 2:59:43.10", date("2001-12-15T02:59:43.100000")),
            ("2001-12-15T02:59:43Z", date("2001-12-15T02:59:43+00:00")),
            ("2001-12-15 02:59", text("2001-12-15 02:59")),
            (">=1.0.0", text(">=1.0.0")),
        ] {
            assert_eq!(resolve(written), expected, "{written}");
        }
        assert!(matches!(resolve(".nan"), Float(number) if number.is_nan()));
    }
}
