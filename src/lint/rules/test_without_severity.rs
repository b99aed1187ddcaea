//! A data test leaves open whether its failure stops the build.
//!
//! Where a team decides for each test whether bad rows stop what is downstream, it says so: by `severity`, `warn_if` or `error_if`, at the test or for its
//! folder in `dbt_project.yml`. Off by default: dbt's default is an error.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::RuleLevel;
use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "test-without-severity",
    level: RuleLevel::Off,
    needs: Needs::Project,
    text: include_str!("test_without_severity.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for test in subject.nodes(ResourceType::Test) {
        let said = ["severity", "warn_if", "error_if"].iter().any(|key| test.unrendered_config.contains_key(*key));
        if !said {
            let message = format!("the test `{}` does not say how severe its failure is", test.name);
            let place = test.properties_span;
            found.at_or_file(place, &test.original_file_path, message, "set `severity` in its config");
        }
    }
}
