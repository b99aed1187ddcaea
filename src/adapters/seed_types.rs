//! What the values of a CSV column are, by dbt's rules: the first of number, date, date and time, boolean that every value can be, else
//! text. Empty values and the word `null` can be anything.
//!
//! [`Hypotheses`] is fed with values; nothing here reads files.

use std::borrow::Cow;
use std::fmt;
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
        if self.possible.is_empty() {
            return;
        }
        let value = stripped(value);
        if is_null(value) {
            return;
        }
        if self.possible.first() == Some(&Kind::Number) && !self.takes_number(value) {
            self.possible.remove(0);
        }
        if self.possible == [Kind::Number] {
            return;
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

    /// Whether the value is a number, whose places are then counted.
    fn takes_number(&mut self, value: &str) -> bool {
        let places = if let Some((whole, fraction)) = DecimalText::plain(value) {
            Some((whole.len() as i64, fraction.trim_end_matches('0').len() as i64))
        } else if let Some(number) = DecimalText::parse(value) {
            number.places()
        } else {
            return false;
        };
        if let Some((whole, decimal)) = places {
            self.whole_places = self.whole_places.max(whole);
            self.decimal_places = self.decimal_places.max(decimal);
        }
        true
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
    let Some(text) = canonical(Cow::Borrowed(text), kind) else { return Cell::Null };
    match kind {
        SeedType::Integer | SeedType::Number => {
            text.parse().map_or_else(|_| Cell::Decimal(text.into_owned()), Cell::Int)
        }
        SeedType::Date => Cell::Date(text.into_owned()),
        SeedType::DateTime => Cell::Timestamp(text.into_owned()),
        SeedType::Boolean => Cell::Bool(text == TRUE),
        SeedType::Time | SeedType::Text => Cell::Text(text.into_owned()),
    }
}

/// The same as a text that a warehouse reads as that type; nothing for null.
pub(super) fn value_text(text: Cow<'_, str>, kind: SeedType) -> Option<Cow<'_, str>> {
    let text = canonical(text, kind)?;
    if kind != SeedType::Integer {
        return Some(text);
    }
    // A column of whole numbers may hold `1.0`.
    let whole = text.split_once('.').map(|(whole, _)| whole.to_owned());
    Some(whole.map_or(text, Cow::Owned))
}

const TRUE: &str = "true";

/// The text in the one way in which values of this kind are written here; nothing for null.
fn canonical(text: Cow<'_, str>, kind: SeedType) -> Option<Cow<'_, str>> {
    let trimmed = stripped(&text);
    if is_null(trimmed) {
        return None;
    }
    let written = match kind {
        SeedType::Integer | SeedType::Number => match DecimalText::plain(trimmed) {
            Some(_) => None,
            None => DecimalText::parse(trimmed).map(|number| number.to_text()),
        },
        SeedType::Date => date(trimmed).filter(|_| trimmed.len() != "YYYY-MM-DD".len()).map(|day| day.to_string()),
        SeedType::DateTime => date_time(trimmed),
        SeedType::Boolean => {
            return boolean(trimmed).map(|value| Cow::Borrowed(if value { TRUE } else { "false" }));
        }
        SeedType::Time | SeedType::Text => return Some(text),
    };
    if let Some(written) = written {
        return Some(Cow::Owned(written));
    }
    if trimmed.len() == text.len() {
        return Some(text);
    }
    Some(Cow::Owned(trimmed.to_owned()))
}

/// Without what Python takes for blanks at both ends, which includes the separators of ASCII.
fn stripped(text: &str) -> &str {
    let bytes = text.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_graphic) && bytes.last().is_some_and(u8::is_ascii_graphic) {
        return text;
    }
    text.trim_matches(|character: char| character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}'))
}

fn is_null(trimmed: &str) -> bool {
    trimmed.is_empty() || trimmed.eq_ignore_ascii_case("null")
}

fn boolean(value: &str) -> Option<bool> {
    let word = |word: &str| match word {
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    word(value).or_else(|| if value.contains(',') { word(value.replace(',', "").trim()) } else { None })
}

/// A day that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CalendarDate {
    year: u32,
    month: u32,
    day: u32,
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

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

/// The day, if the value is `YYYY-M-D` and such a day exists.
fn date(value: &str) -> Option<CalendarDate> {
    let (year, rest) = value.split_at_checked(4)?;
    let rest = rest.strip_prefix('-')?;
    let dash = rest.bytes().position(|byte| byte == b'-')?;
    let (month, day) = (&rest[..dash], &rest[dash + 1..]);
    existing_day(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?)
}

/// The number that is written with digits alone, `most` at most.
fn digits(text: &str, most: usize) -> Option<u32> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

fn existing_day(year: u32, month: u32, day: u32) -> Option<CalendarDate> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1 && (1..=days).contains(&day)).then_some(CalendarDate { year, month, day })
}

/// The value as `YYYY-MM-DD HH:MM:SS`, if it is a date, blanks and a time of day.
fn date_time(value: &str) -> Option<String> {
    let (day, time) = value.split_once(char::is_whitespace)?;
    let day = date(day)?;
    let (hour, rest) = time.trim_start().split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let [hour, minute, second] =
        [(hour, 24), (minute, 60), (second, 60)].map(|(part, limit)| digits(part, 2).filter(|number| *number < limit));
    Some(format!("{day} {:02}:{:02}:{:02}", hour?, minute?, second?))
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
            let [year, month, day] = [part(1), month, part(3)].map(|part| digits(part, 4));
            return matches!((year, month, day), (Some(year), Some(month), Some(day)) if existing_day(year, month, day).is_some());
        }
    }
    let compact: String = day.chars().filter(|character| *character != '-').collect();
    let is_digits = compact.bytes().all(|byte| byte.is_ascii_digit());
    let year_exists = compact.get(..4).is_some_and(|year| year != "0000");
    let has_dash_after_year = day.as_bytes().get(4) == Some(&b'-') && !day[5..].contains('-');
    match (compact.len(), day.len()) {
        (2, 2) => is_digits,
        (4, 4) => is_digits && year_exists,
        (6, 6) => is_digits && year_exists && matches!(compact[4..].parse(), Ok(0..=12)),
        (6, 7) => is_digits && year_exists && has_dash_after_year && matches!(compact[4..].parse(), Ok(0..=12)),
        (7, 7) => (is_digits && year_exists) || is_week(&compact),
        (7, 8) => (is_digits && year_exists && has_dash_after_year) || is_week(&compact),
        (8, 8 | 10) => is_week(&compact),
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
