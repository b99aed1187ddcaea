//! Units of event time, and moments as dbt writes them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How long a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchSize {
    Hour,
    Day,
    Month,
    Year,
}

impl BatchSize {
    /// The size of a word: `day`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The beginning of the batch around a moment.
    pub(super) fn floor(self, at: DateTime) -> DateTime {
        let date = at.date();
        let date = match self {
            Self::Hour | Self::Day => date,
            Self::Month => date.first_of_month(),
            Self::Year => date.first_of_year(),
        };
        match self {
            Self::Hour => date.to_datetime(Time::constant(at.hour(), 0, 0, 0)),
            _ => date.to_datetime(Time::midnight()),
        }
    }

    /// The beginning of another batch, `count` batches on.
    pub(super) fn step(self, at: DateTime, count: i64) -> DateTime {
        self.offset(self.floor(at), count)
    }

    /// The moment as many hours, days, months or years on; the last day of a month where that has no such day.
    pub(super) fn offset(self, at: DateTime, count: i64) -> DateTime {
        let span = match self {
            Self::Hour => count.hours(),
            Self::Day => count.days(),
            Self::Month => count.months(),
            Self::Year => count.years(),
        };
        at.checked_add(span).unwrap_or(at)
    }

    /// The moment itself where a batch begins at it, else the beginning of the next.
    pub(super) fn ceiling(self, at: DateTime) -> DateTime {
        if self.floor(at) == at { at } else { self.step(at, 1) }
    }

    pub(super) fn format(self, at: DateTime) -> String {
        let format = match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        };
        at.strftime(format).to_string()
    }
}

/// A date, a time or a time with zone, in UTC.
pub(super) fn read_moment(text: &str) -> Option<DateTime> {
    let text = text.trim().replacen(' ', "T", 1);
    let zoned = || text.parse::<Timestamp>().ok().map(|moment| moment.to_zoned(TimeZone::UTC).datetime());
    let date = || text.parse::<Date>().ok().map(|date| date.to_datetime(Time::midnight()));
    zoned().or_else(|| text.parse::<DateTime>().ok()).or_else(date)
}

/// As dbt writes it in SQL.
pub(super) fn written(at: DateTime) -> String {
    let fraction = if at.subsec_nanosecond() == 0 { String::new() } else { at.strftime(".%6f").to_string() };
    format!("{}{fraction}+00:00", at.strftime("%Y-%m-%d %H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().expect("a time")
    }

    #[test]
    fn batches_begin_where_their_unit_begins() {
        assert_eq!(BatchSize::Hour.floor(at("2024-09-17T16:06:00")), at("2024-09-17T16:00:00"));
        assert_eq!(BatchSize::Month.step(at("2024-01-31T10:00:00"), 1), at("2024-02-01T00:00:00"));
        assert_eq!(BatchSize::Year.step(at("2024-05-01T00:00:00"), -1), at("2023-01-01T00:00:00"));
        assert_eq!(BatchSize::Day.offset(at("2024-09-17T16:06:00"), -1), at("2024-09-16T16:06:00"));
        assert_eq!(BatchSize::Month.offset(at("2024-01-31T16:06:00"), 1), at("2024-02-29T16:06:00"));
        assert_eq!(BatchSize::Day.ceiling(at("2024-09-17T00:00:00")), at("2024-09-17T00:00:00"));
        assert_eq!(BatchSize::Day.ceiling(at("2024-09-17T16:06:00")), at("2024-09-18T00:00:00"));
        assert_eq!(BatchSize::Day.format(at("2024-09-17T00:00:00")), "2024-09-17");
    }
}
