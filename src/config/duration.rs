//! Durations as people write them in flags and configs.

use std::time::Duration;

/// Seconds as a number (`90`, `1.5`), or text such as `90s`, `10m`, `1h 30m`; none if it is neither, or negative.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let seconds = text.parse().ok().or_else(|| {
        let written: jiff::SignedDuration = text.parse().ok()?;
        Some(written.as_secs_f64())
    })?;
    Duration::try_from_secs_f64(seconds).ok()
}
