//! The SQL that the built-in macros of a warehouse write, without one: a template in a model, its config, and the whole text.
//!
//! Redshift is proved by this alone; PostgreSQL's own tests run on a server.

use std::sync::Arc;

use hetl::adapters::{Adapter, Offline, Surroundings, registry};
use hetl::compiler::Compiler;
use hetl::config::{Invocation, Overrides};
use hetl::context::{NodeRun, RunParts, Worker};
use hetl::diagnostics::SourceMap;
use hetl::events::Silent;
use hetl::parser::{ParseParts, parse};
use serde_json::{Value, json};

/// What a template gives in a model `m` of a project on this warehouse, with the blanks of each line and empty lines left out.
fn rendered(warehouse: &str, template: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).expect("it can be written");
    std::fs::create_dir(folder.path().join("models")).expect("it can be made");
    let target = format!("{{type: {warehouse}, host: localhost, user: u, password: x, dbname: warehouse, schema: s}}");
    write("dbt_project.yml", "name: p\nprofile: p\n");
    write("profiles.yml", &format!("p:\n  target: dev\n  outputs:\n    dev: {target}\n"));
    write("models/m.sql", template);
    let sources = Arc::new(SourceMap::new());
    let loaded = hetl::config::load(Invocation::fixed("compile", folder.path()), &Overrides::default(), &sources);
    let config = loaded.config.expect("the project is valid");
    let mut credentials = config.profile.credentials.clone();
    credentials.insert("type".into(), Value::from(config.profile.adapter_type.clone()));
    let adapter: Arc<dyn Adapter> =
        registry::open(&credentials, &Surroundings::default()).expect("the target is valid");
    let parsed = parse(ParseParts { config, adapter, reporter: Arc::new(Silent), sources, is_cached: false });
    assert!(!parsed.diagnostics.has_errors(), "{:?}", parsed.diagnostics);
    let run = NodeRun::new(RunParts {
        node: Arc::clone(&parsed.manifest.nodes["model.p.m"]),
        manifest: Arc::new(parsed.manifest),
        session: parsed.session,
        worker: Arc::new(Worker::new("worker", Box::new(Offline::new().0))),
    });
    let code = Compiler::new().compile(&run).unwrap_or_else(|problem| panic!("{problem:?}")).code;
    code.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(warehouse: &str, template: &str, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(rendered(warehouse, template), expected.join("\n"), "in:\n{template}");
}

#[test]
fn redshift_tables_have_keys_and_may_be_left_out_of_backups() {
    check(
        "redshift",
        "{{ config(dist='ID', sort=['id', 'at'], sort_type='interleaved', backup=false) }}
        {{ create_table_as(false, this, 'select 1 as id') }}",
        r#"
        create table "warehouse"."s"."m"
        backup no diststyle key distkey (id) interleaved sortkey (id, at)
        as (
        select 1 as id
        );"#,
    );
    check(
        "redshift",
        "{{ config(dist='even', sort='id') }}{{ create_table_as(true, this, 'select 1 as id') }}",
        r#"create temporary table "m"
        diststyle even compound sortkey (id)
        as (
        select 1 as id
        );"#,
    );
    check(
        "redshift",
        "{{ config(dist='auto') }}{{ create_table_as(false, this, 'select 1 as id') }}",
        "create table \"warehouse\".\"s\".\"m\"\nas (\nselect 1 as id\n);",
    );
}

#[test]
fn redshift_views_bind_late_if_asked() {
    let template = "{{ create_view_as(this, 'select 1 as id') }}";
    check("redshift", template, "create view \"warehouse\".\"s\".\"m\" as (\nselect 1 as id\n);");
    check(
        "redshift",
        &format!("{{{{ config(bind=false) }}}}{template}"),
        "create view \"warehouse\".\"s\".\"m\" as (\nselect 1 as id\n) with no schema binding;",
    );
}

#[test]
fn redshift_materialized_views_have_their_attributes() {
    check(
        "redshift",
        "{{ config(materialized='materialized_view', dist='id', sort=['a', 'b'], auto_refresh=true, backup=false) }}
        {{ get_create_materialized_view_as_sql(this, 'select 1 as id') }}",
        r#"create materialized view "warehouse"."s"."m"
        backup no
        diststyle key distkey (id) sortkey (a, b)
        auto refresh yes
        as (
        select 1 as id
        )"#,
    );
    check(
        "redshift",
        "{{ get_alter_materialized_view_as_sql(this, {'autorefresh': {'context': false}}, '', this, this, this) }}",
        "alter materialized view \"warehouse\".\"s\".\"m\" auto refresh no",
    );
}

