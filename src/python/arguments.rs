//! Binding of call arguments to parameter names, as Python does it.

use minijinja::{Error, State, Value};

use super::raise::wrong_arguments;

/// Positional and keyword arguments of a call, apart.
pub(crate) struct Arguments {
    /// Positional ones.
    pub(crate) positional: Vec<Value>,
    /// Keyword ones, in order.
    pub(crate) keywords: Vec<(String, Value)>,
}

impl Arguments {
    /// Takes the arguments of a call apart.
    pub(crate) fn of(values: &[Value]) -> Self {
        let (positional, keywords) = crate::jinja::split_args(values);
        Self { positional: positional.to_vec(), keywords }
    }

    /// Takes a keyword argument out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.keywords.iter().position(|(key, _)| key == name)?;
        Some(self.keywords.remove(index).1)
    }
}

/// Arguments by parameter name; `None` where one is not given.
pub(crate) fn bind<const N: usize>(
    function: &str,
    names: [&str; N],
    values: &[Value],
) -> Result<[Option<Value>; N], Error> {
    let arguments = Arguments::of(values);
    if arguments.positional.len() > N {
        return Err(wrong_arguments(format!(
            "{function}() takes {N} argument{} but {} were given",
            if N == 1 { "" } else { "s" },
            arguments.positional.len()
        )));
    }
    let mut bound: [Option<Value>; N] = std::array::from_fn(|index| arguments.positional.get(index).cloned());
    for (name, value) in arguments.keywords {
        let Some(index) = names.iter().position(|known| *known == name) else {
            return Err(wrong_arguments(format!("{function}() got an unexpected keyword argument '{name}'")));
        };
        if bound[index].is_some() {
            return Err(wrong_arguments(format!("{function}() got multiple values for argument '{name}'")));
        }
        bound[index] = Some(value);
    }
    Ok(bound)
}

/// A required argument.
pub(crate) fn required(function: &str, name: &str, value: Option<Value>) -> Result<Value, Error> {
    value.ok_or_else(|| wrong_arguments(format!("{function}() missing 1 required argument: '{name}'")))
}

/// A required argument as text; numbers and relations are printed.
pub(crate) fn text(function: &str, name: &str, value: Option<Value>) -> Result<String, Error> {
    required(function, name, value).map(|value| value.to_string())
}

/// An argument as optional text: none, undefined and "not given" are all `None`.
pub(crate) fn optional_text(value: Option<&Value>) -> Option<String> {
    value.filter(|value| !value.is_none() && !value.is_undefined()).map(ToString::to_string)
}

/// An argument as a truth value, false if it is not given.
pub(crate) fn flag(value: Option<&Value>) -> bool {
    value.is_some_and(Value::is_true)
}

/// What is behind a callable value made by [`function`].
type Body = dyn Fn(&mut State<'_, '_>, &[Value]) -> Result<Value, Error> + Send + Sync;

/// A Rust function as a value that templates call.
pub(crate) struct Function {
    name: &'static str,
    body: Box<Body>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<function {}>", self.name)
    }
}

impl minijinja::value::Object for Function {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn is_true(self: &std::sync::Arc<Self>) -> bool {
        true
    }

    fn call(self: &std::sync::Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        (self.body)(state, args)
    }
}

/// A callable value.
pub(crate) fn function(
    name: &'static str,
    body: impl Fn(&mut State<'_, '_>, &[Value]) -> Result<Value, Error> + Send + Sync + 'static,
) -> Value {
    Value::from_object(Function { name, body: Box::new(body) })
}

/// A method taken from its object without being called: `adapter.quote`.
#[derive(Debug)]
pub(crate) struct BoundMethod {
    object: Value,
    method: &'static str,
}

impl minijinja::value::Object for BoundMethod {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn is_true(self: &std::sync::Arc<Self>) -> bool {
        true
    }

    fn call(self: &std::sync::Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.object.call_method(state, self.method, args)
    }
}

/// The method of this name as a value, if it is among `methods`.
pub(crate) fn bound_method<T: minijinja::value::Object + 'static>(
    object: &std::sync::Arc<T>,
    methods: &[&'static str],
    name: &str,
) -> Option<Value> {
    let method = methods.iter().find(|method| **method == name)?;
    Some(Value::from_object(BoundMethod { object: Value::from_dyn_object(std::sync::Arc::clone(object)), method }))
}
