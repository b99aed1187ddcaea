//! Values as the server prints them, as cells; and the names of types.
//!
//! What psycopg2 makes of a type decides: JSON and arrays are containers, intervals are spans of days and seconds, types that it does
//! not know stay text.

use serde_json::Value as Json;

use crate::adapters::Cell;

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const JSON: u32 = 114;
const JSONB: u32 = 3802;
const DATE: u32 = 1082;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const NUMERIC: u32 = 1700;

/// psycopg2's names of types, which dbt shows where columns of a contract differ, by the types' numbers.
const NAMES: &[(&str, &[u32])] = &[
    ("BOOLEAN", &[BOOL]),
    ("BINARY", &[BYTEA]),
    ("STRING", &[18, 19, 25, 1042, 1043]),
    ("LONGINTEGER", &[20]),
    ("INTEGER", &[21, 23]),
    ("ROWID", &[26]),
    ("JSON", &[JSON]),
    ("JSONB", &[JSONB]),
    ("FLOAT", &[700, 701]),
    ("INTERVAL", &[704, INTERVAL]),
    ("UNKNOWN", &[705]),
    ("DATE", &[DATE]),
    ("TIME", &[1083, 1266]),
    ("DATETIME", &[TIMESTAMP]),
    ("DATETIMETZ", &[TIMESTAMPTZ]),
    ("DECIMAL", &[NUMERIC]),
    ("JSONARRAY", &[199]),
    ("JSONBARRAY", &[3807]),
    ("CIDRARRAY", &[651]),
    ("BOOLEANARRAY", &[1000]),
    ("BINARYARRAY", &[1001]),
    ("STRINGARRAY", &[1002, 1003, 1009, 1014, 1015]),
    ("INTEGERARRAY", &[1005, 1006, 1007]),
    ("ROWIDARRAY", &[1013, 1028]),
    ("LONGINTEGERARRAY", &[1016]),
    ("FLOATARRAY", &[1021, 1022]),
    ("MACADDRARRAY", &[1040]),
    ("INETARRAY", &[1041]),
    ("DATETIMEARRAY", &[1115]),
    ("DATEARRAY", &[1182]),
    ("TIMEARRAY", &[1183, 1270]),
    ("DATETIMETZARRAY", &[1185]),
    ("INTERVALARRAY", &[1187]),
    ("DECIMALARRAY", &[1231]),
];

/// Arrays that psycopg2 takes apart, with the type of their items.
const ARRAYS: &[(u32, u32)] = &[
    (1000, BOOL),
    (1001, BYTEA),
    (1002, 25),
    (1003, 25),
    (1005, 21),
    (1006, 21),
    (1007, 23),
    (1009, 25),
    (1013, 26),
    (1014, 25),
    (1015, 25),
    (1016, 20),
    (1021, 700),
    (1022, 701),
    (1028, 26),
    (1040, 25),
    (1041, 25),
    (1115, TIMESTAMP),
    (1182, DATE),
    (1183, 1083),
    (1185, TIMESTAMPTZ),
    (1187, INTERVAL),
    (1231, NUMERIC),
    (199, JSON),
    (3807, JSONB),
    (651, 25),
];

/// psycopg2's name of a type.
pub(super) fn type_name(oid: u32) -> String {
    let known = NAMES.iter().find(|(_, oids)| oids.contains(&oid));
    known.map_or_else(|| format!("unknown type_code {oid}"), |(name, _)| (*name).to_owned())
}

/// A value that is not null.
pub(super) fn cell(oid: u32, text: &str) -> Cell {
    let whole = || Cell::Text(text.to_owned());
    match oid {
        BOOL => Cell::Bool(text == "t"),
        20 | 21 | 23 | 26 => text.parse().map_or_else(|_| whole(), Cell::Int),
        700 | 701 => text.parse().map_or_else(|_| whole(), Cell::Float),
        NUMERIC => Cell::Decimal(text.to_owned()),
        DATE => Cell::Date(text.to_owned()),
        1083 | 1266 => Cell::Time(text.to_owned()),
        TIMESTAMP => Cell::Timestamp(text.to_owned()),
        TIMESTAMPTZ => Cell::TimestampTz(text.to_owned()),
        BYTEA => bytes(text).map_or_else(whole, Cell::Bytes),
        JSON | JSONB => serde_json::from_str(text).map_or_else(|_| whole(), |value| json(&value)),
        INTERVAL => interval(text).map_or_else(whole, Cell::Other),
        _ => match ARRAYS.iter().find(|(array, _)| *array == oid) {
            Some((_, item)) => array(text, *item).unwrap_or_else(whole),
            None => whole(),
        },
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("\\x")?).ok()
}

fn json(value: &Json) -> Cell {
    match value {
        Json::Null => Cell::Null,
        Json::Bool(value) => Cell::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Cell::Int(whole.into()),
            None => number.as_f64().map_or_else(|| Cell::Other(number.to_string()), Cell::Float),
        },
        Json::String(text) => Cell::Text(text.clone()),
        Json::Array(items) => Cell::List(items.iter().map(json).collect()),
        Json::Object(fields) => Cell::Struct(fields.iter().map(|(name, value)| (name.clone(), json(value))).collect()),
    }
}

