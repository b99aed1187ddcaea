//! The index of a small project, and what must not become part of a page.

use serde_json::{Value, json};

use super::{ColumnLineage, ColumnLink, ColumnOrigin, ColumnOrigins, Site, SiteParts};
use crate::adapters::CatalogRow;
use crate::artifacts::{PastResult, PastRun};
use crate::manifest::{CompiledNodes, Manifest};

/// Texts that would run something if they became HTML, in attributes or between tags.
const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "'-alert(1)-'",
    "[a](javascript:alert(1))",
    "![a](x \"onerror=alert(1)\")",
    "<a href=\"java&#115;cript:alert(1)\">a</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<!-- --><b onmouseover=alert(1)>",
    "`<style>@import 'x'</style>`",
    "{{ constructor.constructor('alert(1)')() }}",
];

fn node(kind: &str, name: &str, depends_on: &[&str], more: Value) -> (String, Value) {
    let id = format!("{kind}.shop.{name}");
    let mut node = json!({
        "unique_id": id, "resource_type": kind, "name": name, "alias": name, "package_name": "shop", "schema": "main",
        "database": "db", "fqn": ["shop", name], "path": format!("{name}.sql"),
        "original_file_path": format!("models/{name}.sql"), "raw_code": "select 1", "config": {"materialized": "table"},
        "depends_on": {"nodes": depends_on, "macros": []},
    });
    for (key, value) in more.as_object().unwrap() {
        node[key] = value.clone();
    }
    (id, node)
}

fn manifest(text: &str) -> Manifest {
    let column = json!({"id": {"name": "id", "description": text, "tags": [text], "meta": {"a": text}}});
    let nodes = [
        node("model", "customers", &[], json!({"columns": column})),
        node(
            "model",
            "orders",
            &["model.shop.customers"],
            json!({"description": text, "tags": [text], "raw_code": text, "columns": column, "meta": {"owner": text}}),
        ),
        node(
            "test",
            "not_null_orders_id",
            &["model.shop.orders"],
            json!({"column_name": "id", "attached_node": "model.shop.orders",
                   "test_metadata": {"name": "not_null", "kwargs": {"column_name": "id"}}}),
        ),
    ];
    let json = json!({
        "metadata": {"project_name": "shop", "adapter_type": "duckdb"},
        "nodes": nodes.into_iter().collect::<serde_json::Map<_, _>>(),
        "macros": {
            "macro.dbt.own": {"unique_id": "macro.dbt.own", "name": "own", "package_name": "dbt", "macro_sql": "x"},
            "macro.shop.cents": {"unique_id": "macro.shop.cents", "name": "cents", "package_name": "shop", "macro_sql": text},
        },
    });
    Manifest::from_json(&json).0
}

fn row(column: &str, index: u64, comment: Option<&str>) -> CatalogRow {
    CatalogRow {
        database: "DB".into(),
        schema: "main".into(),
        identifier: "orders".into(),
        relation_type: "BASE TABLE".into(),
        comment: None,
        owner: None,
        column: column.into(),
        index,
        data_type: "INTEGER".into(),
        column_comment: comment.map(str::to_owned),
        stats: serde_json::Map::new(),
    }
}

fn site(text: &str, lineage: &ColumnLineage) -> Site {
    let history = [PastRun {
        invocation_id: "x".into(),
        command: "build".into(),
        completed_at: "2026-01-01T00:00:00Z".into(),
        elapsed: 2.0,
        results: vec![PastResult {
            unique_id: "test.shop.not_null_orders_id".into(),
            status: "fail".into(),
            seconds: 0.5,
            failures: Some(3),
            message: Some(text.to_owned()),
        }],
    }];
    let sources =
        json!({"results": [{"unique_id": "source.shop.raw.a", "status": "warn", "max_loaded_at_time_ago_in_s": 60.0}]});
    Site::build(&SiteParts {
        manifest: &manifest(text),
        compiled: &CompiledNodes::default(),
        catalog: &[row("total", 2, Some(text)), row("ID", 1, None)],
        lineage,
        built_in: &["dbt"],
        history: &history,
        sources: Some(&sources),
        generated_at: jiff::Timestamp::UNIX_EPOCH,
    })
}

fn file(site: &Site, name: &str) -> Value {
    let file = site.files().into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_slice(&file.bytes).unwrap()
}

