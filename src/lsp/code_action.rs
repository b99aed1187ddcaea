//! What can be mended: quick fixes of the problems at a place, all that can be mended in a file, and its layout.

use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Diagnostic, NumberOrString, TextEdit, Uri, WorkspaceEdit,
};

use super::publish;
use super::text;
use super::workspace::{Mending, Workspace, uri_of};

impl Workspace {
    /// What can be mended in a range of a file. `problems` are those that the editor shows there.
    pub(super) fn code_actions(
        &self,
        path: &Path,
        range: lsp_types::Range,
        problems: &[Diagnostic],
        wants: impl Fn(&CodeActionKind) -> bool,
    ) -> Vec<CodeActionOrCommand> {
        let (Some(loaded), Some(text), Some(uri)) = (&self.loaded, self.text(path), uri_of(path)) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        if wants(&CodeActionKind::QUICKFIX) {
            for problem in loaded.problems.iter().filter(|problem| loaded.root.join(&problem.path) == path) {
                let shown = publish::diagnostic(problem, &text);
                if problem.edits.is_empty() || shown.range.end < range.start || range.end < shown.range.start {
                    continue;
                }
                let edits = problem.edits.iter();
                let edits = edits
                    .map(|edit| TextEdit { range: publish::range(edit.range, &text), new_text: edit.text.clone() });
                let title = match problem.edits.as_slice() {
                    [only] => format!("Write {}", only.text),
                    _ => format!("Mend {}", problem.code),
                };
                actions.push(action(title, CodeActionKind::QUICKFIX, &uri, edits.collect(), vec![shown]));
            }
            let mut rules: Vec<&str> = problems.iter().filter_map(rule_of).collect();
            rules.sort_unstable();
            rules.dedup();
            for rule in rules {
                let edits = self.mended(path, &text, &Mending::Rule(rule.to_owned()));
                if edits.is_empty() {
                    continue;
                }
                let own = problems.iter().filter(|problem| rule_of(problem) == Some(rule)).cloned().collect();
                let title = format!("Mend {rule} in this file");
                actions.push(action(title, CodeActionKind::QUICKFIX, &uri, edits, own));
            }
        }
        if wants(&CodeActionKind::SOURCE_FIX_ALL) {
            let edits = self.mended(path, &text, &Mending::All);
            if !edits.is_empty() {
                let title = "Mend all that can be mended in this file".to_owned();
                actions.push(action(title, CodeActionKind::SOURCE_FIX_ALL, &uri, edits, Vec::new()));
            }
        }
        actions
    }

    /// The edits after which a file says the same in other words.
    pub(super) fn mended(&self, path: &Path, text: &str, what: &Mending) -> Vec<TextEdit> {
        let mended = self.loaded.as_ref().and_then(|loaded| (loaded.mend.as_ref()?)(path, text, what));
        mended.map(|mended| difference(text, &mended)).into_iter().collect()
    }
}

/// The code of a rule about SQL, such as `LT01`.
fn rule_of(problem: &Diagnostic) -> Option<&str> {
    let Some(NumberOrString::String(code)) = &problem.code else { return None };
    let is_rule = code.len() == 4
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code[1..].starts_with(|second: char| second.is_ascii_uppercase());
    is_rule.then_some(code)
}

fn action(
    title: String,
    kind: CodeActionKind,
    uri: &Uri,
    edits: Vec<TextEdit>,
    problems: Vec<Diagnostic>,
) -> CodeActionOrCommand {
    #[allow(clippy::mutable_key_type, reason = "the type of the protocol's crate")]
    let changes = [(uri.clone(), edits)].into_iter().collect();
    CodeActionOrCommand::CodeAction(CodeAction {
        title,
        kind: Some(kind),
        diagnostics: Some(problems).filter(|problems| !problems.is_empty()),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        ..CodeAction::default()
    })
}

/// The lines in which two texts differ, as one edit of the first.
fn difference(old: &str, new: &str) -> TextEdit {
    let lines = |text: &str| -> Vec<usize> { text.split_inclusive('\n').map(str::len).collect() };
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut start = 0;
    for (one, other) in old_lines.iter().zip(&new_lines) {
        if one != other || old[start..start + one] != new[start..start + other] {
            break;
        }
        start += one;
    }
    let (mut old_end, mut new_end) = (old.len(), new.len());
    for (one, other) in old_lines.iter().rev().zip(new_lines.iter().rev()) {
        let is_left = old_end - one >= start && new_end - other >= start;
        if !is_left || old[old_end - one..old_end] != new[new_end - other..new_end] {
            break;
        }
        old_end -= one;
        new_end -= other;
    }
    TextEdit { range: text::range(old, &(start..old_end)), new_text: new[start..new_end].to_owned() }
}

#[cfg(test)]
mod tests {
    use lsp_types::Position;

    use super::difference;

    #[test]
    fn only_lines_that_differ_are_replaced() {
        let edit = difference("a\nb\nc\n", "a\nB\nB2\nc\n");
        assert_eq!((edit.range.start, edit.range.end), (Position::new(1, 0), Position::new(2, 0)));
        assert_eq!(edit.new_text, "B\nB2\n");
        let edit = difference("a\na\n", "a\na\na\n");
        assert_eq!((edit.range.start, edit.range.end), (Position::new(2, 0), Position::new(2, 0)));
        assert_eq!(edit.new_text, "a\n");
        let edit = difference("select 1", "select 1\n");
        assert_eq!((edit.range.start, edit.new_text.as_str()), (Position::new(0, 0), "select 1\n"));
    }
}
