//! Which references access rules forbid: to private models from outside their group, to protected ones from another package
//! if theirs restricts access.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{Node, RefCall, ResourceType};

/// Who refers to others. Of the resources that are no nodes none has a group, so private models are closed to them.
pub(super) struct Referrer<'a> {
    pub(super) unique_id: &'a str,
    pub(super) package: &'a str,
    pub(super) group: Option<&'a str>,
    pub(super) refs: &'a [RefCall],
    /// What it depends on.
    pub(super) parents: &'a [String],
    pub(super) span: Option<Span>,
}

impl<'a> From<&'a Node> for Referrer<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            unique_id: &node.unique_id,
            package: &node.package_name,
            group: node.group.as_deref(),
            refs: &node.refs,
            parents: &node.depends_on.nodes,
            span: node.span,
        }
    }
}

/// The models that not everybody may refer to, by unique id.
pub(super) struct Guarded<'a> {
    models: HashMap<&'a str, &'a Node>,
    /// Whether a package says `restrict-access`.
    is_restricted: &'a dyn Fn(&str) -> bool,
}

impl<'a> Guarded<'a> {
    pub(super) fn new(nodes: &'a IndexMap<String, Arc<Node>>, is_restricted: &'a dyn Fn(&str) -> bool) -> Self {
        // Most projects forbid nothing.
        let is_guarded = |node: &Arc<Node>| {
            node.resource_type == ResourceType::Model
                && match node.access.as_str() {
                    "private" => true,
                    "protected" => is_restricted(&node.package_name),
                    _ => false,
                }
        };
        let models = nodes.iter().filter(|(_, node)| is_guarded(node));
        Self { models: models.map(|(id, node)| (id.as_str(), node.as_ref())).collect(), is_restricted }
    }

    /// The references that are not allowed.
    pub(super) fn check(&self, referrer: &Referrer<'_>, problems: &mut Diagnostics) {
        if self.models.is_empty() {
            return;
        }
        let guarded = referrer.parents.iter().filter_map(|id| self.models.get(id.as_str()));
        problems.extend(guarded.filter_map(|target| self.refusal(referrer, target)).collect::<Diagnostics>());
    }

    fn refusal(&self, referrer: &Referrer<'_>, target: &Node) -> Option<Diagnostic> {
        let is_kept_out = target.package_name != referrer.package && (self.is_restricted)(&target.package_name);
        let group = target.group.as_deref();
        let reason = if target.access == "private" {
            let same_group = referrer.group.is_some() && referrer.group == group;
            (!same_group || is_kept_out).then(|| format!("private to the '{}' group", group.unwrap_or_default()))
        } else {
            is_kept_out.then(|| format!("protected to the '{}' package", target.package_name))
        }?;
        let call = referrer.refs.iter().find(|call| call.name == target.name).and_then(|call| call.span);
        let message = format!(
            "Node {} attempted to reference node {}, which is not allowed because the referenced node is {reason}.",
            referrer.unique_id, target.unique_id
        );
        let problem = Diagnostic::error(Code::REF_ACCESS, message).at_some(call.or(referrer.span), "referenced here");
        Some(match group {
            None if target.access == "private" => {
                problem.hint(format!("`{}` is in no group: give it one", target.name))
            }
            _ => problem,
        })
    }
}
