//! When a model is deprecated.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::Node;

impl Node {
    /// The moment of its `deprecation_date`, if it has one that can be read.
    pub fn deprecated_from(&self) -> Option<Timestamp> {
        moment(self.deprecation_date.as_deref()?)
    }
}

/// A date with or without time; without a zone it is of the system's.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.replacen(' ', "T", 1).parse::<Timestamp>() {
        return Some(moment);
    }
    let civil = match text.parse::<DateTime>() {
        Ok(civil) => civil,
        Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    TimeZone::system().to_timestamp(civil).ok()
}
