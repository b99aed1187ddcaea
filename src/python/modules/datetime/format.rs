//! `strftime`: CPython's directives in the C locale.

use jiff::civil::DateTime;

use super::time::microsecond;
use super::zone::{Zone, offset_text};

pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A local time as text; unknown directives stay as they are.
pub(super) fn strftime(pattern: &str, at: DateTime, zone: Option<&Zone>) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        match characters.next() {
            None => out.push('%'),
            Some('-') => {
                // glibc's flag: without leading zeros.
                let padded = characters.next().map(|directive| expand(directive, at, zone)).unwrap_or_default();
                let bare = padded.trim_start_matches(['0', ' ']);
                out.push_str(if bare.is_empty() { "0" } else { bare });
            }
            Some(directive) => out.push_str(&expand(directive, at, zone)),
        }
    }
    out
}

fn expand(directive: char, at: DateTime, zone: Option<&Zone>) -> String {
    let date = at.date();
    let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let hour12 = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let year_day = date.day_of_year();
    let week = date.iso_week_date();
    let seconds = || format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    match directive {
        'a' => DAYS[weekday][..3].to_owned(),
        'A' => DAYS[weekday].to_owned(),
        'b' | 'h' => MONTHS[month][..3].to_owned(),
        'B' => MONTHS[month].to_owned(),
        'c' => strftime("%a %b %e %H:%M:%S %Y", at, zone),
        'C' => format!("{:02}", date.year() / 100),
        'd' => format!("{:02}", date.day()),
        'D' | 'x' => strftime("%m/%d/%y", at, zone),
        'e' => format!("{:>2}", date.day()),
        'f' => format!("{:06}", microsecond(at.time())),
        'F' => date.to_string(),
        'G' => format!("{:04}", week.year()),
        'g' => format!("{:02}", week.year() % 100),
        'H' => format!("{:02}", at.hour()),
        'I' => format!("{hour12:02}"),
        'j' => format!("{year_day:03}"),
        'k' => format!("{:>2}", at.hour()),
        'l' => format!("{hour12:>2}"),
        'm' => format!("{:02}", date.month()),
        'M' => format!("{:02}", at.minute()),
        'n' => "\n".to_owned(),
        'p' => if at.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        'r' => strftime("%I:%M:%S %p", at, zone),
        'R' => format!("{:02}:{:02}", at.hour(), at.minute()),
        's' => at
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_or_else(|_| String::new(), |z| z.timestamp().as_second().to_string()),
        'S' => format!("{:02}", at.second()),
        't' => "\t".to_owned(),
        'T' | 'X' => seconds(),
        'u' => (weekday + 1).to_string(),
        'U' => format!("{:02}", (year_day + 6 - i16::from(date.weekday().to_sunday_zero_offset())) / 7),
        'V' => format!("{:02}", week.week()),
        'w' => date.weekday().to_sunday_zero_offset().to_string(),
        'W' => format!("{:02}", (year_day + 6 - weekday as i16) / 7),
        'y' => format!("{:02}", date.year() % 100),
        'Y' => format!("{:04}", date.year()),
        'z' => zone.map(|zone| offset_text(zone.offset(at)).replace(':', "")).unwrap_or_default(),
        'Z' => zone.map(|zone| zone.abbreviation(at)).unwrap_or_default(),
        '%' => "%".to_owned(),
        other => format!("%{other}"),
    }
}