#[test]
fn redshift_incremental_strategies_use_the_targets_own_name() {
    let columns = "[api.Column('id', 'int'), api.Column('v', 'int')]";
    check(
        "redshift",
        &format!("{{{{ get_merge_sql(this, 'new', 'id', {columns}, ['DBT_INTERNAL_DEST.v > 1']) }}}}"),
        r#"merge into "warehouse"."s"."m"
        using new as DBT_INTERNAL_SOURCE
        on ("warehouse"."s"."m".v > 1) and (DBT_INTERNAL_SOURCE.id = "warehouse"."s"."m".id)
        when matched then update set
        "id" = DBT_INTERNAL_SOURCE."id",
        "v" = DBT_INTERNAL_SOURCE."v"
        when not matched then insert ("id", "v")
        values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."v")"#,
    );
    check(
        "redshift",
        &format!("{{{{ get_delete_insert_merge_sql(this, 'new', ['id', 'v'], {columns}, none) }}}}"),
        r#"delete from "warehouse"."s"."m"
        where (id, v) in (select distinct id, v from new as DBT_INTERNAL_SOURCE);
        insert into "warehouse"."s"."m" ("id", "v") (
        select "id", "v" from new
        )"#,
    );
}

#[test]
fn redshift_writes_cross_database_macros_its_own_way() {
    for (template, expected) in [
        ("{{ dbt.dateadd('day', 1, 'd') }}", "dateadd(day, 1, d)"),
        ("{{ dbt.datediff('a', 'b', 'week') }}", "datediff(week, a, b)"),
        ("{{ dbt.length('a') }}", "len(a)"),
        ("{{ dbt.current_timestamp() }}", "getdate()"),
        ("{{ dbt.array_append('a', '1') }}", "array_concat(a, array(1))"),
        ("{{ dbt.listagg('a', \"','\", 'order by a') }}", "listagg(a, ',') within group (order by a)"),
        (
            "{{ dbt.split_part('a', \"'/'\", -1) }}",
            "split_part(a, '/', length(a) - length(replace(a, '/', '')) + 2 + -1)",
        ),
        ("{{ get_grant_sql(this, 'select', ['a', 'b']) }}", "grant select on \"warehouse\".\"s\".\"m\" to a, b"),
    ] {
        check("redshift", template, expected);
    }
    let limited = rendered("redshift", "{{ dbt.listagg('a', \"'|'\", 'order by a', 3) }}");
    assert!(limited.starts_with("regexp_substr(listagg(a, '|') within group (order by a), "), "{limited}");
    assert!(limited.contains("{1,2}"), "{limited}");
}

#[test]
fn postgres_names_indexes_after_what_they_are() {
    let template = "{{ get_create_index_sql(this, {'columns': ['a', 'b'], 'unique': true, 'type': 'btree'}) }}";
    let once = rendered("postgres", template);
    assert_eq!(once, rendered("postgres", template));
    let name = once.lines().next().and_then(|line| line.split('"').nth(3)).expect("the index is dropped by name first");
    check(
        "postgres",
        template,
        &format!(
            "drop index if exists \"s\".\"{name}\";
            create unique index if not exists \"{name}\"
            on \"warehouse\".\"s\".\"m\" using btree (a, b)"
        ),
    );
    let other = rendered("postgres", &template.replace("'a', ", ""));
    assert!(!other.contains(name), "{other}");
}

#[test]
fn postgres_cuts_long_names_and_keeps_them_apart() {
    let template = |name: &str| {
        format!("{{{{ make_backup_relation(this.incorporate(path={{'identifier': '{name}'}}), 'table').identifier }}}}")
    };
    let name = "n".repeat(62);
    let [one, two] = ["a", "b"].map(|end| rendered("postgres", &template(&format!("{name}{end}"))));
    assert_ne!(one, two);
    assert_eq!((one.len(), one.ends_with("__dbt_backup")), (63, true), "{one}");
    check("postgres", &template("orders"), "orders__dbt_backup");
    check("postgres", "{{ this.relation_max_name_length() }}", "63");
    check("redshift", "{{ this.relation_max_name_length() }}", "127");
}

#[test]
fn postgres_refuses_other_databases() {
    check("postgres", "{{ adapter.verify_database('WAREHOUSE') }}ok", "ok");
    let refused = std::panic::catch_unwind(|| rendered("postgres", "{{ adapter.verify_database('other') }}"));
    let message = refused.expect_err("it is refused").downcast::<String>().expect("a message");
    assert!(message.contains("Cross-db references not allowed in postgres (other vs warehouse)"), "{message}");
}

/// Every built-in macro of every warehouse is valid Jinja, also those that no other test calls.
#[test]
fn all_built_in_macros_can_be_read() {
    let template = "select 1";
    for warehouse in ["postgres", "redshift"] {
        check(warehouse, template, template);
    }
    let packages: std::collections::BTreeSet<&str> = hetl::macros::FILES.iter().map(|file| file.package).collect();
    assert_eq!(json!(packages), json!(["dbt", "dbt_duckdb", "dbt_postgres", "dbt_redshift"]));
}
