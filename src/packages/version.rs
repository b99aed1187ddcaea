//! Versions of hub packages and comparisons with them, by dbt's rules, which differ from semver's here and there.
//!
//! Main type: [`VersionSpecifier`]. Which of several versions to take is the business of `version_range`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use fancy_regex::Regex;

/// dbt's own grammar: the dash before a prerelease may be missing, so that `1.0.01` is `1.0.0` with the prerelease `1`.
static SPECIFIER: LazyLock<Regex> = LazyLock::new(|| {
    const NUMBER: &str = "(?:0|[1-9][0-9]*)";
    const PART: &str = "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
    const BUILD: &str = "[0-9A-Za-z-]*";
    let pattern = format!(
        r"^(?P<matcher>>=|>|<=|<|=)?(?P<major>{NUMBER})\.(?P<minor>{NUMBER})\.(?P<patch>{NUMBER})(?:-?(?P<prerelease>{PART}(?:\.{PART})*))?(?:\+(?P<build>{BUILD}(?:\.{BUILD})*))?$"
    );
    Regex::new(&pattern).expect("the pattern is fixed and valid")
});

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matcher {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Exact,
}

impl Matcher {
    fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Exact => "=",
        }
    }
}

/// A version with a matcher: `>=1.0.0`; without one it is exact.
#[derive(Debug, Clone)]
pub(super) struct VersionSpecifier {
    pub(super) matcher: Matcher,
    numbers: [u64; 3],
    pub(super) prerelease: Option<String>,
    build: Option<String>,
}

impl VersionSpecifier {
    /// Reads `>=1.0.0`, `1.0.0-rc1`; the error is dbt's sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a valid semantic version.");
        let found = SPECIFIER.captures(text).ok().flatten().ok_or_else(wrong)?;
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let number = |name: &str| part(name).and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX);
        let matcher = match part("matcher") {
            Some(">=") => Matcher::GreaterOrEqual,
            Some(">") => Matcher::Greater,
            Some("<=") => Matcher::LessOrEqual,
            Some("<") => Matcher::Less,
            _ => Matcher::Exact,
        };
        Ok(Self {
            matcher,
            numbers: [number("major"), number("minor"), number("patch")],
            prerelease: part("prerelease").map(str::to_owned),
            build: part("build").map(str::to_owned),
        })
    }

    pub(super) fn is_exact(&self) -> bool {
        self.matcher == Matcher::Exact
    }

    fn is_lower_bound(&self) -> bool {
        matches!(self.matcher, Matcher::Greater | Matcher::GreaterOrEqual)
    }

    fn is_upper_bound(&self) -> bool {
        matches!(self.matcher, Matcher::Less | Matcher::LessOrEqual)
    }

    /// The order of two specifiers: by version, then by what their matchers let through.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| self.compare_prereleases(other)).then_with(|| {
            use Matcher::{Greater, GreaterOrEqual, Less, LessOrEqual};
            match (self.matcher, other.matcher) {
                (GreaterOrEqual, LessOrEqual) | (LessOrEqual, GreaterOrEqual) => Ordering::Equal,
                (Less, LessOrEqual) | (GreaterOrEqual, Greater) => Ordering::Less,
                (LessOrEqual, Less) | (Greater, GreaterOrEqual) => Ordering::Greater,
                _ if self.is_upper_bound() && other.is_lower_bound() => Ordering::Less,
                _ if self.is_lower_bound() && other.is_upper_bound() => Ordering::Greater,
                _ => Ordering::Equal,
            }
        })
    }

    fn compare_prereleases(&self, other: &Self) -> Ordering {
        match (&self.prerelease, &other.prerelease) {
            (None, None) => Ordering::Equal,
            // `<2.0.0` must not let 2.0.0-rc1 through.
            (None, Some(_)) if self.matcher == Matcher::Less => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => compare_dotted(left, right),
        }
    }

    /// The version alone.
    #[cfg(test)]
    fn build(&self) -> Option<&str> {
        self.build.as_deref()
    }
}

/// Numbers by value and before words; a longer text after a shorter one with the same beginning.
fn compare_dotted(left: &str, right: &str) -> Ordering {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    for (a, b) in left.split('.').zip(right.split('.')) {
        let order = match (is_number(a), is_number(b)) {
            (true, true) => a.parse().unwrap_or(u64::MAX).cmp(&b.parse().unwrap_or(u64::MAX)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

impl fmt::Display for VersionSpecifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{}{major}.{minor}.{patch}", self.matcher.sign())?;
        if let Some(prerelease) = &self.prerelease {
            write!(f, "-{prerelease}")?;
        }
        if let Some(build) = self.build.as_deref().filter(|build| !build.is_empty()) {
            write!(f, "+{build}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::packages::recorded;

    #[test]
    fn versions_are_read_as_dbt_reads_them() {
        for case in recorded("parse") {
            let text = case[0].as_str().expect("a version");
            match (VersionSpecifier::parse(text), &case[1]) {
                (Ok(version), Json::String(expected)) => {
                    assert_eq!(version.to_string(), *expected, "{text}");
                    assert_eq!(version.prerelease.as_deref(), case[2].as_str(), "{text}");
                    assert_eq!(version.build(), case[3].as_str(), "{text}");
                }
                (Err(message), Json::Null) => assert_eq!(message, case[2], "{text}"),
                (found, _) => panic!("{text}: {found:?} where dbt says {case}"),
            }
        }
    }

    #[test]
    fn versions_compare_as_dbt_compares_them() {
        for case in recorded("compare") {
            let [left, right] = [0, 1].map(|at| VersionSpecifier::parse(case[at].as_str().unwrap()).unwrap());
            assert_eq!(left.compare(&right) as i64, case[2].as_i64().unwrap(), "{case}");
        }
    }
}
