//! Diagnostics as text for people, as JSON for tools, and as annotations for GitHub.
//!
//! [`text`] draws the marked lines; [`json`] and [`github`] give one line a diagnostic. Nothing here prints.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{Diagnostic, Label, Position, Severity, SourceFile, SourceMap, Span};

/// Characters of a line that are shown; longer lines are cut around the label.
const WIDEST_LINE: usize = 160;

/// Text without colour.
pub fn text(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    Painter { colour: false }.diagnostic(diagnostic, sources)
}

/// Text with ANSI colours.
pub fn coloured(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    Painter { colour: true }.diagnostic(diagnostic, sources)
}

/// One JSON object; lines and columns count from 1, ends are one past the last character.
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let place = |span: Span| {
        let file = sources.get(span.source);
        let start = file.position(span.start as usize);
        let end = file.position(span.end as usize);
        json!({
            "path": file.path,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
        })
    };
    json!({
        "code": diagnostic.code.id,
        "severity": severity_name(diagnostic.severity),
        "message": diagnostic.message,
        "labels": diagnostic.labels.iter().map(|label| {
            let mut value = place(label.span);
            value["text"] = Value::from(label.text.as_str());
            value
        }).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "hint": diagnostic.hint,
        "frames": diagnostic.frames.iter().map(|frame| {
            json!({ "name": frame.name, "place": frame.span.map(place) })
        }).collect::<Vec<_>>(),
    })
}

/// One workflow command for GitHub Actions, shown at the line it is about. `folder` is where the project is below the
/// repository's root: empty, or with a slash at its end.
pub fn github(diagnostic: &Diagnostic, sources: &SourceMap, folder: &str) -> String {
    let mut message = diagnostic.message.clone();
    if let Some(label) = diagnostic.labels.first().filter(|label| !label.text.is_empty()) {
        let _ = write!(message, "\n{}", label.text);
    }
    for note in &diagnostic.notes {
        let _ = write!(message, "\nnote: {note}");
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = write!(message, "\nhint: {hint}");
    }
    let mut properties = String::new();
    if let Some(label) = diagnostic.labels.first() {
        let file = sources.get(label.span.source);
        let start = file.position(label.span.start as usize);
        let end = file.position(label.span.end as usize);
        let _ = write!(properties, "file={},line={},", escape_property(&format!("{folder}{}", file.path)), start.line);
        if start.line == end.line {
            let _ = write!(properties, "col={},endColumn={},", start.column, end.column);
        } else {
            let _ = write!(properties, "endLine={},", end.line);
        }
    }
    format!(
        "::{} {properties}title={}::{}",
        severity_name(diagnostic.severity),
        escape_property(&format!("{}: {}", diagnostic.code.id, diagnostic.code.title)),
        escape_message(&message)
    )
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

struct Painter {
    colour: bool,
}

/// One line to be drawn, with the marks below it.
struct Line<'a> {
    number: usize,
    text: &'a str,
    /// Columns from 0, end exclusive, and words.
    marks: Vec<Mark<'a>>,
}

struct Mark<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    main: bool,
}

impl Painter {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn rule(&self, text: &str) -> String {
        self.paint(AnsiColor::BrightBlue.on_default().bold(), text)
    }

    fn severity_style(severity: Severity) -> Style {
        match severity {
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Error => AnsiColor::BrightRed.on_default().bold(),
        }
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, sources: &SourceMap) -> String {
        let style = Self::severity_style(diagnostic.severity);
        let mut out = self.paint(style, &format!("{}[{}]", severity_name(diagnostic.severity), diagnostic.code.id));
        // Where the snippet shows the place, a database's own drawing of it is left out.
        let drawn = diagnostic.message.find("\n\nLINE ").filter(|_| !diagnostic.labels.is_empty());
        let mut message = diagnostic.message[..drawn.unwrap_or(diagnostic.message.len())].lines();
        out += &self.paint(Style::new().bold(), &format!(": {}", message.next().unwrap_or_default()));
        out.push('\n');
        for line in message {
            let _ = writeln!(out, "  {line}");
        }
        let groups = group_by_file(&diagnostic.labels, sources);
        let width = groups
            .iter()
            .flat_map(|(file, labels)| {
                labels.iter().map(|label| file.position(heading(file, label.span).end as usize).line)
            })
            .max()
            .map_or(1, |line| line.to_string().len())
            + 1;
        for (file, labels) in &groups {
            self.snippet(&mut out, file, labels, width, style, diagnostic.labels.first());
        }
        let mut frames = diagnostic.frames.iter().peekable();
        while let Some(frame) = frames.next() {
            let mut times = 1;
            while frames.next_if_eq(&frame).is_some() {
                times += 1;
            }
            let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
            let place = frame.span.map_or_else(String::new, |span| {
                let file = sources.get(span.source);
                let Position { line, column } = file.position(span.start as usize);
                format!(" at {}:{line}:{column}", file.path)
            });
            let _ = writeln!(out, "{} in {}{place}{times}", self.rule(&format!("{:width$} =", "")), frame.name);
        }
        for note in &diagnostic.notes {
            Self::paragraph(&mut out, &self.paint(Style::new().bold(), "note"), "note", note);
        }
        if let Some(hint) = &diagnostic.hint {
            Self::paragraph(&mut out, &self.paint(AnsiColor::Cyan.on_default().bold(), "hint"), "hint", hint);
        }
        out
    }

    /// `title: text`, further lines indented to the first.
    fn paragraph(out: &mut String, painted: &str, title: &str, text: &str) {
        let indent = " ".repeat(title.len() + 2);
        let _ = writeln!(out, "{painted}: {}", text.trim_end().replace('\n', &format!("\n{indent}")));
    }

