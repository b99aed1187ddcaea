//! `results` as hooks at the end of a run see it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::{Value as Json, json};

use super::run::Runner;
use crate::jinja::{List, from_json};
use crate::manifest::utc;
use crate::plan::NodeResult;

/// One result: fields as attributes, and `to_dict()`.
#[derive(Debug)]
struct ResultObject {
    fields: Value,
}

impl Object for ResultObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
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
    let objects = results.map(|result| {
        let fields = from_json(&fields(runner, result));
        Value::from_object(ResultObject { fields })
    });
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
        "unique_id": result.unique_id,
        "batch_results": null,
    })
}
