//! Rules about saved queries: what they ask for exists.

use serde_json::Value;

use super::super::reading::{items, text};
use super::Checker;
use super::models::name;

impl Checker<'_> {
    /// Checks each saved query.
    pub(super) fn saved_queries(&mut self) {
        let layer = self.layer;
        for query in layer.saved_queries.values() {
            let params = &query["query_params"];
            for wanted in items(params.get("metrics")).filter_map(Value::as_str) {
                if !layer.metrics.values().any(|metric| name(metric) == wanted) {
                    let message =
                        format!("saved query `{}` asks for the metric `{wanted}`, which does not exist", name(query));
                    let problem = self.problem(query, message);
                    let known = layer.metrics.values().filter_map(|metric| text(metric, "name"));
                    self.problems.push(problem.suggest(wanted, known));
                }
            }
            if params["limit"].as_i64().is_some_and(|limit| limit < 0) {
                self.error(query, format!("the `limit` of saved query `{}` is negative", name(query)));
            }
        }
    }
}
