use minijinja::Value;

use super::values::{Dict, from_json};
use super::{Engine, Undefined};

fn macros(engine: &Engine, list: &[(&str, &str)]) -> Value {
    let context = Dict::new([]);
    for (name, text) in list {
        context.insert(*name, engine.add_macro("pkg", name, *text, None));
    }
    Value::from_object(context)
}

#[test]
fn macros_see_the_root_context_and_call_each_other_across_files() {
    let engine = Engine::new();
    let context = macros(
        &engine,
        &[
            ("outer", "{% macro outer(x) %}<{{ inner(x, y=where) }}>{% endmacro %}"),
            ("inner", "{% macro inner(a, y, b=a) -%}  {{ a }}{{ y }}{{ b }}{{ local }}{% endmacro %}"),
        ],
    );
    let dict: &Dict = context.downcast_object_ref().expect("a dict");
    dict.insert("where", "root");
    engine.add_template("m", "{% set local = 'seen' %}{{ outer(1) }}{{ outer(2) }}", None);
    let rendered = engine.render("m", context.clone()).expect("renders");
    assert_eq!(rendered.text(), "<1root1><2root2>");
    assert_eq!(rendered.macros, ["macro:pkg.outer"]);
}

#[test]
fn return_gives_any_type_even_from_loops_and_recursion() {
    let engine = Engine::new();
    let context = macros(
        &engine,
        &[
            (
                "first",
                "{% macro first(xs) %}{% for x in xs %}{% if x > 1 %}{{ return(x) }}{% endif %}{% endfor %}{% endmacro %}",
            ),
            (
                "fact",
                "{% macro fact(n) %}{% if n <= 1 %}{% do return(1) %}{% endif %}{{ return(n * fact(n - 1)) }}{% endmacro %}",
            ),
            ("both", "{% macro both() %}{{ return([1, {'a': 2}]) }}{% endmacro %}"),
        ],
    );
    let value = |text| engine.eval_expression(text, None, context.clone()).expect("evaluates");
    assert_eq!(value("first([1, 2, 3]) + 1"), Value::from(3));
    assert_eq!(value("fact(30) // fact(29)"), Value::from(30));
    assert_eq!(value("both()[1].a"), Value::from(2));
}

#[test]
fn call_blocks_reach_through_macros_and_rust() {
    let engine = Engine::new();
    let context = macros(&engine, &[("wrap", "{% macro wrap(name) %}[{{ name }}:{{ caller(7) }}]{% endmacro %}")]);
    let dict: &Dict = context.downcast_object_ref().expect("a dict");
    dict.insert(
        "rust",
        Value::from_function(|state: &mut minijinja::State, kwargs: minijinja::value::Kwargs| {
            let caller: Value = kwargs.get("caller")?;
            super::call_macro(state, &caller, &[Value::from(1)], &[])
        }),
    );
    engine.add_template(
        "m",
        "{% set q = [1,2] %}{% call(x) wrap('n') %}{{ x }}{{ q[1:] }}{% endcall %}{% call(y) rust() %}r{{ y }}{% endcall %}",
        None,
    );
    assert_eq!(engine.render("m", context).expect("renders").text(), "[n:7[2]]r1");
}

#[test]
fn lists_and_dicts_change_in_place() {
    let engine = Engine::new();
    let text = "{% set xs = [] %}{% do xs.append(1) %}{% do xs.extend(xs) %}{% set d = {} %}{% do d.update({'a': xs}) %}{{ d }}";
    let rendered = engine.render_str(text, None, Value::UNDEFINED).expect("renders");
    assert_eq!(rendered.text(), "{'a': [1, 1]}");
}

