//! Jinja in project files: what `dbt_project.yml`, `profiles.yml`, `packages.yml` and `selectors.yml` may say, and how their
//! trees are rendered.
//!
//! Main type: [`Templates`], one for each kind of file. Templates of models are no business of this room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value as Jinja};
use serde_json::{Map, Value as Json};

use super::{DBT_VERSION, Invocation};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::jinja::{Engine, raise};
use crate::python::arguments::{bind, flag, function, text};
use crate::python::members;
use crate::python::modules::datetime::from_timestamp;
use crate::yaml::{Mapping, Node, Value};

/// Environment variables with this prefix are secrets.
pub const SECRET_PREFIX: &str = "DBT_ENV_SECRET_";
/// Around the name of a secret while Jinja runs, so that no filter sees or changes its value.
const SECRET_START: &str = "$$$DBT_SECRET_START$$$";
const SECRET_END: &str = "$$$DBT_SECRET_END$$$";

/// What templates of one kind of file see.
#[derive(Debug, Clone, Default)]
pub(super) struct TemplateScope {
    /// `--vars`.
    pub(super) vars: Map<String, Json>,
    /// `target`, for files that are read after the profile.
    pub(super) target: Option<Map<String, Json>>,
    /// Whether `env_var` answers for secrets.
    pub(super) allow_secrets: bool,
    /// Whether `var` without default fails for a missing variable; else it is nothing.
    pub(super) lenient_vars: bool,
    /// `flags`, by dbt's lower-case names.
    pub(super) flags: Map<String, Json>,
    /// Where what templates print and log for the user is kept.
    pub(super) said: Said,
}

/// Lines that templates of project files said, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    fn push(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The lines so far, taken out.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Renders scalars of one kind of file.
pub(super) struct Templates<'a> {
    sources: &'a SourceMap,
    environment: Arc<BTreeMap<String, String>>,
    context: Jinja,
    engine: Engine,
}

impl<'a> Templates<'a> {
    pub(super) fn new(invocation: &Invocation, scope: &TemplateScope, sources: &'a SourceMap) -> Self {
        let environment = Arc::new(invocation.environment.clone());
        let mut context: BTreeMap<&str, Jinja> = members().into_iter().collect();
        context.insert("dbt_version", Jinja::from(DBT_VERSION));
        context.insert("invocation_id", Jinja::from(invocation.invocation_id.as_str()));
        context.insert("thread_id", Jinja::from("MainThread"));
        context.insert("run_started_at", from_timestamp(invocation.started_at));
        context.insert("env_var", env_var(Arc::clone(&environment), scope.allow_secrets));
        context.insert("var", Jinja::from_object(Var { vars: scope.vars.clone(), lenient: scope.lenient_vars }));
        context.insert("flags", flags(invocation, scope));
        context.insert("log", log(scope.said.clone()));
        context.insert("print", print(scope.said.clone()));
        if let Some(target) = &scope.target {
            context.insert("target", super::native::value(&Json::Object(target.clone())));
        }
        context.insert("builtins", Jinja::from_pairs(context.clone()));
        context.insert("context", Jinja::from_pairs(context.clone()));
        let context = Jinja::from_pairs(context);
        Self { sources, environment, context, engine: Engine::new() }
    }

    /// The value of a text. One that is exactly one expression keeps the expression's type.
    pub(super) fn value(&self, text: &str, span: Span) -> Result<Value, Diagnostic> {
        if !["{{", "{%", "{#"].iter().any(|tag| text.contains(tag)) {
            return Ok(Value::Str(text.to_owned()));
        }
        let rendered = super::native::render(&self.engine, text, &self.context, self.origin(text, span))
            .map_err(|problem| if problem.labels.is_empty() { problem.at(span, "") } else { problem })?;
        Ok(self.reveal(json_value(&rendered, span)))
    }

    /// A rendered copy of a tree; texts under key paths that `leave` names stay as they are. A text that fails is reported and
    /// stays as it is.
    pub(super) fn tree(&self, node: &Node, leave: &dyn Fn(&[&str]) -> bool, diagnostics: &mut Diagnostics) -> Node {
        self.walk(node, leave, &mut Vec::new(), diagnostics)
    }

