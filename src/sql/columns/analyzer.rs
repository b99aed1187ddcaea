//! [`Analyzer`]: what is known while a query is walked, and the way from names to flows.

use std::collections::HashMap;
use std::rc::Rc;

use sqlparser::ast::{self, Ident};

use super::flow::{ColumnId, Effects, Flow};
use super::output::{
    Edge, EdgeKind, Influence, InputTable, MissingColumn, OutputColumn, QueryColumns, TableName, Tables,
};
use super::scope::{Column, Open, Relation, Rows, Scope, Through};
use super::types;
use crate::sql::dialect::Dialect;

/// A common table expression.
#[derive(Clone)]
pub(super) enum Cte {
    Rows(Rc<Rows>),
    /// It stands for a table of its own.
    Table(TableName),
}

/// A table that the query reads.
struct Input {
    name: TableName,
    known: InputTable,
}

/// The state of one analysis.
pub(super) struct Analyzer<'t> {
    pub(super) dialect: Dialect,
    tables: &'t dyn Tables,
    inputs: Vec<Input>,
    columns: Vec<(usize, Rc<str>)>,
    column_ids: HashMap<(usize, String), ColumnId>,
    /// Innermost last.
    pub(super) ctes: Vec<(String, Cte)>,
    /// Names of common table expressions that stand for tables.
    pub(super) named_ctes: &'t [(String, TableName)],
    /// What decides on the rows of the query that is being walked.
    pub(super) effects: Effects,
    missing: Vec<MissingColumn>,
    /// Aggregates met so far; tells whether an expression has one.
    pub(super) aggregates: usize,
    /// What `columns(…)` stands for in the expression that is being expanded.
    pub(super) column_set: Option<Rc<Flow>>,
    /// Whether `columns(…)` is anywhere in the query.
    pub(super) has_column_sets: bool,
}

/// Where each column of a query comes from.
pub(crate) fn analyze(
    query: &ast::Query,
    dialect: Dialect,
    tables: &dyn Tables,
    named_ctes: &[(String, TableName)],
    expected: &[String],
) -> QueryColumns {
    let mut analyzer = Analyzer {
        dialect,
        tables,
        inputs: Vec::new(),
        columns: Vec::new(),
        column_ids: HashMap::new(),
        ctes: Vec::new(),
        named_ctes,
        effects: Effects::default(),
        missing: Vec::new(),
        aggregates: 0,
        column_set: None,
        has_column_sets: super::star_expression::has_column_sets(query),
    };
    let mut rows = analyzer.query(query, None);
    analyzer.number_duplicates(&mut rows);
    analyzer.expect(&mut rows, expected);
    analyzer.finish(rows)
}

