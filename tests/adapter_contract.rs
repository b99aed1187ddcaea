//! What every adapter must do, checked on each of them.
//!
//! A new warehouse adds itself to [`targets`]; the checks stay the same. Their SQL is what all warehouses understand. PostgreSQL is the server of
//! `HETL_TEST_POSTGRES` (`host=… port=… user=… dbname=…`); without one its checks are left out, which CI does not allow.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hetl::adapters::{
    Adapter, Cell, Column, Connection, LockAttempt, LockHolder, Relation, RelationCache, RelationInfo, RelationType,
    SeedFile, SeedType, Surroundings, registry,
};
use serde_json::{Map, Value, json};

use crate::postgres_server::postgres_target;

/// A schema that no other test uses: tests run at the same time, on one server.
fn fresh_schema() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("hetl_contract_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// One target of each kind that there is.
fn targets(folder: &Path, schema: &str) -> Vec<(&'static str, Arc<dyn Adapter>)> {
    let open = |target: Value| {
        let Value::Object(target) = target else { unreachable!("targets are objects") };
        let surroundings = Surroundings { project_root: folder.to_owned(), ..Surroundings::default() };
        registry::open(&target, &surroundings).expect("the target is valid")
    };
    let mut targets = vec![
        ("duckdb in memory", open(json!({"type": "duckdb", "schema": schema}))),
        ("duckdb in a file", open(json!({"type": "duckdb", "schema": schema, "path": "contract.duckdb"}))),
    ];
    targets.extend(postgres_target(schema).map(|target| ("postgres", open(target))));
    targets
}

/// Runs a check on each target, with the target's schema there and empty.
fn on_each(check: impl Fn(&dyn Adapter, &mut dyn Connection)) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = fresh_schema();
    for (name, adapter) in targets(folder.path(), &schema) {
        println!("on {name}");
        let mut connection = adapter.connect().expect("it connects");
        let schema = adapter.quote(adapter.schema());
        run(&mut *connection, &format!("drop schema if exists {schema} cascade; create schema {schema}"));
        check(&*adapter, &mut *connection);
        // The check may have left its connection in any state.
        let mut other = adapter.connect().expect("it connects again");
        drop(connection);
        run(&mut *other, &format!("drop schema if exists {schema} cascade"));
    }
}

fn run(connection: &mut dyn Connection, sql: &str) {
    connection.execute(sql, false).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
}

fn cell(connection: &mut dyn Connection, sql: &str) -> Cell {
    connection.execute(sql, true).unwrap_or_else(|error| panic!("{error}\nin: {sql}")).1.cell(0, 0)
}

fn relation(adapter: &dyn Adapter, identifier: &str) -> Relation {
    adapter.relation(Some(adapter.database()), Some(adapter.schema()), Some(identifier))
}

fn schemas(adapter: &dyn Adapter) -> Vec<String> {
    vec![adapter.schema().to_owned()]
}

#[test]
fn an_adapter_describes_itself() {
    on_each(|adapter, _| {
        assert_eq!(adapter.dispatch_prefixes().last(), Some(&"default"));
        assert_eq!(adapter.macro_packages().last(), Some(&"dbt"));
        let shown: Map<String, Value> = adapter.target_fields();
        assert_eq!(shown["schema"], adapter.schema());
        assert_eq!(adapter.quote("a\"b"), "\"a\"\"b\"");
        assert!(registry::known_types().any(|name| name == adapter.type_name()));
        assert!(adapter.incremental_strategies().contains(&"append"));
    });
}

#[test]
fn results_come_with_names_and_kinds() {
    on_each(|_, connection| {
        let sql = "select 1 as a, cast('x' as varchar(9)) as \"B\", cast(null as integer) as c, cast(1.50 as numeric(5,2)) as d";
        let (response, table) = connection.execute(sql, true).unwrap();
        assert!(!response.message.is_empty());
        assert_eq!(table.column_names().collect::<Vec<_>>(), ["a", "B", "c", "d"]);
        let expected = [Cell::Int(1), Cell::Text("x".to_owned()), Cell::Null, Cell::Decimal("1.50".to_owned())];
        assert_eq!(table.row(0), expected);
        let (_, empty) = connection.execute("select 1 as a where 1 = 0", true).unwrap();
        assert_eq!((empty.len(), empty.columns().len()), (0, 1));
    });
}

