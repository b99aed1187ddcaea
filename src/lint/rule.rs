//! [`Rule`]: a name, how severe it is, what it needs, and the function that looks.

use super::subject::Subject;
use super::{Edit, Finding, Range, RuleLevel, Severity};
use crate::diagnostics::{SourceMap, Span};
use crate::manifest::Node;

/// What a rule needs beside the parsed project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Nothing.
    Project,
    /// The SQL of models, rendered and read.
    Sql,
    /// Where columns come from.
    Lineage,
}

/// One rule; each has a file of its own.
pub struct Rule {
    /// As settings and comments name it.
    pub name: &'static str,
    /// How severe its findings are where the settings do not say.
    pub level: RuleLevel,
    /// What it needs.
    pub needs: Needs,
    /// The source of its file, whose first comment is its documentation.
    pub(super) text: &'static str,
    /// Finds.
    pub(super) check: fn(&Subject<'_>, &mut Found<'_>),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Rule {
    /// Its documentation in Markdown; the first line says what it finds.
    pub fn documentation(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    /// `off`, `info`, `warning`, `error`: how severe it is where the settings do not say.
    pub fn default_level(&self) -> &'static str {
        match self.level {
            RuleLevel::Off => "off",
            RuleLevel::At(severity) => severity.as_str(),
        }
    }

    /// Whether the settings let it apply anywhere.
    pub fn is_on(&self, settings: &super::Settings) -> bool {
        let everywhere = settings.level(self.name, "").unwrap_or(self.level);
        everywhere != RuleLevel::Off || settings.is_on_somewhere(self.name)
    }
}

/// Where a rule puts what it finds; severities come from the settings.
pub struct Found<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) settings: &'a super::Settings,
    pub(super) rule: &'static Rule,
    /// Switched on by name, whatever the settings say.
    pub(super) is_asked_for: bool,
    pub(super) findings: Vec<Finding>,
}

impl Found<'_> {
    /// A finding at a span.
    pub(super) fn at(&mut self, span: Span, message: String, hint: &str) {
        let path = self.sources.get(span.source).path.clone();
        self.add(path, Some(Range::of(span, self.sources)), message, hint, Vec::new());
    }

    /// A finding at a span, or about a file as a whole.
    pub(super) fn at_or_file(&mut self, span: Option<Span>, path: &str, message: String, hint: &str) {
        match span {
            Some(span) => self.at(span, message, hint),
            None => self.add(path.to_owned(), None, message, hint, Vec::new()),
        }
    }

    /// A finding about a model: in the file with its SQL.
    pub(super) fn in_model(&mut self, node: &Node, message: String, hint: &str) {
        self.add(node.original_file_path.clone(), None, message, hint, Vec::new());
    }

    /// A finding in a file, with what mends it.
    pub(super) fn add(&mut self, path: String, range: Option<Range>, message: String, hint: &str, edits: Vec<Edit>) {
        let level = self.settings.level(self.rule.name, &path).unwrap_or(self.rule.level);
        let severity = match level {
            RuleLevel::At(severity) => severity,
            RuleLevel::Off if self.is_asked_for => Severity::Warning,
            RuleLevel::Off => return,
        };
        let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
        self.findings.push(Finding { rule: self.rule.name.into(), severity, path, range, message, hint, edits });
    }
}
