//! Redshift's metadata queries, answered by a PostgreSQL in which its own functions and views are played.

use hetl::adapters::{RelationType, Surroundings, registry};

use super::{ask_number, open};
use crate::postgres_server::postgres_target;

#[test]
fn late_binding_views_are_seen() {
    let schema = format!("hetl_redshift_{}", std::process::id());
    let Some(mut target) = postgres_target(&schema) else { return };
    let mut other = open(&target).connect().unwrap();
    other
        .execute(
            &format!(
                "create schema {schema};
                 create view {schema}.svv_external_columns as select null::int as columnnum, null::text as schemaname,
                    null::text as tablename, null::text as columnname, null::text as external_type where false;
                 create function {schema}.pg_get_late_binding_view_cols() returns setof record language sql as
                    $$ select '{schema}'::name, 'late'::name, 'price'::name, 'numeric(10,2)'::varchar, 1 $$;
                 create table {schema}.sales (id integer, name varchar(9));
                 create view {schema}.late as select 1 as hidden;
                 comment on column {schema}.sales.name is 'who'"
            ),
            false,
        )
        .unwrap();
    target["type"] = "redshift".into();
    let mut surroundings = Surroundings::default();
    surroundings.variables.insert("PGOPTIONS".to_owned(), format!("-c search_path={schema}"));
    let adapter = registry::open(target.as_object().unwrap(), &surroundings).unwrap();
    let mut session = adapter.connect().unwrap();

    let late = adapter.relation(None, Some(&schema), Some("late"));
    let columns = session.columns_in_relation(&late).unwrap();
    let price = columns.iter().find(|column| column.name == "price").expect("the late-binding column is there");
    assert_eq!((price.dtype.as_str(), price.numeric_precision, price.numeric_scale), ("numeric", Some(10), Some(2)));

    let found = session.list_relations(adapter.database(), &[schema.to_uppercase()]).unwrap();
    let kind = |name: &str| found.iter().find(|one| one.identifier == name).map(|one| one.relation_type);
    assert_eq!((kind("sales"), kind("late")), (Some(RelationType::Table), Some(RelationType::View)));

    let catalog = session.catalog(adapter.database(), std::slice::from_ref(&schema)).unwrap();
    let row = |column: &str| catalog.iter().find(|row| row.column == column).expect("the column is in the catalog");
    assert_eq!(
        (row("price").relation_type.as_str(), row("price").data_type.as_str()),
        ("LATE BINDING VIEW", "numeric(10,2)")
    );
    assert_eq!(
        (row("name").data_type.as_str(), row("name").column_comment.as_deref()),
        ("character varying(9)", Some("who"))
    );

    // Each statement is sent by itself, and rows without COPY.
    let (response, _) = session.execute("select 1; -- nothing\nselect 2;", false).unwrap();
    assert_eq!((response.message.as_str(), response.fields["rows_affected"].as_i64()), ("SUCCESS", Some(1)));
    let sales = adapter.relation(None, Some(&schema), Some("sales"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.csv"), "id,name\n1,it's\n2,\n").unwrap();
    assert_eq!(session.load_csv(&sales, &[], &folder.path().join("s.csv"), ',').unwrap(), 2);
    assert_eq!(
        ask_number(&mut *other, &format!("select count(*) from {schema}.sales where name = 'it''s' or name is null")),
        2
    );
    other.execute(&format!("drop schema {schema} cascade"), false).unwrap();
}
