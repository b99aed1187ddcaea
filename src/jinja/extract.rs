//! Finds the calls of a template without running it.
//!
//! [`Analysis`] lists every call with its literal arguments and whether it certainly runs, and answers whether a file's
//! `ref`, `source` and `config` calls can all be taken from here ([`Analysis::is_static`]) instead of from a render.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use serde_json::{Map, Number, Value as Json};

use super::builtins::Kind;
use super::parser::parse;
use super::syntax::{Args, BinaryOp, Expr, ExprKind, Stmt, SyntaxError};
use crate::diagnostics::{Code, Diagnostic};

/// One argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallArgument {
    /// Its keyword, if it has one.
    pub name: Option<String>,
    /// Its value, if it is a literal.
    pub value: Option<Json>,
    /// Its place in the template.
    pub range: Range<usize>,
}

/// A call in a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called: `["ref"]`, `["dbt_utils", "star"]`; empty if it is not a name.
    pub path: Vec<String>,
    /// Positional arguments, then keyword ones.
    pub arguments: Vec<CallArgument>,
    /// The whole call.
    pub range: Range<usize>,
    /// Whether every argument is a literal.
    pub is_literal: bool,
    /// Whether it may not run, or run more than once: inside `if`, `for`, a macro, a call block, or a lazy operand.
    pub is_conditional: bool,
    /// Whether it can run only where `execute` is true, which it is not while a project is parsed.
    pub is_execute_only: bool,
    /// Whether it stands inside a macro of the template.
    pub in_macro: bool,
    /// Whether it is the whole of a `{{ … }}` outside of blocks.
    pub is_printed: bool,
    /// Whether the first name of the path is set by the template itself.
    pub is_local: bool,
}

impl Call {
    /// The name as written, with dots.
    pub fn name(&self) -> String {
        self.path.join(".")
    }

    /// The literal positional arguments.
    pub fn positional(&self) -> impl Iterator<Item = &CallArgument> {
        self.arguments.iter().filter(|argument| argument.name.is_none())
    }

    /// The argument of this keyword.
    pub fn keyword(&self, name: &str) -> Option<&CallArgument> {
        self.arguments.iter().find(|argument| argument.name.as_deref() == Some(name))
    }
}

/// What a template calls and reads.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// Calls in the order in which they run: those in the arguments of a call before it.
    pub calls: Vec<Call>,
    /// Names read elsewhere than as what is called.
    pub reads: BTreeSet<String>,
    /// Names that the template sets itself: variables, loop targets, parameters, macros.
    pub assigned: BTreeSet<String>,
    /// The first filter or test that does not exist and without which Jinja2 does not compile the template: it lets pass
    /// those that stand directly under an `if`.
    pub unknown: Option<Unknown>,
}

/// A filter or test that does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    kind: Kind,
    name: String,
    range: Range<usize>,
}

impl Unknown {
    /// The error, for a template that stands at `origin`.
    pub fn diagnostic(&self, origin: Option<super::Origin>) -> Diagnostic {
        Diagnostic::error(Code::JINJA_UNDEFINED, format!("no {} named {}", self.kind.word(), self.name))
            .at_some(origin.map(|origin| origin.span(self.range.clone())), "")
            .suggest(&self.name, self.kind.names().iter().copied())
    }
}

impl Analysis {
    /// Names of macros that may be called: `x` and `package.x`, without those that the template defines.
    pub fn called_names(&self) -> BTreeSet<String> {
        let named = |call: &&Call| matches!(call.path.len(), 1 | 2) && !call.is_local;
        self.calls.iter().filter(named).map(Call::name).collect()
    }

    /// Whether a method of this name's value, or the value itself, is called: `this.include(…)`.
    pub fn calls_on(&self, name: &str) -> bool {
        self.calls.iter().any(|call| call.path.first().is_some_and(|first| first == name))
    }

    /// Whether all calls of the `wanted` names have literal arguments and certainly run, and nothing else is called that may
    /// hide such calls. `is_harmless` says of a path that calling it cannot lead to one.
    pub fn is_static(&self, wanted: &[&str], is_harmless: impl Fn(&[String]) -> bool) -> bool {
        let is_wanted = |name: &String| wanted.contains(&name.as_str());
        if self.reads.iter().any(is_wanted) || self.assigned.iter().any(is_wanted) {
            return false;
        }
        self.calls.iter().all(|call| {
            if call.path.len() == 1 && is_wanted(&call.path[0]) {
                return call.is_literal && !call.is_conditional;
            }
            if call.path.first().is_some_and(is_wanted) {
                // `config.get(…)`: the caller knows whether it is harmless.
                return is_harmless(&call.path);
            }
            // Methods of values, and macros of the template, whose own calls are in the list.
            call.path.is_empty() || call.is_local || is_harmless(&call.path)
        })
    }
}

