//! Reading dates and times: ISO forms, and `strptime`.

use jiff::civil::{Date, DateTime, Time};

use super::format::{DAYS, MONTHS};
use super::zone::Zone;

/// `YYYY-MM-DD`, `YYYYMMDD` or `YYYY-Www-D`.
pub(super) fn date(text: &str) -> Option<Date> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok())?;
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return None;
    }
    if bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' {
        return Date::new(digits(&text[..4])?, digits(&text[5..7])? as i8, digits(&text[8..])? as i8).ok();
    }
    if bytes.len() == 8 {
        return Date::new(digits(&text[..4])?, digits(&text[4..6])? as i8, digits(&text[6..])? as i8).ok();
    }
    None
}

/// `HH[:MM[:SS[.ffffff]]]`.
pub(super) fn time(text: &str) -> Option<Time> {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut numbers = [0_i8; 3];
    let parts: Vec<&str> = clock.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for (number, part) in numbers.iter_mut().zip(&parts) {
        if part.is_empty() || part.len() > 2 {
            return None;
        }
        *number = part.parse().ok()?;
    }
    let nanos = match fraction {
        Some(fraction) if !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
            micros.parse::<i32>().ok()? * 1_000
        }
        Some(_) => return None,
        None => 0,
    };
    Time::new(numbers[0], numbers[1], numbers[2], nanos).ok()
}

/// A date, and a time after `T` or a space, with or without offset; a date alone is midnight.
pub(super) fn datetime(text: &str) -> Option<(DateTime, Option<Zone>)> {
    let text = text.trim();
    let Some(at) = text.find(['T', 't', ' ']) else {
        return Some((date(text)?.at(0, 0, 0, 0), None));
    };
    let day = date(&text[..at])?;
    let rest = text[at + 1..].trim_start();
    let (clock, zone) = match rest.find(['+', '-', 'Z', 'z']) {
        Some(at) => (rest[..at].trim_end(), Some(offset(&rest[at..])?)),
        None => (rest, None),
    };
    Some((day.to_datetime(time(clock)?), zone))
}

/// `Z`, `+HH`, `+HHMM`, `+HH:MM[:SS]`.
fn offset(text: &str) -> Option<Zone> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Zone::utc());
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|character| *character != ':').collect();
    if !digits.len().is_multiple_of(2)
        || digits.len() > 6
        || digits.is_empty()
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let part = |index: usize| digits.get(index * 2..index * 2 + 2).map_or(Some(0), |part| part.parse::<i32>().ok());
    Zone::fixed(sign * (part(0)? * 3600 + part(1)? * 60 + part(2)?))
}

/// What the directives of a pattern have read so far.
struct Read {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    micros: i32,
    afternoon: Option<bool>,
    year_day: Option<i16>,
    zone: Option<Zone>,
}

/// A text by a pattern of CPython's directives.
pub(super) fn strptime(text: &str, pattern: &str) -> Option<(DateTime, Option<Zone>)> {
    let mut read = Read {
        year: 1900,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        micros: 0,
        afternoon: None,
        year_day: None,
        zone: None,
    };
    let rest = step(text, pattern, &mut read)?;
    if !rest.is_empty() {
        return None;
    }
    let hour = match read.afternoon {
        Some(true) => read.hour % 12 + 12,
        Some(false) => read.hour % 12,
        None => read.hour,
    };
    let date = match read.year_day {
        Some(day) => Date::new(read.year, 1, 1).ok()?.with().day_of_year(day).build().ok()?,
        None => Date::new(read.year, read.month, read.day).ok()?,
    };
    let time = Time::new(hour, read.minute, read.second, read.micros * 1_000).ok()?;
    Some((date.to_datetime(time), read.zone))
}

/// Reads what the pattern says; returns what is left of the text.
fn step<'a>(mut text: &'a str, pattern: &str, read: &mut Read) -> Option<&'a str> {
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            text = text.trim_start();
            continue;
        }
        if character != '%' {
            let next = text.chars().next()?;
            if !next.eq_ignore_ascii_case(&character) {
                return None;
            }
            text = &text[next.len_utf8()..];
            continue;
        }
        text = directive(text, characters.next()?, read)?;
    }
    Some(text)
}

/// Up to `most` digits.
fn number<T: std::str::FromStr>(text: &str, most: usize) -> Option<(T, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((text[..length].parse().ok()?, &text[length..]))
}

/// The index of the name that the text begins with.
fn name<'a>(text: &'a str, names: &[&str], short: bool) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if short { &name[..3] } else { name };
        let start = text.get(..name.len())?;
        start.eq_ignore_ascii_case(name).then(|| (index, &text[name.len()..]))
    })
}

fn directive<'a>(text: &'a str, directive: char, read: &mut Read) -> Option<&'a str> {
    macro_rules! read_number {
        ($field:expr, $most:expr) => {{
            let (value, rest) = number(text, $most)?;
            $field = value;
            rest
        }};
    }
    Some(match directive {
        'Y' => {
            let (year, rest) = number::<i16>(text, 4)?;
            read.year = Some(year).filter(|_| text.len() - rest.len() == 4)?;
            rest
        }
        'y' => {
            let (short, rest) = number::<i16>(text, 2)?;
            read.year = if short < 69 { 2000 + short } else { 1900 + short };
            rest
        }
        'm' => read_number!(read.month, 2),
        'd' | 'e' => read_number!(read.day, 2),
        'H' | 'I' => read_number!(read.hour, 2),
        'M' => read_number!(read.minute, 2),
        'S' => read_number!(read.second, 2),
        'j' => {
            let (day, rest) = number(text, 3)?;
            read.year_day = Some(day);
            rest
        }
        'f' => {
            let length = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
            let digits = Some(&text[..length]).filter(|digits| !digits.is_empty())?;
            read.micros = format!("{digits:0<6}").parse().ok()?;
            &text[length..]
        }
        'b' | 'h' => {
            let (index, rest) = name(text, &MONTHS, true)?;
            read.month = index as i8 + 1;
            rest
        }
        'B' => {
            let (index, rest) = name(text, &MONTHS, false)?;
            read.month = index as i8 + 1;
            rest
        }
        'a' => name(text, &DAYS, true)?.1,
        'A' => name(text, &DAYS, false)?.1,
        'p' => {
            let half = text.get(..2)?.to_ascii_lowercase();
            read.afternoon = Some(match half.as_str() {
                "am" => false,
                "pm" => true,
                _ => return None,
            });
            &text[2..]
        }
        'z' => {
            let length = if text.starts_with(['Z', 'z']) {
                1
            } else {
                text.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b':')).count()
            };
            read.zone = Some(offset(&text[..length])?);
            &text[length..]
        }
        'Z' => {
            let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
            &text[length..]
        }
        'T' | 'X' => step(text, "%H:%M:%S", read)?,
        'D' | 'x' => step(text, "%m/%d/%y", read)?,
        'c' => step(text, "%a %b %d %H:%M:%S %Y", read)?,
        'F' => step(text, "%Y-%m-%d", read)?,
        'u' | 'w' => number::<u8>(text, 1)?.1,
        'U' | 'W' => number::<u8>(text, 2)?.1,
        '%' => text.strip_prefix('%')?,
        _ => return None,
    })
}