/// `{1,NULL,"a b"}`, perhaps nested and with bounds in front.
fn array(text: &str, item: u32) -> Option<Cell> {
    let start = text.find('{')?;
    let mut characters = text[start..].chars().peekable();
    let cell = list(&mut characters, item)?;
    characters.next().is_none().then_some(cell)
}

fn list(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, item: u32) -> Option<Cell> {
    characters.next_if_eq(&'{')?;
    let mut items = Vec::new();
    if characters.next_if_eq(&'}').is_some() {
        return Some(Cell::List(items));
    }
    loop {
        if characters.peek() == Some(&'{') {
            items.push(list(characters, item)?);
        } else {
            let is_quoted = characters.next_if_eq(&'"').is_some();
            let mut value = String::new();
            loop {
                match *characters.peek()? {
                    '"' if is_quoted => {
                        characters.next();
                        break;
                    }
                    ',' | '}' if !is_quoted => break,
                    '\\' => {
                        characters.next();
                        value.push(characters.next()?);
                    }
                    other => {
                        characters.next();
                        value.push(other);
                    }
                }
            }
            items.push(if !is_quoted && value == "NULL" { Cell::Null } else { cell(item, &value) });
        }
        match characters.next()? {
            ',' => {}
            '}' => return Some(Cell::List(items)),
            _ => return None,
        }
    }
}

/// A span of time as Python prints it: a month has 30 days, a year 365.
fn interval(text: &str) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    let (mut days, mut microseconds) = (0_i64, 0_i64);
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if word.contains(':') {
            microseconds = clock(word)?;
            continue;
        }
        let count: i64 = word.parse().ok()?;
        let unit = words.next()?;
        days += match unit.trim_end_matches('s') {
            "year" => count * 365,
            "mon" => count * 30,
            "day" => count,
            _ => return None,
        };
    }
    let total = days.checked_mul(DAY)?.checked_add(microseconds)?;
    let (days, rest) = (total.div_euclid(DAY), total.rem_euclid(DAY));
    let seconds = rest / 1_000_000;
    let mut printed = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    printed.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if rest % 1_000_000 != 0 {
        printed.push_str(&format!(".{:06}", rest % 1_000_000));
    }
    Some(printed)
}

/// `-01:02:03.5` in microseconds.
fn clock(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = text.trim_start_matches('+').split(':');
    let (hours, minutes) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let (seconds, fraction) = parts.next().map_or(("0", ""), |part| part.split_once('.').unwrap_or((part, "")));
    let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let seconds = hours * 3600 + minutes * 60 + seconds.parse::<i64>().ok()?;
    Some(sign * (seconds * 1_000_000 + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_psycopg2_makes_of_them() {
        for (oid, text, expected) in [
            (16, "t", Cell::Bool(true)),
            (23, "-5", Cell::Int(-5)),
            (700, "0.1", Cell::Float(0.1)),
            (1700, "1.50", Cell::Decimal("1.50".to_owned())),
            (17, "\\x0aff", Cell::Bytes(vec![10, 255])),
            (2950, "b8a5", Cell::Text("b8a5".to_owned())),
            (
                3802,
                "{\"a\": [1, null]}",
                Cell::Struct(vec![("a".to_owned(), Cell::List(vec![Cell::Int(1), Cell::Null]))]),
            ),
        ] {
            assert_eq!(cell(oid, text), expected, "{text}");
        }
        assert!(matches!(cell(701, "NaN"), Cell::Float(value) if value.is_nan()));
        assert_eq!(cell(701, "-Infinity"), Cell::Float(f64::NEG_INFINITY));
    }

    #[test]
    fn arrays_are_lists() {
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(cell(1007, "{1,NULL}"), Cell::List(vec![Cell::Int(1), Cell::Null]));
        assert_eq!(cell(1009, "{\"a,\\\"b\",\"NULL\",x}"), Cell::List(vec![text("a,\"b"), text("NULL"), text("x")]));
        let nested = Cell::List(vec![Cell::List(vec![Cell::Int(1)]), Cell::List(vec![Cell::Int(2)])]);
        assert_eq!(cell(1007, "[0:1][1:1]={{1},{2}}"), nested);
        assert_eq!(cell(1007, "{}"), Cell::List(Vec::new()));
        assert_eq!(cell(2951, "{b8a5}"), text("{b8a5}"));
    }

    #[test]
    fn intervals_are_printed_as_python_does() {
        for (text, expected) in [
            ("1 day 02:00:00", "1 day, 2:00:00"),
            ("1 year 2 mons -3 days", "422 days, 0:00:00"),
            ("-00:00:01.5", "-1 day, 23:59:58.500000"),
            ("00:00:00", "0:00:00"),
        ] {
            assert_eq!(interval(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn types_have_psycopg2s_names() {
        assert_eq!(type_name(1043), "STRING");
        assert_eq!(type_name(2950), "unknown type_code 2950");
    }
}
