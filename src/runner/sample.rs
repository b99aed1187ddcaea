//! `--sample`: a window of event time that inputs are limited to.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::batch_size::{BatchSize, read_moment, written};
use crate::config::Config;
use crate::context::EventTimeRange;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml;

/// From the first moment to the one after the last, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: DateTime,
    pub(super) end: DateTime,
}

impl Window {
    pub(super) fn range(self) -> EventTimeRange {
        EventTimeRange { start: Some(written(self.start)), end: Some(written(self.end)) }
    }

    /// What both have in common.
    pub(super) fn within(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }
}

/// The window that the flags ask for: `3 days` back from the start of the command, or `{start: …, end: …}`.
pub(super) fn window(config: &Config) -> Result<Option<Window>, Diagnostic> {
    let Some(text) = &config.flags.sample else { return Ok(None) };
    let now = config.invocation.started_at.to_zoned(TimeZone::UTC).datetime();
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [count, unit] = words.as_slice()
        && let Ok(count) = count.parse::<i64>()
    {
        let size = BatchSize::parse(unit.to_lowercase().trim_end_matches('s'))
            .ok_or_else(|| refuse(text, "its unit must be hours, days, months or years"))?;
        return Ok(Some(Window { start: size.offset(now, -count), end: now }));
    }
    let sources = SourceMap::new();
    let tree = yaml::parse_into(sources.add("--sample", text.as_str()), text, &mut Diagnostics::new());
    let Some(Value::Object(map)) = tree.map(|tree| tree.to_json()) else {
        return Err(refuse(text, "it must be such as `3 days` or `{start: 2024-01-01, end: 2024-02-01}`"));
    };
    let moment = |key: &str| {
        let value = map.get(key).and_then(Value::as_str);
        value.map(|value| read_moment(value).ok_or_else(|| refuse(text, &format!("`{key}` is no date")))).transpose()
    };
    let start = moment("start")?.ok_or_else(|| refuse(text, "`start` is missing"))?;
    Ok(Some(Window { start, end: moment("end")?.unwrap_or(now) }))
}

fn refuse(text: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::USAGE, format!("--sample `{text}` cannot be used: {why}"))
}