fn origins() -> ColumnLineage {
    let from = vec![ColumnOrigin {
        unique_id: "model.shop.customers".into(),
        column: "ID".into(),
        link: ColumnLink::Aggregated,
    }];
    let columns = vec![
        ColumnOrigins { column: "total".into(), data_type: Some("DOUBLE".into()), from, unknown: None },
        ColumnOrigins {
            column: "id".into(),
            data_type: None,
            from: Vec::new(),
            unknown: Some("a table function".into()),
        },
    ];
    let key = ColumnOrigins { column: "ID".into(), data_type: Some("BIGINT".into()), from: Vec::new(), unknown: None };
    ColumnLineage::from([("model.shop.orders".to_owned(), columns), ("model.shop.customers".to_owned(), vec![key])])
}

#[test]
fn the_index_names_resources_by_their_places() {
    let site = site("text", &ColumnLineage::new());
    let core = file(&site, "core.json");
    assert_eq!(core["nodes"]["label"], json!(["customers", "orders", "not_null_orders_id", "cents"]));
    assert_eq!(core["nodes"]["parents"], json!([[], [0], [1], []]));
    assert_eq!(core["nodes"]["id"], json!([null, null, null, null]));
    assert_eq!(core["tests"], json!({"2": [1, "id", "not_null"]}));
    assert_eq!(core["layout"]["rank"], json!([0, 1]), "tests and macros are not in the graph");
    assert_eq!(core["nodes"]["columns"], json!([1, 2, 0, 0]));
    assert_eq!(core["lineage"], json!(false));
    assert!(!site.files().iter().any(|file| file.name.starts_with("lineage")));
}

#[test]
fn a_page_has_the_columns_of_the_warehouse_with_what_is_written_of_them() {
    let page = file(&site("text", &ColumnLineage::new()), "pages-0.json")["pages"][1].clone();
    let columns = page["columns"].as_array().unwrap();
    assert_eq!(columns[0], json!(["ID", "INTEGER", "<p>text</p>\n", {"tags": ["text"], "meta": {"a": "text"}}]));
    assert_eq!(columns[1], json!(["total", "INTEGER", "<p>text</p>\n"]), "a comment of the warehouse counts too");
    assert_eq!((&page["relation_type"], &page["owner"]), (&json!("BASE TABLE"), &json!("text")));
}

#[test]
fn the_sql_gives_the_columns_of_what_is_not_in_the_warehouse() {
    let page = file(&site("text", &origins()), "pages-0.json")["pages"][0].clone();
    assert_eq!((&page["columns"][0][0], &page["columns"][0][1]), (&json!("ID"), &json!("BIGINT")));
}

#[test]
fn columns_lead_both_ways() {
    let lineage = file(&site("text", &origins()), "lineage-0.json")["lineage"].clone();
    assert_eq!(lineage[0], json!({"id": {"d": [[1, "total", "aggregated"]]}}));
    assert_eq!(lineage[1], json!({"total": {"u": [[0, "ID", "aggregated"]]}, "id": {"why": ["a table function"]}}));
}

#[test]
fn runs_say_what_became_of_each() {
    let runs = file(&site("it failed", &ColumnLineage::new()), "runs.json");
    assert_eq!(runs["runs"][0]["counts"], json!({"fail": 1}));
    assert_eq!(runs["results"]["test.shop.not_null_orders_id"], json!([[0, "fail", 0.5, 3, "it failed"]]));
    assert_eq!(runs["freshness"]["source.shop.raw.a"]["status"], "warn");
}

#[test]
fn nothing_that_a_project_says_becomes_markup() {
    for attack in ATTACKS {
        let site = site(attack, &ColumnLineage::new());
        let pages = file(&site, "pages-0.json");
        for (html, place) in [
            (pages["pages"][1]["description"].as_str().unwrap(), "description"),
            (pages["pages"][1]["columns"][0][2].as_str().unwrap(), "column"),
            (pages["pages"][1]["columns"][1][2].as_str().unwrap(), "comment"),
        ] {
            let lower = html.to_lowercase();
            for (at, _) in lower.match_indices('<') {
                let tag: String =
                    lower[at + 1..].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(
                    ["p", "a", "code", "em", "strong", "img"].contains(&tag.as_str()),
                    "{place}: {attack} → {html}"
                );
                let tag = lower[at..].split('>').next().unwrap();
                assert!(!tag.contains(" on") && !tag.contains("javascript:"), "{place}: {attack} → {html}");
            }
        }
        // In one file: data stands as Base64, and the title is the only text of the project.
        let page = site.in_one_file();
        assert_eq!(page.matches("<script").count(), 5, "core, search, runs, pages, and the script");
        assert!(!page.contains("alert(1)"));
    }
}
