//! Python's dict.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};

use super::list::{List, required};
use super::{bind, failed, items_of, repr, split_args, type_name};

/// A dict in insertion order that its methods change in place.
#[derive(Default)]
pub struct Dict(Mutex<IndexMap<Value, Value>>);

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_dict(f, &self.snapshot())
    }
}

fn write_dict(f: &mut fmt::Formatter<'_>, pairs: &[(Value, Value)]) -> fmt::Result {
    f.write_str("{")?;
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{}: {}", repr(key), repr(value))?;
    }
    f.write_str("}")
}

impl Dict {
    /// A dict of these pairs; a later one replaces an earlier one of the same key.
    pub fn new(pairs: impl IntoIterator<Item = (Value, Value)>) -> Self {
        Self(Mutex::new(pairs.into_iter().collect()))
    }

    /// The same as a value.
    pub fn value(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::from_object(Self::new(pairs))
    }

    /// The pairs as they are now.
    pub fn snapshot(&self) -> Vec<(Value, Value)> {
        self.with(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    /// What is stored under `key`.
    pub fn get(&self, key: &Value) -> Option<Value> {
        self.with(|map| map.get(key).cloned())
    }

    /// Stores a value.
    pub fn insert(&self, key: impl Into<Value>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        self.with(|map| map.insert(key, value));
    }

    /// Removes and returns what is stored under `key`.
    pub fn remove(&self, key: &Value) -> Option<Value> {
        self.with(|map| map.shift_remove(key))
    }

    fn with<T>(&self, act: impl FnOnce(&mut IndexMap<Value, Value>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn method(&self, name: &str, args: &[Value]) -> Result<Value, Error> {
        match name {
            "get" => {
                let [key, default] = bind("get", ["key", "default"], args)?;
                let key = required(key, "get")?;
                Ok(self.get(&key).unwrap_or_else(|| default.unwrap_or(Value::from(()))))
            }
            "items" => Ok(view(
                "dict_items",
                self.snapshot().into_iter().map(|(k, v)| Value::from(Tuple::from(vec![k, v]))).collect(),
            )),
            "keys" => Ok(view("dict_keys", self.snapshot().into_iter().map(|(k, _)| k).collect())),
            "values" => Ok(view("dict_values", self.snapshot().into_iter().map(|(_, v)| v).collect())),
            "update" => {
                let (positional, keyword) = split_args(args);
                for other in positional {
                    let more = pairs_of(other)?;
                    self.with(|map| map.extend(more));
                }
                let more = keyword.into_iter().map(|(k, v)| (Value::from(k), v));
                self.with(|map| map.extend(more));
                Ok(Value::from(()))
            }
            "pop" => {
                let [key, default] = bind("pop", ["key", "default"], args)?;
                let key = required(key, "pop")?;
                match (self.remove(&key), default) {
                    (Some(value), _) | (None, Some(value)) => Ok(value),
                    (None, None) => Err(failed(repr(&key))),
                }
            }
            "popitem" => self
                .with(IndexMap::pop)
                .map(|(k, v)| Value::from(Tuple::from(vec![k, v])))
                .ok_or_else(|| failed("popitem(): dictionary is empty")),
            "setdefault" => {
                let [key, default] = bind("setdefault", ["key", "default"], args)?;
                let key = required(key, "setdefault")?;
                let default = default.unwrap_or(Value::from(()));
                Ok(self.with(|map| map.entry(key).or_insert(default).clone()))
            }
            "clear" => {
                self.with(IndexMap::clear);
                Ok(Value::from(()))
            }
            "copy" => Ok(Self::value(self.snapshot())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// What `keys()`, `values()` and `items()` return: a list by behaviour, printed as Python's view.
#[derive(Debug)]
struct View {
    name: &'static str,
    items: Vec<Value>,
}

fn view(name: &'static str, items: Vec<Value>) -> Value {
    Value::from_object(View { name, items })
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items.clone())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.items.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, List::new(self.items.clone()))
    }
}

/// The pairs of a mapping, or of a sequence of pairs.
pub fn pairs_of(value: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        return Ok(dict.snapshot());
    }
    if let Some(pairs) = value
        .as_object()
        .filter(|object| object.repr() == ObjectRepr::Map)
        .and_then(minijinja::value::DynObject::try_iter_pairs)
    {
        return Ok(pairs.collect());
    }
    items_of(value)?
        .iter()
        .map(|pair| match items_of(pair)?.as_slice() {
            [key, value] => Ok((key.clone(), value.clone())),
            other => {
                Err(failed(format!("dictionary update sequence element has length {}; 2 is required", other.len())))
            }
        })
        .collect::<Result<_, _>>()
        .map_err(|error: Error| {
            if value.is_none() || value.is_number() {
                failed(format!("'{}' object is not iterable", type_name(value)))
            } else {
                error
            }
        })
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.with(|map| map.keys().cloned().collect()))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.with(|map| map.len()))
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        self.method(method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_dict(f, &self.snapshot())
    }
}