#[test]
fn native_rendering_keeps_types() {
    let engine = Engine::new();
    let context = from_json(&serde_json::json!({"x": [1], "n": "5", "b": "True"}));
    let value = |text| {
        engine.render_native(text, None, context.clone()).map(|r| super::repr(&r.value)).map_err(|e| e.to_string())
    };
    let ok = |text: &str| Ok::<_, String>(text.to_owned());
    assert_eq!(value("{{ x }}"), ok("[1]"));
    assert_eq!(value("{{ 1 }}"), ok("'1'"));
    assert_eq!(value("a{{ x }}"), ok("'a[1]'"));
    assert_eq!(value("{{ n }}"), ok("'5'"));
    assert_eq!(value("{{ n | as_number }}"), ok("5"));
    assert_eq!(value("{{ b | as_bool }}"), ok("True"));
    assert_eq!(value("{{ n | as_native }}"), ok("5"));
    assert_eq!(value("{{ n | as_text }}"), ok("'5'"));
    assert_eq!(value("{% if true %}{{ x }}{% endif %}"), ok("[1]"));
    assert!(value("{{ n | as_bool }}").is_err());
}

#[test]
fn undefined_is_chainable_on_demand() {
    let engine = Engine::new();
    let render = |undefined| engine.render_str_with("{{ a.b.c() }}", None, Value::UNDEFINED, undefined, |_| {}, |_| {});
    assert_eq!(render(Undefined::Chainable).expect("renders").text(), "");
    let error = render(Undefined::Lenient).expect_err("a is undefined");
    assert_eq!(error.diagnostic.message, "'a' is undefined");
}

#[test]
fn errors_point_into_the_source_and_carry_the_macro_stack() {
    let sources = crate::diagnostics::SourceMap::new();
    let model = sources.add("m.sql", "x\n{{ outer() }}");
    let file = sources.add("macros/a.sql", "{# c #}{% macro outer() %}\n  {{ [1] ~ missing(2) }}{% endmacro %}");
    let engine = Engine::new();
    let text = "{% macro outer() %}\n  {{ [1] ~ missing(2) }}{% endmacro %}";
    let outer = engine.add_macro("pkg", "outer", text, Some(super::Origin::new(file, 7)));
    engine.add_template("m", "x\n{{ outer() }}", Some(super::Origin::new(model, 0)));
    let context = Dict::value([(Value::from("outer"), outer)]);
    let error = engine.render("m", context).expect_err("missing is undefined");
    assert_eq!(error.diagnostic.message, "'missing' is undefined");
    assert_eq!(error.undefined_name.as_deref(), Some("missing"));
    let label = &error.diagnostic.labels[0];
    let text = sources.get(label.span.source).text.clone();
    assert_eq!(&text[label.span.start as usize..label.span.end as usize], "missing(2)");
    let names: Vec<_> = error.diagnostic.frames.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["macro `pkg.outer`", "template"]);
    let call = error.diagnostic.frames[1].span.expect("a place");
    assert_eq!((call.source, call.start), (model, 5));
}

/// Message, marked text and names of the frames of what fails.
fn failure(macros: &[(&str, &str)], model: &str) -> (String, String, Vec<String>) {
    let sources = crate::diagnostics::SourceMap::new();
    let engine = Engine::new();
    let context = Dict::new([]);
    for (name, text) in macros {
        let id = sources.add(*name, *text);
        context.insert(*name, engine.add_macro("pkg", name, *text, Some(super::Origin::new(id, 0))));
    }
    let id = sources.add("model", model);
    engine.add_template("m", model, Some(super::Origin::new(id, 0)));
    let error = engine.render("m", Value::from_object(context)).expect_err("fails");
    let span = error.diagnostic.labels[0].span;
    let text = sources.get(span.source).text.clone();
    let marked = text[span.start as usize..span.end as usize].to_owned();
    let frames = error.diagnostic.frames.iter().map(|frame| frame.name.clone()).collect();
    (error.diagnostic.message, marked, frames)
}

