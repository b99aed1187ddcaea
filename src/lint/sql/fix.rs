//! [`fix`]: edits that leave the query what it was.
//!
//! What a linter proposes is applied to the template, which is then rendered and read again. It stays only if the tags of the template are
//! the same, and the SQL is the same query by [`is_same_query`] and as readable as before. If all edits together do not pass, those of each
//! rule are tried by themselves, so that one bad edit does not keep out the good ones.
//!
//! That is done until nothing is left to mend, as long as each round leaves less of it: who mends a file again changes nothing. A rule that
//! would go on forever (a line that a tag of the template takes away again) mends nothing in that file.

use std::collections::{BTreeMap, BTreeSet};

use super::rendered::apply;
use super::{Linters, RenderedSql, Renderer, Rendering, Settings, SqlLinter};
use crate::jinja::{PieceKind, Trace, has_tags};
use crate::sql::{Dialect, is_same_query};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixOutcome {
    /// Its text.
    pub text: String,
    /// Rules of which a fix was made.
    pub fixed: BTreeSet<String>,
    /// Rules whose fix would have changed the query, the tags, or could not be checked.
    pub refused: BTreeSet<String>,
}

/// How a file is mended.
#[derive(Debug)]
pub struct Mender<'a> {
    /// Makes SQL of templates.
    pub renderer: &'a Renderer,
    /// The linters.
    pub linters: &'a Linters,
    /// How the SQL is compared.
    pub dialect: Dialect,
    /// The path of the file in the project.
    pub path: &'a str,
}

/// Mends a file as far as is safe. An error is a sentence about a file that cannot be worked on.
pub fn fix(mender: &Mender<'_>, source: &str, settings: &Settings) -> Result<FixOutcome, String> {
    let (outcome, restless) = mender.rounds(source, settings, &BTreeSet::new())?;
    if restless.is_empty() {
        return Ok(outcome);
    }
    let (mut outcome, _) = mender.rounds(source, settings, &restless)?;
    outcome.refused.extend(restless);
    Ok(outcome)
}

