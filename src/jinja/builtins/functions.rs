//! Global functions.

use minijinja::value::{Rest, Tuple, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::jinja::macros::ReturnSignal;
use crate::jinja::values::{Dict, Range, Set, failed, items_of, split_args};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.remove_global("debug");
    environment.add_function("return", |values: Rest<Value>| -> Result<Value, Error> {
        // Not `Option`, which would make an undefined value none.
        let value = values.first().cloned().unwrap_or(Value::from(()));
        Err(Error::from(ErrorKind::InvalidOperation).with_source(ReturnSignal(value)))
    });
    environment.add_function("range", |args: Rest<ValueOrKwargs>| Range::from_args(&args.into_values()));
    environment.add_function("dict", |args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
        let args = args.into_values();
        let (positional, keyword) = split_args(&args);
        let mut pairs = match positional {
            [] => Vec::new(),
            [one] => crate::jinja::values::pairs_of(one)?,
            more => {
                return Err(failed(format!("dict expected at most 1 argument, got {}", more.len())));
            }
        };
        pairs.extend(keyword.into_iter().map(|(k, v)| (Value::from(k), v)));
        Ok(Dict::value(pairs))
    });
    environment.add_function("set", |items: Option<Value>| -> Result<Value, Error> {
        let items = items.map_or_else(|| Ok(Vec::new()), |value| items_of(&value))?;
        Ok(Set::value(items))
    });
    environment.add_function("zip", |args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
        let columns: Vec<Vec<Value>> = args.into_values().iter().map(items_of).collect::<Result<_, _>>()?;
        let length = columns.iter().map(Vec::len).min().unwrap_or(0);
        let rows = (0..length).map(|row| {
            let items: Vec<Value> = columns.iter().map(|column| column[row].clone()).collect();
            Value::from(Tuple::from(items))
        });
        Ok(crate::jinja::values::List::value(rows.collect()))
    });
    environment.add_function("lipsum", || "Lorem ipsum dolor sit amet.");
    environment.add_function("cycler", |args: Rest<ValueOrKwargs>| Value::from_object(Cycler::new(args.into_values())));
    environment.add_function("joiner", |separator: Option<String>| {
        Value::from_object(Joiner::new(separator.unwrap_or_else(|| ", ".into())))
    });
}

/// Jinja2's `cycler`.
#[derive(Debug)]
pub(crate) struct Cycler {
    items: Vec<Value>,
    at: std::sync::atomic::AtomicUsize,
}

impl Cycler {
    fn new(items: Vec<Value>) -> Self {
        Self { items, at: std::sync::atomic::AtomicUsize::new(0) }
    }

    fn item(&self, at: usize) -> Value {
        if self.items.is_empty() {
            return Value::UNDEFINED;
        }
        self.items[at % self.items.len()].clone()
    }
}

impl minijinja::value::Object for Cycler {
    fn get_value(self: &std::sync::Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.item(self.at.load(std::sync::atomic::Ordering::Relaxed)))
    }

    fn call_method(
        self: &std::sync::Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        use std::sync::atomic::Ordering::Relaxed;
        match method {
            "next" => Ok(self.item(self.at.fetch_add(1, Relaxed))),
            "reset" => {
                self.at.store(0, Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// Jinja2's `joiner`: nothing on the first call, the separator afterwards.
#[derive(Debug)]
struct Joiner {
    separator: String,
    used: std::sync::atomic::AtomicBool,
}

impl Joiner {
    fn new(separator: String) -> Self {
        Self { separator, used: std::sync::atomic::AtomicBool::new(false) }
    }
}

impl minijinja::value::Object for Joiner {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn call(self: &std::sync::Arc<Self>, _state: &mut State<'_, '_>, _args: &[Value]) -> Result<Value, Error> {
        let used = self.used.swap(true, std::sync::atomic::Ordering::Relaxed);
        Ok(Value::from(if used { self.separator.as_str() } else { "" }))
    }
}
