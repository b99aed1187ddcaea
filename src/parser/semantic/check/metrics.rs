//! Rules about metrics: what they are made of exists and fits together.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::reading::{is_granularity, items, text};
use super::Checker;
use super::models::name;
use crate::diagnostics::{Code, Diagnostic};

impl Checker<'_> {
    /// Checks each metric.
    pub(super) fn metrics(&mut self) {
        let layer = self.layer;
        let measures: HashSet<&str> =
            layer.semantic_models.values().flat_map(|model| items(model.get("measures"))).map(name).collect();
        let mut aliases: HashMap<&str, &str> = HashMap::new();
        for metric in layer.metrics.values() {
            let inputs = &metric["type_params"]["input_measures"];
            for measure in items(Some(inputs)) {
                let used = name(measure);
                if !measures.contains(used) {
                    let message =
                        format!("measure `{used}` of metric `{}` is not defined in any semantic model", name(metric));
                    let problem = self.problem(metric, message);
                    self.problems.push(problem.suggest(used, measures.iter().copied()));
                }
            }
            // Only the metric that a measure belongs to gives it another name; metrics made of it inherit that.
            if let Some(alias) = text(&metric["type_params"]["measure"], "alias") {
                if measures.contains(alias) {
                    self.error(
                        metric,
                        format!("alias `{alias}` of metric `{}` is the name of a measure", name(metric)),
                    );
                }
                if let Some(other) = aliases.insert(alias, name(metric)) {
                    self.error(metric, format!("metrics `{other}` and `{}` use one alias `{alias}`", name(metric)));
                }
            }
            match text(metric, "type").unwrap_or_default() {
                "cumulative" => self.cumulative(metric),
                "derived" => self.derived(metric),
                "conversion" => self.conversion(metric),
                _ => {}
            }
        }
    }

    fn cumulative(&mut self, metric: &Value) {
        let own = name(metric);
        let params = &metric["type_params"];
        let (window, grain) =
            (&params["cumulative_type_params"]["window"], &params["cumulative_type_params"]["grain_to_date"]);
        if !params["window"].is_null() && params["window"] != *window {
            self.error(
                metric,
                format!("metric `{own}` has two different windows; keep the one in `cumulative_type_params`"),
            );
        }
        if !window.is_null() && !grain.is_null() {
            self.error(metric, format!("metric `{own}` has both `window` and `grain_to_date`; only one can be"));
        }
        if let Some(grain) = grain.as_str().filter(|grain| !is_granularity(grain)) {
            self.error(metric, format!("`{grain}`, the `grain_to_date` of metric `{own}`, is no unit of time"));
        }
        self.window(metric, window, false);
        if !params["window"].is_null() || !params["grain_to_date"].is_null() {
            let message = format!(
                "metric `{own}` has `window` or `grain_to_date` in `type_params`; they belong in `cumulative_type_params` there"
            );
            let warning = Diagnostic::warning(Code::DEPRECATED, message).named("MFCumulativeTypeParamsDeprecation");
            self.problems.push(warning.at_some(self.place(metric), "defined here"));
        }
    }

    fn window(&mut self, metric: &Value, window: &Value, may_be_custom: bool) {
        if let Some(unit) = text(window, "granularity")
            && !is_granularity(unit)
            && !may_be_custom
        {
            self.error(metric, format!("`{unit}`, in a window of metric `{}`, is no unit of time", name(metric)));
        }
    }

    fn derived(&mut self, metric: &Value) {
        let own = name(metric);
        let inputs = &metric["type_params"]["metrics"];
        let mut used: HashSet<&str> = items(Some(inputs)).map(name).collect();
        if used.is_empty() {
            self.error(metric, format!("metric `{own}` is derived and needs `type_params: {{metrics: […]}}`"));
        }
        let expr = text(&metric["type_params"], "expr");
        if expr.is_none() {
            self.warn(metric, format!("metric `{own}` is derived and has no `expr` of its inputs"));
        }
        for input in items(Some(inputs)) {
            let alias = text(input, "alias");
            if let Some(alias) = alias {
                self.name(metric, alias);
                if !used.insert(alias) {
                    self.error(metric, format!("metric `{own}` uses the name `{alias}` for two of its inputs"));
                }
            }
            let called = alias.unwrap_or_else(|| name(input));
            if expr.is_some_and(|expr| !expr.contains(called)) {
                self.warn(metric, format!("`{called}`, an input of metric `{own}`, does not occur in its `expr`"));
            }
            if !input["offset_window"].is_null() && !input["offset_to_grain"].is_null() {
                let message =
                    format!("`{called}`, an input of metric `{own}`, has both `offset_window` and `offset_to_grain`");
                self.error(metric, message);
            }
            if let Some(grain) = text(input, "offset_to_grain").filter(|grain| !is_granularity(grain)) {
                self.error(
                    metric,
                    format!("`{grain}`, the `offset_to_grain` of `{called}` in metric `{own}`, is no unit of time"),
                );
            }
            self.window(metric, &input["offset_window"], true);
        }
    }

    fn conversion(&mut self, metric: &Value) {
        let own = name(metric);
        let layer = self.layer;
        let params = &metric["type_params"]["conversion_type_params"];
        self.window(metric, &params["window"], false);
        for (side, property) in [("base_measure", "base_property"), ("conversion_measure", "conversion_property")] {
            let wanted = name(&params[side]);
            let has = |model: &&Value| items(model.get("measures")).any(|measure| name(measure) == wanted);
            // A measure that is nowhere is told of already.
            let Some(model) = layer.semantic_models.values().find(has) else { continue };
            let Some(measure) = items(model.get("measures")).find(|measure| name(measure) == wanted) else { continue };
            let counts = match text(measure, "agg") {
                Some("count" | "count_distinct") => true,
                Some("sum") => text(measure, "expr") == Some("1"),
                _ => false,
            };
            if !counts {
                self.error(metric, format!("measure `{wanted}` of conversion metric `{own}` must count: `count`, `count_distinct` or a `sum` of 1"));
            }
            if side == "conversion_measure" && !params[side]["filter"].is_null() {
                self.warn(
                    metric,
                    format!("the filter of measure `{wanted}` in conversion metric `{own}` may not be applied"),
                );
            }
            let entity = text(params, "entity").unwrap_or_default();
            if !items(model.get("entities")).any(|item| name(item) == entity) {
                self.error(
                    metric,
                    format!("entity `{entity}` of conversion metric `{own}` is not one of `{}`", name(model)),
                );
            }
            for constant in items(params.get("constant_properties")) {
                let wanted = text(constant, property).unwrap_or_default();
                let mut parts = items(model.get("entities")).chain(items(model.get("dimensions")));
                if !parts.any(|item| name(item) == wanted) {
                    self.error(
                        metric,
                        format!("`{wanted}`, constant in metric `{own}`, is nothing that `{}` has", name(model)),
                    );
                }
            }
        }
    }
}
