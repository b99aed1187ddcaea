//! `publish_in_place`: the table stays and its rows change, so that a reader with an older snapshot never finds it empty.

use hetl::adapters::Connection;
use serde_json::json;

use super::{Project, ask, ask_number};

const IDS: &str = "select unnest(array{{ var('ids', '[1, 1, 2]') }}::int[]) as id, {{ var('more', \"'x'\") }} as more";
const IN_PLACE: (&str, &str) = ("hetl.yml", "publish_in_place: true\n");

fn shop(further: &[(&str, &str)]) -> Option<Project> {
    let orders = format!("{{{{ config(materialized='table', indexes=[{{'columns': ['id']}}]) }}}} {IDS}");
    let files = [
        ("models/orders.sql", orders.as_str()),
        ("models/total.sql", "select count(*) as n, sum(id) as s from {{ ref('orders') }}"),
        ("models/models.yml", "models: [{name: orders, columns: [{name: id, data_tests: [not_null]}]}]\n"),
    ];
    let project = Project::new(&[&files[..], further].concat(), &json!({}))?;
    project.succeed(&["build"]);
    Some(project)
}

/// The numbers of orders that a reader finds whose snapshot is older than a second build, and after it.
fn seen(project: &Project, further: &[&str]) -> [i128; 2] {
    let mut reader = project.session();
    reader.begin().expect("a transaction");
    reader.execute("set transaction isolation level repeatable read", false).expect("a setting");
    ask(&mut *reader, "select count(*) from pg_class");
    project.succeed(&[&["build", "--vars", "{ids: '[2, 3, 3, 3]'}"], further].concat());
    let count = format!("select count(*) from {}.orders", project.schema);
    let before = ask_number(&mut *reader, &count);
    reader.commit().expect("it ends");
    [before, ask_number(&mut *reader, &count)]
}

#[test]
fn a_reader_with_an_older_snapshot_finds_a_table_empty_that_is_replaced_and_not_one_that_is_changed() {
    for further in [&[][..], &["--publish", "run"]] {
        let (Some(replaced), Some(changed)) = (shop(&[]), shop(&[IN_PLACE])) else { return };
        assert_eq!(seen(&replaced, further), [0, 4], "{further:?}");
        assert_eq!(seen(&changed, further), [3, 4], "{further:?}");
        let rows = format!("select n || '|' || s from {}.total", changed.schema);
        assert_eq!(ask(&mut *changed.session(), &rows).to_string(), "4|11");
    }
}

/// The relation, its indexes, who may read it, and the transactions that wrote its rows.
fn identity(session: &mut dyn Connection, schema: &str) -> String {
    let sql = format!(
        "select '{schema}.orders'::regclass::oid || ' ' || (select string_agg(indexrelid::text, ',') from pg_index
            where indrelid = '{schema}.orders'::regclass) || ' ' || coalesce(relacl::text, '')
         from pg_class where oid = '{schema}.orders'::regclass"
    );
    ask(session, &sql).to_string()
}

#[test]
fn the_table_its_indexes_grants_and_equal_rows_stay() {
    let Some(project) = shop(&[IN_PLACE]) else { return };
    let (mut session, schema) = (project.session(), project.schema.as_str());
    session.execute(&format!("grant select on {schema}.orders to public"), false).expect("a grant");
    let before = identity(&mut *session, schema);
    let rows = |session: &mut dyn Connection| {
        ask(session, &format!("select string_agg(id || more, ' ' order by id) from {schema}.orders")).to_string()
    };
    let oldest = format!(
        "select count(*) from {schema}.orders where xmin::text = (select min(xmin::text) from {schema}.orders)"
    );
    project.succeed(&["build", "--vars", "{ids: '[1, 2, 2, 3]'}"]);
    assert_eq!(rows(&mut *session), "1x 2x 2x 3x");
    // One of the two rows with 1 is gone, a second 2 and a 3 have come; the others were not touched.
    assert_eq!(ask_number(&mut *session, &oldest), 2);
    assert_eq!(identity(&mut *session, schema), before);
    project.succeed(&["build", "--vars", "{ids: '[1, 2, 2, 3]'}", "--publish", "run"]);
    assert_eq!((rows(&mut *session), identity(&mut *session, schema)), ("1x 2x 2x 3x".to_owned(), before));
}