    fn walk<'n>(
        &self,
        node: &'n Node,
        leave: &dyn Fn(&[&str]) -> bool,
        path: &mut Vec<&'n str>,
        diagnostics: &mut Diagnostics,
    ) -> Node {
        let value = match &node.value {
            Value::Map(map) => Value::Map(Mapping::new(
                map.iter()
                    .map(|(key, value)| {
                        path.push(key.as_str().unwrap_or_default());
                        let value = self.walk(value, leave, path, diagnostics);
                        path.pop();
                        (key.clone(), value)
                    })
                    .collect(),
            )),
            Value::Seq(items) => {
                Value::Seq(items.iter().map(|item| self.walk(item, leave, path, diagnostics)).collect())
            }
            _ if leave(path) => node.value.clone(),
            Value::Str(text) => diagnostics.collect(self.value(text, node.span)).unwrap_or_else(|| node.value.clone()),
            Value::Timestamp(text) => Value::Str(text.clone()),
            other => other.clone(),
        };
        Node { value, span: node.span }
    }

    /// Where the template's first byte stands, if it stands in the file as it is (not folded, not escaped).
    fn origin(&self, text: &str, span: Span) -> Option<Span> {
        let file = self.sources.get(span.source);
        [0, 1].into_iter().find_map(|quote| {
            let start = span.start as usize + quote;
            file.text
                .get(start..)
                .is_some_and(|rest| rest.starts_with(text))
                .then(|| Span::new(span.source, start, start + text.len()))
        })
    }

    fn reveal(&self, value: Value) -> Value {
        match value {
            Value::Str(text) if text.contains(SECRET_START) => Value::Str(self.reveal_text(&text)),
            Value::Seq(items) => Value::Seq(
                items.into_iter().map(|item| Node { value: self.reveal(item.value), span: item.span }).collect(),
            ),
            other => other,
        }
    }

    fn reveal_text(&self, text: &str) -> String {
        let mut pieces = text.split(SECRET_START);
        let mut revealed = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match piece.split_once(SECRET_END) {
                Some((name, rest)) => {
                    revealed += self.environment.get(name).map_or("", String::as_str);
                    revealed += rest;
                }
                None => revealed += piece,
            }
        }
        revealed
    }
}

fn env_var(environment: Arc<BTreeMap<String, String>>, allow_secrets: bool) -> Jinja {
    function("env_var", move |_, args| {
        let [name, default] = bind("env_var", ["var", "default"], args)?;
        let name = text("env_var", "var", name)?;
        let is_secret = name.starts_with(SECRET_PREFIX);
        if is_secret && !allow_secrets {
            return Err(raise(
                Diagnostic::error(
                    Code::SECRET_ENV_VAR,
                    format!("the secret environment variable `{name}` cannot be used here"),
                )
                .hint("secrets can be used in profiles.yml and packages.yml only"),
            ));
        }
        match (environment.get(&name), default) {
            (Some(_), _) if is_secret => Ok(Jinja::from(format!("{SECRET_START}{name}{SECRET_END}"))),
            (Some(value), _) => Ok(Jinja::from(value.as_str())),
            (None, Some(default)) if !default.is_none() => Ok(default),
            (None, _) => Err(raise(
                Diagnostic::error(Code::MISSING_ENV_VAR, format!("the environment variable `{name}` is not set"))
                    .hint(format!("set it, or give a default: env_var('{name}', 'default')")),
            )),
        }
    })
}

/// `var`: a function with the method `has_var`.
#[derive(Debug)]
struct Var {
    vars: Map<String, Json>,
    lenient: bool,
}

impl Object for Var {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Jinja]) -> Result<Jinja, Error> {
        let [name, default] = bind("var", ["var_name", "default"], args)?;
        let name = text("var", "var_name", name)?;
        match (self.vars.get(&name), default) {
            (Some(value), _) => Ok(super::native::value(value)),
            (None, Some(default)) => Ok(default),
            (None, None) if self.lenient => Ok(Jinja::from(())),
            (None, None) => Err(raise(
                Diagnostic::error(Code::MISSING_VAR, format!("Required var '{name}' not found in config"))
                    .note("project files see the variables of --vars only")
                    .hint(format!("add --vars '{{{name}: …}}', or give a default: var('{name}', 'default')")),
            )),
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Jinja]) -> Result<Jinja, Error> {
        if method != "has_var" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let [name] = bind("has_var", ["var_name"], args)?;
        Ok(Jinja::from(self.vars.contains_key(&text("has_var", "var_name", name)?)))
    }
}

/// `flags`, in capitals.
fn flags(invocation: &Invocation, scope: &TemplateScope) -> Jinja {
    let mut flags: Map<String, Json> =
        scope.flags.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
    flags.insert("WHICH".into(), invocation.which.as_str().into());
    super::native::value(&Json::Object(flags))
}

/// `log(msg, info=false)`: kept where the user is to see it.
fn log(said: Said) -> Jinja {
    function("log", move |_, args| {
        let [message, info] = bind("log", ["msg", "info"], args)?;
        let message = text("log", "msg", message)?;
        if flag(info.as_ref()) {
            said.push(message);
        }
        Ok(Jinja::from(""))
    })
}

/// `print(msg)`.
fn print(said: Said) -> Jinja {
    function("print", move |_, args| {
        let [message] = bind("print", ["msg"], args)?;
        said.push(text("print", "msg", message)?);
        Ok(Jinja::from(""))
    })
}

/// A JSON value as a YAML value; all of it at one place.
pub(super) fn json_value(json: &Json, span: Span) -> Value {
    let node = |json: &Json| Node { value: json_value(json, span), span };
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::Seq(items.iter().map(node).collect()),
        Json::Object(map) => Value::Map(Mapping::new(
            map.iter().map(|(key, value)| (Node { value: Value::Str(key.clone()), span }, node(value))).collect(),
        )),
    }
}