#[test]
fn transactions_keep_or_forget() {
    on_each(|adapter, connection| {
        let table = relation(adapter, "kept");
        run(connection, &format!("create table {table} (a integer)"));
        connection.begin().unwrap();
        assert!(connection.in_transaction());
        run(connection, &format!("insert into {table} values (1)"));
        connection.rollback().unwrap();
        connection.begin().unwrap();
        run(connection, &format!("insert into {table} values (2)"));
        connection.commit().unwrap();
        assert!(!connection.in_transaction());
        connection.commit().unwrap();
        let mut other = adapter.connect().unwrap();
        assert_eq!(cell(&mut *other, &format!("select max(a) + count(*) from {table}")).as_int(), Some(3));
    });
}

#[test]
fn a_failed_transaction_can_be_left() {
    on_each(|adapter, connection| {
        let table = relation(adapter, "failed");
        run(connection, &format!("create table {table} (a integer not null)"));
        connection.begin().unwrap();
        connection.execute(&format!("insert into {table} values (null)"), false).unwrap_err();
        connection.rollback().unwrap();
        assert_eq!(cell(connection, &format!("select count(*) from {table}")), Cell::Int(0));
    });
}

#[test]
fn errors_name_their_kind_and_place() {
    on_each(|_, connection| {
        let sql = "select 1 as a\n  , nowhere.b from (select 2 as c) t";
        let error = connection.execute(sql, true).unwrap_err();
        assert!(!error.kind.is_empty() && !error.cancelled);
        assert_eq!(error.offset, sql.find("nowhere"));
    });
}

#[test]
fn metadata_shows_tables_views_and_columns() {
    on_each(|adapter, connection| {
        let (table, view) = (relation(adapter, "Some Table"), relation(adapter, "a_view"));
        run(connection, &format!("create table {table} (id integer, \"Name\" varchar, price numeric(10,2))"));
        run(connection, &format!("create view {view} as select id from {table}"));
        assert!(connection.list_schemas(adapter.database()).unwrap().contains(&adapter.schema().to_owned()));

        let found = connection.list_relations(adapter.database(), &schemas(adapter)).unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.identifier.as_str(), one.relation_type)).collect();
        assert_eq!(found, [("Some Table", RelationType::Table), ("a_view", RelationType::View)]);

        let columns = connection.columns_in_relation(&table).unwrap();
        assert_eq!(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["id", "Name", "price"]);
        assert!(columns[0].is_integer() && columns[1].is_string() && !columns[2].is_string());
        assert_eq!(connection.columns_in_relation(&relation(adapter, "missing")).unwrap(), []);

        let of_query = connection.columns_of_query(&format!("select * from {table} -- all")).unwrap();
        let names = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&of_query), names(&columns));
        // Kinds of types are told apart, under whatever names.
        assert_ne!(of_query[0].dtype, of_query[1].dtype);
    });
}

#[test]
fn the_cache_is_filled_by_what_is_there() {
    on_each(|adapter, connection| {
        run(connection, &format!("create table {} (a integer)", relation(adapter, "cached")));
        let cache = RelationCache::new(adapter.is_case_sensitive());
        let (database, schema) = (adapter.database(), adapter.schema());
        cache.fill(connection, database, &schemas(adapter)).unwrap();
        let cached = RelationInfo {
            database: database.to_owned(),
            schema: schema.to_owned(),
            identifier: "cached".to_owned(),
            relation_type: RelationType::Table,
        };
        assert_eq!(cache.get_relation(database, schema, "cached"), Some(cached));
        assert_eq!(cache.list_relations(database, schema).map(|relations| relations.len()), Some(1));
    });
}

