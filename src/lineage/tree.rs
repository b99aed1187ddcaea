//! A trace as text: one line a column, indented by its distance.

use std::collections::BTreeSet;

use super::nouns::{ColumnRef, Lineage};
use super::trace::{Direction, Trace};

/// The trace as a tree; a column that was shown before is not opened again.
pub fn tree(lineage: &Lineage, trace: &Trace, direction: Direction) -> String {
    let mut text = String::new();
    let mut shown = BTreeSet::new();
    for start in &trace.starts {
        text.push_str(&headline(lineage, start));
        text.push('\n');
        branch(lineage, trace, direction, start, "", &mut shown, &mut text);
    }
    text.trim_end().to_owned()
}

/// `orders.total` with its type, or that it is not wholly known.
fn headline(lineage: &Lineage, column: &ColumnRef) -> String {
    let found = lineage.nodes.get(&column.node).and_then(|node| node.column(&column.column));
    let data_type = found.and_then(|found| found.data_type.as_deref()).map(|data_type| format!("  {data_type}"));
    let unknown = found.and_then(|found| found.unknown.first()).map(|reason| format!("  unknown: {reason}"));
    format!("{}{}{}", shown_name(column), data_type.unwrap_or_default(), unknown.unwrap_or_default())
}

/// The column with its node's name, without kind and package.
pub(super) fn shown_name(column: &ColumnRef) -> String {
    let mut parts = column.node.splitn(3, '.');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some("model" | "seed" | "snapshot" | "source"), Some(_), Some(name)) => name,
        _ => &column.node,
    };
    format!("{name}.{}", column.column)
}

fn branch(
    lineage: &Lineage,
    trace: &Trace,
    direction: Direction,
    column: &ColumnRef,
    indent: &str,
    shown: &mut BTreeSet<ColumnRef>,
    text: &mut String,
) {
    if !shown.insert(column.clone()) {
        return;
    }
    let next: Vec<(&ColumnRef, &str)> = trace
        .steps
        .iter()
        .filter_map(|step| match direction {
            Direction::Upstream => (step.to == *column).then_some((&step.from, step.kind.as_str())),
            Direction::Downstream => (step.from == *column).then_some((&step.to, step.kind.as_str())),
        })
        .collect();
    for (at, (other, kind)) in next.iter().enumerate() {
        let is_last = at + 1 == next.len();
        let (corner, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let again = if shown.contains(*other) && trace.steps.iter().any(|step| near(step, direction) == *other) {
            " …"
        } else {
            ""
        };
        text.push_str(&format!("{indent}{corner}{kind} {}{again}\n", headline(lineage, other)));
        branch(lineage, trace, direction, other, &format!("{indent}{below}"), shown, text);
    }
}

/// The end of a step from which the trace went on.
fn near(step: &super::trace::Step, direction: Direction) -> &ColumnRef {
    match direction {
        Direction::Upstream => &step.to,
        Direction::Downstream => &step.from,
    }
}
