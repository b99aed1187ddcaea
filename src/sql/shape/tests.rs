//! Shapes of small queries.

use super::*;
use crate::sql::{Dialect, Query};

fn shape(sql: &str) -> Shape {
    Query::parse(sql, Dialect::DUCKDB).expect("it is a query").shape(sql)
}

fn unused(sql: &str) -> Vec<String> {
    let shape = shape(sql);
    let ctes = shape.ctes.iter().filter(|cte| !cte.is_used).map(|cte| cte.name.clone());
    let columns = shape.ctes.iter().flat_map(|cte| {
        cte.unused_columns.iter().map(|(name, range)| format!("{}.{name}: {}", cte.name, &sql[range.clone()]))
    });
    ctes.chain(columns).collect()
}

#[test]
fn what_nothing_reads_is_unused() {
    assert_eq!(
        unused("with a as (select id, x + 1 as y from s.t), b as (select 1 as one) select id from a"),
        ["b", "a.y: x + 1 as y"]
    );
    assert_eq!(unused("with a as (select id, x from s.t), b as (select id, x from a) select id from b"), ["b.x: x"]);
}

#[test]
fn what_may_be_read_is_used() {
    for sql in [
        "with a as (select id, x from s.t) select * from a",
        "with a as (select id, x from s.t) select id from a order by x",
        "with a as (select distinct id, x from s.t) select id from a",
        "with a as (select id, x from s.t where x > 1) select id from a",
        "with a as (select id, x from s.t), b as (select id, x from s.u) select a.id from a join b using (id, x)",
        "with a as (select id, x from s.t) select id from a natural join s.u",
        "with recursive a as (select 1 as n union all select n + 1 from a where n < 3) select n from a",
        "with a as (select id, x from s.t) select to_json(c) from a as c",
        "with a as (select id, sum(x) as x from s.t group by all) select id from a",
    ] {
        assert_eq!(unused(sql), [""; 0], "{sql}");
    }
}

#[test]
fn relations_are_tables_ctes_or_values() {
    let sql = "with t as (select * from t) select t.*, n from t, main.orders as o, range(3) as r(n), (select 1) as q";
    let found = shape(sql);
    let outer = &found.selects[0];
    let kinds: Vec<&str> = outer
        .relations
        .iter()
        .map(|relation| match relation.kind {
            RelationKind::Cte(_) => "cte",
            RelationKind::Table(_) => "table",
            RelationKind::Values => "values",
            RelationKind::Subquery { .. } => "subquery",
        })
        .collect();
    assert_eq!(kinds, ["cte", "table", "values", "subquery"]);
    let inner = &found.selects[found.ctes[0].select.expect("it is one select")];
    assert!(matches!(inner.relations[0].kind, RelationKind::Table(_)), "a name in its own definition");
    assert_eq!(&sql[outer.relations[1].range.clone()], "main.orders");
    assert_eq!(outer.stars.len(), 1);
}

#[test]
fn joins_have_conditions() {
    use JoinCondition::{AlwaysTrue, Comma, Cross, Given, Unrelated};
    let conditions = |sql: &str| -> Vec<JoinCondition> {
        let found = shape(sql);
        found.selects[0].relations.iter().filter_map(|found| found.join.as_ref().map(|join| join.condition)).collect()
    };
    assert_eq!(conditions("select 1 from a join b on a.x = b.x and a.y = b.y"), [Given]);
    assert_eq!(conditions("select 1 from a cross join b, c"), [Cross, Comma]);
    assert_eq!(conditions("select 1 from a join b on true left join c on 1 = 1"), [AlwaysTrue, Cross]);
    assert_eq!(conditions("select 1 from a join b on a.x = b.x join c on a.x = b.x"), [Given, Unrelated]);
}

#[test]
fn equal_columns_of_a_join_are_known() {
    let found = shape("select 1 from a join b on a.x = b.y and (b.z = a.w) and a.k > 1 join c using (x)");
    let joins: Vec<&JoinShape> = found.selects[0].relations.iter().filter_map(|found| found.join.as_ref()).collect();
    let pair = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(joins[0].equal, [pair("a", "x", "y"), pair("a", "w", "z")]);
    assert_eq!(joins[1].equal, [pair("", "x", "x")]);
    assert_eq!([joins[0].is_only_equal, joins[1].is_only_equal], [false, true], "`a.k > 1` may pick rows");
}