#[test]
fn a_table_whose_columns_change_is_replaced_and_that_is_said() {
    let Some(project) = shop(&[IN_PLACE]) else { return };
    let (mut session, schema) = (project.session(), project.schema.as_str());
    let before = identity(&mut *session, schema);
    let (exit, printed) = project.run(&["build", "--vars", "{more: '7'}"]);
    assert_eq!(exit, 0, "{printed}");
    assert!(
        printed.contains("is replaced as a whole and not published in place: its columns change: more integer"),
        "{printed}"
    );
    assert_ne!(identity(&mut *session, schema), before);
    let indexes = format!("select count(*) from pg_index where indrelid = '{schema}.orders'::regclass");
    assert_eq!(ask_number(&mut *session, &indexes), 1);
}

#[test]
fn a_candidate_that_fails_changes_no_row() {
    let Some(project) = shop(&[IN_PLACE]) else { return };
    let (exit, printed) = project.run(&["build", "--vars", "{ids: '[7, null]'}"]);
    assert_eq!(exit, 1, "{printed}");
    let mut session = project.session();
    assert_eq!(project.relations(&mut *session), ["orders", "orders__hetl_candidate", "total"]);
    assert_eq!(ask_number(&mut *session, &format!("select sum(id) from {}.orders", project.schema)), 4);
}

#[test]
fn what_was_changed_in_place_can_be_taken_back() {
    let Some(project) = shop(&[IN_PLACE, ("hetl.yml", "publish_in_place: true\nkeep_generations: 1\n")]) else {
        return;
    };
    let total = format!("select s from {}.total", project.schema);
    for publish in ["audited", "run"] {
        project.succeed(&["build"]);
        project.succeed(&["build", "--publish", publish, "--vars", "{ids: '[5]'}"]);
        assert_eq!(ask_number(&mut *project.session(), &total), 5);
        project.succeed(&["rollback"]);
        assert_eq!(ask_number(&mut *project.session(), &total), 4, "{publish}");
    }
}

#[test]
fn a_seed_is_emptied_by_deleting() {
    let Some(project) = shop(&[IN_PLACE, ("seeds/codes.csv", "code\n1\n2\n")]) else { return };
    let mut reader = project.session();
    reader.begin().expect("a transaction");
    reader.execute("set transaction isolation level repeatable read", false).expect("a setting");
    ask(&mut *reader, "select count(*) from pg_class");
    project.write("seeds/codes.csv", "code\n3\n");
    project.succeed(&["seed"]);
    let sum = format!("select sum(code) from {}.codes", project.schema);
    assert_eq!(ask_number(&mut *reader, &sum), 3);
    reader.commit().expect("it ends");
    assert_eq!(ask_number(&mut *reader, &sum), 3);
}

#[test]
fn a_node_says_it_for_itself() {
    let Some(project) = shop(&[]) else { return };
    let mut session = project.session();
    let before = identity(&mut *session, &project.schema);
    let orders = format!(
        "{{{{ config(materialized='table', indexes=[{{'columns': ['id']}}], meta={{'hetl': {{'publish_in_place': true}}}}) }}}} {IDS}"
    );
    project.write("models/orders.sql", &orders);
    project.succeed(&["build", "--vars", "{ids: '[9]'}"]);
    assert_eq!(identity(&mut *session, &project.schema), before);
    project.write("models/orders.sql", &orders.replace("true}", "'sometimes'}"));
    let (exit, printed) = project.run(&["build"]);
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("publish_in_place"), "{printed}");
}
