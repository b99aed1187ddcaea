//! sqruff, a port of sqlfluff, as a [`SqlLinter`].
//!
//! It is handed what hetl rendered, slices included, so that its own templaters are never used. It panics on some input: a rule that does
//! becomes a warning in the file, all else an error about the file.

use std::collections::BTreeSet;
use std::str::FromStr;

use hashbrown::HashMap;
use sqruff_lib::core::config::{ConfigLoader, FluffConfig, Value};
use sqruff_lib::core::linter::common::NewlineMap;
use sqruff_lib::core::linter::core::Linter;
use sqruff_lib::core::linter::linted_file::LintedFile;
use sqruff_lib::templaters::raw::RawTemplater;
use sqruff_lib_core::dialects::init::{DialectKind, dialect_readout};
use sqruff_lib_core::errors::SQLBaseError;
use sqruff_lib_core::templaters::{RawFileSlice, TemplateSliceKind, TemplatedFile, TemplatedFileSlice};

use super::sqruff_rules::{rules, watched};
use super::{Edit, RenderedSql, Settings, SqlFinding, SqlLinter};
use crate::jinja::PieceKind;

static RAW: RawTemplater = RawTemplater;

/// sqruff with its settings.
pub(super) struct Sqruff(Linter);

impl Sqruff {
    /// With these settings; an error says what is wrong with them.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let (linter, _) = watched(|| {
            let Value::Map(raw) = raw_settings(settings)? else { return Err("settings are sections".into()) };
            known_dialect(&raw)?;
            let mut config = FluffConfig::new(raw, None, None);
            for line in &settings.inline {
                config.process_inline_config(line).map_err(|error| error.value)?;
            }
            let linter = Linter::new(config, None, Some(&RAW), true)?;
            // Unknown rules are told here, not for each file.
            linter.set_ruleset(&rules()).map_err(|error| error.value)?;
            Ok(Self(linter))
        });
        linter
    }

    /// The file with what was found in it, and the rules that failed.
    fn run(&self, sql: &RenderedSql, mends: bool) -> Result<(LintedFile, NewlineMap, BTreeSet<&'static str>), String> {
        let (linted, failed) = watched(|| {
            let config = self.0.config();
            let mut rendered =
                self.0.render_string(&sql.source, sql.path.clone(), config).map_err(|error| error.value)?;
            if !sql.pieces.is_empty() {
                rendered.templated_file = templated(sql, &rendered.source_str)?;
            }
            let newlines = rendered.newline_map.clone();
            let linted = self.0.lint_rendered(rendered, mends).map_err(|error| error.value)?;
            Ok((linted, newlines))
        });
        linted.map(|(linted, newlines)| (linted, newlines, failed))
    }
}

impl SqlLinter for Sqruff {
    fn lint(&self, sql: &RenderedSql) -> Result<Vec<SqlFinding>, String> {
        let (linted, newlines, failed) = self.run(sql, false)?;
        let ignores_unreadable = ignores(self.0.config().get("ignore", "core"), &["parsing", "lexing"]);
        let is_told = |found: &SqlFinding| !(ignores_unreadable && found.is_unreadable());
        let found = linted.violations().iter().map(|violation| finding(violation, &newlines)).filter(is_told);
        Ok(found.chain(failed.into_iter().map(failure)).collect())
    }

    fn fix(&self, sql: &RenderedSql) -> Result<Vec<Edit>, String> {
        let (linted, ..) = self.run(sql, true)?;
        if linted.has_parse_or_templating_errors() {
            return Ok(Vec::new());
        }
        let patches = linted.source_patches().into_iter();
        let mut edits: Vec<Edit> =
            patches.map(|patch| Edit { range: patch.source_slice, text: patch.fixed_raw.to_string() }).collect();
        if linted.violations().iter().any(|violation| violation.rule_code() == "LT12") {
            edits.extend(empty_end(sql).filter(|end| edits.iter().all(|edit| edit.range.end < end.range.start)));
        }
        Ok(edits)
    }
}

/// Takes away empty lines at the end of a template, which sqruff finds and leaves.
fn empty_end(sql: &RenderedSql) -> Option<Edit> {
    let source = sql.source.as_str();
    let start = source.trim_end().len();
    let end = &source[start..];
    let start = start + if end.starts_with("\r\n") { 2 } else { 1 };
    let last = sql.pieces.last().filter(|last| last.kind == PieceKind::Literal)?;
    (start < source.len() && last.range.start <= start)
        .then(|| Edit { range: start..source.len(), text: String::new() })
}