impl Analyzer<'_> {
    /// The number of a column of a table; `name` is as it should be shown.
    fn column_id(&mut self, table: usize, name: &str) -> ColumnId {
        let key = self.dialect.key(name);
        let columns = &mut self.columns;
        *self.column_ids.entry((table, key)).or_insert_with(|| {
            columns.push((table, name.into()));
            columns.len() as ColumnId - 1
        })
    }

    /// A relation that is a table of the warehouse.
    pub(super) fn input(&mut self, name: &TableName) -> Relation {
        let number = self.inputs.iter().position(|input| input.name == *name).unwrap_or_else(|| {
            let known = self.tables.table(name).unwrap_or_else(|| InputTable {
                columns: Vec::new(),
                incomplete: Some(format!("the columns of {} are not known", name.text)),
            });
            self.inputs.push(Input { name: name.clone(), known });
            self.inputs.len() - 1
        });
        let known = self.inputs[number].known.clone();
        let columns = known.columns.iter().map(|column| {
            let id = self.column_id(number, &column.name);
            let data_type = column.data_type.as_deref().map(|text| types::spelled(text, self.dialect));
            Column::new(self.dialect.key(&column.name), column.name.as_str(), Flow::copied(id, data_type))
        });
        let columns = columns.collect();
        let open = known.incomplete.map(|reason| Open::new(Through::Table(number), reason));
        Relation { path: name.parts.clone(), columns, open: open.into_iter().collect() }
    }

    /// What a name is that `open` may have. `name` is as it should be shown.
    pub(super) fn through(&mut self, open: &Open, name: &str) -> Flow {
        match &open.through {
            Through::Table(table) => Flow::copied(self.column_id(*table, name), None),
            Through::Value(flow) => flow.as_ref().clone(),
            Through::Both(one, other) => {
                let mut flow = self.through(one, name);
                let other = self.through(other, name);
                flow.absorb(&other, EdgeKind::Copied);
                flow
            }
            Through::Partly(inner, reason) => {
                let mut flow = self.through(inner, name);
                flow.unknown.insert(Rc::clone(reason));
                flow
            }
            Through::Nothing => Flow::unknown(Rc::clone(&open.reason)),
        }
    }

    /// Whether a column of that name was used before in a way that leaves no doubt.
    fn is_seen(&self, open: &Open, key: &str) -> bool {
        matches!(&open.through, Through::Table(table) if self.column_ids.contains_key(&(*table, key.to_owned())))
    }

    /// What a name without a relation means, and whether that is known.
    pub(super) fn plain_name(&mut self, ident: &Ident, scope: &Scope) -> Flow {
        let name = self.dialect.name(ident);
        let key = self.dialect.key(&name);
        match self.find_plain(&name, &key, scope) {
            Some(flow) => flow,
            None => self.whole_row(&key, scope).unwrap_or_else(|| self.not_found(ident, ident.value.clone(), scope)),
        }
    }

    fn find_plain(&mut self, name: &str, key: &str, scope: &Scope) -> Option<Flow> {
        let mut level = Some(scope);
        while let Some(scope) = level {
            level = scope.parent;
            if scope.parameters.iter().any(|parameter| parameter == key) {
                return Some(Flow::default());
            }
            let mut found = scope.relations.iter().filter_map(|relation| relation.plain_column(key));
            if let Some(first) = found.next() {
                return Some(if found.next().is_some() {
                    Flow::unknown(format!("`{name}` is a column of more than one relation").into())
                } else {
                    first.plain_flow().as_ref().clone()
                });
            }
            let opens: Vec<&Open> = scope.relations.iter().flat_map(|relation| relation.open_for(key)).collect();
            let alias = scope.alias(key);
            match (alias, opens.as_slice()) {
                (Some(alias), []) => return Some(alias.as_ref().clone()),
                (None, []) => {}
                (Some(_), [open]) if self.is_seen(open, key) => return Some(self.through(open, name)),
                (Some(alias), _) => {
                    // Which of the two cannot be told: no edge is better than a wrong one.
                    let reason = format!(
                        "`{name}` is of the select list, or a column of a relation whose columns are not known"
                    );
                    let mut flow = Flow::unknown(reason.into());
                    flow.unknown.extend(alias.unknown.iter().cloned());
                    return Some(flow);
                }
                (None, [open]) => {
                    let is_outer = scope.parent.is_some_and(|parent| {
                        parent.levels().any(|outer| {
                            outer.parameters.iter().any(|parameter| parameter == key)
                                || outer.relations.iter().any(|relation| relation.plain_column(key).is_some())
                        })
                    });
                    return Some(if is_outer && !self.is_seen(open, key) {
                        let reason = format!(
                            "`{name}` is a column of the query around, or of a relation whose columns are not known"
                        );
                        Flow::unknown(reason.into())
                    } else {
                        self.through(open, name)
                    });
                }
                (None, several) => {
                    let seen: Vec<&&Open> = several.iter().filter(|open| self.is_seen(open, key)).collect();
                    if let [open] = seen.as_slice() {
                        return Some(self.through(open, name));
                    }
                    let reason = format!("`{name}` may be a column of several relations whose columns are not known");
                    return Some(Flow::unknown(reason.into()));
                }
            }
        }
        None
    }

    /// A relation's name used as a value: the whole row.
    fn whole_row(&mut self, key: &str, scope: &Scope) -> Option<Flow> {
        let path = [key.to_owned()];
        let relation = scope.levels().flat_map(|level| &level.relations).find(|relation| relation.is_called(&path))?;
        Some(self.row_of(&[relation]))
    }

    /// All columns of relations as one value.
    pub(super) fn row_of(&mut self, relations: &[&Relation]) -> Flow {
        let mut flow = Flow::default();
        for relation in relations {
            for column in &relation.columns {
                flow.absorb(&column.flow, EdgeKind::Derived);
            }
            flow.unknown.extend(relation.open.iter().map(|open| Rc::clone(&open.reason)));
        }
        flow
    }

    /// What `a.b.c` means: a column of a relation, perhaps of a schema, or a field of a column.
    pub(super) fn compound_name(&mut self, idents: &[Ident], scope: &Scope) -> Flow {
        let keys: Vec<String> = idents.iter().map(|ident| self.dialect.ident_key(ident)).collect();
        let mut is_relation = false;
        for level in scope.levels() {
            if level.parameters.contains(&keys[0]) {
                return Flow::default();
            }
            for length in (1..keys.len()).rev() {
                let Some(relation) = level.relations.iter().find(|relation| relation.is_called(&keys[..length])) else {
                    continue;
                };
                is_relation = true;
                let field = if length + 1 < keys.len() { EdgeKind::Derived } else { EdgeKind::Copied };
                let found = match relation.column(&keys[length]) {
                    Some(column) => Some(column.flow.as_ref().clone()),
                    None => {
                        let opens: Vec<&Open> = relation.open_for(&keys[length]).collect();
                        let name = self.dialect.name(&idents[length]);
                        match opens.as_slice() {
                            [] => None,
                            [open] => Some(self.through(open, &name)),
                            _ => {
                                let reason = format!(
                                    "`{name}` may be a column of several relations whose columns are not known"
                                );
                                Some(Flow::unknown(reason.into()))
                            }
                        }
                    }
                };
                if let Some(flow) = found {
                    let data_type = (field == EdgeKind::Copied).then(|| flow.data_type.clone()).flatten();
                    return flow.raised(field).typed(data_type);
                }
            }
            let is_column = level.relations.iter().any(|relation| relation.plain_column(&keys[0]).is_some());
            if is_column {
                return self.plain_name(&idents[0], level).raised(EdgeKind::Derived).typed(None);
            }
        }
        if !is_relation && let Some(flow) = self.find_plain(&self.dialect.name(&idents[0]), &keys[0], scope) {
            return flow.raised(EdgeKind::Derived).typed(None);
        }
        let written: Vec<&str> = idents.iter().map(|ident| ident.value.as_str()).collect();
        self.not_found(&idents[0], written.join("."), scope)
    }

    fn not_found(&mut self, ident: &Ident, name: String, scope: &Scope) -> Flow {
        // What every table has without saying so, and words that are values.
        const HIDDEN: &[&str] = &["rowid", "ctid", "tableoid", "xmin", "xmax", "cmin", "cmax", "filename", "default"];
        let last = name.rsplit('.').next().unwrap_or(&name).to_lowercase();
        if HIDDEN.contains(&last.as_str()) {
            return Flow::default();
        }
        let reason = format!("there is no column `{name}`");
        let place = (ident.span.start.line, ident.span.start.column);
        let missing = MissingColumn { name, line: place.0, column: place.1, known: scope.known_names() };
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
        Flow::unknown(reason.into())
    }

    /// Columns that share a name get numbers, as the warehouse does it when it needs names.
    pub(super) fn number_duplicates(&self, rows: &mut Rows) {
        if !self.dialect.numbers_duplicates {
            return;
        }
        let mut taken: HashMap<Rc<str>, usize> = HashMap::new();
        for column in &mut rows.columns {
            let seen = taken.entry(Rc::clone(&column.key)).or_insert(0);
            if *seen > 0 {
                let name = format!("{}_{seen}", column.name);
                column.key = self.dialect.key(&name).into();
                column.name = name.into();
            }
            *seen += 1;
        }
    }

    /// Looks for columns that are known to be there among those that a star stands for.
    fn expect(&mut self, rows: &mut Rows, expected: &[String]) {
        for name in expected {
            let key = self.dialect.key(name);
            if rows.columns.iter().any(|column| *column.key == *key) {
                continue;
            }
            let opens: Vec<Open> = rows.open.iter().filter(|open| open.may_have(&key)).cloned().collect();
            let flow = match opens.as_slice() {
                [] => continue,
                [open] => self.through(open, name),
                [first, ..] => Flow::unknown(Rc::clone(&first.reason)),
            };
            rows.columns.push(Column::new(key, name.as_str(), flow));
        }
    }

    fn finish(self, rows: Rows) -> QueryColumns {
        let mut columns: Vec<OutputColumn> = Vec::with_capacity(rows.columns.len());
        for column in &rows.columns {
            let flow = &column.flow;
            let mut sources: Vec<Edge> = flow
                .sources
                .iter()
                .map(|(&id, &kind)| {
                    let (table, name) = &self.columns[id as usize];
                    Edge { table: *table, column: name.to_string(), kind }
                })
                .collect();
            sources.sort_unstable();
            columns.push(OutputColumn {
                name: column.name.to_string(),
                data_type: flow.data_type.as_deref().map(str::to_owned),
                sources,
                unknown: flow.unknown.iter().map(ToString::to_string).collect(),
            });
        }
        let mut influences: Vec<Influence> = rows
            .effects
            .influences
            .iter()
            .map(|&(id, kind)| {
                let (table, name) = &self.columns[id as usize];
                Influence { table: *table, column: name.to_string(), kind }
            })
            .collect();
        influences.sort_unstable();
        QueryColumns {
            tables: self.inputs.into_iter().map(|input| input.name).collect(),
            columns,
            incomplete: rows.open.first().map(|open| open.reason.to_string()),
            influences,
            unknown_influences: rows.effects.unknown.iter().map(ToString::to_string).collect(),
            missing: self.missing,
        }
    }
}