/// The names of the parameters of the first macro of a template; none if there is no macro, or it cannot be read.
pub fn parameters(source: &str) -> Vec<String> {
    let Ok(parsed) = parse(source) else { return Vec::new() };
    let found = parsed.body.iter().find_map(|stmt| match stmt {
        Stmt::Macro(found) => Some(found.params.iter().map(|param| param.name.to_owned()).collect()),
        _ => None,
    });
    found.unwrap_or_default()
}

/// Analyses a template.
pub fn analyze(source: &str) -> Result<Analysis, SyntaxError> {
    let mut walker = Walker { source, ..Walker::default() };
    let mut printed = HashSet::new();
    if super::engine::has_tags(source) {
        let parsed = parse(source)?;
        walker.body(&parsed.body);
        printed.extend(parsed.body.iter().filter_map(Stmt::printed).map(|expr| expr.start..expr.end));
    }
    let mut analysis = walker.analysis;
    for call in &mut analysis.calls {
        call.is_printed = printed.contains(&call.range);
        call.is_local = call.path.first().is_some_and(|name| analysis.assigned.contains(name));
    }
    Ok(analysis)
}

/// The value of an expression that is a literal.
fn literal(expr: &Expr<'_>) -> Option<Json> {
    Some(match &expr.kind {
        ExprKind::Str(text) => Json::String(text.clone()),
        ExprKind::Int(number) => match i64::try_from(*number) {
            Ok(small) => Json::from(small),
            Err(_) => Json::from(u64::try_from(*number).ok()?),
        },
        ExprKind::Float(number) => Json::Number(Number::from_f64(*number)?),
        ExprKind::Bool(value) => Json::Bool(*value),
        ExprKind::None => Json::Null,
        ExprKind::Paren(inner) | ExprKind::Pos(inner) => literal(inner)?,
        ExprKind::Neg(inner) => match literal(inner)? {
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Json::from(-integer),
                None => Json::Number(Number::from_f64(-number.as_f64()?)?),
            },
            _ => return None,
        },
        ExprKind::List(items) | ExprKind::Tuple { items, .. } => {
            Json::Array(items.iter().map(literal).collect::<Option<_>>()?)
        }
        ExprKind::Dict(items) => {
            let mut map = Map::new();
            for (key, value) in items {
                let Json::String(key) = literal(key)? else {
                    return None;
                };
                map.insert(key, literal(value)?);
            }
            Json::Object(map)
        }
        _ => return None,
    })
}

/// The names and attributes of `a.b.c`.
fn path(expr: &Expr<'_>) -> Vec<String> {
    match &expr.kind {
        ExprKind::Name(name) => vec![(*name).to_owned()],
        ExprKind::Attr(base, name) => {
            let mut names = path(base);
            if !names.is_empty() {
                names.push((*name).to_owned());
            }
            names
        }
        _ => Vec::new(),
    }
}

/// Whether a condition can hold only where `execute` is true.
fn needs_execute(condition: &Expr<'_>) -> bool {
    match &condition.kind {
        ExprKind::Name(name) => *name == "execute",
        ExprKind::Paren(inner) => needs_execute(inner),
        ExprKind::Binary { op: BinaryOp::And, left, right, .. } => needs_execute(left) || needs_execute(right),
        _ => false,
    }
}

#[derive(Default)]
struct Walker<'s> {
    source: &'s str,
    analysis: Analysis,
    conditional: usize,
    executing: usize,
    macros: usize,
    /// Whether Jinja2 lets unknown filters pass until they are reached.
    lenient: bool,
}

