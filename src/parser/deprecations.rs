//! Models with a `deprecation_date`: warnings for those that are past it, and for models that read them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::names::version_text;
use super::parsing::Parsing;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{Manifest, Node, ResourceType};

/// Warns of deprecated models and of references to them.
pub(super) fn warn_of_models(parsing: &Parsing, manifest: &Manifest, problems: &mut Diagnostics) {
    let now = parsing.session().config().invocation.started_at;
    for node in manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model) {
        let Some((text, moment)) = node.deprecation_date.as_deref().and_then(|text| Some((text, moment(text)?))) else {
            continue;
        };
        let is_past = moment < now;
        let date = super::places::of_property(parsing.sources(), node, &["deprecation_date"]);
        if is_past {
            problems.push(
                Diagnostic::warning(
                    Code::DEPRECATED,
                    format!("Model {} has passed its deprecation date of {text}", titled(node)),
                )
                .named("DeprecatedModel")
                .at_some(date, "since then")
                .hint("disable or remove it"),
            );
        }
        let readers = manifest.nodes.values().filter(|reader| {
            reader.resource_type == ResourceType::Model && reader.depends_on.nodes.contains(&node.unique_id)
        });
        problems.extend(readers.map(|reader| reference(node, reader, text, is_past)).collect::<Diagnostics>());
    }
}

fn reference(node: &Node, reader: &Node, date: &str, is_past: bool) -> Diagnostic {
    let (event, when) = if is_past {
        ("DeprecatedReference", "was deprecated on")
    } else {
        ("UpcomingReferenceDeprecation", "is slated for deprecation on")
    };
    let place = reader
        .refs
        .iter()
        .find(|call| call.name == node.name)
        .and_then(|call| call.span)
        .or_else(|| reader.span.map(|span| Span { end: span.start, ..span }));
    let warning = Diagnostic::warning(
        Code::DEPRECATED,
        format!("While compiling '{}': Found a reference to {}, which {when} '{date}'", reader.name, titled(node)),
    )
    .named(event)
    .at_some(place, "referenced here");
    match (&node.version, &node.latest_version) {
        (Some(version), Some(latest)) if version != latest => warning.hint(format!(
            "a newer version exists: {{{{ ref('{}', '{}', v='{}') }}}}",
            node.package_name,
            node.name,
            version_text(latest)
        )),
        _ => warning,
    }
}

fn titled(node: &Node) -> String {
    match &node.version {
        Some(version) => format!("{}.v{}", node.name, version_text(version)),
        None => node.name.clone(),
    }
}

/// A date as dbt keeps it: with time and zone, `2024-01-31T00:00:00+00:00`; without a zone it is of the system's. What is no
/// date stays as it is.
pub(super) fn in_full(text: &str) -> String {
    let has_zone = text.trim().replacen(' ', "T", 1).parse::<Timestamp>().is_ok();
    match moment(text).filter(|_| !has_zone) {
        Some(moment) => moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        None => text.to_owned(),
    }
}

/// A date with or without time; without a zone it is of the system's.
fn moment(text: &str) -> Option<Timestamp> {
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

#[cfg(test)]
mod tests {
    use super::{in_full, moment};

    #[test]
    fn dates_are_kept_with_time_and_zone() {
        let whole = in_full("2024-01-31");
        assert!(whole.starts_with("2024-01-31T00:00:00"), "{whole}");
        assert_eq!(moment(&whole), moment("2024-01-31"));
        assert_eq!(in_full("2024-01-31T10:00:00+02:00"), "2024-01-31T10:00:00+02:00");
        assert_eq!(in_full("soon"), "soon");
    }
}