#[test]
fn the_catalog_has_a_row_for_each_column() {
    on_each(|adapter, connection| {
        let table = relation(adapter, "described");
        run(connection, &format!("create table {table} (a integer, b varchar)"));
        run(
            connection,
            &format!("comment on table {table} is 'it''s a table'; comment on column {table}.b is 'a column'"),
        );
        let rows = connection.catalog(adapter.database(), &schemas(adapter)).unwrap();
        assert_eq!(rows.iter().map(|row| (row.column.as_str(), row.index)).collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
        assert_eq!(rows[0].relation_type, "BASE TABLE");
        assert_eq!(rows[0].comment.as_deref(), Some("it's a table"));
        assert_eq!((rows[0].column_comment.as_deref(), rows[1].column_comment.as_deref()), (None, Some("a column")));
    });
}

#[test]
fn seeds_are_loaded_with_quotes_and_nulls() {
    on_each(|adapter, connection| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it's.csv");
        std::fs::write(
            &file,
            "id;name;day;ok\n1;\"a;\"\"b\"\"\";2024-02-29;true\n2;;;\n3;\"two\nlines\";2024-03-01;false\n",
        )
        .unwrap();
        let seed = SeedFile::parse(std::fs::read(&file).unwrap(), ';', &[]).unwrap();
        let kinds: Vec<_> = seed.columns().iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [SeedType::Integer, SeedType::Text, SeedType::Date, SeedType::Boolean]);

        let table = relation(adapter, "seeded");
        let columns: Vec<_> = seed
            .columns()
            .iter()
            .map(|column| Column::new(column.name.as_str(), adapter.seed_type(column.kind)))
            .collect();
        let definitions: Vec<_> =
            columns.iter().map(|column| format!("{} {}", adapter.quote(&column.name), column.dtype)).collect();
        run(connection, &format!("create table {table} ({})", definitions.join(", ")));
        assert_eq!(connection.load_csv(&table, &columns, &file, ';').unwrap(), 3);

        let (_, loaded) = connection.execute(&format!("select * from {table} order by id"), true).unwrap();
        let inferred = seed.table(|kind| adapter.seed_type(kind).to_owned());
        assert_eq!(loaded.rows(), inferred.rows());
        connection.load_csv(&table, &columns, &folder.path().join("missing.csv"), ';').unwrap_err();

        // The rows that were read load as the file does.
        run(connection, &format!("delete from {table}"));
        assert_eq!(connection.load_rows(&table, &columns, &inferred).unwrap(), 3);
        let (_, loaded) = connection.execute(&format!("select * from {table} order by id"), true).unwrap();
        assert_eq!(loaded.rows(), inferred.rows());
    });
}

#[test]
fn parameters_reach_the_statement() {
    on_each(|adapter, connection| {
        let table = relation(adapter, "bound");
        run(connection, &format!("create table {table} (a integer, b varchar)"));
        let cells = [Cell::Int(7), Cell::Text("'; drop".to_owned())];
        let mark = adapter.parameter_mark();
        connection.execute_with(&format!("insert into {table} values ({mark}, {mark})"), &cells).unwrap();
        assert_eq!(connection.execute(&format!("select * from {table}"), true).unwrap().1.row(0), cells);
    });
}

#[test]
fn workers_share_one_database() {
    on_each(|adapter, connection| {
        let table = relation(adapter, "shared");
        run(connection, &format!("create table {table} (a integer)"));
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let table = table.clone();
                scope.spawn(move || {
                    let mut own = adapter.connect().unwrap();
                    own.begin().unwrap();
                    run(&mut *own, &format!("insert into {table} values ({worker})"));
                    own.commit().unwrap();
                });
            }
        });
        assert_eq!(cell(connection, &format!("select sum(a) from {table}")).as_int(), Some(6));
    });
}

#[test]
fn a_running_statement_can_be_cancelled() {
    on_each(|_, connection| {
        let cancel = connection.cancel_handle();
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let finished = Arc::clone(&done);
        let canceller = std::thread::spawn(move || {
            while !finished.load(std::sync::atomic::Ordering::Relaxed) {
                std::thread::sleep(std::time::Duration::from_millis(20));
                cancel.cancel();
            }
        });
        let endless = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 2000000000) select count(*) from n";
        let error = connection.execute(endless, true).unwrap_err();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        canceller.join().unwrap();
        assert!(error.cancelled, "{error:?}");
    });
}

