//! What `lint --fix` and `format` do to queries of many shapes: nothing.
//!
//! `fixes/` are models on generated rows. All are built, mended and built again: their columns and rows must be the same, and after `format` also
//! the syntax trees of what they compile to, but for case and quotes. That is compared by sqlparser's trees and by DuckDB, not by what hetl
//! itself compares. Who mends a second time changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use sqlparser::ast::{Ident, Statement, VisitMut, VisitorMut};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use crate::commands::Project;

/// Names and texts of all models.
fn models() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixes");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("it is text"))
    };
    fs::read_dir(folder).expect("it is there").map(read).collect()
}

fn project(models: &BTreeMap<String, String>) -> Project {
    let project = Project::new(&[("hetl.yml", "rules: {missing-description: off}\n")]);
    for (name, text) in models {
        project.write(&format!("models/{name}.sql"), text);
    }
    project
}

fn texts(project: &Project, models: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let text = |name: &String| fs::read_to_string(project.path(&format!("models/{name}.sql"))).expect("it is there");
    models.keys().map(|name| (name.clone(), text(name))).collect()
}

/// What is in each model after a build: its columns (DuckDB does not heed their case), then its rows in the order of their texts.
fn rows(project: &Project, models: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    project.run("build").expect(0, &[]);
    let columns = "select table_name as model, 0 as part, lower(string_agg(column_name, ', ' order by ordinal_position)) as shown \
                   from information_schema.columns where table_schema = 'main' group by table_name";
    let rows = |name: &String| {
        format!("select '{name}' as model, 1 as part, cast(row(*columns(*)) as varchar) as shown from main.\"{name}\"")
    };
    let all = models.keys().map(rows).chain([columns.to_owned()]).collect::<Vec<_>>().join(" union all ");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in project.query(&format!("{all} order by all")).as_array().expect("rows") {
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        found.entry(text("model")).or_default().push(text("shown"));
    }
    found
}

/// Names without case and without quotes that they need not have.
struct Plain;

impl VisitorMut for Plain {
    type Break = ();

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<()> {
        ident.value = ident.value.to_lowercase();
        ident.quote_style =
            ident.quote_style.filter(|_| ident.value.contains(|c: char| !c.is_alphanumeric() && c != '_'));
        ControlFlow::Continue(())
    }
}

/// The syntax trees of what models compile to; none of what sqlparser cannot read.
fn trees(project: &Project, models: &BTreeMap<String, String>) -> BTreeMap<String, Option<Vec<Statement>>> {
    project.run("compile").expect(0, &[]);
    let tree = |name: &String| {
        let sql =
            fs::read_to_string(project.path(&format!("target/compiled/p/models/{name}.sql"))).expect("it is compiled");
        let mut statements = Parser::parse_sql(&DuckDbDialect {}, &sql).ok()?;
        let _ = statements.visit(&mut Plain);
        Some(statements)
    };
    models.keys().map(|name| (name.clone(), tree(name))).collect()
}

#[track_caller]
fn expect_same<T: PartialEq + std::fmt::Debug>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    texts: &BTreeMap<String, String>,
) {
    for (name, before) in before {
        assert!(before == &after[name], "{name} is not what it was:\n{}\n{before:?}\n{:?}", texts[name], after[name]);
    }
}

#[test]
fn fixes_of_all_rules_leave_rows_and_columns() {
    let models = models();
    let project = project(&models);
    let before = rows(&project, &models);
    assert!(models.keys().all(|name| before[name].len() > 1), "a model without rows shows nothing: {before:?}");
    project.run("lint --fix");
    let mended = texts(&project, &models);
    let changed = models.iter().filter(|(name, text)| mended[*name] != **text).count();
    assert!(changed * 3 > models.len() * 2, "only {changed} models have been mended");
    expect_same(&before, &rows(&project, &models), &mended);
    project.run("lint --fix");
    expect_same(&mended, &texts(&project, &models), &mended);
}

#[test]
fn format_leaves_syntax_trees() {
    let models = models();
    let project = project(&models);
    let before = trees(&project, &models);
    let read = before.values().flatten().count();
    assert!(read * 10 > models.len() * 9, "sqlparser reads only {read} models");
    project.run("format").expect(0, &["models/upper_case.sql"]);
    let formatted = texts(&project, &models);
    expect_same(&before, &trees(&project, &models), &formatted);
    project.run("format --check").expect(0, &[]).without("models/");
    expect_same(&formatted, &texts(&project, &models), &formatted);
}