/// Whether a setting that is a list names one of these.
fn ignores(setting: &Value, wanted: &[&str]) -> bool {
    let is_wanted = |word: &str| word.split(',').any(|word| wanted.contains(&word.trim()));
    match setting.as_array() {
        Some(words) => words.iter().filter_map(Value::as_string).any(is_wanted),
        None => setting.as_string().is_some_and(is_wanted),
    }
}

/// An error if the settings name a dialect that there is not.
fn known_dialect(raw: &HashMap<String, Value>) -> Result<(), String> {
    let named = raw.get("core").and_then(|core| core["dialect"].as_string());
    match named.filter(|name| DialectKind::from_str(name).is_err()) {
        Some(name) => Err(format!("there is no dialect `{name}`; there are {}", dialect_readout().join(", "))),
        None => Ok(()),
    }
}

/// The settings as sqruff keeps them: defaults, files, command line.
fn raw_settings(settings: &Settings) -> Result<Value, String> {
    let line = |key: &str, values: &Option<Vec<String>>| {
        values.as_ref().map(|values| format!("{key} = {}\n", values.join(","))).unwrap_or_default()
    };
    let below = format!("[sqlfluff]\nrules = all\ndialect = {}\n", settings.dialect);
    let above =
        format!("[sqlfluff]\n{}{}", line("rules", &settings.rules), line("exclude_rules", &settings.exclude_rules));
    let mut all = Value::Map(ConfigLoader::try_from_source(&below, None).map_err(|error| error.value)?);
    for (path, text) in settings.layers.iter() {
        let layer = ConfigLoader::try_from_source(text, Some(path)).map_err(|error| error.value)?;
        combine(&mut all, Value::Map(layer));
    }
    combine(&mut all, Value::Map(ConfigLoader::try_from_source(&above, None).map_err(|error| error.value)?));
    Ok(all)
}

fn combine(base: &mut Value, over: Value) {
    match (base.as_map_mut(), over) {
        (Some(base), Value::Map(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(known) => combine(known, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (_, over) => *base = over,
    }
}

/// The file with its slices. `source` is the text with `\n` at the ends of lines.
fn templated(sql: &RenderedSql, source: &str) -> Result<TemplatedFile, String> {
    let mut block = 0;
    let mut raw = Vec::with_capacity(sql.pieces.len());
    for piece in &sql.pieces {
        let kind = slice_kind(piece.kind);
        if kind == TemplateSliceKind::BlockStart {
            block += 1;
        }
        raw.push(RawFileSlice::new(source[piece.range.clone()].to_owned(), kind, piece.range.start, None, Some(block)));
        if kind == TemplateSliceKind::BlockEnd {
            block += 1;
        }
    }
    let slices = sql.slices.iter().map(|slice| {
        let piece = &sql.pieces[slice.piece];
        TemplatedFileSlice::new(slice_kind(piece.kind), piece.range.clone(), slice.rendered.clone())
    });
    let (name, text) = (sql.path.clone(), sql.text.clone());
    TemplatedFile::new(source.to_owned(), name, Some(text), Some(slices.collect()), Some(raw))
        .map_err(|error| error.to_string())
}

fn slice_kind(kind: PieceKind) -> TemplateSliceKind {
    match kind {
        PieceKind::Literal => TemplateSliceKind::Literal,
        PieceKind::Printed => TemplateSliceKind::Templated,
        PieceKind::Comment => TemplateSliceKind::Comment,
        PieceKind::BlockStart => TemplateSliceKind::BlockStart,
        PieceKind::BlockMid => TemplateSliceKind::BlockMid,
        PieceKind::BlockEnd => TemplateSliceKind::BlockEnd,
    }
}

fn finding(violation: &SQLBaseError, newlines: &NewlineMap) -> SqlFinding {
    let (code, name) = match &violation.rule {
        Some(rule) => (rule.code, rule.name),
        None => ("PRS", "parsing"),
    };
    SqlFinding {
        code: code.to_owned(),
        name: name.to_owned(),
        range: newlines.to_original_range(violation.source_slice.clone()),
        line: violation.line_no.max(1),
        column: violation.line_pos.max(1),
        message: violation.description.trim_end_matches('.').to_owned(),
        is_fixable: violation.fixable,
        is_warning: violation.warning,
    }
}

/// What is said of a file in which a rule failed: that is no fault of the file, and fails no command.
fn failure(rule: &str) -> SqlFinding {
    SqlFinding {
        code: rule.to_owned(),
        name: rule.to_owned(),
        range: 0..0,
        line: 1,
        column: 1,
        message: "this rule failed in this file, which was looked at without it".to_owned(),
        is_fixable: false,
        is_warning: true,
    }
}