impl Walker<'_> {
    fn assign(&mut self, names: &[&str]) {
        self.analysis.assigned.extend(names.iter().map(|name| (*name).to_owned()));
    }

    fn body(&mut self, body: &[Stmt<'_>]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn maybe(&mut self, act: impl FnOnce(&mut Self)) {
        self.conditional += 1;
        act(self);
        self.conditional -= 1;
    }

    /// Runs `act` where unknown filters and tests pass, or where they do not.
    fn leniently(&mut self, lenient: bool, act: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.lenient, lenient);
        act(self);
        self.lenient = before;
    }

    /// Notes a filter or test that does not exist.
    fn check_name(&mut self, expr: &Expr<'_>) {
        let (kind, range) = match &expr.kind {
            ExprKind::Filter { name, .. } => (Kind::Filter, name),
            ExprKind::Test { name, .. } => (Kind::Test, name),
            _ => return,
        };
        let name = &self.source[range.clone()];
        if !self.lenient && self.analysis.unknown.is_none() && !kind.names().contains(&name) {
            self.analysis.unknown = Some(Unknown { kind, name: name.to_owned(), range: range.clone() });
        }
    }

    fn branches(&mut self, branches: &[(Option<Expr<'_>>, Vec<Stmt<'_>>)]) {
        for (index, (condition, body)) in branches.iter().enumerate() {
            if let Some(condition) = condition {
                if index == 0 {
                    self.expr(condition);
                } else {
                    self.maybe(|walker| walker.expr(condition));
                }
            }
            let is_execute_only = condition.as_ref().is_some_and(needs_execute);
            self.executing += usize::from(is_execute_only);
            self.maybe(|walker| walker.body(body));
            self.executing -= usize::from(is_execute_only);
        }
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match stmt {
            Stmt::If { branches } => {
                let before = std::mem::replace(&mut self.lenient, true);
                self.branches(branches);
                self.lenient = before;
            }
            Stmt::For { targets, iter, condition, body, otherwise } => {
                self.assign(targets);
                self.assign(&["loop"]);
                self.expr(iter);
                self.maybe(|walker| {
                    if let Some(condition) = condition {
                        walker.expr(condition);
                    }
                    walker.leniently(false, |walker| {
                        walker.body(body);
                        walker.body(otherwise);
                    });
                });
            }
            Stmt::Set { targets, value } => {
                self.expr(value);
                self.assign(targets);
            }
            Stmt::SetBlock { targets, filter, body } => {
                self.assign(targets);
                self.leniently(false, |walker| {
                    filter.iter().for_each(|filter| walker.expr(filter));
                    walker.body(body);
                });
            }
            Stmt::With { bindings, body } => {
                for (targets, value) in bindings {
                    self.assign(targets);
                    self.expr(value);
                }
                self.leniently(false, |walker| walker.body(body));
            }
            Stmt::Filter { filter, body } => self.leniently(false, |walker| {
                walker.expr(filter);
                walker.body(body);
            }),
            Stmt::Macro(found) => {
                self.assign(&[found.name.as_str()]);
                let params: Vec<&str> = found.params.iter().map(|param| param.name).collect();
                self.assign(&params);
                self.macros += 1;
                self.maybe(|walker| {
                    walker.leniently(false, |walker| {
                        stmt.exprs(&mut |expr| walker.expr(expr));
                        walker.body(&found.body);
                    });
                });
                self.macros -= 1;
            }
            Stmt::CallBlock { params, call, body } => {
                let names: Vec<&str> = params.iter().map(|param| param.name).collect();
                self.assign(&names);
                self.expr(call);
                self.maybe(|walker| {
                    walker.leniently(false, |walker| {
                        for default in params.iter().filter_map(|param| param.default.as_ref()) {
                            walker.expr(default);
                        }
                        walker.body(body);
                    });
                });
            }
            _ => {
                stmt.exprs(&mut |expr| self.expr(expr));
                for body in stmt.bodies() {
                    self.body(body);
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        self.check_name(expr);
        match &expr.kind {
            ExprKind::Name(name) => {
                self.analysis.reads.insert((*name).to_owned());
            }
            ExprKind::Call { base, args } => self.call(expr, base, args),
            ExprKind::IfElse { test, then, otherwise } => {
                // Without closures, which take stack: conditions may be nested deeply.
                let before = std::mem::replace(&mut self.lenient, true);
                self.expr(test);
                self.conditional += 1;
                self.expr(then);
                if let Some(otherwise) = otherwise {
                    self.expr(otherwise);
                }
                self.conditional -= 1;
                self.lenient = before;
            }
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right, .. } => {
                self.expr(left);
                self.maybe(|walker| walker.expr(right));
            }
            _ => expr.children(&mut |child| self.expr(child)),
        }
    }

    fn call(&mut self, expr: &Expr<'_>, base: &Expr<'_>, args: &Args<'_>) {
        let argument = |name: Option<&str>, value: &Expr<'_>| CallArgument {
            name: name.map(str::to_owned),
            value: literal(value),
            range: value.start..value.end,
        };
        let mut arguments: Vec<CallArgument> = args.positional.iter().map(|value| argument(None, value)).collect();
        arguments.extend(args.keyword.iter().map(|(name, value)| argument(Some(name), value)));
        let path = path(base);
        if path.is_empty() {
            self.expr(base);
        }
        for value in args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value)).chain(&args.splats) {
            self.expr(value);
        }
        self.analysis.calls.push(Call {
            path,
            is_literal: args.splats.is_empty() && arguments.iter().all(|argument| argument.value.is_some()),
            arguments,
            range: expr.start..expr.end,
            is_conditional: self.conditional > 0,
            is_execute_only: self.executing > 0,
            in_macro: self.macros > 0,
            is_printed: false,
            is_local: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_static(source: &str) -> bool {
        let harmless = |path: &[String]| matches!(path[0].as_str(), "var" | "env_var");
        analyze(source).expect("valid Jinja").is_static(&["ref", "source", "config"], harmless)
    }

    #[test]
    fn literal_calls_are_taken_with_their_arguments() {
        let source = "{{ config(materialized='table', tags=['a', 1], meta={'x': none}) }} select * from {{ ref('p', 'm', v=2) }}";
        let analysis = analyze(source).expect("valid Jinja");
        let config = &analysis.calls[0];
        assert_eq!(config.path, ["config"]);
        assert_eq!(config.keyword("tags").and_then(|a| a.value.clone()), Some(json!(["a", 1])));
        assert_eq!(config.keyword("meta").and_then(|a| a.value.clone()), Some(json!({"x": null})));
        let call = &analysis.calls[1];
        assert_eq!(
            call.positional().map(|a| a.value.clone()).collect::<Vec<_>>(),
            [Some(json!("p")), Some(json!("m"))]
        );
        assert_eq!(&source[call.range.clone()], "ref('p', 'm', v=2)");
        assert!(is_static(source));
    }

    #[test]
    fn what_may_hide_calls_is_not_static() {
        assert!(is_static("select 1"));
        assert!(is_static("{{ ref('a') }}{% set x = [] %}{% do x.append('y'.upper()) %}{{ var('z') }}"));
        assert!(is_static("{% set r = ref('a') %}{{ r }}{{ source('a', 'b').include(database=false) }}"));
        assert!(!is_static("{% if x %}{{ ref('a') }}{% endif %}"));
        assert!(!is_static("{{ ref('a') if x else ref('b') }}"));
        assert!(!is_static("{{ ref(x) }}"));
        assert!(!is_static("{{ ref(*x) }}"));
        assert!(!is_static("{{ my_macro() }}"));
        assert!(!is_static("{% set f = ref %}{{ f('a') }}"));
        assert!(!is_static("{% macro m() %}{{ ref('a') }}{% endmacro %}{{ m() }}"));
        assert!(!is_static("{{ config.require('a') }}"));
    }

    /// As Jinja2 3.1 compiles or refuses them.
    #[test]
    fn unknown_filters_and_tests_are_found_where_jinja_refuses_them() {
        let unknown = |source: &str| analyze(source).expect("valid Jinja").unknown.map(|unknown| unknown.name);
        for source in [
            "{{ x | nope }}",
            "{{ 1 if x else 2 | upper }}{{ x is nope }}",
            "{% if x %}{% for y in z %}{{ y | nope }}{% endfor %}{% endif %}",
            "{% filter nope %}{% endfilter %}",
            "{% set x | nope %}{% endset %}",
            "{% macro m() %}{{ 1 | nope }}{% endmacro %}",
        ] {
            assert_eq!(unknown(source).as_deref(), Some("nope"), "{source}");
        }
        for source in
            ["{% if x | nope %}{{ x | nope }}{% endif %}", "{{ x | nope if x else 2 }}", "{{ x | upper is upper }}"]
        {
            assert_eq!(unknown(source), None, "{source}");
        }
    }

    #[test]
    fn called_names_are_macros_that_may_run() {
        let analysis = analyze("{{ a(b()) }}{{ p.c(1) }}{% for x in y %}{{ x.d() }}{% endfor %}").expect("valid Jinja");
        assert_eq!(analysis.called_names().into_iter().collect::<Vec<_>>(), ["a", "b", "p.c"]);
    }
}
