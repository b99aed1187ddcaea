//! Rules about semantic models: their keys, times and aggregations, and what they must agree on with each other.

use std::collections::HashMap;

use serde_json::Value;

use super::super::reading::{items, text};
use super::Checker;

impl Checker<'_> {
    /// Checks each semantic model, then what several of them say of one name.
    pub(super) fn models(&mut self) {
        let layer = self.layer;
        for model in layer.semantic_models.values() {
            self.entities(model);
            self.validity(model);
            for measure in items(model.get("measures")) {
                self.measure(model, measure);
            }
            let default = model.pointer("/defaults/agg_time_dimension").and_then(Value::as_str);
            if let Some(default) = default.filter(|default| !has_time_dimension(model, default)) {
                let message =
                    format!("`defaults` of `{}` names `{default}`, which is no time dimension of it", name(model));
                self.error(model, message);
            }
        }
        self.shared_names();
        self.pairs();
    }

    fn entities(&mut self, model: &Value) {
        let of_type = |wanted: &str| names(model, "entities", |entity| text(entity, "type") == Some(wanted));
        let (primary, natural) = (of_type("primary"), of_type("natural"));
        let owner = name(model);
        if primary.len() > 1 {
            self.error(model, format!("`{owner}` has more than one primary entity: {}", primary.join(", ")));
        }
        match (primary.first(), text(model, "primary_entity")) {
            (Some(entity), Some(other)) => self.error(
                model,
                format!("`{owner}` has the primary entity `{entity}` and `primary_entity: {other}`; only one can be"),
            ),
            (None, None) if items(model.get("dimensions")).next().is_some() => self.error(
                model,
                format!(
                    "`{owner}` has dimensions and therefore needs an entity of type `primary` or a `primary_entity`"
                ),
            ),
            _ => {}
        }
        if natural.len() > 1 {
            self.error(model, format!("`{owner}` has more than one natural entity: {}", natural.join(", ")));
        }
        if !natural.is_empty() && validity_dimensions(model).is_empty() {
            self.error(model, format!("`{owner}` has a natural entity but no dimensions with `validity_params`"));
        }
    }

    /// A window of validity has one dimension for its start and one for its end.
    fn validity(&mut self, model: &Value) {
        let dimensions = validity_dimensions(model);
        if dimensions.is_empty() {
            return;
        }
        let marked = |key: &str| {
            dimensions.iter().filter(|item| item["type_params"]["validity_params"][key] == Value::Bool(true)).count()
        };
        let owner = name(model);
        if dimensions.len() != 2 || marked("is_start") != 1 || marked("is_end") != 1 {
            let message = format!(
                "`{owner}` must have exactly two dimensions with `validity_params`, one with `is_start` and one with `is_end`"
            );
            self.error(model, message);
        }
        if names(model, "entities", |entity| text(entity, "type") == Some("natural")).is_empty() {
            self.error(
                model,
                format!("`{owner}` has `validity_params` and therefore needs an entity of type `natural`"),
            );
        }
        let keys = names(model, "entities", |entity| matches!(text(entity, "type"), Some("primary" | "unique")));
        if !keys.is_empty() {
            let message = format!("`{owner}` has `validity_params` and cannot have primary or unique entities as well");
            self.error(model, message);
        }
        if items(model.get("measures")).next().is_some() {
            self.error(model, format!("`{owner}` has `validity_params` and cannot have measures as well"));
        }
    }

    fn measure(&mut self, model: &Value, measure: &Value) {
        let (owner, own) = (name(model), name(measure));
        let time = agg_time_dimension(model, measure);
        match time {
            None => self.error(
                model,
                format!("measure `{own}` of `{owner}` has no `agg_time_dimension`, and its model has no default"),
            ),
            Some(time) if !has_time_dimension(model, time) => {
                self.error(
                    model,
                    format!("measure `{own}` of `{owner}` is aggregated over `{time}`, which is no time dimension"),
                );
            }
            Some(_) => {}
        }
        let expr = text(measure, "expr");
        let params = &measure["agg_params"];
        let percentile = params["percentile"].as_f64();
        let set = |key: &str| params[key] == Value::Bool(true);
        match text(measure, "agg").unwrap_or_default() {
            "count" if expr.is_none() => {
                self.error(model, format!("measure `{own}` counts and needs an `expr`: `expr: 1` counts all rows"));
            }
            "count" if expr.is_some_and(|expr| expr.to_lowercase().starts_with("distinct ")) => {
                self.error(model, format!("measure `{own}` counts distinct values: use `agg: count_distinct`"));
            }
            "percentile" => match percentile {
                None => self.error(model, format!("measure `{own}` needs `agg_params: {{percentile: …}}`")),
                Some(share) if share <= 0.0 || share >= 1.0 => {
                    let message = format!(
                        "the percentile of measure `{own}` must lie between 0 and 1; `min` and `max` are the ends"
                    );
                    self.error(model, message);
                }
                Some(_) => {}
            },
            "median"
                if percentile.is_some_and(|share| (share - 0.5).abs() > f64::EPSILON)
                    || set("use_discrete_percentile") =>
            {
                self.error(model, format!("measure `{own}` is a median and can have no other percentile"));
            }
            "median" | "count" => {}
            _ if percentile.is_some_and(|share| share != 0.0)
                || set("use_discrete_percentile")
                || set("use_approximate_percentile") =>
            {
                self.error(model, format!("measure `{own}` is no percentile and cannot have `agg_params` of one"));
            }
            _ => {}
        }
        self.non_additive(model, measure, time);
    }

    fn non_additive(&mut self, model: &Value, measure: &Value, time: Option<&str>) {
        let rule = &measure["non_additive_dimension"];
        let Some(wanted) = text(rule, "name") else { return };
        let own = name(measure);
        let dimension = |wanted: &str| items(model.get("dimensions")).find(|item| text(item, "name") == Some(wanted));
        match dimension(wanted) {
            Some(found) if text(found, "type") == Some("time") => {
                let unit = |item: &Value| item["type_params"]["time_granularity"].clone();
                if time.and_then(dimension).is_some_and(|time| unit(time) != unit(found)) {
                    let message = format!(
                        "`{wanted}`, not additive for measure `{own}`, has another granularity than the measure's time"
                    );
                    self.error(model, message);
                }
            }
            _ => self
                .error(model, format!("measure `{own}` is not additive over `{wanted}`, which is no time dimension")),
        }
        if !matches!(text(rule, "window_choice"), Some("min" | "max")) {
            self.error(model, format!("`window_choice` of measure `{own}` must be `min` or `max`"));
        }
        let entities = names(model, "entities", |_| true);
        for group in items(rule.get("window_groupings")).filter_map(Value::as_str) {
            if !entities.contains(&group) {
                self.error(
                    model,
                    format!("measure `{own}` is grouped by `{group}`, which is no entity of `{}`", name(model)),
                );
            }
        }
    }

    /// A name means the same thing in all semantic models.
    fn shared_names(&mut self) {
        let layer = self.layer;
        let mut kinds: HashMap<&str, (&str, &str)> = HashMap::new();
        let mut dimensions: HashMap<&str, &Value> = HashMap::new();
        let mut granularities: HashMap<&str, &Value> = HashMap::new();
        for model in layer.semantic_models.values() {
            for (part, kind) in [("measures", "measure"), ("dimensions", "dimension"), ("entities", "entity")] {
                for item in items(model.get(part)) {
                    let own = name(item);
                    let (first, of) = *kinds.entry(own).or_insert((kind, name(model)));
                    if first != kind && of != name(model) {
                        self.error(model, format!("`{own}` is a {kind} of `{}` and a {first} of `{of}`", name(model)));
                    } else if kind == "measure" && of != name(model) {
                        self.error(model, format!("measure `{own}` is defined in both `{of}` and `{}`", name(model)));
                    }
                }
            }
            for dimension in items(model.get("dimensions")) {
                let own = name(dimension);
                let first = *dimensions.entry(own).or_insert(dimension);
                for key in ["type", "is_partition"] {
                    if first[key] != dimension[key] {
                        let message =
                            format!("dimension `{own}` has another `{key}` in `{}` than elsewhere", name(model));
                        self.error(model, message);
                    }
                }
                let is_partition = dimension["is_partition"] == Value::Bool(true);
                let unit = &dimension["type_params"]["time_granularity"];
                if text(dimension, "type") == Some("time") && is_partition && !unit.is_null() {
                    let first = *granularities.entry(own).or_insert(unit);
                    if first != unit {
                        let message = format!(
                            "time dimension `{own}` has another granularity in `{}` than elsewhere",
                            name(model)
                        );
                        self.error(model, message);
                    }
                }
            }
        }
    }

    /// A dimension is found by the primary entity and its name.
    fn pairs(&mut self) {
        let layer = self.layer;
        let mut known: HashMap<(String, &str), &str> = HashMap::new();
        for model in layer.semantic_models.values() {
            let primary = text(model, "primary_entity").map(str::to_owned).or_else(|| {
                names(model, "entities", |entity| text(entity, "type") == Some("primary"))
                    .first()
                    .map(|&name| name.into())
            });
            let Some(primary) = primary else { continue };
            for dimension in items(model.get("dimensions")) {
                if let Some(other) = known.insert((primary.clone(), name(dimension)), name(model))
                    && other != name(model)
                {
                    let (own, owner) = (name(dimension), name(model));
                    self.error(
                        model,
                        format!("dimension `{own}` of entity `{primary}` is defined in both `{other}` and `{owner}`"),
                    );
                }
            }
        }
    }
}

/// The name of a resource or of a part of one.
pub(super) fn name(value: &Value) -> &str {
    text(value, "name").unwrap_or_default()
}

fn names<'v>(model: &'v Value, part: &str, wanted: impl Fn(&Value) -> bool) -> Vec<&'v str> {
    items(model.get(part)).filter(|item| wanted(item)).map(name).collect()
}

fn agg_time_dimension<'v>(model: &'v Value, measure: &'v Value) -> Option<&'v str> {
    text(measure, "agg_time_dimension").or_else(|| model.pointer("/defaults/agg_time_dimension")?.as_str())
}

fn has_time_dimension(model: &Value, wanted: &str) -> bool {
    items(model.get("dimensions")).any(|item| name(item) == wanted && text(item, "type") == Some("time"))
}

fn validity_dimensions(model: &Value) -> Vec<&Value> {
    items(model.get("dimensions")).filter(|item| !item["type_params"]["validity_params"].is_null()).collect()
}
