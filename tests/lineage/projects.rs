//! The command `lineage`, the method `column:` and `lineage.json` on a project.

use std::fs;
use std::path::Path;
use std::process::Command;

const FILES: &[(&str, &str)] = &[
    ("dbt_project.yml", "name: shop\nprofile: shop\n"),
    ("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n"),
    ("seeds/payments.csv", "id,order_id,amount,status\n1,1,10,paid\n2,1,5,open\n"),
    ("models/stg_payments.sql", "select id, order_id, amount / 100 as amount, status from {{ ref('payments') }}"),
    (
        "models/paid.sql",
        "{{ config(materialized='ephemeral') }}\nselect order_id, amount from {{ ref('stg_payments') }} where status = 'paid'",
    ),
    (
        "models/orders.sql",
        "select order_id, sum(amount) as total, count(*) as n from {{ ref('paid') }} group by order_id",
    ),
    ("models/statuses.sql", "select distinct status from {{ ref('stg_payments') }}"),
    (
        "snapshots/history.sql",
        "{% snapshot history %}{{ config(strategy='check', unique_key='order_id', check_cols=['total']) }}\nselect * from {{ ref('orders') }}{% endsnapshot %}",
    ),
];

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn hetl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.trim().to_owned()
}

#[test]
fn a_column_is_followed_to_its_sources_and_uses() {
    let folder = project();
    assert_eq!(
        hetl(folder.path(), &["lineage", "orders.total", "--upstream"]),
        "upstream\n\
         orders.total  DOUBLE\n\
         └─ aggregated paid.amount  DOUBLE\n   \
            └─ copied stg_payments.amount  DOUBLE\n      \
               └─ derived payments.amount  integer\n\n\
         which rows there are is decided by\n\
         group model.shop.paid.order_id"
    );
    assert_eq!(
        hetl(folder.path(), &["lineage", "payments.status", "--downstream", "--depth", "2"]),
        "downstream\n\
         payments.status  text\n\
         └─ copied stg_payments.status  VARCHAR\n   \
            └─ copied statuses.status  VARCHAR\n\n\
         these decide on rows of\n\
         model.shop.paid (filter)\n\
         model.shop.statuses (distinct)"
    );
    assert_eq!(
        hetl(folder.path(), &["lineage", "orders.total", "--upstream", "--depth", "1", "--output", "mermaid"]),
        "flowchart LR\n  \
           subgraph n0[\"orders\"]\n    c0[\"total\"]\n  end\n  \
           subgraph n1[\"paid\"]\n    c1[\"amount\"]\n  end\n  \
           c1 -->|aggregated| c0"
    );
    assert!(hetl(folder.path(), &["lineage", "orders.total", "--output", "dot"]).starts_with("digraph lineage {"));
    assert!(hetl(folder.path(), &["lineage"]).contains("columns of 5 models are resolved (100.0 %)"));
}

#[test]
fn a_selection_follows_a_column() {
    let folder = project();
    let select = |what: &str| {
        let kinds = ["--resource-type", "model", "--resource-type", "snapshot"];
        let text = hetl(folder.path(), &[&["ls", "--output", "name", "--select", what], &kinds[..]].concat());
        let mut names: Vec<&str> = text.lines().collect();
        names.sort_unstable();
        names.join("\n")
    };
    assert_eq!(select("column:stg_payments.amount+"), "history\norders\npaid\nstg_payments");
    // What the status is used for: it filters `paid`, so all that stands on it may change.
    assert_eq!(select("column:stg_payments.status+"), "history\norders\npaid\nstatuses\nstg_payments");
    assert_eq!(select("column:stg_payments.status+1"), "paid\nstatuses\nstg_payments");
    assert_eq!(select("column:orders.n"), "orders");
    assert_eq!(select("+column:orders.total"), "orders\npaid\nstg_payments");
    // Nothing but the seed's own column is made of it.
    assert_eq!(select("column:stg_payments.id+"), "stg_payments");
}

#[test]
fn files_and_events_hold_the_same_edges() {
    let folder = project();
    hetl(folder.path(), &["lineage"]);
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.path().join("target").join(name)).unwrap()).unwrap()
    };
    let lineage = read("lineage.json");
    let orders = &lineage["nodes"]["model.shop.orders"];
    assert_eq!(orders["columns"][1]["sources"][0]["node"], "model.shop.paid");
    assert_eq!(orders["columns"][1]["sources"][0]["kind"], "aggregated");
    let names = |node: &str| -> Vec<String> {
        let columns = lineage["nodes"][node]["columns"].as_array().unwrap();
        columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names("snapshot.shop.history"),
        ["order_id", "total", "n", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]
    );
    let events: serde_json::Value =
        serde_json::from_str(&hetl(folder.path(), &["lineage", "--output", "openlineage"])).unwrap();
    let event = events.as_array().unwrap().iter().find(|event| event["job"]["name"] == "model.shop.orders").unwrap();
    let field = &event["outputs"][0]["facets"]["columnLineage"]["fields"]["total"]["inputFields"][0];
    assert_eq!((&field["field"], &field["transformations"][0]["subtype"]), (&"amount".into(), &"AGGREGATION".into()));
    // The second time everything comes from the cache, and is the same.
    hetl(folder.path(), &["lineage"]);
    assert_eq!(read("lineage.json")["nodes"], lineage["nodes"]);
    // A change upstream is seen below, although the SQL there is what it was.
    let path = folder.path().join("models/stg_payments.sql");
    fs::write(path, "select id, order_id, id as amount, status from {{ ref('payments') }}").unwrap();
    let text = hetl(folder.path(), &["lineage", "orders.total", "--upstream"]);
    assert!(text.contains("copied payments.id") && text.contains("orders.total  HUGEINT"), "{text}");
}
