//! The times of a microbatch, which nodes keep as text, as the datetimes that templates expect.

use minijinja::Value;
use serde_json::Value as Json;

use crate::jinja::{Dict, from_json};
use crate::python::modules::datetime::parse_datetime;

/// Configs that hold a time of the batch that is run.
const OF_CONFIG: [&str; 2] = ["__dbt_internal_microbatch_event_time_start", "__dbt_internal_microbatch_event_time_end"];

/// The value of a config.
pub(super) fn config_value(name: &str, value: &Json) -> Value {
    let moment = value.as_str().filter(|_| OF_CONFIG.contains(&name)).and_then(parse_datetime);
    moment.unwrap_or_else(|| from_json(value))
}

/// Puts datetimes into `model.config` and `model.batch`.
pub(super) fn add_times(model: &Value, json: &Json) {
    for (part, names) in [("config", OF_CONFIG), ("batch", ["event_time_start", "event_time_end"])] {
        let Ok(values) = model.get_attr(part) else { continue };
        let Some(values) = values.downcast_object_ref::<Dict>() else { continue };
        for name in names {
            if let Some(moment) = json[part][name].as_str().and_then(parse_datetime) {
                values.insert(name, moment);
            }
        }
    }
}
