//! Tests of the graph as a whole.

use std::sync::Arc;

use super::{Gates, Graph};
use crate::diagnostics::{SourceMap, Span};
use crate::manifest::sample::sample;
use crate::manifest::{Manifest, NodeConfig, RefCall};

fn chain() -> Manifest {
    sample(&[
        ("source.shop.raw.t", &[]),
        ("model.shop.a", &["source.shop.raw.t"]),
        ("model.shop.b", &["model.shop.a"]),
        ("model.shop.c", &["model.shop.b"]),
        ("model.shop.d", &["model.shop.a", "model.shop.c"]),
    ])
}

#[test]
fn neighbours_are_found_nearest_first_and_by_depth() {
    let graph = Graph::build(&chain()).unwrap();
    assert_eq!(graph.ancestors("model.shop.c", None), ["model.shop.b", "model.shop.a", "source.shop.raw.t"]);
    assert_eq!(graph.ancestors("model.shop.c", Some(1)), ["model.shop.b"]);
    assert_eq!(graph.descendants("model.shop.b", None), ["model.shop.c", "model.shop.d"]);
    assert!(graph.descendants("model.shop.unknown", None).is_empty());
}

#[test]
fn order_puts_each_after_what_it_depends_on() {
    let graph = Graph::build(&chain()).unwrap();
    let order: Vec<&str> = graph.topological().collect();
    let at = |id| order.iter().position(|&other| other == id).unwrap();
    for (above, below) in [("source.shop.raw.t", "model.shop.a"), ("model.shop.c", "model.shop.d")] {
        assert!(at(above) < at(below));
    }
}

#[test]
fn a_cycle_is_told_whole_with_the_references_that_make_it() {
    let mut manifest = sample(&[
        ("model.shop.a", &["model.shop.c"]),
        ("model.shop.b", &["model.shop.a"]),
        ("model.shop.c", &["model.shop.b"]),
        ("model.shop.below", &["model.shop.c"]),
        ("model.shop.apart", &[]),
    ]);
    let sources = SourceMap::new();
    let file = sources.add("models/a.sql", "select * from {{ ref('c') }}");
    let a = std::sync::Arc::make_mut(&mut manifest.nodes["model.shop.a"]);
    a.refs = vec![RefCall { name: "c".into(), package: None, version: None, span: Some(Span::new(file, 17, 25)) }];

    let problems: Vec<_> = Graph::build(&manifest).unwrap_err().into_iter().collect();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.message, "Found a cycle: model.shop.a → model.shop.c → model.shop.b → model.shop.a");
    assert_eq!(problem.labels[0].text, "`model.shop.a` depends on `model.shop.c`");
    assert_eq!(problem.labels[0].span, Span::new(file, 17, 25));
}

#[test]
fn separate_cycles_are_told_separately() {
    let manifest = sample(&[
        ("model.shop.a", &["model.shop.a"]),
        ("model.shop.b", &["model.shop.c"]),
        ("model.shop.c", &["model.shop.b"]),
    ]);
    assert_eq!(Graph::build(&manifest).unwrap_err().iter().count(), 2);
}

#[test]
fn a_subset_keeps_the_order_across_what_is_left_out() {
    let graph = Graph::build(&chain()).unwrap();
    let subset = graph.subset(["model.shop.d", "model.shop.a", "model.shop.unknown"]);
    assert_eq!(subset.members(), ["model.shop.a", "model.shop.d"]);
    assert_eq!(subset.levels(), [0, 1]);
    // b and c are waypoints between a and d; the source lies between nothing.
    assert_eq!(subset.upstream_count().len(), 4);
}

