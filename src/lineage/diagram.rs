//! Traces as text for programs that draw: Mermaid and Graphviz.

use std::collections::{BTreeMap, BTreeSet};

use super::nouns::ColumnRef;
use super::trace::Trace;
use super::tree::shown_name;

/// Columns with their numbers, by node.
type Boxes<'a> = BTreeMap<&'a str, Vec<(&'a ColumnRef, usize)>>;

/// Columns by their node, each with a number of its own.
fn numbered(traces: &[Trace]) -> (Boxes<'_>, BTreeMap<&ColumnRef, usize>) {
    let columns: BTreeSet<&ColumnRef> = traces.iter().flat_map(|trace| trace.distances.keys()).collect();
    let numbers: BTreeMap<&ColumnRef, usize> =
        columns.into_iter().enumerate().map(|(at, column)| (column, at)).collect();
    let mut nodes = Boxes::new();
    for (column, number) in &numbers {
        nodes.entry(&column.node).or_default().push((column, *number));
    }
    (nodes, numbers)
}

fn node_name(node: &str) -> String {
    shown_name(&ColumnRef { node: node.to_owned(), column: String::new() }).trim_end_matches('.').to_owned()
}

/// A Mermaid flowchart, a box a node.
pub fn mermaid(traces: &[Trace]) -> String {
    let (nodes, numbers) = numbered(traces);
    let safe = |text: &str| text.replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;");
    let mut text = String::from("flowchart LR\n");
    for (at, (node, columns)) in nodes.iter().enumerate() {
        text.push_str(&format!("  subgraph n{at}[\"{}\"]\n", safe(&node_name(node))));
        for (column, number) in columns {
            text.push_str(&format!("    c{number}[\"{}\"]\n", safe(&column.column)));
        }
        text.push_str("  end\n");
    }
    let steps: BTreeSet<_> = traces.iter().flat_map(|trace| &trace.steps).collect();
    for step in steps {
        text.push_str(&format!("  c{} -->|{}| c{}\n", numbers[&step.from], step.kind.as_str(), numbers[&step.to]));
    }
    text.trim_end().to_owned()
}

/// A Graphviz digraph, a cluster a node.
pub fn dot(traces: &[Trace]) -> String {
    let (nodes, numbers) = numbered(traces);
    let safe = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n");
    for (at, (node, columns)) in nodes.iter().enumerate() {
        text.push_str(&format!("  subgraph cluster_{at} {{\n    label=\"{}\";\n", safe(&node_name(node))));
        for (column, number) in columns {
            text.push_str(&format!("    c{number} [label=\"{}\"];\n", safe(&column.column)));
        }
        text.push_str("  }\n");
    }
    let steps: BTreeSet<_> = traces.iter().flat_map(|trace| &trace.steps).collect();
    for step in steps {
        let (from, to) = (numbers[&step.from], numbers[&step.to]);
        text.push_str(&format!("  c{from} -> c{to} [label=\"{}\"];\n", step.kind.as_str()));
    }
    text + "}"
}
