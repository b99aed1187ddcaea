//! What the values of a CSV column are, by dbt's rules: the first of number, date, date and time, boolean that every value can be, else
//! text. Empty values and the word `null` can be anything.
//!
//! [`Hypotheses`] is fed with values; nothing here reads files.

use std::sync::LazyLock;

use fancy_regex::Regex;

use super::decimal_text::DecimalText;
use super::{Cell, SeedType};

/// What one column can still be.
#[derive(Debug, Clone)]
pub(super) struct Hypotheses {
    possible: Vec<Kind>,
    /// The most digits before and after the point of the numbers so far.
    whole_places: i64,
    decimal_places: i64,
}

/// The kinds that are tried, best first; text is what is left when all have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Date,
    DateTime,
    IsoDateTime,
    Boolean,
}

impl Hypotheses {
    /// Anything, or text in any case.
    pub(super) fn new(is_text: bool) -> Self {
        let all = vec![Kind::Number, Kind::Date, Kind::DateTime, Kind::IsoDateTime, Kind::Boolean];
        Self { possible: if is_text { Vec::new() } else { all }, whole_places: 1, decimal_places: 0 }
    }

    /// Takes one value into account.
    pub(super) fn test(&mut self, value: &str) {
        let value = stripped(value);
        if self.possible.is_empty() || is_null(value) {
            return;
        }
        if self.possible.first() == Some(&Kind::Number) {
            match DecimalText::parse(value) {
                Some(number) => {
                    if let Some((whole, decimal)) = number.places() {
                        self.whole_places = self.whole_places.max(whole);
                        self.decimal_places = self.decimal_places.max(decimal);
                    }
                }
                None => {
                    self.possible.remove(0);
                }
            }
        }
        self.possible.retain(|kind| match kind {
            Kind::Number => true,
            Kind::Date => date(value).is_some(),
            Kind::DateTime => date_time(value).is_some(),
            Kind::IsoDateTime => is_iso_date_time(value),
            // A lone comma is nothing, to booleans only.
            Kind::Boolean => boolean(value).is_some() || is_null(value.replace(',', "").trim()),
        });
    }

    /// The best kind that is left. A column without any value is one of whole numbers.
    pub(super) fn best(&self) -> SeedType {
        match self.possible.first() {
            Some(Kind::Number) if self.has_decimals() => SeedType::Number,
            Some(Kind::Number) => SeedType::Integer,
            Some(Kind::Date) => SeedType::Date,
            Some(Kind::DateTime | Kind::IsoDateTime) => SeedType::DateTime,
            Some(Kind::Boolean) => SeedType::Boolean,
            None => SeedType::Text,
        }
    }

    /// Numbers with more digits than a Python decimal has are not whole numbers either, as in dbt.
    fn has_decimals(&self) -> bool {
        let precision = DecimalText::PRECISION as i64;
        if self.whole_places + self.decimal_places > precision {
            return self.whole_places != precision;
        }
        self.decimal_places != 0
    }
}

/// A value of a column of this kind.
pub(super) fn value(text: &str, kind: SeedType) -> Cell {
    let trimmed = stripped(text);
    if is_null(trimmed) {
        return Cell::Null;
    }
    let typed = match kind {
        SeedType::Integer | SeedType::Number => DecimalText::parse(trimmed).map(|number| number.to_cell()),
        SeedType::Date => date(trimmed).map(|(year, month, day)| Cell::Date(format!("{year:04}-{month:02}-{day:02}"))),
        SeedType::DateTime => Some(Cell::Timestamp(date_time(trimmed).unwrap_or_else(|| trimmed.to_owned()))),
        SeedType::Boolean => boolean(trimmed).map(Cell::Bool),
        SeedType::Time | SeedType::Text => None,
    };
    typed.unwrap_or_else(|| Cell::Text(text.to_owned()))
}

/// Without what Python takes for blanks at both ends, which includes the separators of ASCII.
fn stripped(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}'))
}

fn is_null(trimmed: &str) -> bool {
    trimmed.is_empty() || trimmed.eq_ignore_ascii_case("null")
}

fn boolean(value: &str) -> Option<bool> {
    let value = value.replace(',', "");
    match value.trim() {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

type Ymd = (i32, u32, u32);

const DAY: &str = r"(\d{4})-(1[0-2]|0[1-9]|[1-9])-(3[01]|[12]\d|0[1-9]|[1-9])";
static DATE: LazyLock<Regex> = LazyLock::new(|| regex(&format!("^{DAY}$")));
static DATE_TIME: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"^{DAY}\s+(2[0-3]|[01]\d|\d):([0-5]\d|\d):([0-5]\d|\d)$")));
static ISO_DAY: LazyLock<Regex> = LazyLock::new(|| regex(r"^(\d{4})-?(\d{2})-?(\d{2})$"));
static ISO_TIME: LazyLock<Regex> = LazyLock::new(|| {
    let fraction = r"(?:[,.]\d+)?";
    let extended = format!(r"(\d\d):(\d\d):(\d\d){fraction}|(\d\d):(\d\d){fraction}");
    let basic = format!(r"(\d\d)(\d\d)(\d\d){fraction}|(\d\d)(\d\d){fraction}|(\d\d){fraction}");
    regex(&format!(r"^(?:{extended}|{basic})(?:Z|[+-]\d\d(?::?\d\d)?)?$"))
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that tests compile")
}

/// Year, month and day, if the value is `YYYY-M-D` and such a day exists.
fn date(value: &str) -> Option<Ymd> {
    let found = DATE.captures(value).ok()??;
    existing_day(found.get(1)?.as_str(), found.get(2)?.as_str(), found.get(3)?.as_str())
}

fn existing_day(year: &str, month: &str, day: &str) -> Option<Ymd> {
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1 && (1..=days).contains(&day)).then_some((year, month, day))
}