#[test]
fn failures_say_what_and_where() {
    let check = |macros: &[(&str, &str)], model: &str, message: &str, marked: &str| {
        let (given, at, _) = failure(macros, model);
        assert_eq!((given.as_str(), at.as_str()), (message, marked), "{model}");
    };
    let one = [("one", "{% macro one(a) %}{{ a }}{% endmacro %}")];
    check(&one, "{{ one(1, 2) }}", "macro 'one' takes not more than 1 argument(s)", "one(1, 2)");
    check(&one, "x {{ one(b=1) }}", "macro 'one' takes no keyword argument 'b'", "one(b=1)");
    check(&[], "\r\n{{ 1 }}\r\n{{ x.y }}\r\n", "'x' is undefined", "x.y");
    check(&[], "{{ a.b }}", "'a' is undefined", "a.b");
    check(&[], "{{ [1].nope() }}", "'list object' has no attribute 'nope'", "[1].nope()");
    check(&[], "{{ 'a' + 1 }}", "can only concatenate str (not \"int\") to str", "'a' + 1");
    check(&[], "{{ 1 | nope }}", "no filter named nope", "nope");
    check(
        &[],
        "{% if a %}\n{{ b }}",
        "Unexpected end of template. Jinja was looking for the following tags: 'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
        "{% if",
    );
    check(
        &[("bad", "{% macro bad() %}{{ 1 + }}{% endmacro %}")],
        "{{ bad() }}",
        "expected an expression, got 'end of print statement'",
        "}}",
    );
}

#[test]
fn endless_recursion_is_an_error() {
    let (message, _, frames) = failure(&[("m", "{% macro m() %}{{ m() }}{% endmacro %}")], "{{ m() }}");
    assert_eq!(message, "recursion limit exceeded");
    assert!(frames.len() > 100);
}

#[test]
fn one_engine_serves_many_threads() {
    fn shared<T: Send + Sync>(value: T) -> T {
        value
    }
    let engine = shared(Engine::new());
    let helper = engine.add_macro("pkg", "twice", "{% macro twice(x) %}{{ return(x * 2) }}{% endmacro %}", None);
    let context = Dict::value([(Value::from("twice"), helper)]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (engine, context) = (&engine, context.clone());
            scope.spawn(move || {
                for number in 0..50 {
                    let name = format!("model:{thread}.{number}");
                    engine.add_template(&name, format!("{{{{ twice({number}) }}}}"), None);
                    let rendered = engine.render(&name, context.clone()).expect("renders");
                    assert_eq!(rendered.text(), (number * 2).to_string());
                }
            });
        }
    });
}

#[test]
fn callbacks_fail_with_their_own_diagnostics_and_objects_join_operators() {
    use crate::diagnostics::{Code, Diagnostic};
    use minijinja::value::{Object, ObjectRepr};
    use minijinja::{Error, ErrorKind, State};
    use std::sync::Arc;

    #[derive(Debug)]
    struct Day(i64);
    impl Object for Day {
        fn repr(self: &Arc<Self>) -> ObjectRepr {
            ObjectRepr::Plain
        }
        fn call_method(
            self: &Arc<Self>,
            _state: &mut State<'_, '_>,
            method: &str,
            args: &[Value],
        ) -> Result<Value, Error> {
            match (method, args[0].as_i64()) {
                ("__sub__", Some(days)) => Ok(Value::from(self.0 - days)),
                ("__radd__", Some(days)) => Ok(Value::from(self.0 + days)),
                _ => Err(Error::from(ErrorKind::UnknownMethod)),
            }
        }
    }
    let engine = Engine::new();
    let fail = Value::from_function(|| -> Result<Value, Error> {
        Err(super::raise(Diagnostic::error(Code::MISSING_VAR, "no var x")))
    });
    let context = Dict::value([(Value::from("day"), Value::from_object(Day(10))), (Value::from("fail"), fail)]);
    let text = engine.render_str("{{ day - 3 }} {{ 3 + day }}", None, context.clone()).expect("renders").text();
    assert_eq!(text, "7 13");
    let error = engine.render_str("{{ fail() }}", None, context).expect_err("fails");
    assert_eq!(error.diagnostic.code, Code::MISSING_VAR);
}
