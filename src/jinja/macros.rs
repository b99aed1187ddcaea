//! Macros as callable values.
//!
//! A [`MacroRef`] names a macro's template. When it is called, the template is run once in the very state of the render that
//! calls, so that the macro sees the node's own context; arguments are bound by Jinja2's rules, `return` is caught, and the
//! call is put on the stack that errors and observers see.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexSet;
use minijinja::value::{Kwargs, Object, ObjectRepr, Tuple};
use minijinja::{Error, ErrorKind, State, Value};

use super::rewrite::MacroHeader;
use super::store::Store;
use super::values::{Dict, failed, split_args};

/// A macro that a template can call.
pub struct MacroRef {
    store: Arc<Store>,
    template: Arc<str>,
    package: Arc<str>,
    name: Arc<str>,
}

impl fmt::Debug for MacroRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}.{}>", self.package, self.name)
    }
}

impl MacroRef {
    pub(crate) fn new(store: Arc<Store>, template: &str, package: &str, name: &str) -> Self {
        Self { store, template: template.into(), package: package.into(), name: name.into() }
    }

    /// The package that defines it.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// Its name, with dbt's prefix for tests and materializations.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its template.
    pub fn template(&self) -> &str {
        &self.template
    }
}

/// What a render remembers; in the state's extensions.
#[derive(Default)]
pub(crate) struct RenderState {
    /// Whether the filters `as_bool` … mark their value.
    pub(crate) native: bool,
    /// Values printed at the root of a native template.
    pub(crate) emitted: Vec<Value>,
    /// Templates of macros that are running.
    pub(crate) stack: Vec<Arc<str>>,
    /// Templates of macros that the template itself called.
    pub(crate) called: IndexSet<Arc<str>>,
    /// The macro that includes a template by name.
    pub(crate) load: Option<Value>,
    /// The macro that the template that runs now has exported.
    pub(crate) exported: Option<Value>,
}

pub(crate) fn render_state<'s>(state: &'s mut State<'_, '_>) -> &'s mut RenderState {
    state.get_or_insert_extension_with(RenderState::default)
}

/// `return(value)` on its way to the macro call it ends.
#[derive(Debug)]
pub(crate) struct ReturnSignal(pub(crate) Value);

impl fmt::Display for ReturnSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("return() was called outside of a macro")
    }
}

impl std::error::Error for ReturnSignal {}

/// A macro call that failed, around the error inside the macro.
#[derive(Debug)]
pub(crate) struct MacroFrame {
    pub(crate) name: String,
    pub(crate) inner: Error,
}

impl fmt::Display for MacroFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in macro {}: {}", self.name, self.inner)
    }
}

impl std::error::Error for MacroFrame {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.inner)
    }
}

/// Template names of the macros that are running, the innermost last.
pub fn running_macros(state: &State<'_, '_>) -> Vec<String> {
    let render = state.get_extension::<RenderState>();
    render.map_or_else(Vec::new, |render| render.stack.iter().map(ToString::to_string).collect())
}

/// What dbt has while parsing for a macro that does not exist: calls of it are undefined, it prints nothing.
pub fn callable_undefined() -> Value {
    Value::from_object(CallableUndefined)
}

#[derive(Debug)]
struct CallableUndefined;

impl Object for CallableUndefined {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, _args: &[Value]) -> Result<Value, Error> {
        Ok(Value::UNDEFINED)
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        _method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        Ok(Value::UNDEFINED)
    }

    fn render(self: &Arc<Self>, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The value on its way out, if the error is a `return`.
pub(crate) fn returned(error: &Error) -> Option<Value> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(signal) = current.downcast_ref::<ReturnSignal>() {
            return Some(signal.0.clone());
        }
        cause = current.source();
    }
    None
}

/// Calls a macro, or any callable value, with positional and keyword arguments.
pub fn call_macro(
    state: &mut State<'_, '_>,
    callee: &Value,
    positional: &[Value],
    keyword: &[(&str, Value)],
) -> Result<Value, Error> {
    let mut args = positional.to_vec();
    if !keyword.is_empty() {
        args.push(Value::from(keyword.iter().cloned().collect::<Kwargs>()));
    }
    callee.call(state, &args)
}