/// The value as `YYYY-MM-DD HH:MM:SS`, if it is a date, blanks and a time of day.
fn date_time(value: &str) -> Option<String> {
    let found = DATE_TIME.captures(value).ok()??;
    let part = |at: usize| found.get(at).map(|part| part.as_str());
    let (year, month, day) = existing_day(part(1)?, part(2)?, part(3)?)?;
    Some(format!("{year:04}-{month:02}-{day:02} {:0>2}:{:0>2}:{:0>2}", part(4)?, part(5)?, part(6)?))
}

/// Whether it is an ISO 8601 day, `T`, and a time with or without zone. Week and ordinal dates are read as years, months or days too.
fn is_iso_date_time(value: &str) -> bool {
    let Some((day, time)) = value.split_once('T').filter(|(_, time)| !time.contains('T')) else { return false };
    is_iso_day(day) && is_iso_time(time)
}

fn is_iso_day(day: &str) -> bool {
    if let Ok(Some(found)) = ISO_DAY.captures(day) {
        let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
        let dashes = day.bytes().filter(|byte| *byte == b'-').count();
        if dashes != 1 {
            // Month 0 is January to Python's ISO reader.
            let month = if part(2) == "00" { "01" } else { part(2) };
            return existing_day(part(1), month, part(3)).is_some();
        }
    }
    let digits: String = day.chars().filter(|character| *character != '-').collect();
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let year_exists = digits.get(..4).is_some_and(|year| year != "0000");
    let has_dash_after_year = day.as_bytes().get(4) == Some(&b'-') && !day[5..].contains('-');
    match (digits.len(), day.len()) {
        (2, 2) => is_digits,
        (4, 4) => is_digits && year_exists,
        (6, 6) => is_digits && year_exists && matches!(digits[4..].parse(), Ok(0..=12)),
        (6, 7) => is_digits && year_exists && has_dash_after_year && matches!(digits[4..].parse(), Ok(0..=12)),
        (7, 7) => (is_digits && year_exists) || is_week(&digits),
        (7, 8) => (is_digits && year_exists && has_dash_after_year) || is_week(&digits),
        (8, 8 | 10) => is_week(&digits),
        _ => false,
    }
}

/// `2024W05` or `2024W051`.
fn is_week(text: &str) -> bool {
    let Some((year, week)) = text.split_once('W') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && year != "0000" && digits(year) && matches!(week.len(), 2 | 3) && digits(week)
}

fn is_iso_time(time: &str) -> bool {
    let Ok(Some(found)) = ISO_TIME.captures(time) else { return false };
    // The groups come in threes, twos and one: hour, minute and second of each way to write them.
    let below =
        |at: usize, limit: u32| found.get(at).is_none_or(|part| part.as_str().parse().is_ok_and(|n: u32| n < limit));
    let hours = [1, 4, 6, 9, 11].iter().all(|at| below(*at, 24));
    hours && [2, 3, 5, 7, 8, 10].iter().all(|at| below(*at, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(values: &[&str]) -> SeedType {
        let mut hypotheses = Hypotheses::new(false);
        for value in values {
            hypotheses.test(value);
        }
        hypotheses.best()
    }

    #[test]
    fn each_kind_is_recognized() {
        for (values, expected) in [
            (&["1", " -2 ", "1e3", "1,000", "null", ""][..], SeedType::Integer),
            (&["1.0", "2.00"], SeedType::Integer),
            (&["1.5", "2"], SeedType::Number),
            (&["$5", "10%", "1_000"], SeedType::Integer),
            (&["123456789012345678901234567890"], SeedType::Number),
            (&["NaN", "inf"], SeedType::Integer),
            (&["1", "true"], SeedType::Text),
            (&["TRUE", "false", "NULL"], SeedType::Boolean),
            (&["2024-02-29", "2024-1-5"], SeedType::Date),
            (&["2023-02-29"], SeedType::Text),
            (&["01/02/2024"], SeedType::Text),
            (&["2024-01-05 1:02:03"], SeedType::DateTime),
            (&["2024-01-05 10:02"], SeedType::Text),
            (&["2024-01-05 24:00:00"], SeedType::Text),
            (&["2024-01-05T10:02:03.5Z", "20240105T1002+02:00"], SeedType::DateTime),
            (&["2024-01-05T10:02", "2024-W05-1T10", "2024-060T10"], SeedType::DateTime),
            (&["2024-01-05T25:00"], SeedType::Text),
            (&["2024-01-05", "2024-01-05 10:00:00"], SeedType::Text),
            (&["2024-01-05 10:00:00", "2024-01-05T10:00:00"], SeedType::Text),
            (&[], SeedType::Integer),
            (&["", "null"], SeedType::Integer),
            (&["yes", "no"], SeedType::Text),
            (&["1", "abc"], SeedType::Text),
        ] {
            assert_eq!(infer(values), expected, "{values:?}");
        }
    }

    #[test]
    fn forced_columns_are_text() {
        let mut hypotheses = Hypotheses::new(true);
        hypotheses.test("1");
        assert_eq!(hypotheses.best(), SeedType::Text);
    }
}
