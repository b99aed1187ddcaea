//! Version ranges of `require-dbt-version`.

use std::cmp::Ordering;

/// A comparison with a version, such as `>=1.9.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VersionRange {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Exact,
}

/// `major.minor.patch-prerelease`; build metadata plays no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: [u64; 3],
    prerelease: Vec<String>,
}

impl Version {
    /// Reads `1.11.16`, `2.0.0-rc1`, `2.0.0rc1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.split('+').next()?;
        let numeric_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(numeric_end);
        let mut parts = numbers.split('.');
        let mut number = || {
            let part = parts.next()?;
            let has_leading_zero = part.len() > 1 && part.starts_with('0');
            if has_leading_zero { None } else { part.parse().ok() }
        };
        let numbers = [number()?, number()?, number()?];
        if parts.next().is_some() {
            return None;
        }
        let prerelease = rest.strip_prefix('-').unwrap_or(rest);
        let prerelease: Vec<String> =
            if prerelease.is_empty() { Vec::new() } else { prerelease.split('.').map(str::to_owned).collect() };
        let is_word = |part: &String| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        prerelease.iter().all(is_word).then_some(Self { numbers, prerelease })
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
        })
    }
}

fn compare_prereleases(left: &[String], right: &[String]) -> Ordering {
    for (a, b) in left.iter().zip(right) {
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

impl VersionRange {
    /// Reads `>=1.9.0`; without an operator the version itself.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (operator, version) = [
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::Exact),
        ]
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
        .unwrap_or((Operator::Exact, text));
        Some(Self { operator, version: Version::parse(version.trim())? })
    }

    /// Whether a version is within it.
    pub(super) fn contains(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator {
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Exact => order == Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_compare_as_semantic_versions() {
        let ours = Version::parse("1.11.16").expect("it is a version");
        for (range, expected) in [
            (">=1.0.0", true),
            (">1.11.16", false),
            (">=1.11.16", true),
            ("<2.0.0", true),
            ("<1.11.16", false),
            ("=1.11.16", true),
            ("1.11.16", true),
            ("1.9.0", false),
            (" >= 1.9.0 ", true),
            ("<2.0.0-rc1", true),
            (">=1.11.17b1", false),
            ("<1.12.0b1", true),
        ] {
            assert_eq!(VersionRange::parse(range).expect("it is a range").contains(&ours), expected, "{range}");
        }
        let order = |a: &str, b: &str| Version::parse(a).unwrap().compare(&Version::parse(b).unwrap());
        assert_eq!(order("1.0.0-a.2", "1.0.0-a.10"), Ordering::Less);
        assert_eq!(order("1.0.0-rc1", "1.0.0"), Ordering::Less);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["1.9", "~1.0.0", "x", "", "1.2.3.4", "01.2.3", ">=", "1.2.x", "==1.0.0"] {
            assert_eq!(VersionRange::parse(text), None, "{text}");
        }
    }
}
