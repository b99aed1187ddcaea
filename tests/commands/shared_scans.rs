//! Tests that look at rows of one relation are counted in one scan of it, and tell what they would tell alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Project;
use super::on_postgres::{drop_schema, project};

const PROPERTIES: &str = "
models:
  - name: orders
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - name: paid
        data_tests:
          - not_null: {config: {severity: warn}}
          - not_null: {name: few_unpaid, config: {error_if: '> 5', warn_if: '> 1'}}
          - not_null: {name: one_unpaid, config: {limit: 1}}
          - not_null: {name: unpaid_of_two, config: {where: id < 2}}
      - {name: customer, data_tests: [not_null]}
";

fn shop(id: &str) -> Option<Project> {
    let rows = "(values (1, null, 'a'), (2, 10, 'b'), (3, null, null)) as rows (id, paid, customer)";
    project(
        &format!("hetl_scans_{id}"),
        &[
            ("models/orders.sql", &format!("{{{{ config(materialized='table') }}}} select * from {rows}")),
            ("models/models.yml", PROPERTIES),
            ("tests/cheap.sql", "select * from {{ ref('orders') }}\nwhere paid > 5 -- too much\n"),
            ("tests/ratio.sql", "select * from {{ ref('orders') }} where {{ var('ratio', 'id') }} > 2"),
        ],
    )
}

/// A run's results of tests, by name.
fn outcomes(project: &Project) -> BTreeMap<String, Value> {
    let results = project.json("target/run_results.json");
    let results = results["results"].as_array().expect("results").iter();
    let name =
        |result: &Value| Some(result["unique_id"].as_str()?.strip_prefix("test.p.")?.split('.').next()?.to_owned());
    results.filter_map(|result| Some((name(result)?, result.clone()))).collect()
}

/// How many tests each shared scan of a run counted.
fn shared(printed: &str) -> Vec<usize> {
    let lines = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let sent = lines.filter(|line| line["info"]["name"] == "SQLQuery");
    let counted = sent.map(|line| line["data"]["sql"].as_str().unwrap_or_default().matches("count(case when").count());
    counted.filter(|count| *count > 0).collect()
}

#[test]
fn tests_that_share_a_scan_tell_what_they_tell_alone() {
    let Some(project) = shop("alike") else { return };
    // With a test that the database refuses, no scan is shared; each tells by itself.
    for (ratio, status, failures) in [("id", "fail", json!(1)), ("10 / (id - 1)", "error", Value::Null)] {
        let expected = [
            ("cheap", "fail", json!(1)),
            ("few_unpaid", "warn", json!(2)),
            ("not_null_orders_customer", "fail", json!(1)),
            ("not_null_orders_id", "pass", json!(0)),
            ("not_null_orders_paid", "warn", json!(2)),
            ("one_unpaid", "fail", json!(1)),
            ("ratio", status, failures),
            ("unique_orders_id", "pass", json!(0)),
            ("unpaid_of_two", "fail", json!(1)),
        ];
        // Tests of an audit, tests after it of what was not published, tests of what is live.
        for command in ["build", "test", "build|--publish|immediate", "test"] {
            let ran = project.run(&format!("--log-format|json|--debug|{command}|--vars|ratio: {ratio}"));
            let outcomes = outcomes(&project);
            let told: Vec<_> =
                outcomes.iter().map(|(name, result)| (name, &result["status"], &result["failures"])).collect();
            let expected: Vec<_> = expected.iter().map(|(name, status, failures)| (name, status, failures)).collect();
            assert_eq!(json!(told), json!(expected), "{command} {ratio}");
            assert_eq!(shared(&ran.printed), [5], "{command} {ratio}: {}", ran.printed);
            let message = outcomes["few_unpaid"]["message"].clone();
            assert_eq!(message, "Got 2 results, configured to warn if > 1", "{command} {ratio}");
            let response = &outcomes["not_null_orders_id"]["adapter_response"];
            assert_eq!(response["_message"], "SELECT 1", "{command} {ratio}: {response}");
        }
    }
    drop_schema(&project);
}
