//! `state:`, `result:` and `source_status:`: comparison with an earlier run.

use super::members::Member;
use super::node_set::NodeSet;
use super::{Criterion, Method, PreviousState};
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::Graph;

/// What a criterion of comparison selects; none where its method is another.
pub(super) fn select(
    criterion: &Criterion,
    previous: Option<&PreviousState>,
    graph: &Graph,
    _members: &[Member<'_>],
) -> Option<Result<NodeSet, Diagnostic>> {
    let previous = previous?;
    let wanted = criterion.text();
    let ids: Vec<&str> = match criterion.method {
        Method::Result => {
            let results = previous.results.as_ref()?;
            results.iter().filter(|(_, status)| **status == wanted).map(|(id, _)| id.as_str()).collect()
        }
        Method::SourceStatus => match wanted.as_str() {
            "fresher" => previous.fresher_sources.as_ref()?.iter().map(String::as_str).collect(),
            other => {
                return Some(Err(Diagnostic::error(
                    Code::SELECTOR,
                    format!("invalid source_status selector {other}: expected fresher"),
                )));
            }
        },
        _ => return None,
    };
    Some(Ok(NodeSet::of(graph.len(), ids.into_iter().filter_map(|id| graph.index(id)))))
}
