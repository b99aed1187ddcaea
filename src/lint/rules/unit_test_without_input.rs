//! A unit test has an input that the project does not have.
//!
//! It fails when it is run, and its model is not built then; the project itself can be read, so nothing says it before. The input may be misspelled,
//! disabled, or gone since the test was written.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unit-test-without-input",
    level: RuleLevel::At(Severity::Error),
    needs: Needs::Project,
    text: include_str!("unit_test_without_input.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for test in subject.manifest.unit_tests.values() {
        if test.package_name == subject.manifest.project_name
            && subject.is_selected(&test.unique_id)
            && let Err(problem) = &test.inputs
        {
            found.at_or_file(test.span, &test.original_file_path, problem.clone(), "name a model, seed or source of the project");
        }
    }
}
