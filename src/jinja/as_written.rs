//! Arguments as Jinja2 shows its syntax tree: what dbt compares where configs are compared as they are written.

use std::fmt::Write;

use super::parser::parse;
use super::syntax::{Args, BinaryOp, Expr, ExprKind, Stmt};
use super::values::{float_text, repr};

/// The keyword arguments of the first call of `function`, each as `Keyword(key='k', value=Const(value=1))`; nothing without such a call.
pub fn keywords_as_written(source: &str, function: &str) -> Vec<(String, String)> {
    let mut found = None;
    if let Ok(parsed) = parse(source) {
        search(&parsed.body, &mut |expr| {
            if let ExprKind::Call { base, args } = &expr.kind
                && matches!(base.kind, ExprKind::Name(name) if name == function)
                && found.is_none()
            {
                let keyword = |(key, value): &(&str, Expr<'_>)| ((*key).to_owned(), keyword(source, key, value));
                found = Some(args.keyword.iter().map(keyword).collect());
            }
        });
    }
    found.unwrap_or_default()
}

/// Whether a template has nothing but text and calls of these functions whose arguments are strings, truth values, lists and mappings: then
/// dbt takes its configs without rendering it, and keeps their values.
pub fn is_plain(source: &str, functions: &[&str]) -> bool {
    let is_plain_call = |expr: &Expr<'_>| match &expr.kind {
        ExprKind::Call { base, args } => {
            let mut values = args.positional.iter().chain(args.keyword.iter().map(|(_, value)| value));
            matches!(base.kind, ExprKind::Name(name) if functions.contains(&name))
                && args.splats.is_empty()
                && values.all(is_plain_value)
        }
        _ => false,
    };
    parse(source).is_ok_and(|parsed| {
        parsed.body.iter().all(|stmt| match stmt {
            Stmt::Data => true,
            Stmt::Output { expr } => is_plain_call(expr),
            _ => false,
        })
    })
}

fn is_plain_value(value: &Expr<'_>) -> bool {
    match &value.kind {
        ExprKind::Str(_) | ExprKind::Bool(_) => true,
        ExprKind::List(items) => items.iter().all(is_plain_value),
        ExprKind::Dict(pairs) => pairs.iter().all(|(key, value)| is_plain_value(key) && is_plain_value(value)),
        _ => false,
    }
}

/// Visits every expression in the order of the text.
fn search(body: &[Stmt<'_>], visit: &mut dyn FnMut(&Expr<'_>)) {
    fn within(expr: &Expr<'_>, visit: &mut dyn FnMut(&Expr<'_>)) {
        visit(expr);
        expr.children(&mut |child| within(child, visit));
    }
    for stmt in body {
        stmt.exprs(&mut |expr| within(expr, visit));
        stmt.bodies().into_iter().for_each(|body| search(body, visit));
    }
}

fn keyword(source: &str, key: &str, value: &Expr<'_>) -> String {
    format!("Keyword(key={}, value={})", string_repr(key), shown(source, value))
}

fn list<'a, 'e: 'a>(source: &str, items: impl IntoIterator<Item = &'a Expr<'e>>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| shown(source, item)).collect();
    format!("[{}]", items.join(", "))
}

/// The arguments of a call, filter or test.
fn arguments(source: &str, args: &Args<'_>) -> String {
    let keywords: Vec<String> = args.keyword.iter().map(|(key, value)| keyword(source, key, value)).collect();
    let is_mapping = |splat: &&Expr<'_>| source[..splat.start].trim_end().ends_with("**");
    let one = |splat: Option<&Expr<'_>>| splat.map_or_else(|| "None".to_owned(), |splat| shown(source, splat));
    format!(
        "args={}, kwargs=[{}], dyn_args={}, dyn_kwargs={}",
        list(source, &args.positional),
        keywords.join(", "),
        one(args.splats.iter().find(|splat| !is_mapping(splat))),
        one(args.splats.iter().find(is_mapping)),
    )
}

fn string_repr(text: &str) -> String {
    repr(&minijinja::Value::from(text))
}

fn constant(value: impl std::fmt::Display) -> String {
    format!("Const(value={value})")
}

