//! Soundness: queries are made at random and run on DuckDB, one column of one table is changed, and they are run again. Every
//! output column that changes must be reached by that column: by an edge, by an influence on the rows, or be said to be unknown.
//!
//! `HETL_SOUNDNESS=200` runs so many perturbations instead of a few.

use std::collections::BTreeMap;

use hetl::sql::{Dialect, InputTable, Query, QueryColumns, TableColumn, TableName, Tables};

/// Numbers that are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.roll(items.len());
        &items[at]
    }
}

const TABLES: &[(&str, &[&str])] =
    &[("t", &["id", "a", "b", "c"]), ("u", &["id", "a", "k", "z"]), ("v", &["id", "k", "w", "x"])];

struct Known;

impl Tables for Known {
    fn table(&self, name: &TableName) -> Option<InputTable> {
        let (_, columns) = TABLES.iter().find(|(table, _)| Some(*table) == name.parts.last().map(String::as_str))?;
        let columns = columns.iter().map(|name| TableColumn { name: (*name).into(), data_type: None }).collect();
        Some(InputTable { columns, incomplete: None })
    }
}

/// A query and the names of its columns, all of them integers.
struct Made {
    sql: String,
    columns: Vec<String>,
}

fn value(dice: &mut Dice, columns: &[String], depth: usize) -> String {
    let column = dice.pick(columns).clone();
    if depth == 0 {
        return column;
    }
    let mut other = || value(dice, columns, depth - 1);
    let (one, two) = (other(), other());
    match dice.roll(9) {
        0 => format!("({one} + {two})"),
        1 => format!("case when {one} > {two} then {column} else 1 end"),
        2 => format!("coalesce({one}, {two}, 0)"),
        3 => format!("greatest({one}, {column})"),
        4 => format!("cast({one} as integer)"),
        5 => format!("nullif({one}, 3)"),
        6 => format!("list_sum(list_transform([{one}, {two}], e -> e * 2))::integer"),
        7 => format!("(select max(s.a) from u as s where s.id <= {column})"),
        _ => column,
    }
}

fn condition(dice: &mut Dice, columns: &[String]) -> String {
    let (one, two) = (dice.pick(columns).clone(), dice.pick(columns).clone());
    match dice.roll(5) {
        0 => format!("{one} > 2"),
        1 => format!("{one} <> {two}"),
        2 => format!("exists (select 1 from v as e where e.k = {one})"),
        3 => format!("{one} in (select i.a from t as i where i.b > 1)"),
        _ => format!("({one} + {two}) % 2 = 0"),
    }
}

fn relation(dice: &mut Dice, depth: usize) -> Made {
    if depth == 0 || dice.roll(3) == 0 {
        let (name, columns) = dice.pick(TABLES);
        return Made {
            sql: format!("select * from {name}"),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        };
    }
    let one = relation(dice, depth - 1);
    match dice.roll(7) {
        0 => {
            let columns: Vec<String> = (0..2 + dice.roll(3)).map(|at| format!("n{at}")).collect();
            let items: Vec<String> =
                columns.iter().map(|name| format!("{} as {name}", value(dice, &one.columns, 2))).collect();
            let filter =
                if dice.roll(2) == 0 { format!(" where {}", condition(dice, &one.columns)) } else { String::new() };
            Made { sql: format!("select {} from ({}) as r{filter}", items.join(", "), one.sql), columns }
        }
        1 => {
            let other = relation(dice, depth - 1);
            let (left, right) = (dice.pick(&one.columns).clone(), dice.pick(&other.columns).clone());
            let columns: Vec<String> = (0..3).map(|at| format!("j{at}")).collect();
            let sides = [("l", &one.columns), ("r", &other.columns)];
            let items: Vec<String> = columns
                .iter()
                .map(|name| {
                    let (side, of) = *dice.pick(&sides);
                    format!("{side}.{} as {name}", dice.pick(of))
                })
                .collect();
            let kind = dice.pick(&["join", "left join", "full join"]);
            let sql = format!(
                "select {} from ({}) as l {kind} ({}) as r on l.{left} = r.{right}",
                items.join(", "),
                one.sql,
                other.sql
            );
            Made { sql, columns }
        }
        2 => {
            let key = dice.pick(&one.columns).clone();
            let of = dice.pick(&one.columns).clone();
            let by = dice.pick(&one.columns).clone();
            let sql = format!(
                "select {key} as g0, sum({of})::integer as g1, count(*)::integer as g2, max({by}) filter (where {of} > 1) as g3 from ({}) as r group by {key}",
                one.sql
            );
            Made { sql, columns: (0..4).map(|at| format!("g{at}")).collect() }
        }
        3 => {
            let part = dice.pick(&one.columns).clone();
            let of = dice.pick(&one.columns).clone();
            let sql = format!(
                "select *, (sum({of}) over (partition by {part}))::integer as w0 from ({}) as r qualify min({of}) over (partition by {part}) >= 0",
                one.sql
            );
            let mut columns = one.columns;
            columns.push("w0".into());
            columns.sort();
            columns.dedup();
            Made { sql: format!("select {} from ({sql}) as q", columns.join(", ")), columns }
        }
        4 => {
            let other = relation(dice, depth - 1);
            let width = one.columns.len().min(other.columns.len());
            let operator = dice.pick(&["union all", "union", "except", "intersect", "union all by name"]);
            let list = |made: &Made| {
                let items: Vec<String> =
                    made.columns.iter().take(width).enumerate().map(|(at, name)| format!("{name} as s{at}")).collect();
                format!("select {} from ({}) as r", items.join(", "), made.sql)
            };
            Made {
                sql: format!("{} {operator} {}", list(&one), list(&other)),
                columns: (0..width).map(|at| format!("s{at}")).collect(),
            }
        }
        5 => {
            let gone = dice.pick(&one.columns).clone();
            let columns: Vec<String> = one.columns.iter().filter(|name| **name != gone).cloned().collect();
            if columns.is_empty() {
                return one;
            }
            let changed = columns[0].clone();
            let sql = format!(
                "with c as ({}) select distinct * exclude ({gone}) replace (coalesce({changed}, 0) as {changed}) from c",
                one.sql
            );
            Made { sql, columns }
        }
        _ => {
            let order = one.columns.join(", ");
            Made { sql: format!("select * from ({}) as r order by {order} limit 5", one.sql), columns: one.columns }
        }
    }
}

