//! Python's list.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::{bind, failed, items_of, repr::write_list};

/// A list that its methods change in place.
#[derive(Default)]
pub struct List(Mutex<Vec<Value>>);

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.snapshot())
    }
}

impl List {
    /// A list of these items.
    pub fn new(items: Vec<Value>) -> Self {
        Self(Mutex::new(items))
    }

    /// The same as a value.
    pub fn value(items: Vec<Value>) -> Value {
        Value::from_object(Self::new(items))
    }

    /// The items as they are now.
    pub fn snapshot(&self) -> Vec<Value> {
        self.with(|items| items.clone())
    }

    /// Adds an item at the end.
    pub fn push(&self, item: Value) {
        self.with(|items| items.push(item));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remove_at(&self, index: i64) -> Result<Value, Error> {
        self.with(|items| {
            if items.is_empty() {
                return Err(failed("pop from empty list"));
            }
            match position(index, items.len()) {
                Some(at) => Ok(items.remove(at)),
                None => Err(failed("pop index out of range")),
            }
        })
    }

    fn method(&self, name: &str, args: &[Value]) -> Result<Value, Error> {
        match name {
            "append" => {
                let [item] = bind("append", ["object"], args)?;
                self.push(required(item, "append")?);
            }
            "extend" => {
                let [items] = bind("extend", ["iterable"], args)?;
                let more = items_of(&required(items, "extend")?)?;
                self.with(|items| items.extend(more));
            }
            "insert" => {
                let [index, item] = bind("insert", ["index", "object"], args)?;
                let index = integer(&required(index, "insert")?)?;
                let item = required(item, "insert")?;
                self.with(|items| {
                    let length = items.len() as i64;
                    let at = if index < 0 { index + length } else { index };
                    items.insert(at.clamp(0, length) as usize, item);
                });
            }
            "pop" => {
                let [index] = bind("pop", ["index"], args)?;
                let index = index.map_or(Ok(-1), |value| integer(&value))?;
                return self.remove_at(index);
            }
            "remove" => {
                let [item] = bind("remove", ["value"], args)?;
                let item = required(item, "remove")?;
                let at = self.snapshot().iter().position(|other| *other == item);
                match at {
                    Some(at) => self.with(|items| {
                        items.remove(at);
                    }),
                    None => return Err(failed("list.remove(x): x not in list")),
                }
            }
            "index" => {
                let [item, start] = bind("index", ["value", "start"], args)?;
                let item = required(item, "index")?;
                let start = start.map_or(Ok(0), |value| integer(&value))?.max(0) as usize;
                let items = self.snapshot();
                let found = items.iter().skip(start).position(|other| *other == item);
                return found
                    .map(|at| Value::from(at + start))
                    .ok_or_else(|| failed(format!("{item:?} is not in list")));
            }
            "count" => {
                let [item] = bind("count", ["value"], args)?;
                let item = required(item, "count")?;
                let count = self.snapshot().iter().filter(|i| **i == item).count();
                return Ok(Value::from(count));
            }
            "clear" => self.with(Vec::clear),
            "reverse" => self.with(|items| items.reverse()),
            "copy" => return Ok(Self::value(self.snapshot())),
            "sort" => {
                let [reverse] = bind("sort", ["reverse"], args)?;
                let mut items = self.snapshot();
                items.sort();
                if reverse.is_some_and(|value| value.is_true()) {
                    items.reverse();
                }
                self.with(|own| *own = items);
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        }
        Ok(Value::from(()))
    }
}

/// A Python index as a position.
pub(crate) fn position(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { index + length as i64 } else { index };
    usize::try_from(at).ok().filter(|at| *at < length)
}

pub(crate) fn integer(value: &Value) -> Result<i64, Error> {
    value
        .as_i64()
        .ok_or_else(|| failed(format!("'{}' object cannot be interpreted as an integer", super::type_name(value))))
}

pub(crate) fn required(value: Option<Value>, function: &str) -> Result<Value, Error> {
    value.ok_or_else(|| failed(format!("{function}() is missing an argument")))
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_i64()?;
        self.with(|items| position(index, items.len()).map(|at| items[at].clone()))
    }

    fn get_value_by_str(self: &Arc<Self>, _key: &str) -> Option<Value> {
        None
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.snapshot())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.with(|items| items.len()))
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        self.method(method, args)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        let other = other.downcast_ref::<Self>()?;
        if std::ptr::eq(self.as_ref(), other) {
            return Some(std::cmp::Ordering::Equal);
        }
        Some(self.snapshot().cmp(&other.snapshot()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.snapshot())
    }
}
