//! Findings in the forms that people and tools read: [`human`], [`json`], [`github`], [`sarif`], [`junit`].
//!
//! Each gives one text, in the order of the findings and with their paths.

mod github;
mod human;
mod json;
mod junit;
mod sarif;

pub use github::github;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;

use super::{Finding, Severity};

/// Findings of one file, in order.
fn by_file(findings: &[Finding]) -> Vec<(&str, &[Finding])> {
    findings.chunk_by(|one, other| one.path == other.path).map(|group| (group[0].path.as_str(), group)).collect()
}

/// Where a finding begins and ends: line, column, end line, end column, all from 1.
fn place(finding: &Finding) -> (usize, usize, usize, usize) {
    finding.range.map_or((1, 1, 1, 1), |range| (range.start.line, range.start.column, range.end.line, range.end.column))
}

#[cfg(test)]
mod tests;
