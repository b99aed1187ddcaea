//! `docs generate` and `docs serve`.

use std::net::TcpListener;

use serde_json::json;

use super::Project;

fn project() -> Project {
    Project::new(&[
        ("models/orders.sql", "select 1 as id, 10 as amount"),
        ("models/totals.sql", "select sum(amount) as total from {{ ref('orders') }}"),
        (
            "models/m.yml",
            "models:\n  - name: orders\n    description: One row **an order**.\n    columns:\n      \
             - {name: id, description: Key., data_tests: [unique]}\n",
        ),
    ])
}

#[test]
fn the_site_stands_beside_the_artifacts() {
    let project = project();
    project.run("build").expect(0, &[]);
    project.run("docs generate").expect(0, &["Catalog written to", "Documentation written to"]);
    let page = std::fs::read_to_string(project.path("target/index.html")).expect("the page");
    assert!(page.contains("<title>p</title>") && page.contains("site/app.js"), "{page}");
    assert!(project.json("target/manifest.json")["nodes"].is_object());
    assert!(project.json("target/catalog.json")["nodes"]["model.p.orders"].is_object());

    let core = project.json("target/site/core.json");
    assert_eq!(core["nodes"]["label"][0], "orders");
    let page = &project.json("target/site/pages-0.json")["pages"][0];
    assert_eq!(page["columns"][0][0], "id");
    assert_eq!(page["description"], "<p>One row <strong>an order</strong>.</p>\n");
    assert_eq!(page["compiled"], "select 1 as id, 10 as amount");
    // `docs generate` compiles, which is no run of anything: the build before it counts.
    let runs = project.json("target/site/runs.json");
    assert_eq!(runs["runs"][0]["command"], "build");
    assert_eq!(runs["results"]["model.p.totals"][0][1], "success");
}

#[test]
fn the_catalog_is_of_what_was_selected_and_compiled() {
    let project = project();
    project.run("build").expect(0, &[]);
    let catalog = |flags: &str| {
        project.run(&format!("docs generate {flags}")).expect(0, &[]);
        let catalog = project.json("target/catalog.json");
        catalog["nodes"].as_object().expect("nodes").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(catalog("-s totals"), ["model.p.totals"]);
    assert_eq!(catalog("--exclude totals"), ["model.p.orders"]);
    assert_eq!(catalog("-s totals --no-compile"), ["model.p.orders", "model.p.totals"]);
}

const CATALOG_MACROS: &str = r#"
{% macro row_of(database, name) %}
  select '{{ database }}' as table_database, 'main' as table_schema, '{{ name }}' as table_name, 'BASE TABLE' as table_type,
    null as table_comment, null as table_owner,
    'id' as column_name, 1 as column_index, 'KEY' as column_type, 'the key' as column_comment,
    'Rows' as "stats:rows:label", 7 as "stats:rows:value", 'How many' as "stats:rows:description", true as "stats:rows:include"
{% endmacro %}

{% macro duckdb__get_catalog_relations(information_schema, relations) %}
  {% set query %}
    {% for found in relations %}{{ row_of(information_schema.database, found.identifier) }}{{ ' union all ' if not loop.last }}{% endfor %}
  {% endset %}
  {{ return(run_query(query)) }}
{% endmacro %}

{% macro get_catalog(information_schema, schemas) %}
  {% do log('schemas ' ~ schemas, info=true) %}
  {{ return(run_query(row_of(information_schema.database, 'orders'))) }}
{% endmacro %}
"#;

#[test]
fn a_macro_of_the_project_may_make_the_catalog() {
    let project = Project::new(&[
        ("models/orders.sql", "select 1 as id"),
        ("models/totals.sql", "select 1 as id"),
        ("macros/catalog.sql", CATALOG_MACROS),
    ]);
    project.run("docs generate").expect(0, &[]);
    let catalog = project.json("target/catalog.json");
    let table = &catalog["nodes"]["model.p.totals"];
    assert_eq!(table["columns"]["id"], json!({"type": "KEY", "index": 1, "name": "id", "comment": "the key"}));
    let rows = json!({"id": "rows", "label": "Rows", "value": 7, "description": "How many", "include": true});
    assert_eq!(table["stats"]["rows"], rows);
    assert_eq!(table["stats"]["has_stats"]["value"], true);
    project.run("docs generate --no-compile").expect(0, &["schemas ['main']"]);
    assert_eq!(project.json("target/catalog.json")["nodes"].as_object().expect("nodes").len(), 1);
}

#[test]
fn runs_before_the_last_one_are_remembered() {
    let project = project();
    project.run("build").expect(0, &[]);
    project.run("run -s orders").expect(0, &[]);
    project.run("docs generate --no-compile").expect(0, &[]);
    project.run("docs generate").expect(0, &[]);
    let runs = project.json("target/site/runs.json");
    let commands: Vec<_> = runs["runs"].as_array().expect("a list").iter().map(|run| run["command"].clone()).collect();
    assert_eq!(commands, ["run", "build"]);
    assert_eq!(runs["results"]["model.p.orders"].as_array().map(Vec::len), Some(2));
}

#[test]
fn one_file_holds_everything() {
    let project = project();
    project.run("docs generate --static --empty-catalog").expect(0, &["static_index.html"]);
    let page = std::fs::read_to_string(project.path("target/static_index.html")).expect("the page");
    for part in
        ["data-file=\"core\"", "data-file=\"search\"", "data-file=\"runs\"", "data-file=\"pages-0\"", "'sha256-"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("src=\"site/"), "it asks for no other file");
}

#[test]
fn what_an_earlier_site_left_is_gone() {
    let project = project();
    project.write("target/site/pages-7.json", "{}");
    project.run("docs generate --empty-catalog").expect(0, &[]);
    assert!(!project.path("target/site/pages-7.json").exists());
    assert!(project.path("target/site/pages-0.json").exists());
}

#[test]
fn serving_needs_documentation_and_a_free_port() {
    let project = project();
    project
        .run("docs serve --port 0 --no-browser")
        .expect(2, &["E0101", "there is no documentation to serve", "`hetl docs generate` writes it"]);
    project.run("docs generate --empty-catalog").expect(0, &[]);
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("it is bound").port();
    project.run(&format!("docs serve --port {port} --no-browser")).expect(2, &["E0106", "--port"]);
}

#[test]
fn kept_failures_are_in_the_catalog_too() {
    let project = Project::new(&[
        ("dbt_project.yml", "name: p\nprofile: p\ndata_tests: {+store_failures: true}\n"),
        ("models/m.sql", "select 1 as id"),
        ("models/m.yml", "models: [{name: m, columns: [{name: id, data_tests: [not_null]}]}]\n"),
    ]);
    project.run("build").expect(0, &[]);
    project.run("docs generate").expect(0, &[]);
    let nodes = project.json("target/catalog.json")["nodes"].take();
    let ids: Vec<&str> =
        nodes.as_object().expect("nodes").keys().map(|id| id.split('.').nth(2).unwrap_or(id)).collect();
    assert_eq!(ids, ["m", "not_null_m_id"]);
}