impl MacroRef {
    fn load(&self, state: &mut State<'_, '_>) -> Result<Value, Error> {
        if let Some(loaded) = state.get_temp(&self.template) {
            return Ok(loaded);
        }
        let Some(load) = render_state(state).load.clone() else {
            return Err(failed(format!("macro '{}' was called outside of a render", self.name)));
        };
        let before = render_state(state).exported.take();
        let ran = load.call(state, &[Value::from(self.template.as_ref())]);
        let exported = std::mem::replace(&mut render_state(state).exported, before);
        ran?;
        let loaded = exported.ok_or_else(|| failed(format!("template of '{}' holds no macro", self.name)))?;
        state.set_temp(&self.template, loaded.clone());
        Ok(loaded)
    }

    fn bind(&self, header: &MacroHeader, args: &[Value]) -> Result<Vec<Value>, Error> {
        let (positional, mut keyword) = split_args(args);
        let name = &self.name;
        let count = header.params.len();
        let mut bound: Vec<Value> = positional.iter().take(count).cloned().collect();
        for param in &header.params[bound.len()..] {
            let given = keyword.iter().position(|(key, _)| key == param);
            bound.push(given.map_or(Value::UNDEFINED, |at| keyword.remove(at).1));
        }
        let takes_caller = header.params.iter().any(|p| p == "caller");
        let mut caller = None;
        if header.uses_caller && !takes_caller {
            let given = keyword.iter().position(|(key, _)| key == "caller");
            caller = given.map(|at| keyword.remove(at).1);
        }
        if header.uses_varargs {
            let rest: Vec<Value> = positional.iter().skip(count).cloned().collect();
            bound.push(Value::from(Tuple::from(rest)));
        } else if positional.len() > count {
            return Err(Error::new(
                ErrorKind::TooManyArguments,
                format!("macro '{name}' takes not more than {count} argument(s)"),
            ));
        }
        if header.uses_kwargs {
            let rest = keyword.drain(..).map(|(k, v)| (Value::from(k), v));
            bound.push(Dict::value(rest));
        } else if let Some((key, _)) = keyword.first() {
            return Err(Error::new(
                ErrorKind::TooManyArguments,
                format!("macro '{name}' takes no keyword argument '{key}'"),
            ));
        }
        if let Some(caller) = caller {
            let kwargs: Kwargs = std::iter::once(("caller", caller)).collect();
            bound.push(Value::from(kwargs));
        }
        Ok(bound)
    }

    /// The template and its header; fails where the macro's text is not valid Jinja.
    fn header(&self) -> Result<MacroHeader, Error> {
        let entry = self.store.get(&self.template).ok_or_else(|| {
            let detail = format!("macro '{}' has no template", self.name);
            Error::new(ErrorKind::TemplateNotFound, detail)
        })?;
        match entry.rewritten() {
            Ok(rewritten) => Ok(rewritten.header.clone().unwrap_or_default()),
            Err(error) => {
                let message = error.message.clone();
                let broken = super::error::BrokenTemplate { template: self.template.to_string(), error };
                Err(self.framed(Error::new(ErrorKind::SyntaxError, message).with_source(broken)))
            }
        }
    }

    /// The error of a call inside this macro, to which the caller's place is still to be added.
    fn framed(&self, inner: Error) -> Error {
        let detail = inner.detail().unwrap_or_default().to_owned();
        let kind = inner.kind();
        let name = format!("{}.{}", self.package, self.name);
        Error::new(kind, detail).with_source(MacroFrame { name, inner })
    }
}

impl Object for MacroRef {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "name" => Some(Value::from(self.name.as_ref())),
            "package_name" => Some(Value::from(self.package.as_ref())),
            _ => None,
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        // A call with wrong arguments is the caller's mistake: no frame.
        let bound = self.bind(&self.header()?, args)?;
        let render = render_state(state);
        if render.stack.is_empty() {
            render.called.insert(Arc::clone(&self.template));
        }
        render.stack.push(Arc::clone(&self.template));
        let result = self.load(state).and_then(|loaded| loaded.call(state, &bound));
        render_state(state).stack.pop();
        result.or_else(|error| returned(&error).ok_or_else(|| self.framed(error)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}.{}>", self.package, self.name)
    }
}
