//! [`Deprecations`]: the first of each kind is shown, the others are counted, and the end of a command says how many there were.

use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;

use crate::events::{DeprecationSummary, Event, is_deprecation};

/// How often each kind of deprecation was met, by dbt's event name.
#[derive(Debug, Default)]
pub(crate) struct Deprecations(Mutex<IndexMap<&'static str, usize>>);

impl Deprecations {
    /// Counts a warning; whether it is to be shown: it is no deprecation, or the first of its kind.
    pub(crate) fn is_news(&self, event: Option<&'static str>) -> bool {
        let Some(event) = event.filter(|event| is_deprecation(event)) else { return true };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(event).or_default();
        *count += 1;
        *count == 1
    }

    /// What is said at the end; nothing if there was none.
    pub(crate) fn summary(&self, show_all_hint: bool) -> Option<Event> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let summaries: Vec<DeprecationSummary> =
            counts.iter().map(|(event, count)| DeprecationSummary::new(event, *count)).collect();
        (!summaries.is_empty()).then_some(Event::DeprecationsSummary { summaries, show_all_hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_is_news() {
        let met = Deprecations::default();
        assert!(met.summary(true).is_none());
        assert!(met.is_news(Some("NoNodeForYamlKey")) && met.is_news(Some("NoNodeForYamlKey")) && met.is_news(None));
        assert!(met.is_news(Some("UpcomingReferenceDeprecation")) && met.is_news(Some("UpcomingReferenceDeprecation")));
        assert!(met.is_news(Some("ExposureNameDeprecation")));
        assert!(!met.is_news(Some("ExposureNameDeprecation")));
        let Some(Event::DeprecationsSummary { summaries, .. }) = met.summary(true) else { panic!("there were some") };
        assert_eq!(summaries, [DeprecationSummary::new("ExposureNameDeprecation", 2)]);
        assert_eq!(summaries[0].event_code, "D007");
    }
}
