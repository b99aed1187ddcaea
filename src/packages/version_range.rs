//! Which version of a hub package to take: specifiers are reduced to one range, and the highest version in it wins.

use std::cmp::Ordering;
use std::fmt;

use super::version::{Matcher, VersionSpecifier};

/// What several specifiers leave; a missing end is open.
#[derive(Debug, Clone)]
pub(super) struct VersionRange {
    start: Option<VersionSpecifier>,
    end: Option<VersionSpecifier>,
}

/// Specifiers that no version can satisfy at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incompatible;

impl From<VersionSpecifier> for VersionRange {
    fn from(specifier: VersionSpecifier) -> Self {
        match specifier.matcher {
            Matcher::Exact => Self { start: Some(specifier.clone()), end: Some(specifier) },
            Matcher::Greater | Matcher::GreaterOrEqual => Self { start: Some(specifier), end: None },
            Matcher::Less | Matcher::LessOrEqual => Self { start: None, end: Some(specifier) },
        }
    }
}

impl VersionRange {
    /// What all of these specifiers leave.
    pub(super) fn reduce(specifiers: &[VersionSpecifier]) -> Result<Self, Incompatible> {
        let Some((last, others)) = specifiers.split_last() else { return Ok(Self { start: None, end: None }) };
        others.iter().try_fold(Self::from(last.clone()), |range, other| range.intersect(Self::from(other.clone())))
    }

    fn intersect(self, other: Self) -> Result<Self, Incompatible> {
        let range = match (&self.start, &other.start) {
            (Some(one), Some(two)) if one.is_exact() && two.is_exact() => {
                if one.compare(two) != Ordering::Equal {
                    return Err(Incompatible);
                }
                Self { start: Some(one.clone()), end: Some(one.clone()) }
            }
            _ => Self { start: higher_start(self.start, other.start)?, end: lower_end(self.end, other.end)? },
        };
        match (&range.start, &range.end) {
            (Some(start), Some(end)) if start.compare(end) == Ordering::Greater => Err(Incompatible),
            _ => Ok(range),
        }
    }

    /// Whether a version, given as an exact specifier, lies within.
    fn contains(&self, version: &VersionSpecifier) -> bool {
        let bounds = [Some(version.clone()), self.start.clone(), self.end.clone()];
        Self::reduce(&bounds.into_iter().flatten().collect::<Vec<_>>()).is_ok()
    }

    /// The highest of the available versions that lies within, as written there.
    pub(super) fn highest<'a>(&self, available: &[&'a str]) -> Option<&'a str> {
        let mut best: Option<(VersionSpecifier, &str)> = None;
        for text in available {
            let Ok(version) = VersionSpecifier::parse(text) else { continue };
            let is_higher = best.as_ref().is_none_or(|(highest, _)| highest.compare(&version) == Ordering::Less);
            if is_higher && self.contains(&version) {
                best = Some((version, text));
            }
        }
        best.map(|(_, text)| text)
    }
}

fn higher_start(
    one: Option<VersionSpecifier>,
    two: Option<VersionSpecifier>,
) -> Result<Option<VersionSpecifier>, Incompatible> {
    let (one, two) = match (one, two) {
        (one, None) => return Ok(one),
        (None, two) => return Ok(two),
        (Some(one), Some(two)) => (one, two),
    };
    let exact = |bound: &VersionSpecifier, exact: VersionSpecifier| match bound.compare(&exact) {
        Ordering::Less => Ok(Some(exact)),
        Ordering::Equal if bound.matcher == Matcher::GreaterOrEqual => Ok(Some(exact)),
        _ => Err(Incompatible),
    };
    match (one.is_exact(), two.is_exact()) {
        (true, _) => exact(&two, one),
        (_, true) => exact(&one, two),
        _ if one.compare(&two) == Ordering::Less => Ok(Some(two)),
        _ => Ok(Some(one)),
    }
}