fn shown(source: &str, expr: &Expr<'_>) -> String {
    let show = |expr: &Expr<'_>| shown(source, expr);
    match &expr.kind {
        ExprKind::Name(name) => format!("Name(name={}, ctx='load')", string_repr(name)),
        ExprKind::Str(text) => constant(string_repr(text)),
        ExprKind::Int(number) => constant(number),
        ExprKind::Float(number) => constant(float_text(*number)),
        ExprKind::Bool(value) => constant(if *value { "True" } else { "False" }),
        ExprKind::None => constant("None"),
        ExprKind::List(items) => format!("List(items={})", list(source, items)),
        ExprKind::Tuple { items, .. } => format!("Tuple(items={}, ctx='load')", list(source, items)),
        ExprKind::Dict(pairs) => {
            let pair = |(key, value): &(Expr<'_>, Expr<'_>)| format!("Pair(key={}, value={})", show(key), show(value));
            format!("Dict(items=[{}])", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Paren(inner) => show(inner),
        ExprKind::Not(inner) => format!("Not(node={})", show(inner)),
        ExprKind::Neg(inner) => format!("Neg(node={})", show(inner)),
        ExprKind::Pos(inner) => format!("Pos(node={})", show(inner)),
        ExprKind::Binary { op: BinaryOp::Concat, .. } => format!("Concat(nodes={})", list(source, concatenated(expr))),
        ExprKind::Binary { op, left, right, .. } => {
            format!("{}(left={}, right={})", operator(*op), show(left), show(right))
        }
        ExprKind::Compare { first, rest } => {
            let mut operands = String::new();
            for (index, (range, operand)) in rest.iter().enumerate() {
                let separator = if index > 0 { ", " } else { "" };
                let name = comparison(&source[range.clone()]);
                // Writing to a string cannot fail.
                let _ = write!(operands, "{separator}Operand(op='{name}', expr={})", show(operand));
            }
            format!("Compare(expr={}, ops=[{operands}])", show(first))
        }
        ExprKind::IfElse { test, then, otherwise } => {
            let otherwise = otherwise.as_ref().map_or_else(|| "None".to_owned(), |otherwise| show(otherwise));
            format!("CondExpr(test={}, expr1={}, expr2={otherwise})", show(test), show(then))
        }
        ExprKind::Filter { name, base, args } => {
            let base = base.as_ref().map_or_else(|| "None".to_owned(), |base| show(base));
            let name = string_repr(&source[name.clone()]);
            format!("Filter(node={base}, name={name}, {})", arguments(source, args))
        }
        ExprKind::Test { name, base, args } => {
            let is_negated = source[base.end..name.start].contains("not");
            let name = string_repr(&source[name.clone()]);
            let test = format!("Test(node={}, name={name}, {})", show(base), arguments(source, args));
            if is_negated { format!("Not(node={test})") } else { test }
        }
        ExprKind::Attr(base, name) => {
            format!("Getattr(node={}, attr={}, ctx='load')", show(base), string_repr(name))
        }
        ExprKind::Item { base, index } => format!("Getitem(node={}, arg={}, ctx='load')", show(base), show(index)),
        ExprKind::Slice { base, start, stop, step, .. } => {
            let [start, stop, step] =
                [start, stop, step].map(|part| part.as_ref().map_or_else(|| "None".to_owned(), |part| show(part)));
            let slice = format!("Slice(start={start}, stop={stop}, step={step})");
            format!("Getitem(node={}, arg={slice}, ctx='load')", show(base))
        }
        ExprKind::Call { base, args } => format!("Call(node={}, {})", show(base), arguments(source, args)),
    }
}

/// The operands of `a ~ b ~ c`.
fn concatenated<'e, 'a>(expr: &'e Expr<'a>) -> Vec<&'e Expr<'a>> {
    match &expr.kind {
        ExprKind::Binary { op: BinaryOp::Concat, left, right, .. } => {
            let mut operands = concatenated(left);
            operands.push(right);
            operands
        }
        _ => vec![expr],
    }
}

fn operator(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "Add",
        BinaryOp::Sub => "Sub",
        BinaryOp::Mul => "Mul",
        BinaryOp::Div => "Div",
        BinaryOp::FloorDiv => "FloorDiv",
        BinaryOp::Rem => "Mod",
        BinaryOp::Pow => "Pow",
        BinaryOp::Concat => "Concat",
        BinaryOp::And => "And",
        BinaryOp::Or => "Or",
    }
}

fn comparison(written: &str) -> &'static str {
    match written {
        "==" => "eq",
        "!=" => "ne",
        "<" => "lt",
        "<=" => "lteq",
        ">" => "gt",
        ">=" => "gteq",
        "in" => "in",
        _ => "notin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from dbt 1.11 (`statically_parse_unrendered_config`).
    #[test]
    fn arguments_are_shown_as_jinja_shows_them() {
        let call = "Call(node=Name(name='env_var', ctx='load'), args=[Const(value='X'), Const(value='d')], kwargs=[], dyn_args=None, dyn_kwargs=None)";
        let schema = format!("Concat(nodes=[{call}, Const(value='_y')])");
        let cases = [
            ("'table'", "Const(value='table')"),
            ("env_var('X', 'd') ~ '_y'", schema.as_str()),
            ("[1, -1.5, none]", "List(items=[Const(value=1), Neg(node=Const(value=1.5)), Const(value=None)])"),
            ("{'x': true}", "Dict(items=[Pair(key=Const(value='x'), value=Const(value=True))])"),
            (
                "x is not none",
                "Not(node=Test(node=Name(name='x', ctx='load'), name='none', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None))",
            ),
            (
                "1 < 2 <= 3",
                "Compare(expr=Const(value=1), ops=[Operand(op='lt', expr=Const(value=2)), Operand(op='lteq', expr=Const(value=3))])",
            ),
            (
                "x[1:2]",
                "Getitem(node=Name(name='x', ctx='load'), arg=Slice(start=Const(value=1), stop=Const(value=2), step=None), ctx='load')",
            ),
            (
                "x(*y, k=1)",
                "Call(node=Name(name='x', ctx='load'), args=[], kwargs=[Keyword(key='k', value=Const(value=1))], dyn_args=Name(name='y', ctx='load'), dyn_kwargs=None)",
            ),
        ];
        for (written, expected) in cases {
            let source = format!("{{{{ config(k={written}) }}}}{{{{ config(other=1) }}}}");
            let expected = vec![("k".to_owned(), format!("Keyword(key='k', value={expected})"))];
            assert_eq!(keywords_as_written(&source, "config"), expected);
        }
        assert_eq!(keywords_as_written("select 1", "config"), []);
    }

    #[test]
    fn templates_of_literal_calls_are_plain() {
        assert!(is_plain("{{ config(materialized='table', tags=['a']) }} select 1", &["config"]));
        for other in ["{{ config(a=x()) }}", "{{ config(a=1) }}", "{% set a = 1 %}", "{{ this }}"] {
            assert!(!is_plain(other, &["config"]), "{other}");
        }
    }
}
