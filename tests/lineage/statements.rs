//! Statements with the lineage that they must have, exactly: an edge too many fails as one too few does.
//!
//! A file of `tests/lineage/statements` begins with `dialect:` and one `table name: column type, …` line a table; a table that ends in
//! `...` may have more columns, and one called `hidden` is only known to the database. Then come cases: `=== title`, the statement, `--`, and the labels:
//!
//! ```text
//! total: aggregated orders.amount      what the output column `total` is made of, by `copied`, `derived`, `aggregated`
//! one: nothing                         of no column at all
//! x: unknown                           not known (with the sources that are)
//! ...                                  there may be more columns
//! filter orders.status                 an influence on the rows
//! unknown influence                    there may be more of these
//! missing: amout                       a name that is no column
//! ```
//!
//! Statements of DuckDB are also prepared by DuckDB itself: they must be valid, and names and types must be what it says.
//! `HETL_ACCEPT=1` writes what is found into the files, to be read line by line with `git diff`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use hetl::sql::{Dialect, EdgeKind, InfluenceKind, InputTable, Query, QueryColumns, TableColumn, TableName, Tables};

struct File {
    dialect: Dialect,
    head: String,
    tables: BTreeMap<String, InputTable>,
    cases: Vec<Case>,
}

struct Case {
    title: String,
    sql: String,
    labels: Vec<String>,
}

impl Tables for File {
    fn table(&self, name: &TableName) -> Option<InputTable> {
        self.tables.get(name.parts.last()?).cloned()
    }
}

fn read(text: &str) -> File {
    let mut parts = text.split("=== ");
    let head = parts.next().expect("a head").to_owned();
    let mut file = File { dialect: Dialect::DUCKDB, head: head.clone(), tables: BTreeMap::new(), cases: Vec::new() };
    for line in head.lines() {
        if line == "dialect: postgres" {
            file.dialect = Dialect::POSTGRES;
        } else if let Some((name, columns)) = line.strip_prefix("table ").and_then(|rest| rest.split_once(": ")) {
            let mut table = InputTable::default();
            for column in split_outside(columns) {
                if column == "..." {
                    table.incomplete = Some(format!("not all columns of {name} are known"));
                } else {
                    let (name, data_type) = column.split_once(' ').expect("a name and a type");
                    table.columns.push(TableColumn { name: name.into(), data_type: Some(data_type.into()) });
                }
            }
            file.tables.insert(name.to_owned(), table);
        }
    }
    for part in parts {
        let (title, rest) = part.split_once('\n').expect("a statement");
        let (sql, labels) = rest.split_once("\n--\n").unwrap_or((rest, ""));
        file.cases.push(Case {
            title: title.to_owned(),
            sql: sql.trim().to_owned(),
            labels: labels.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        });
    }
    file
}

/// Splits at commas that are not within parentheses.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn labels(found: &QueryColumns) -> Vec<String> {
    let table = |at: usize| found.tables[at].parts.last().cloned().unwrap_or_else(|| found.tables[at].text.clone());
    let mut lines = Vec::new();
    for column in &found.columns {
        let mut parts = Vec::new();
        for kind in EdgeKind::ALL {
            let sources: Vec<String> = column
                .sources
                .iter()
                .filter(|edge| edge.kind == kind)
                .map(|edge| format!("{}.{}", table(edge.table), edge.column))
                .collect();
            if !sources.is_empty() {
                parts.push(format!("{} {}", kind.as_str(), sources.join(", ")));
            }
        }
        if !column.unknown.is_empty() {
            parts.push("unknown".into());
        } else if parts.is_empty() {
            parts.push("nothing".into());
        }
        lines.push(format!("{}: {}", column.name, parts.join("; ")));
    }
    lines.extend(found.incomplete.as_ref().map(|_| "...".to_owned()));
    for kind in InfluenceKind::ALL {
        let names: Vec<String> = found
            .influences
            .iter()
            .filter(|influence| influence.kind == kind)
            .map(|influence| format!("{}.{}", table(influence.table), influence.column))
            .collect();
        if !names.is_empty() {
            lines.push(format!("{} {}", kind.as_str(), names.join(", ")));
        }
    }
    if !found.unknown_influences.is_empty() {
        lines.push("unknown influence".into());
    }
    lines.extend(found.missing.iter().map(|missing| format!("missing: {}", missing.name)));
    lines
}

