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
