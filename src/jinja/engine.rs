//! The engine: one shared object an invocation that holds all templates and renders them.

use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};

use super::error::{BrokenTemplate, JinjaError, describe};
use super::macros::{MacroRef, render_state, returned};
use super::rewrite::Purpose;
use super::store::{Entry, Origin, Store};
use super::{builtins, native};

const BOOT: &str = "hetl:boot";
const BOOT_TEXT: &str = "{% macro __load(__template) %}{% include __template %}{% endmacro %}";

/// How undefined values behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Undefined {
    /// Jinja2's default: prints nothing, iterates over nothing, has no attributes.
    #[default]
    Lenient,
    /// As dbt has it while parsing: attributes and calls of it are undefined again.
    Chainable,
}

/// What a render gave.
#[derive(Debug)]
pub struct Rendered {
    /// The text, or for a native or expression render the value.
    pub value: Value,
    /// Template names of the macros that the template itself (not another macro) called, in order of their first call.
    pub macros: Vec<String>,
}

impl Rendered {
    /// The value as text.
    pub fn text(&self) -> String {
        super::values::to_text(&self.value)
    }
}

/// Holds the templates and renders them; shared by all threads.
#[derive(Debug, Clone)]
pub struct Engine {
    store: Arc<Store>,
    lenient: Arc<Environment<'static>>,
    chainable: Arc<Environment<'static>>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine without templates.
    pub fn new() -> Self {
        let store = Arc::new(Store::default());
        Self {
            lenient: Arc::new(environment(&store, UndefinedBehavior::Lenient)),
            chainable: Arc::new(environment(&store, UndefinedBehavior::Chainable)),
            store,
        }
    }

    /// Adds a template under a name such as `model:<unique_id>`. Nothing is read yet. A template that was rendered before
    /// must not be added again with another text.
    pub fn add_template(&self, name: &str, source: impl Into<Arc<str>>, origin: Option<Origin>) {
        let entry = Entry::new(source.into(), origin, Purpose::Text);
        self.store.add(name, entry);
    }

    /// Adds the text of one macro, test or materialization block and returns the callable value for it.
    pub fn add_macro(&self, package: &str, name: &str, source: impl Into<Arc<str>>, origin: Option<Origin>) -> Value {
        let template = format!("macro:{package}.{name}");
        let entry = Entry::new(source.into(), origin, Purpose::Macro);
        self.store.add(&template, entry);
        Value::from_object(MacroRef::new(Arc::clone(&self.store), &template, package, name))
    }

    /// The callable value of a macro that was added.
    pub fn macro_value(&self, package: &str, name: &str) -> Option<Value> {
        let template = format!("macro:{package}.{name}");
        self.store.get(&template)?;
        Some(Value::from_object(MacroRef::new(Arc::clone(&self.store), &template, package, name)))
    }

    /// Reads a template and reports its syntax errors without running it.
    pub fn check(&self, name: &str) -> Result<(), JinjaError> {
        self.lenient.get_template(name).map(|_| ()).map_err(|error| self.describe(&error))
    }

    /// Renders a template that was added.
    pub fn render(&self, name: &str, context: Value) -> Result<Rendered, JinjaError> {
        self.render_with(name, context, Undefined::Lenient, |_| {}, |_| {})
    }