impl Mender<'_> {
    fn render(&self, source: &str) -> Result<Vec<RenderedSql>, String> {
        match self.renderer.render(self.path, self.path, source) {
            Rendering::Sql(rendered) => Ok(rendered),
            Rendering::Skipped(reason) => Err(reason.to_owned()),
            Rendering::Failed(problem) => Err(problem.message),
        }
    }

    /// Mends without some rules until nothing is left, or a round does not leave less; then those rules are given too that would go on.
    fn rounds(
        &self,
        source: &str,
        settings: &Settings,
        without: &BTreeSet<String>,
    ) -> Result<(FixOutcome, BTreeSet<String>), String> {
        let mut outcome = FixOutcome { text: source.to_owned(), ..FixOutcome::default() };
        let mut left_before = usize::MAX;
        loop {
            let before = self.render(&outcome.text)?;
            let mut fixable = self.fixable(settings, &before)?;
            fixable.retain(|rule, _| !without.contains(rule) && !outcome.refused.contains(rule));
            let left = fixable.values().sum();
            let rules: Vec<&str> = fixable.keys().map(String::as_str).collect();
            if rules.is_empty() {
                return Ok((outcome, BTreeSet::new()));
            }
            if left >= left_before {
                return self.restless(&outcome.text, &before, settings, &rules).map(|restless| (outcome, restless));
            }
            left_before = left;
            let is_all = without.is_empty() && outcome.refused.is_empty();
            let together = if is_all { settings.clone() } else { settings.clone().only(&rules) };
            if let Some(text) = self.mended(&outcome.text, &before, &together)? {
                outcome.fixed.extend(fixable.into_keys());
                if text == outcome.text {
                    return Ok((outcome, BTreeSet::new()));
                }
                outcome.text = text;
                continue;
            }
            for rule in rules {
                let before = self.render(&outcome.text)?;
                match self.mended(&outcome.text, &before, &settings.clone().only(&[rule]))? {
                    Some(text) => {
                        outcome.text = text;
                        outcome.fixed.insert(rule.to_owned());
                    }
                    None => {
                        outcome.refused.insert(rule.to_owned());
                    }
                }
            }
        }
    }

    /// Those of these rules that would change a text once more; all if they do so together only.
    fn restless(
        &self,
        source: &str,
        before: &[RenderedSql],
        settings: &Settings,
        rules: &[&str],
    ) -> Result<BTreeSet<String>, String> {
        let mut restless = BTreeSet::new();
        for rule in rules {
            let text = self.mended(source, before, &settings.clone().only(&[rule]))?;
            if text.is_some_and(|text| text != source) {
                restless.insert((*rule).to_owned());
            }
        }
        let together = self.mended(source, before, &settings.clone().only(rules))?;
        if restless.is_empty() && together.is_some_and(|text| text != source) {
            restless.extend(rules.iter().map(|rule| (*rule).to_owned()));
        }
        Ok(restless)
    }

    /// How many problems each rule could mend; nothing where the SQL cannot be read.
    fn fixable(&self, settings: &Settings, rendered: &[RenderedSql]) -> Result<BTreeMap<String, usize>, String> {
        let mut fixable = BTreeMap::new();
        for sql in rendered {
            let findings = self.linters.lint(settings, sql)?;
            if findings.iter().any(super::SqlFinding::is_unreadable) {
                return Ok(BTreeMap::new());
            }
            for finding in findings.into_iter().filter(|finding| finding.is_fixable) {
                *fixable.entry(finding.code).or_default() += 1;
            }
        }
        Ok(fixable)
    }

    /// The text after the edits of the linter with these settings, if it is the same query then.
    fn mended(&self, source: &str, before: &[RenderedSql], settings: &Settings) -> Result<Option<String>, String> {
        let linter = self.linters.get(settings);
        let linter = linter.as_ref().as_ref().map_err(Clone::clone)?;
        self.attempt(source, before, linter.as_ref())
    }

    /// The text with all edits of a linter, if it is the same query then.
    fn attempt(&self, source: &str, before: &[RenderedSql], linter: &dyn SqlLinter) -> Result<Option<String>, String> {
        let mut edits = Vec::new();
        for sql in before {
            edits.extend(linter.fix(sql)?);
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let overlap = edits.windows(2).any(|pair| pair[0].range.end > pair[1].range.start);
        if overlap || edits.iter().any(|edit| source.get(edit.range.clone()).is_none()) {
            return Ok(None);
        }
        let text = apply(source, &edits);
        if !has_same_tags(source, &text) {
            return Ok(None);
        }
        let Ok(after) = self.render(&text) else { return Ok(None) };
        let is_same = after.len() == before.len()
            && before.iter().zip(&after).all(|(before, after)| is_same_query(&before.text, &after.text, self.dialect));
        if !is_same {
            return Ok(None);
        }
        for sql in &after {
            if linter.lint(sql)?.iter().any(super::SqlFinding::is_unreadable) {
                return Ok(None);
            }
        }
        Ok(Some(text))
    }
}

/// Whether two templates have the same tags and comments, but for spaces.
fn has_same_tags(one: &str, other: &str) -> bool {
    if !has_tags(one) && !has_tags(other) {
        return true;
    }
    let tags = |source: &str| -> Option<Vec<String>> {
        // A snapshot's block is no tag that the language itself knows.
        let source = source.replace("\r\n", "\n").replace("{% snapshot", "{% block").replace("endsnapshot", "endblock");
        let trace = Trace::of(&source).ok()?;
        let tags = trace.pieces.iter().filter(|piece| piece.kind != PieceKind::Literal);
        Some(tags.map(|piece| source[piece.range.clone()].split_whitespace().collect()).collect())
    };
    match (tags(one), tags(other)) {
        (Some(one), Some(other)) => one == other,
        // Both are compared as rendered anyway.
        _ => one.matches("{%").count() == other.matches("{%").count(),
    }
}
