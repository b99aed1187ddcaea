//! [`look`]: what is wrong in the files that an editor has open, beyond what holds for the whole project: the rules about SQL, the rules about
//! columns, and names that are no columns. Only what these files are made of is followed, so that it can be done while somebody types.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::lineage::place_of;
use super::linting::Linting;
use super::project_rules::{ProjectRules, lineage};
use crate::diagnostics::{Code, Diagnostics};
use crate::lineage::{Lineage, NodeLineage};
use crate::lint::sql::{Rendering, check};
use crate::lint::{self, ModelSql, Range, Settings, Severity};
use crate::lsp::{InferredColumns, Problem};
use crate::manifest::{ColumnProperties, CompiledNode, Node};

/// What is said of open files.
pub(super) struct Looked {
    pub(super) problems: Vec<Problem>,
    /// Columns of what the files define and of everything above it.
    pub(super) columns: InferredColumns,
}

/// Looks at these files (absolute), with the texts that the project was parsed with.
pub(super) fn look(linting: &Linting<'_>, settings: Settings, files: &[PathBuf]) -> Result<Looked, Diagnostics> {
    let root = &linting.opening.config.project.root;
    let mut problems = Vec::new();
    for file in linting.to_lint(files) {
        let Ok(below) = file.strip_prefix(root) else { continue };
        let path = below.to_string_lossy().replace('\\', "/");
        let Some(text) = linting.text_of(&path) else { continue };
        let sql_settings = linting.settings_of(&file, &text);
        let found = check(&linting.renderer, &linting.linters, &sql_settings, &path, &text).findings;
        problems.extend(lint::as_set(found, &settings, &text).into_iter().map(Problem::from));
    }
    let resources = linting.resources_in(files);
    if resources.is_empty() {
        return Ok(Looked { problems, columns: InferredColumns::default() });
    }
    let (compiled, lineage) = lineage(linting, Some(&resources))?;
    let manifest = &linting.project.manifest;
    for id in &resources {
        if let (Some(node), Some(known), Some(code)) = (manifest.nodes.get(id), lineage.nodes.get(id), compiled.get(id))
        {
            problems.extend(missing_columns(linting, node, known, code));
        }
    }
    let columns = inferred(&lineage);
    let rules = ProjectRules::about(settings, true, &[]);
    problems.extend(rules.findings_in(linting, Some(resources), Some(lineage))?.into_iter().map(Problem::from));
    Ok(Looked { problems, columns })
}

/// Names in the SQL of a model that are no columns of what it reads, in its template.
fn missing_columns(linting: &Linting<'_>, node: &Node, known: &NodeLineage, compiled: &CompiledNode) -> Vec<Problem> {
    let Some(code) = compiled.code.as_deref().filter(|_| !known.missing.is_empty()) else { return Vec::new() };
    let path = &node.original_file_path;
    let Some(text) = linting.text_of(path) else { return Vec::new() };
    let Rendering::Sql(rendered) = linting.renderer.render(path, path, &text) else { return Vec::new() };
    let dialect = linting.project.session.adapter().dialect();
    let Some(sql) = rendered.into_iter().next().and_then(|rendered| ModelSql::of(rendered, dialect)) else {
        return Vec::new();
    };
    // Compiled, the SQL of a model may have that of ephemeral ones before it.
    let own = sql.sql.trim();
    let (Some(before), leading) = (code.find(own), sql.sql.len() - sql.sql.trim_start().len()) else {
        return Vec::new();
    };
    let problem = |missing: &crate::sql::MissingColumn| {
        let (start, end) = place_of(code, missing.line, missing.column, &missing.name);
        let at = |byte: u32| (byte as usize).checked_sub(before).map(|byte| byte + leading);
        let span = sql.place(node, &(at(start)?..at(end)?))?;
        Some(Problem {
            path: path.clone(),
            range: Some(Range::of(span, &linting.opening.sources)),
            severity: Severity::Warning,
            code: Code::COLUMN_NOT_FOUND.id.to_owned(),
            message: format!(
                "`{}` is no column of what is selected from\nthere are: {}",
                missing.name,
                missing.known.join(", ")
            ),
            edits: Vec::new(),
        })
    };
    known.missing.iter().filter_map(problem).collect()
}

fn inferred(lineage: &Lineage) -> InferredColumns {
    let columns = |known: &NodeLineage| -> IndexMap<String, ColumnProperties> {
        let column = |name: &String, data_type: &Option<String>| ColumnProperties {
            name: name.clone(),
            data_type: data_type.clone(),
            ..ColumnProperties::default()
        };
        known.columns.iter().map(|found| (found.name.clone(), column(&found.name, &found.data_type))).collect()
    };
    lineage.nodes.iter().map(|(id, known)| (id.clone(), columns(known))).collect()
}
