//! `results` as hooks at the end of a run see it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::{Value as Json, json};

use super::run::Runner;
use crate::jinja::{List, from_json};
use crate::manifest::utc;
use crate::plan::NodeResult;

/// A result, its node, or one of its timings: fields as attributes, and `to_dict()`.
#[derive(Debug)]
struct ResultObject {
    fields: Value,
    /// Fields that are such objects themselves.
    objects: Vec<(&'static str, Value)>,
}

impl ResultObject {
    fn plain(fields: &Value) -> Value {
        Value::from_object(Self { fields: fields.clone(), objects: Vec::new() })
    }

    fn of_result(fields: Value) -> Value {
        let mut objects = Vec::new();
        if let Ok(node) = fields.get_attr("node")
            && !node.is_none()
        {
            objects.push(("node", Self::plain(&node)));
        }
        if let Ok(timings) = fields.get_attr("timing").and_then(|timing| timing.try_iter()) {
            let timings = timings.map(|timing| Self::plain(&timing)).collect();
            objects.push(("timing", Value::from_object(List::new(timings))));
        }
        Value::from_object(Self { fields, objects })
    }
}

impl Object for ResultObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str().unwrap_or_default();
        if let Some((_, object)) = self.objects.iter().find(|(known, _)| *known == name) {
            return Some(object.clone());
        }
        self.fields.get_item(key).ok().filter(|value| !value.is_undefined())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.fields.try_iter() {
            Ok(keys) => Enumerator::Values(keys.collect()),
            Err(_) => Enumerator::NonEnumerable,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "to_dict" => Ok(self.fields.clone()),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A list of results.
pub(super) fn results_value<'a>(runner: &Runner, results: impl Iterator<Item = &'a NodeResult>) -> Value {
    let objects = results.map(|result| ResultObject::of_result(from_json(&fields(runner, result))));
    Value::from_object(List::new(objects.collect()))
}

fn fields(runner: &Runner, result: &NodeResult) -> Json {
    let timing: Vec<Json> = result
        .timing
        .iter()
        .map(|step| {
            json!({
                "name": step.name,
                "started_at": step.started_at.map(utc),
                "completed_at": step.completed_at.map(utc),
            })
        })
        .collect();
    let mut node = runner.manifest.resource_json(&result.unique_id).unwrap_or(Json::Null);
    if let (Some(node), Some(compiled)) = (node.as_object_mut(), runner.compiled_node(&result.unique_id)) {
        node.insert("compiled".into(), compiled.code.is_some().into());
        node.insert("compiled_code".into(), compiled.code.into());
        node.insert("compiled_path".into(), compiled.compiled_path.into());
        node.insert("build_path".into(), compiled.build_path.into());
    }
    json!({
        "status": result.status.as_str(),
        "timing": timing,
        "thread_id": result.thread_id,
        "execution_time": result.execution_time,
        "adapter_response": result.adapter_response,
        "message": result.message,
        "failures": result.failures,
        "node": node,
        "batch_results": null,
        "agate_table": null,
    })
}
