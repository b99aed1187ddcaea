//! Tests of selections that compare with an earlier run. The expectations agree with what dbt 1.11 answers for the same edits.

use serde_json::{Value, json};

use super::{IndirectSelection, PreviousState, Selection, Selector, Spec};
use crate::diagnostics::Diagnostics;
use crate::graph::Graph;
use crate::manifest::Manifest;

fn shop() -> Value {
    serde_json::from_str(include_str!("../../../tests/artifacts/shop_manifest.json")).unwrap()
}

fn select(new: &Value, previous: &PreviousState, criterion: &str) -> Result<Selection, Diagnostics> {
    let (manifest, _) = Manifest::from_json(new);
    let graph = Graph::build(&manifest).unwrap();
    let spec = Spec::of_command_line(&[criterion.to_owned()], &[], IndirectSelection::Empty).unwrap();
    Selector::new(&graph, &manifest, Some(previous)).select(&spec, None, true)
}

/// What `state:<question>` selects after an edit of the shop.
fn after(edit: impl Fn(&mut Value), question: &str) -> Vec<String> {
    let old = shop();
    let mut new = shop();
    edit(&mut new);
    let previous = PreviousState { manifest: Some(Manifest::from_json(&old).0), ..PreviousState::default() };
    select(&new, &previous, &format!("state:{question}")).unwrap().ids
}

#[test]
fn without_an_edit_nothing_is_modified() {
    assert!(after(|_| (), "modified").is_empty());
    assert!(after(|_| (), "new").is_empty());
    assert_eq!(after(|_| (), "unmodified"), after(|_| (), "old"));
}

#[test]
fn each_edit_is_seen_by_its_question_and_by_modified() {
    let node = |id: &str, key: &'static str, value: Value| {
        let id = id.to_owned();
        move |shop: &mut Value| shop["nodes"][&id][key] = value.clone()
    };
    let orders = "model.shop.stg_orders";
    let body = node(orders, "raw_code", json!("select 2"));
    assert_eq!(after(&body, "modified.body"), [orders]);
    assert_eq!(after(&body, "modified"), [orders]);
    assert!(after(&body, "modified.configs").is_empty());

    let config = node(orders, "unrendered_config", json!({"materialized": "table", "tags": ["a"]}));
    assert_eq!(after(&config, "modified.configs"), [orders]);
    let relation = node("model.shop.fct", "unrendered_config", json!({"alias": "other"}));
    assert_eq!(after(&relation, "modified.relation"), ["model.shop.fct"]);
    // An alias places the model, but is no config that is compared; neither are tags.
    assert!(!after(&relation, "modified.configs").contains(&orders.to_owned()));

    let seed = node("seed.shop.people", "checksum", json!({"name": "sha256", "checksum": "another"}));
    assert_eq!(after(&seed, "modified"), ["seed.shop.people"]);

    let source = |shop: &mut Value| shop["sources"]["source.shop.raw.orders"]["identifier"] = json!("elsewhere");
    assert_eq!(after(source, "modified.relation"), ["source.shop.raw.orders"]);
    let exposure = |shop: &mut Value| shop["exposures"]["exposure.shop.dash"]["url"] = json!("https://y.org");
    assert_eq!(after(exposure, "modified"), ["exposure.shop.dash"]);
    let macros = |shop: &mut Value| {
        shop["macros"]["macro.shop.cents"]["macro_sql"] = json!("{% macro cents(x) %}{% endmacro %}");
    };
    assert_eq!(after(macros, "modified.macros"), ["model.shop.orders.v2"]);
}

#[test]
fn descriptions_count_only_where_they_are_persisted() {
    let describe = |shop: &mut Value| shop["nodes"]["model.shop.dim"]["description"] = json!("another");
    assert!(after(describe, "modified").is_empty());
    let persist = |shop: &mut Value| {
        describe(shop);
        shop["nodes"]["model.shop.dim"]["config"]["persist_docs"] = json!({"relation": true});
    };
    assert_eq!(after(persist, "modified.persisted_descriptions"), ["model.shop.dim"]);
}

#[test]
fn a_new_node_is_new_and_modified() {
    let add = |shop: &mut Value| {
        let mut node = shop["nodes"]["model.shop.base"].clone();
        node["unique_id"] = json!("model.shop.brand_new");
        shop["nodes"]["model.shop.brand_new"] = node;
    };
    assert_eq!(after(add, "new"), ["model.shop.brand_new"]);
    assert_eq!(after(add, "modified"), ["model.shop.brand_new"]);
}

#[test]
fn a_broken_contract_is_a_warning_and_an_error_where_there_are_versions() {
    let old = shop();
    let previous = PreviousState { manifest: Some(Manifest::from_json(&old).0), ..PreviousState::default() };
    let mut new = shop();
    new["nodes"]["model.shop.dim"]["columns"]["name"]["data_type"] = json!("text");
    let selection = select(&new, &previous, "state:modified.contract").unwrap();
    assert_eq!(selection.ids, ["model.shop.dim"]);
    let warnings: Vec<&str> = selection.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        ["While comparing to previous project state, dbt detected a breaking change to an unversioned model: `dim`\n\
          - Columns with data_type changes: name (varchar -> text)"]
    );

    new["nodes"]["model.shop.dim"]["version"] = json!(1);
    let problems = select(&new, &previous, "state:modified").unwrap_err();
    assert!(problems.has_errors());
}

#[test]
fn results_and_fresher_sources_of_the_earlier_run_are_selected() {
    let previous = PreviousState {
        results: Some([("model.shop.dim".to_owned(), "error".to_owned())].into()),
        fresher_sources: Some(["source.shop.raw.orders".to_owned()].into()),
        ..PreviousState::default()
    };
    let ids = |criterion: &str| select(&shop(), &previous, criterion).unwrap().ids;
    assert_eq!(ids("result:error"), ["model.shop.dim"]);
    assert!(ids("result:success").is_empty());
    assert_eq!(ids("source_status:fresher"), ["source.shop.raw.orders"]);
    let problems = select(&shop(), &previous, "state:modified").unwrap_err();
    assert!(
        problems.iter().any(|problem| problem.hint.as_deref() == Some("say where its artifacts are: --state <folder>"))
    );
}