fn holder(command: &str, schema: &str) -> LockHolder {
    LockHolder {
        command: command.to_owned(),
        // Tells the runs of tests on one server apart.
        invocation_id: schema.to_owned(),
        place: "process 1 on a".to_owned(),
        since: "2024-02-29T12:00:00Z".to_owned(),
    }
}

/// Takes the lock; tries again for a while, since a server needs a moment to see that a connection has gone.
fn lock_soon(adapter: &dyn Adapter, schemas: &[(String, String)], holder: &LockHolder) -> bool {
    (0..100).any(|_| {
        let taken = matches!(adapter.try_lock(schemas, holder), Ok(LockAttempt::Taken { .. }));
        if !taken {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        taken
    })
}

#[test]
fn one_run_at_a_time_writes_to_a_target() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = fresh_schema();
    for ((name, first), (_, second)) in targets(folder.path(), &schema).into_iter().zip(targets(folder.path(), &schema))
    {
        println!("on {name}");
        let schemas = [(first.database().to_owned(), schema.clone())];
        let (build, seed) = (holder("build", &schema), holder("seed", &schema));
        assert_eq!(first.try_lock(&schemas, &build).unwrap(), LockAttempt::Taken { left_by: None });
        match second.try_lock(&schemas, &seed).unwrap() {
            // Each has a memory of its own.
            LockAttempt::Taken { .. } => assert_eq!(name, "duckdb in memory"),
            LockAttempt::Held(by) => assert_eq!(by.expect("it says who it is").command, "build"),
        }
        drop(first);
        assert!(lock_soon(&*second, &schemas, &seed), "{name}");
    }
}

#[test]
fn runs_in_other_schemas_of_a_server_go_side_by_side() {
    let schema = fresh_schema();
    let Some(target) = postgres_target(&schema) else { return };
    let open = || registry::open(target.as_object().unwrap(), &Surroundings::default()).unwrap();
    let (first, second) = (open(), open());
    let schemas = |names: &[&str]| -> Vec<_> {
        names.iter().map(|name| (first.database().to_owned(), format!("{schema}_{name}"))).collect()
    };
    let me = holder("build", &schema);
    assert!(matches!(first.try_lock(&schemas(&["a", "b"]), &me), Ok(LockAttempt::Taken { .. })));
    assert!(matches!(second.try_lock(&schemas(&["b", "c"]), &me), Ok(LockAttempt::Held(Some(_)))));
    assert!(matches!(second.try_lock(&schemas(&["c"]), &me), Ok(LockAttempt::Taken { .. })));
}

#[test]
fn a_run_that_lost_its_lock_publishes_nothing() {
    let schema = fresh_schema();
    let Some(target) = postgres_target(&schema) else { return };
    let open = || registry::open(target.as_object().unwrap(), &Surroundings::default()).unwrap();
    let (first, second) = (open(), open());
    let schemas = [(first.database().to_owned(), schema.clone())];
    assert!(matches!(first.try_lock(&schemas, &holder("build", &schema)), Ok(LockAttempt::Taken { .. })));
    let (mut worker, mut admin) = (first.connect().unwrap(), second.connect().unwrap());
    run(&mut *admin, &format!("create schema {schema}"));
    worker.begin().unwrap();
    run(&mut *worker, &format!("create table {schema}.kept (a integer)"));
    worker.commit().unwrap();
    worker.begin().unwrap();
    run(&mut *worker, &format!("create table {schema}.lost (a integer)"));
    let end = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hetl build {schema}'"
    );
    assert_eq!(cell(&mut *admin, &end), Cell::Bool(true));
    assert!(lock_soon(&*second, &schemas, &holder("seed", &schema)));
    let error = worker.commit().unwrap_err();
    assert!(error.message.contains("lock on its schemas is lost"), "{error}");
    assert!(!worker.in_transaction());
    let tables = format!("select string_agg(tablename, ',') from pg_tables where schemaname = '{schema}'");
    assert_eq!(cell(&mut *admin, &tables), Cell::Text("kept".to_owned()));
    run(&mut *admin, &format!("drop schema {schema} cascade"));
}
