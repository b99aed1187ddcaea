//! [`Spec`]: terms combined, and how `--select` and `--exclude` are read.

use super::{Criterion, IndirectSelection, Method};
use crate::diagnostics::Diagnostic;

/// What is selected where nothing is said.
pub const DEFAULT_SELECTION: [&str; 5] = ["fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*"];

/// A selection: terms, and unions, intersections and differences of selections.
#[derive(Debug, Clone, PartialEq)]
pub enum Spec {
    /// One term.
    Criterion(Criterion),
    /// Several selections combined.
    Group {
        /// How.
        combination: Combination,
        /// Which.
        parts: Vec<Spec>,
        /// When tests that were selected indirectly by some part join the whole.
        indirect: IndirectSelection,
        /// What is said to match nothing, if it does not.
        expected: Option<String>,
    },
}

/// How selections are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// In any.
    Union,
    /// In all.
    Intersection,
    /// In the first and in none of the others.
    Difference,
}

impl Spec {
    /// The selection of `--select` and `--exclude`; each value may hold several terms, separated by spaces.
    pub fn of_command_line(
        select: &[String],
        exclude: &[String],
        indirect: IndirectSelection,
    ) -> Result<Self, Diagnostic> {
        let included = if select.is_empty() {
            Self::union_of_terms(DEFAULT_SELECTION, indirect, false)?
        } else {
            Self::union_of_terms(select.iter().map(String::as_str), indirect, true)?
        };
        let excluded = Self::union_of_terms(exclude.iter().map(String::as_str), indirect, true)?;
        // As in dbt, tests that only some part brought in never join after the exclusion: the difference is eager.
        Ok(Self::group(Combination::Difference, vec![included, excluded], IndirectSelection::Eager))
    }

    /// Whether some term uses a method.
    pub fn uses(&self, method: Method) -> bool {
        match self {
            Self::Criterion(criterion) => criterion.method == method,
            Self::Group { parts, .. } => parts.iter().any(|part| part.uses(method)),
        }
    }

    /// Terms separated by spaces, each perhaps an intersection by commas.
    fn union_of_terms<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        indirect: IndirectSelection,
        expected: bool,
    ) -> Result<Self, Diagnostic> {
        let parts = texts
            .into_iter()
            .flat_map(|text| text.split_whitespace())
            .map(|raw| {
                let parts = raw
                    .split(',')
                    .map(|term| Criterion::parse(term, indirect).map(Self::Criterion))
                    .collect::<Result<_, _>>()?;
                let expected = expected.then(|| raw.to_owned());
                Ok(Self::Group { combination: Combination::Intersection, parts, indirect, expected })
            })
            .collect::<Result<_, Diagnostic>>()?;
        Ok(Self::group(Combination::Union, parts, indirect))
    }

    pub(super) fn group(combination: Combination, parts: Vec<Spec>, indirect: IndirectSelection) -> Self {
        Self::Group { combination, parts, indirect, expected: None }
    }
}
