//! `store_result`, `store_raw_result`, `load_result`: answers of statements under a name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, State, Value};
use serde_json::{Map, Value as Json};

use super::arguments::{bind, function, optional_text, text};
use super::raise::compilation;
use super::scope::Scope;
use super::table::{TableValue, as_table, matrix};
use super::values::{dict, none, nothing};
use crate::adapters::{AdapterResponse, Table};
use crate::jinja::from_json;

/// The answer to a statement.
#[derive(Debug, Clone)]
pub struct StatementResult {
    /// What the warehouse said.
    pub response: AdapterResponse,
    /// Its rows; empty where none were asked for.
    pub table: Arc<Table>,
}

/// One stored answer: as templates see it, and as Rust does.
#[derive(Debug, Clone)]
struct Stored {
    value: Value,
    result: StatementResult,
    /// Whether it was loaded; then only `main` is there still.
    loaded: bool,
}

/// All answers of one run.
#[derive(Debug, Default)]
pub(super) struct ResultStore(Mutex<HashMap<String, Stored>>);

impl ResultStore {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer, loaded or not.
    pub(super) fn get(&self, name: &str) -> Option<StatementResult> {
        self.lock().get(name).map(|stored| stored.result.clone())
    }

    fn store(&self, name: String, response: &Value, table: Option<Value>) {
        let table = table.filter(|table| as_table(table).is_some());
        let table = table.unwrap_or_else(|| Value::from_object(TableValue::empty()));
        let result = StatementResult {
            response: as_response(response),
            table: as_table(&table).and_then(|table| table.warehouse().cloned()).unwrap_or_default(),
        };
        let value = Value::from_object(LoadedResult { response: response.clone(), table });
        self.lock().insert(name, Stored { value, result, loaded: false });
    }

    fn load(&self, name: &str) -> Result<Value, Error> {
        let mut stored = self.lock();
        let Some(result) = stored.get_mut(name) else { return Ok(none()) };
        if result.loaded && name != "main" {
            return Err(compilation(format!(
                "The 'statement' result named '{name}' has already been loaded into a variable"
            )));
        }
        result.loaded = true;
        Ok(result.value.clone())
    }
}

/// What `load_result` gives: `response`, `data` (rows as tuples) and `table`.
#[derive(Debug)]
struct LoadedResult {
    response: Value,
    table: Value,
}

impl Object for LoadedResult {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "response" | "status" => self.response.clone(),
            "table" => self.table.clone(),
            "data" => as_table(&self.table).map_or_else(none, matrix),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Str(&["response", "data", "table"])
    }
}

/// The warehouse's answer as templates see it: prints its message, and has its facts as attributes.
#[derive(Debug)]
pub(super) struct ResponseValue(pub(super) AdapterResponse);

impl Object for ResponseValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        match key {
            "_message" | "message" => Some(Value::from(self.0.message.as_str())),
            "code" | "rows_affected" | "query_id" => Some(self.0.fields.get(key).map_or_else(none, from_json)),
            _ => self.0.fields.get(key).map(from_json),
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, _: &[Value]) -> Result<Value, Error> {
        match method {
            "to_dict" => {
                let mut map = Map::new();
                map.insert("_message".into(), Json::from(self.0.message.as_str()));
                map.extend(self.0.fields.iter().map(|(key, value)| (key.clone(), value.clone())));
                Ok(dict(map.iter().map(|(key, value)| (key.clone(), from_json(value)))))
            }
            _ => Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// The response behind a value; any other value is its message.
fn as_response(value: &Value) -> AdapterResponse {
    match value.downcast_object_ref::<ResponseValue>() {
        Some(response) => response.0.clone(),
        None => AdapterResponse { message: value.to_string(), fields: Map::new() },
    }
}

/// `load_result` of a scope.
pub(super) fn load_result_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("load_result", move |_, args| {
        let [name] = bind("load_result", ["name"], args)?;
        let name = text("load_result", "name", name)?;
        scope.run().map_or_else(|| Ok(none()), |run| run.results.load(&name))
    })
}

/// `store_result` of a scope.
pub(super) fn store_result_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("store_result", move |_, args| {
        let [name, response, table] = bind("store_result", ["name", "response", "agate_table"], args)?;
        let name = text("store_result", "name", name)?;
        if let Some(run) = scope.run() {
            run.results.store(name, &response.unwrap_or_else(nothing), table);
        }
        Ok(nothing())
    })
}

/// `store_raw_result` of a scope.
pub(super) fn store_raw_result_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("store_raw_result", move |_, args| {
        let names = ["name", "message", "code", "rows_affected", "agate_table"];
        let [name, message, code, rows, table] = bind("store_raw_result", names, args)?;
        let name = text("store_raw_result", "name", name)?;
        let mut fields = Map::new();
        for (key, value) in [("code", code), ("rows_affected", rows)] {
            if let Some(value) = value.filter(|value| !value.is_none()) {
                fields.insert(key.into(), crate::jinja::to_json(&value));
            }
        }
        let message = optional_text(message.as_ref()).unwrap_or_else(|| "None".into());
        let response = Value::from_object(ResponseValue(AdapterResponse { message, fields }));
        if let Some(run) = scope.run() {
            run.results.store(name, &response, table);
        }
        Ok(nothing())
    })
}
