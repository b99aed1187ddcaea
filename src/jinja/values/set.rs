//! Python's set.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexSet;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::list::required;
use super::{bind, failed, items_of, repr, split_args};

/// A set in insertion order that its methods change in place.
#[derive(Default)]
pub struct Set(Mutex<IndexSet<Value>>);

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_set(f, &self.snapshot())
    }
}

fn write_set(f: &mut fmt::Formatter<'_>, items: &IndexSet<Value>) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("set()");
    }
    let texts: Vec<String> = items.iter().map(repr).collect();
    write!(f, "{{{}}}", texts.join(", "))
}

impl Set {
    /// A set of these items.
    pub fn new(items: impl IntoIterator<Item = Value>) -> Self {
        Self(Mutex::new(items.into_iter().collect()))
    }

    /// The same as a value.
    pub fn value(items: impl IntoIterator<Item = Value>) -> Value {
        Value::from_object(Self::new(items))
    }

    /// The items as they are now.
    pub fn snapshot(&self) -> IndexSet<Value> {
        self.with(|items| items.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut IndexSet<Value>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Set operations by the name of the method; also used for `-`.
    pub(crate) fn combine(&self, method: &str, other: &IndexSet<Value>) -> IndexSet<Value> {
        let own = self.snapshot();
        match method {
            "union" => own.union(other).cloned().collect(),
            "intersection" => own.intersection(other).cloned().collect(),
            "difference" => own.difference(other).cloned().collect(),
            _ => own.symmetric_difference(other).cloned().collect(),
        }
    }

    fn method(&self, name: &str, args: &[Value]) -> Result<Value, Error> {
        let none = Ok(Value::from(()));
        match name {
            "add" => {
                let [item] = bind("add", ["element"], args)?;
                let item = required(item, "add")?;
                self.with(|items| items.insert(item));
                none
            }
            "discard" | "remove" => {
                let [item] = bind(name, ["element"], args)?;
                let item = required(item, name)?;
                if !self.with(|items| items.shift_remove(&item)) && name == "remove" {
                    return Err(failed(repr(&item)));
                }
                none
            }
            "clear" => {
                self.with(IndexSet::clear);
                none
            }
            "pop" => self.with(|items| items.shift_remove_index(0)).ok_or_else(|| failed("pop from an empty set")),
            "copy" => Ok(Self::value(self.snapshot())),
            "update" => {
                for other in split_args(args).0 {
                    let more = items_of(other)?;
                    self.with(|items| items.extend(more));
                }
                none
            }
            "union" | "intersection" | "difference" | "symmetric_difference" => {
                let mut result = self.snapshot();
                for other in split_args(args).0 {
                    let other = items_of(other)?.into_iter().collect();
                    result = Self::new(result).combine(name, &other);
                }
                Ok(Self::value(result))
            }
            "issubset" | "issuperset" | "isdisjoint" => {
                let [other] = bind(name, ["other"], args)?;
                let other: IndexSet<Value> = items_of(&required(other, name)?)?.into_iter().collect();
                let own = self.snapshot();
                Ok(Value::from(match name {
                    "issubset" => own.is_subset(&other),
                    "issuperset" => own.is_superset(&other),
                    _ => own.is_disjoint(&other),
                }))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

impl Object for Set {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.snapshot().into_iter().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.with(|items| items.len()))
    }

    fn call_method(self: &Arc<Self>, _state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        self.method(method, args)
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        let sorted = |items: IndexSet<Value>| {
            let mut items: Vec<Value> = items.into_iter().collect();
            items.sort();
            items
        };
        let other = other.downcast_ref::<Self>()?.snapshot();
        Some(sorted(self.snapshot()).cmp(&sorted(other)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_set(f, &self.snapshot())
    }
}
