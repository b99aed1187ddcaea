//! What can be known to be wrong with a semantic layer as a whole, by the rules of dbt's semantic manifest: names, labels, the time
//! spine here, the rest a file each. Nothing is asked of a warehouse.

mod metrics;
mod models;
mod saved_queries;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::Places;
use super::reading::{coarseness, is_granularity, items, text};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{Manifest, Node, SemanticLayer};

/// The model that was the time spine before models could be configured as one.
const OLDER_TIME_SPINE: &str = "metricflow_time_spine";

/// Checks everything.
pub(super) fn check(manifest: &Manifest, places: &Places, problems: &mut Diagnostics) {
    let layer = &manifest.semantic;
    let mut checker = Checker { layer, places, problems };
    if !layer.semantic_models.is_empty() {
        checker.time_spine(manifest);
    }
    // dbt checks the rest only where there is something to query.
    if layer.semantic_models.is_empty() || layer.metrics.is_empty() {
        return;
    }
    checker.names();
    checker.labels();
    checker.models();
    checker.metrics();
    checker.saved_queries();
}

/// Collects what is wrong.
struct Checker<'a> {
    layer: &'a SemanticLayer,
    places: &'a Places,
    problems: &'a mut Diagnostics,
}

impl<'a> Checker<'a> {
    fn error(&mut self, resource: &Value, message: String) {
        let problem = self.problem(resource, message);
        self.problems.push(problem);
    }

    fn warn(&mut self, resource: &Value, message: String) {
        let warning = Diagnostic::warning(Code::SEMANTIC_WARNING, message);
        self.problems.push(warning.at_some(self.place(resource), "defined here"));
    }

    fn problem(&self, resource: &Value, message: String) -> Diagnostic {
        Diagnostic::error(Code::SEMANTIC_LAYER, message).at_some(self.place(resource), "defined here")
    }

    fn place(&self, resource: &Value) -> Option<Span> {
        text(resource, "unique_id").and_then(|id| self.places.get(id)).copied()
    }

    /// Metrics over time need a model with a row a day, or finer.
    fn time_spine(&mut self, manifest: &Manifest) {
        let mut finest = None;
        for node in manifest.nodes.values() {
            let spine = node.time_spine.as_ref();
            let Some(column) = spine.and_then(|spine| spine.get("standard_granularity_column")?.as_str()) else {
                continue;
            };
            let unit = node.columns.get(column).and_then(|column| column.extra.get("granularity")?.as_str());
            let Some(unit) = unit.filter(|unit| is_granularity(unit)) else {
                let message = format!("column `{column}` of the time spine `{}` has no `granularity`", node.name);
                let problem = Diagnostic::error(Code::SEMANTIC_LAYER, message).at_some(node.span, "this time spine");
                self.problems.push(problem.hint("write `granularity: day` at that column in its property file"));
                return;
            };
            finest = Some(finest.map_or(coarseness(unit), |known: usize| known.min(coarseness(unit))));
        }
        let is_older = |node: &&Arc<Node>| node.name == OLDER_TIME_SPINE && node.is_refable();
        if let Some(older) = manifest.nodes.values().find(is_older) {
            if older.time_spine.is_none() && finest.is_none_or(|finest| finest != coarseness("day")) {
                let message = format!("the model `{OLDER_TIME_SPINE}` is a time spine by its name alone");
                let warning = Diagnostic::warning(Code::DEPRECATED, message)
                    .named("MFTimespineWithoutYamlConfigurationDeprecation")
                    .at_some(older.span.map(|span| Span { end: span.start, ..span }), "");
                self.problems
                    .push(warning.hint("give it `time_spine: {standard_granularity_column: …}` in a property file"));
            }
            finest = Some(finest.unwrap_or(usize::MAX).min(coarseness("day")));
        }
        if finest.is_none_or(|finest| finest > coarseness("day")) {
            let Some(model) = self.layer.semantic_models.values().next() else { return };
            let message =
                "semantic models need a time spine with a granularity of a day or finer, and the project has none";
            let problem = self.problem(model, message.into());
            self.problems.push(problem.hint(
                "add a model with a row for each day, and give it `time_spine: {standard_granularity_column: …}` in a \
                 property file",
            ));
        }
    }

    fn names(&mut self) {
        let layer = self.layer;
        let all = layer.semantic_models.values().chain(layer.metrics.values()).chain(layer.saved_queries.values());
        for resource in all {
            self.name(resource, text(resource, "name").unwrap_or_default());
            let mut used: HashMap<&str, &str> = HashMap::new();
            for (part, kind) in [("measures", "measure"), ("entities", "entity"), ("dimensions", "dimension")] {
                for name in items(resource.get(part)).filter_map(|item| text(item, "name")) {
                    self.name(resource, name);
                    if let Some(other) = used.insert(name, kind) {
                        let model = text(resource, "name").unwrap_or_default();
                        self.error(resource, format!("`{name}` names both a {other} and a {kind} of `{model}`"));
                    }
                }
            }
        }
    }

    /// Names end up as parts of column names in generated SQL.
    fn name(&mut self, resource: &Value, name: &str) {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_valid = name.len() > 1
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(is_word)
            && !name.ends_with('_')
            && !name.contains("__");
        if !is_valid {
            self.error(
                resource,
                format!(
                    "`{name}` cannot be a name in the semantic layer: it must have two characters or more, lower case letters, \
                     digits and single underscores, begin with a letter and not end with an underscore"
                ),
            );
        }
        if is_granularity(&name.to_lowercase()) {
            self.error(resource, format!("`{name}` cannot be a name in the semantic layer: it is a unit of time"));
        }
        if matches!(name.to_lowercase().as_str(), "metric_time" | "mf_internal_uuid") {
            self.error(resource, format!("`{name}` cannot be a name in the semantic layer: queries use it themselves"));
        }
    }

    fn labels(&mut self) {
        let layer = self.layer;
        for resources in [&layer.metrics, &layer.semantic_models] {
            self.distinct_labels(resources.values().map(|resource| (resource, resource)));
        }
        for model in layer.semantic_models.values() {
            for part in ["dimensions", "entities", "measures"] {
                self.distinct_labels(items(model.get(part)).map(|item| (model, item)));
            }
        }
        let mut of_entities: HashMap<&str, &str> = HashMap::new();
        for model in layer.semantic_models.values() {
            for entity in items(model.get("entities")) {
                let (Some(name), Some(label)) = (text(entity, "name"), text(entity, "label")) else { continue };
                let first = *of_entities.entry(name).or_insert(label);
                if first != label {
                    self.error(model, format!("entity `{name}` is labelled `{label}` here and `{first}` elsewhere"));
                }
            }
        }
    }

    fn distinct_labels(&mut self, labelled: impl Iterator<Item = (&'a Value, &'a Value)>) {
        let mut used: HashMap<&str, &str> = HashMap::new();
        for (resource, item) in labelled {
            let (Some(name), Some(label)) = (text(item, "name"), text(item, "label")) else { continue };
            if let Some(other) = used.insert(label, name) {
                self.error(resource, format!("`{name}` and `{other}` have the same label `{label}`"));
            }
        }
    }
}