    /// Renders with hooks: `before` may put extensions into the state, `after` may take them out again; it also runs when
    /// the render fails.
    pub fn render_with(
        &self,
        name: &str,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>),
    ) -> Result<Rendered, JinjaError> {
        self.run(name, context, undefined, before, |state, result| {
            after(state);
            result
        })
    }

    /// Renders a text that has no name of its own, such as a hook.
    pub fn render_str(&self, source: &str, origin: Option<Origin>, context: Value) -> Result<Rendered, JinjaError> {
        if !has_tags(source) {
            return Ok(Rendered { value: Value::from(source), macros: Vec::new() });
        }
        let name = self.inline("inline", source, origin, Purpose::Text);
        self.render(&name, context)
    }

    /// Renders a text as if it were a macro's body: `return` ends it and gives the value.
    pub fn render_body(&self, source: &str, origin: Option<Origin>, context: Value) -> Result<Rendered, JinjaError> {
        let name = self.inline("inline", source, origin, Purpose::Text);
        let after =
            |_: &mut State<'_, '_>, result: Result<Value, Error>| result.or_else(|error| returned(&error).ok_or(error));
        self.run(&name, context, Undefined::Lenient, |_| {}, after)
    }

    /// Like [`Engine::render_str`] with hooks and a choice of undefined.
    pub fn render_str_with(
        &self,
        source: &str,
        origin: Option<Origin>,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>),
    ) -> Result<Rendered, JinjaError> {
        let name = self.inline("inline", source, origin, Purpose::Text);
        self.render_with(&name, context, undefined, before, after)
    }

    /// Renders as dbt renders YAML: a template that prints exactly one value gives that value with its type.
    pub fn render_native(&self, source: &str, origin: Option<Origin>, context: Value) -> Result<Rendered, JinjaError> {
        self.render_native_with(source, origin, context, Undefined::Lenient, |_| {}, |_| {})
    }

    /// Like [`Engine::render_native`] with hooks and a choice of undefined.
    pub fn render_native_with(
        &self,
        source: &str,
        origin: Option<Origin>,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>),
    ) -> Result<Rendered, JinjaError> {
        if !has_tags(source) {
            return Ok(Rendered { value: Value::from(source), macros: Vec::new() });
        }
        let name = self.inline("native", source, origin, Purpose::Native);
        let prepare = |state: &mut State<'_, '_>| {
            render_state(state).native = true;
            before(state);
        };
        self.run(&name, context, undefined, prepare, |state, result| {
            after(state);
            let emitted = std::mem::take(&mut render_state(state).emitted);
            result.and_then(|text| native::value_of(&text, emitted))
        })
    }

    /// The value of an expression (without braces).
    pub fn eval_expression(
        &self,
        expression: &str,
        origin: Option<Origin>,
        context: Value,
    ) -> Result<Value, JinjaError> {
        self.eval_expression_with(expression, origin, context, Undefined::Lenient, |_| {}, |_| {})
            .map(|rendered| rendered.value)
    }

    /// Like [`Engine::eval_expression`] with hooks and a choice of undefined.
    pub fn eval_expression_with(
        &self,
        expression: &str,
        origin: Option<Origin>,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>),
    ) -> Result<Rendered, JinjaError> {
        // Three bytes stand before the expression; the origin begins as much earlier.
        let origin = origin.map(|o| Origin::new(o.source, o.start.saturating_sub(3)));
        let source = format!("{{{{ {expression} }}}}");
        let name = self.inline("value", &source, origin, Purpose::Value);
        self.run(&name, context, undefined, before, |state, result| {
            after(state);
            let emitted = std::mem::take(&mut render_state(state).emitted);
            result.map(|text| match <[Value; 1]>::try_from(emitted) {
                Ok([value]) => value,
                Err(_) => text,
            })
        })
    }

    /// Calls a macro (or any callable value) by itself, with `context` as what its body sees.
    pub fn call(
        &self,
        callee: &Value,
        positional: &[Value],
        keyword: &[(&str, Value)],
        context: Value,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>),
    ) -> Result<Rendered, JinjaError> {
        self.run_in_state(
            context,
            Undefined::Lenient,
            before,
            |state| super::macros::call_macro(state, callee, positional, keyword),
            |state, result| {
                after(state);
                result
            },
        )
    }

    /// Turns an error of minijinja into one with places in the original text.
    pub fn describe(&self, error: &Error) -> JinjaError {
        describe(&self.store, error)
    }

    fn inline(&self, kind: &str, source: &str, origin: Option<Origin>, purpose: Purpose) -> String {
        let place = origin.map_or_else(String::new, |o| format!("{:?}+{}", o.source, o.start));
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.as_bytes());
        hasher.update(&[0]);
        hasher.update(place.as_bytes());
        let name = format!("{kind}:{}", &hasher.finalize().to_hex()[..32]);
        if self.store.get(&name).is_none() {
            self.store.add(&name, Entry::new(source.into(), origin, purpose));
        }
        name
    }

    fn run(
        &self,
        name: &str,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        after: impl FnOnce(&mut State<'_, '_>, Result<Value, Error>) -> Result<Value, Error>,
    ) -> Result<Rendered, JinjaError> {
        let main = |state: &mut State<'_, '_>| {
            let load = render_state(state).load.clone();
            let load = load.ok_or_else(|| Error::from(ErrorKind::UnknownFunction))?;
            load.call(state, &[Value::from(name)])
        };
        self.run_in_state(context, undefined, before, main, after)
    }

    fn run_in_state(
        &self,
        context: Value,
        undefined: Undefined,
        before: impl FnOnce(&mut State<'_, '_>),
        main: impl FnOnce(&mut State<'_, '_>) -> Result<Value, Error>,
        after: impl FnOnce(&mut State<'_, '_>, Result<Value, Error>) -> Result<Value, Error>,
    ) -> Result<Rendered, JinjaError> {
        let environment = match undefined {
            Undefined::Lenient => &self.lenient,
            Undefined::Chainable => &self.chainable,
        };
        let run = || {
            let mut captured = environment.get_template(BOOT)?.render_captured(context)?;
            captured.with_state_mut(|state| {
                let load = state.lookup("__load");
                render_state(state).load = load;
                before(state);
                let result = main(state);
                let value = after(state, result)?;
                let called = std::mem::take(&mut render_state(state).called);
                Ok(Rendered { value, macros: called.iter().map(ToString::to_string).collect() })
            })
        };
        run().map_err(|error: Error| {
            if returned(&error).is_some() {
                let outside = Error::new(ErrorKind::InvalidOperation, "return() was called outside of a macro");
                return self.describe(&outside);
            }
            self.describe(&error)
        })
    }
}

/// Whether Jinja would change the text at all.
pub fn has_tags(source: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|tag| source.contains(tag))
}

fn environment(store: &Arc<Store>, undefined: UndefinedBehavior) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(undefined);
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_recursion_limit(2_000);
    let store = Arc::clone(store);
    environment.set_loader(move |name| {
        if name == BOOT {
            return Ok(Some(BOOT_TEXT.to_owned()));
        }
        let Some(entry) = store.get(name) else {
            return Ok(None);
        };
        match entry.rewritten() {
            Ok(rewritten) => Ok(Some(rewritten.text.clone())),
            Err(error) => {
                let message = error.message.clone();
                let broken = BrokenTemplate { template: name.to_owned(), error };
                Err(Error::new(ErrorKind::SyntaxError, message).with_source(broken))
            }
        }
    });
    builtins::register(&mut environment);
    environment
}