fn files() -> Vec<(std::path::PathBuf, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lineage/statements");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&fs::read_to_string(&path).unwrap()))).collect()
}

fn analyzed(file: &File, case: &Case) -> Result<QueryColumns, String> {
    Ok(Query::parse(&case.sql, file.dialect).map_err(|problem| problem.message)?.columns(file, &[], &[]))
}

#[test]
fn statements_have_exactly_the_labelled_lineage() {
    let accepts = std::env::var_os("HETL_ACCEPT").is_some();
    let (mut problems, mut count) = (String::new(), 0);
    for (path, file) in files() {
        let mut text = file.head.clone();
        for case in &file.cases {
            count += 1;
            let found = match analyzed(&file, case) {
                Ok(found) => labels(&found),
                Err(problem) => vec![format!("unreadable: {problem}")],
            };
            if found != case.labels {
                let _ = writeln!(
                    problems,
                    "\n{}: {}\n{}\nfound:\n  {}\nlabelled:\n  {}",
                    path.display(),
                    case.title,
                    case.sql,
                    found.join("\n  "),
                    case.labels.join("\n  ")
                );
            }
            let _ = write!(text, "=== {}\n{}\n--\n{}\n\n", case.title, case.sql, found.join("\n"));
        }
        if accepts {
            fs::write(&path, format!("{}\n", text.trim_end())).unwrap();
        }
    }
    assert!(accepts || problems.is_empty(), "{problems}");
    assert!(count >= 150, "only {count} statements are labelled");
}

/// What says that each column comes from every column of every table must fail the labels.
#[test]
fn every_column_from_every_column_is_not_what_is_labelled() {
    let (mut labelled, mut possible) = (0, 0);
    for (_, file) in files() {
        for case in &file.cases {
            let Ok(found) = analyzed(&file, case) else { continue };
            let columns: usize =
                found.tables.iter().filter_map(|table| file.table(table)).map(|table| table.columns.len()).sum();
            labelled += found.columns.iter().map(|column| column.sources.len()).sum::<usize>();
            possible += found.columns.len() * columns;
        }
    }
    assert!(labelled * 3 < possible, "{labelled} edges of {possible} that are possible");
}

/// Columns that the labels and DuckDB do not name alike would be found by nobody.
#[test]
fn names_and_types_are_those_that_duckdb_says() {
    let mut problems = String::new();
    for (path, file) in files().into_iter().filter(|(_, file)| file.dialect == Dialect::DUCKDB) {
        let database = crate::database::open(":memory:").unwrap();
        for line in file.head.lines() {
            let table = line.strip_prefix("table ").or_else(|| line.strip_prefix("hidden "));
            if let Some((name, columns)) = table.and_then(|rest| rest.split_once(": ")) {
                let columns = columns.replace("...", "more integer");
                database.execute_batch(&format!("create table {name} ({columns})")).unwrap();
            }
        }
        for case in &file.cases {
            let Ok(found) = analyzed(&file, case) else { continue };
            if !found.missing.is_empty() || case.sql.contains("read_csv") {
                continue;
            }
            let said = described(&database, &case.sql);
            let said = match said {
                Ok(said) => said,
                Err(problem) => {
                    let _ = writeln!(problems, "{}: {}: {problem}", path.display(), case.title);
                    continue;
                }
            };
            if found.incomplete.is_some() {
                continue;
            }
            let names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
            let said_names: Vec<&str> = said.iter().map(|(name, _)| name.as_str()).collect();
            if names != said_names {
                let _ = writeln!(problems, "{}: {}\n   {names:?}\n   {said_names:?}", path.display(), case.title);
            }
            for (column, (_, data_type)) in found.columns.iter().zip(&said) {
                if column.data_type.as_ref().is_some_and(|found| found != data_type) {
                    let _ = writeln!(
                        problems,
                        "{}: {}: {} is {data_type}, not {:?}",
                        path.display(),
                        case.title,
                        column.name,
                        column.data_type
                    );
                }
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

fn described(database: &duckdb::Connection, sql: &str) -> Result<Vec<(String, String)>, duckdb::Error> {
    database.execute_batch("drop table if exists made")?;
    database.execute_batch(&format!("create table made as {}", sql.trim_end_matches(';')))?;
    let mut statement = database.prepare(
        "select column_name, data_type from duckdb_columns() where table_name = 'made' order by column_index",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