#[test]
fn large_graphs_are_handled_in_linear_time() {
    let count: usize = 20_000;
    let ids: Vec<String> = (0..count).map(|n| format!("model.shop.m{n}")).collect();
    let tests: Vec<String> = (0..count).map(|n| format!("test.shop.t{n}")).collect();
    let above: Vec<Vec<&str>> = (0..count)
        .map(|n| [n / 2, n.saturating_sub(7)].iter().filter(|&&m| m < n).map(|&m| ids[m].as_str()).collect())
        .collect();
    // A tenth of the tests read two nodes, as tests of relationships do.
    let tested: Vec<Vec<&str>> = (0..count)
        .map(|n| if n % 10 == 0 { vec![ids[n].as_str(), ids[n / 3].as_str()] } else { vec![ids[n].as_str()] })
        .collect();
    let nodes: Vec<(&str, &[&str])> = (0..count)
        .flat_map(|n| [(ids[n].as_str(), above[n].as_slice()), (tests[n].as_str(), tested[n].as_slice())])
        .collect();
    let manifest = sample(&nodes);

    let started = std::time::Instant::now();
    let graph = Graph::build(&manifest).unwrap();
    let build = graph.with_test_edges(&manifest, &Gates::default());
    let every_third = ids.iter().step_by(3).map(String::as_str);
    assert_eq!(build.subset(every_third).members().len(), count.div_ceil(3));
    // Far above what it takes (tens of milliseconds when optimized), far below what anything quadratic would take.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_test_gates_the_last_built_of_what_it_reads() {
    let manifest = sample(&[
        ("model.shop.a", &[]),
        ("model.shop.b", &[]),
        ("model.shop.below_b", &["model.shop.b"]),
        ("model.shop.deep", &["model.shop.below_b"]),
        ("test.shop.a_alone", &["model.shop.a"]),
        ("test.shop.a_and_b", &["model.shop.a", "model.shop.b"]),
        ("test.shop.b_and_deep", &["model.shop.b", "model.shop.deep"]),
    ]);
    let graph = Graph::build(&manifest).unwrap();
    let all: Vec<&str> = graph.ids().collect();
    let gates = |chosen: &[&str]| {
        let gates = Gates::find(&graph, &manifest, chosen, |_| true);
        let pairs = gates.iter().flat_map(|(gate, tests)| tests.iter().map(move |test| format!("{test} {gate}")));
        let mut pairs: Vec<_> = pairs.map(|pair| pair.replace("test.shop.", "").replace("model.shop.", "")).collect();
        pairs.sort();
        (pairs, gates)
    };
    let (pairs, found) = gates(&all);
    assert_eq!(pairs, ["a_alone a", "a_and_b b", "b_and_deep deep"]);
    assert!(found.before().contains(&("model.shop.a".to_owned(), "model.shop.b".to_owned())));
    // What lies below the gate waits for its tests; what lies below the others does not.
    let build = graph.with_test_edges(&manifest, &found);
    let after = build.links().find(|(id, _)| *id == "test.shop.a_and_b").map(|(_, below)| below).unwrap();
    assert_eq!(after.iter().map(|&index| all[index]).collect::<Vec<_>>(), ["model.shop.below_b"]);
    // A node that is not built gates nothing; nor does one above a node that is read and not built.
    let some = ["model.shop.a", "model.shop.b", "test.shop.a_and_b", "test.shop.b_and_deep"];
    assert_eq!(gates(&some).0, ["a_and_b b"]);
    assert_eq!(gates(&["test.shop.a_alone"]).0, Vec::<String>::new());
}

#[test]
fn tests_of_ephemeral_models_make_no_cycle() {
    let mut manifest = sample(&[
        ("model.shop.table", &[]),
        ("model.shop.one", &["model.shop.table"]),
        ("model.shop.other", &["model.shop.table"]),
        ("model.shop.below_one", &["model.shop.one"]),
        ("test.shop.on_one", &["model.shop.one"]),
        ("test.shop.on_other", &["model.shop.other"]),
    ]);
    for name in ["model.shop.one", "model.shop.other"] {
        let node = Arc::make_mut(manifest.nodes.get_mut(name).unwrap());
        let materialized = [("materialized".to_owned(), "ephemeral".into())];
        node.config = NodeConfig::new(materialized.into_iter().collect());
    }
    let graph = Graph::build(&manifest).unwrap();
    let all: Vec<&str> = graph.ids().collect();
    let gates = Gates::find(&graph, &manifest, &all, |_| true);
    let build = graph.with_test_edges(&manifest, &gates);
    for test in ["test.shop.on_one", "test.shop.on_other"] {
        let after = build.links().find(|(id, _)| *id == test).map(|(_, below)| below).unwrap();
        assert_eq!(after.iter().map(|&index| all[index]).collect::<Vec<_>>(), ["model.shop.below_one"], "{test}");
    }
}