fn lower_end(
    one: Option<VersionSpecifier>,
    two: Option<VersionSpecifier>,
) -> Result<Option<VersionSpecifier>, Incompatible> {
    let (one, two) = match (one, two) {
        (one, None) => return Ok(one),
        (None, two) => return Ok(two),
        (Some(one), Some(two)) => (one, two),
    };
    let exact = |bound: &VersionSpecifier, exact: VersionSpecifier| match bound.compare(&exact) {
        Ordering::Greater => Ok(Some(exact)),
        Ordering::Equal if bound.matcher == Matcher::LessOrEqual => Ok(Some(exact)),
        _ => Err(Incompatible),
    };
    match (one.is_exact(), two.is_exact()) {
        (true, _) => exact(&two, one),
        (_, true) => exact(&one, two),
        _ if one.compare(&two) == Ordering::Greater => Ok(Some(two)),
        _ => Ok(Some(one)),
    }
}

/// Whether a version satisfies all ranges, as `require-dbt-version` writes them. Ranges that cannot be read are passed over.
pub(super) fn satisfies(version: &str, ranges: &[String]) -> bool {
    let all: Vec<VersionSpecifier> = std::iter::once(version)
        .chain(ranges.iter().flat_map(|range| range.split(',')).map(str::trim))
        .filter_map(|text| VersionSpecifier::parse(text).ok())
        .collect();
    VersionRange::reduce(&all).is_ok()
}

/// The versions that may be installed, lowest first; prereleases only where they are wanted.
pub(super) fn installable<'a>(versions: impl IntoIterator<Item = &'a str>, prereleases: bool) -> Vec<&'a str> {
    let mut found: Vec<(VersionSpecifier, &str)> = versions
        .into_iter()
        .filter_map(|text| Some((VersionSpecifier::parse(text).ok()?, text)))
        .filter(|(version, _)| prereleases || version.prerelease.is_none())
        .collect();
    found.sort_by(|(one, _), (two, _)| one.compare(two));
    found.into_iter().map(|(_, text)| text).collect()
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.start, &self.end) {
            (None, None) => f.write_str("ANY"),
            (Some(start), Some(end)) => write!(f, "{start}, {end}"),
            (Some(one), None) | (None, Some(one)) => one.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::packages::recorded;

    fn texts(list: &Json) -> Vec<&str> {
        list.as_array().expect("a list").iter().map(|item| item.as_str().expect("a text")).collect()
    }

    fn reduce(specifiers: &Json) -> Result<VersionRange, Incompatible> {
        let specifiers: Vec<_> =
            texts(specifiers).into_iter().map(|text| VersionSpecifier::parse(text).unwrap()).collect();
        VersionRange::reduce(&specifiers)
    }

    #[test]
    fn specifiers_are_reduced_as_dbt_reduces_them() {
        for case in recorded("reduce") {
            let found = reduce(&case[0]).ok().map(|range| range.to_string());
            assert_eq!(found.as_deref(), case[1].as_str(), "{}", case[0]);
        }
    }

    #[test]
    fn the_version_is_chosen_as_dbt_chooses_it() {
        let available = recorded("installable");
        let available = texts(&available[0][0]);
        for case in recorded("resolve") {
            let range = reduce(&case[0]).unwrap();
            assert_eq!(range.to_string(), case[3], "{case}");
            let installable = installable(available.iter().copied(), case[1] == true);
            assert_eq!(range.highest(&installable), case[2].as_str(), "{case}");
        }
    }

    #[test]
    fn versions_are_sorted_and_prereleases_left_out() {
        for case in recorded("installable") {
            assert_eq!(installable(texts(&case[0]), case[1] == true), texts(&case[2]), "{case}");
        }
    }

    #[test]
    fn what_dbt_version_a_package_requires() {
        let ranges = |ranges: &[&str]| ranges.iter().map(|&range| range.to_owned()).collect::<Vec<_>>();
        assert!(satisfies("1.11.16", &ranges(&[">=1.3.0", "<2.0.0"])));
        assert!(!satisfies("1.11.16", &ranges(&[">=0.20.0", "<1.0.0"])));
        assert!(satisfies("1.11.16", &[]));
    }
}