fn fill(database: &duckdb::Connection, dice: &mut Dice) {
    for (name, columns) in TABLES {
        let rows: Vec<String> = (1..=12)
            .map(|id| {
                let values: Vec<String> = columns[1..].iter().map(|_| dice.roll(6).to_string()).collect();
                format!("({id}, {})", values.join(", "))
            })
            .collect();
        let columns: Vec<String> = columns.iter().map(|column| format!("{column} integer")).collect();
        let sql = format!(
            "create or replace table {name} ({}); insert into {name} values {}",
            columns.join(", "),
            rows.join(", ")
        );
        database.execute_batch(&sql).unwrap();
    }
}

/// Each column's values, sorted: what a change of the order of rows does not change.
fn contents(database: &duckdb::Connection, sql: &str) -> Result<BTreeMap<String, String>, duckdb::Error> {
    database.execute_batch(&format!("create or replace temp table made as {sql}"))?;
    let mut names = database.prepare("select column_name from (describe made)")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut found = BTreeMap::new();
    for name in names {
        let sql = format!(
            "select coalesce(string_agg(v, ',' order by v), '') from (select coalesce(\"{name}\"::varchar, 'null') as v from made)"
        );
        found.insert(name, database.query_row(&sql, [], |row| row.get(0))?);
    }
    Ok(found)
}

fn reaches(found: &QueryColumns, output: &str, table: &str, column: &str) -> bool {
    let is_it = |number: usize, name: &str| {
        found.tables[number].parts.last().is_some_and(|last| last == table) && name == column
    };
    let Some(output) = found.columns.iter().find(|known| known.name == output) else { return false };
    !output.unknown.is_empty()
        || !found.unknown_influences.is_empty()
        || output.sources.iter().any(|edge| is_it(edge.table, &edge.column))
        || found.influences.iter().any(|influence| is_it(influence.table, &influence.column))
}

#[test]
fn what_changes_is_reached() {
    let wanted: usize = std::env::var("HETL_SOUNDNESS").ok().and_then(|count| count.parse().ok()).unwrap_or(25);
    let database = crate::database::open(":memory:").unwrap();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut perturbations, mut changes, mut unknown, mut invalid) = (0, 0, 0, 0);
    while perturbations < wanted {
        let made = relation(&mut dice, 4);
        fill(&database, &mut dice);
        let before = match contents(&database, &made.sql) {
            Ok(before) => before,
            Err(problem) => {
                invalid += 1;
                assert!(invalid < 50 + wanted, "{problem}\n{}", made.sql);
                continue;
            }
        };
        let found =
            Query::parse(&made.sql, Dialect::DUCKDB).unwrap_or_else(|problem| panic!("{problem:?}\n{}", made.sql));
        let found = found.columns(&Known, &[], &[]);
        assert!(found.incomplete.is_none() && found.missing.is_empty(), "{found:?}\n{}", made.sql);
        unknown += found.columns.iter().filter(|column| !column.unknown.is_empty()).count();
        let (table, columns) = *dice.pick(TABLES);
        let column = dice.pick(columns);
        database
            .execute_batch(&format!(
                "update {table} set {column} = ({column} * 7 + 5 + {}) % 11 where id % 2 = {}",
                dice.roll(3),
                dice.roll(2)
            ))
            .unwrap();
        let after = contents(&database, &made.sql).unwrap();
        for (name, text) in &before {
            if after.get(name) != Some(text) {
                changes += 1;
                assert!(
                    reaches(&found, name, table, column),
                    "{name} changes with {table}.{column}, which does not reach it:\n{}\n{found:#?}",
                    made.sql
                );
            }
        }
        perturbations += 1;
    }
    assert!(changes * 2 > perturbations, "only {changes} columns changed in {perturbations} perturbations");
    assert_eq!(unknown, 0, "columns of generated queries are all known");
}