    fn snippet(
        &self,
        out: &mut String,
        file: &SourceFile,
        labels: &[&Label],
        width: usize,
        style: Style,
        main: Option<&Label>,
    ) {
        let first = labels[0];
        let is_main = main.is_some_and(|main| std::ptr::eq(main, first));
        let Position { line, column } = file.position(heading(file, first.span).start as usize);
        let arrow = if is_main { "-->" } else { ":::" };
        let _ = writeln!(out, "{:width$}{} {}:{line}:{column}", "", self.rule(arrow), file.path);
        if file.text.is_empty() {
            return;
        }
        let gutter = self.rule(&format!("{:width$} |", ""));
        let _ = writeln!(out, "{gutter}");
        let mut previous: Option<usize> = None;
        for line in lines_of(file, labels, main) {
            if previous.is_some_and(|number| line.number > number + 1) {
                let _ = writeln!(out, "{}", self.rule("..."));
            }
            previous = Some(line.number);
            let (shown, marks) = cut(line.text, &line.marks);
            let number = self.rule(&format!("{:>width$} |", line.number));
            let _ = writeln!(out, "{}", format!("{number} {shown}").trim_end());
            for (start, length, words, main) in marks {
                let style = if main { style } else { AnsiColor::BrightBlue.on_default().bold() };
                let sign = if main { "^" } else { "-" };
                let drawn = self.paint(style, format!("{} {words}", sign.repeat(length)).trim_end());
                let _ = writeln!(out, "{gutter} {}{drawn}", " ".repeat(start));
            }
        }
    }
}

/// What is shown of a place: of a whole file, block or entry its first line that has words.
fn heading(file: &SourceFile, span: Span) -> Span {
    let Some(text) = file.text.get(span.start as usize..span.end as usize) else { return span };
    let words = text.trim_start();
    let leading = text.len() - words.len();
    match words.lines().next() {
        Some(line) if leading > 0 || line.len() < words.len() => {
            let start = span.start as usize + leading;
            Span::new(span.source, start, start + line.trim_end().len())
        }
        _ => span,
    }
}

/// Labels of one file together, files in order of their first label.
fn group_by_file<'a>(labels: &'a [Label], sources: &SourceMap) -> Vec<(std::sync::Arc<SourceFile>, Vec<&'a Label>)> {
    let mut groups: Vec<(super::SourceId, Vec<&Label>)> = Vec::new();
    for label in labels {
        match groups.iter_mut().find(|(source, _)| *source == label.span.source) {
            Some((_, group)) => group.push(label),
            None => groups.push((label.span.source, vec![label])),
        }
    }
    groups.into_iter().map(|(source, group)| (sources.get(source), group)).collect()
}

fn lines_of<'a>(file: &'a SourceFile, labels: &[&'a Label], main: Option<&Label>) -> Vec<Line<'a>> {
    let mut lines: std::collections::BTreeMap<usize, Vec<Mark<'a>>> = std::collections::BTreeMap::new();
    for label in labels {
        let span = heading(file, label.span);
        let start = file.position(span.start as usize);
        let end = file.position(span.end as usize);
        let is_main = main.is_some_and(|main| std::ptr::eq(main, *label));
        let mark = Mark { start: start.column - 1, end: end.column - 1, text: label.text.as_str(), main: is_main };
        lines.entry(start.line).or_default().push(mark);
    }
    let texts: Vec<&str> = file.text.lines().collect();
    lines
        .into_iter()
        .map(|(number, mut marks)| {
            // The rightmost first, as its words then stand nearest to the line.
            marks.sort_by_key(|mark| std::cmp::Reverse(mark.start));
            Line { number, text: texts.get(number - 1).copied().unwrap_or_default(), marks }
        })
        .collect()
}

/// The text of a line with tabs as four blanks, cut around its first mark if it is long, and each mark as start column,
/// length, words and whether it is the main one.
fn cut<'a>(text: &str, marks: &[Mark<'a>]) -> (String, Vec<(usize, usize, &'a str, bool)>) {
    let mut shown = String::new();
    let mut columns = Vec::new();
    let mut width = 0;
    for character in text.chars() {
        columns.push(width);
        if character == '\t' {
            shown += "    ";
            width += 4;
        } else {
            shown.push(if character.is_control() { '\u{fffd}' } else { character });
            width += wide(character);
        }
    }
    columns.push(width);
    let at = |column: usize| columns.get(column).copied().unwrap_or(width);
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let mut placed: Vec<_> = marks
        .iter()
        .map(|mark| {
            let start = at(if mark.start == 0 && mark.end > text.chars().count() { indent } else { mark.start });
            (start, at(mark.end).saturating_sub(start).max(1), mark.text, mark.main)
        })
        .collect();
    if width > WIDEST_LINE {
        let first = placed.iter().map(|mark| mark.0).min().unwrap_or_default();
        let skip = if first < WIDEST_LINE - 40 { 0 } else { first - 40 };
        let window: String = shown.chars().skip(skip).take(WIDEST_LINE).collect();
        let more = shown.chars().count() > skip + WIDEST_LINE;
        shown = format!("{}{window}{}", if skip > 0 { "…" } else { "" }, if more { "…" } else { "" });
        for mark in &mut placed {
            mark.0 = mark.0 - skip + usize::from(skip > 0);
            mark.1 = mark.1.min((WIDEST_LINE + 1).saturating_sub(mark.0).max(1));
        }
    }
    (shown, placed)
}

/// Columns that a terminal gives a character: two for East Asian wide ones and emoji.
fn wide(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
