//! Replays selections whose answers were recorded from dbt 1.11 on a project of ours (`tests/selection/recorded.json`).

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{IndirectSelection, Selector, Selectors, Spec};
use crate::graph::{Gates, Graph};
use crate::manifest::Manifest;

struct Recorded {
    json: Value,
    manifest: Manifest,
    graph: Graph,
}

impl Recorded {
    fn read() -> Self {
        let json: Value = serde_json::from_str(include_str!("../../../tests/selection/recorded.json")).unwrap();
        let (manifest, _) = Manifest::from_json(&json["manifest"]);
        let graph = Graph::build(&manifest).unwrap();
        Self { json, manifest, graph }
    }

    fn ids(&self, numbers: &Value) -> Vec<String> {
        let id = |number: &Value| self.json["ids"][number.as_u64().unwrap() as usize].as_str().unwrap().to_owned();
        numbers.as_array().unwrap().iter().map(id).collect()
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[test]
fn command_line_selections_are_those_of_dbt() {
    let recorded = Recorded::read();
    let selector = Selector::new(&recorded.graph, &recorded.manifest, None);
    for case in recorded.json["cases"].as_array().unwrap() {
        let mode = IndirectSelection::parse(case[0].as_str().unwrap()).unwrap();
        let spec = Spec::of_command_line(&strings(&case[1]), &strings(&case[2]), mode).unwrap();
        let selection = selector.select(&spec, None, true).unwrap();
        let what = format!("{} --select {} --exclude {}", case[0], case[1], case[2]);
        assert_eq!(selection.ids, recorded.ids(&case[3]), "{what}");
        let warned: Vec<String> = selection.warnings.iter().map(|warning| warning.message.clone()).collect();
        let expected: Vec<String> = strings(&case[4])
            .iter()
            .map(|raw| format!("The selection criterion '{raw}' does not match any enabled nodes"))
            .collect();
        assert_eq!(warned, expected, "{what}");
    }
}

#[test]
fn selections_of_selectors_yml_are_those_of_dbt() {
    let recorded = Recorded::read();
    let selector = Selector::new(&recorded.graph, &recorded.manifest, None);
    let selectors = Selectors::parse(&recorded.json["selectors"], IndirectSelection::Eager).unwrap();
    for entry in recorded.json["selectors"].as_array().unwrap() {
        let named = selectors.get(entry["name"].as_str().unwrap()).unwrap();
        let selection = selector.select(&named.spec, None, true).unwrap();
        assert_eq!(selection.ids, recorded.ids(&entry["ids"]), "{}", entry["name"]);
    }
}

#[test]
fn build_waits_for_the_same_tests_as_dbt() {
    let recorded = Recorded::read();
    let build = recorded.graph.with_test_edges(&recorded.manifest, &Gates::default());
    let ids: Vec<&str> = build.ids().collect();
    let mut above: HashMap<&str, Vec<&str>> = HashMap::new();
    for (id, below) in build.links() {
        for index in below {
            above.entry(ids[index]).or_default().push(id);
        }
    }
    for (id, expected) in recorded.json["ancestors_in_build"].as_object().unwrap() {
        let mut ancestors = BTreeSet::new();
        let mut stack = vec![id.as_str()];
        while let Some(next) = stack.pop() {
            stack.extend(above.get(next).into_iter().flatten().filter(|&&up| ancestors.insert(up)));
        }
        // Unit tests are not in dbt's order at all: it runs them within their model's job.
        let ancestors: Vec<String> =
            ancestors.into_iter().filter(|id| !id.starts_with("unit_test.")).map(str::to_owned).collect();
        assert_eq!(ancestors, recorded.ids(expected), "{id}");
    }
}
