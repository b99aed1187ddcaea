use super::*;
use crate::diagnostics::{SourceMap, render};

fn problems(text: &str) -> String {
    let sources = SourceMap::new();
    let id = sources.add("a.yml", text);
    let mut diagnostics = Diagnostics::new();
    parse_into(id, text, &mut diagnostics);
    diagnostics.iter().map(|problem| render::text(problem, &sources)).collect()
}

/// Answers of PyYAML 6.0's safe loader (places forgotten, keys as text, dates in ISO form).
#[test]
fn texts_become_what_pyyaml_makes_of_them() {
    let cases: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../tests/yaml/pyyaml.json")).expect("the recorded answers are JSON");
    let sources = SourceMap::new();
    for case in &cases {
        let text = case["yaml"].as_str().expect("every case has a text");
        let id = sources.add("case.yml", text);
        match (parse(id, text), case.get("json")) {
            (Ok(node), Some(expected)) => assert_eq!(&node.to_json(), expected, "{}", case["name"]),
            (Err(_), None) => {}
            (Ok(node), None) => panic!("{}: an error was expected, not {}", case["name"], node.to_json()),
            (Err(errors), Some(_)) => panic!("{}: {errors:?}", case["name"]),
        }
    }
}

#[test]
fn every_node_knows_its_place() {
    let text = "a:\n  - name: 'x y'\n    on: {k: [1, 2]}\n  - |\n    block\nb: &n 5\nc: *n\n";
    let sources = SourceMap::new();
    let root = parse(sources.add("a.yml", text), text).expect("it is well-formed");
    let at = |node: &Node| &text[node.span.start as usize..node.span.end as usize];
    let list = root.get("a").and_then(Node::as_seq).expect("`a` is a list");
    assert_eq!(at(list[0].get("name").expect("it has a name")), "'x y'");
    let (key, flow) = list[0].as_map().and_then(|map| map.iter().nth(1)).expect("it has two entries");
    assert_eq!((at(key), &key.value, at(flow)), ("on", &Value::Bool(true), "{k: [1, 2]}"));
    assert_eq!(at(&list[0]), "name: 'x y'\n    on: {k: [1, 2]}");
    assert_eq!(at(root.get("c").expect("`c` is there")), "5");
}

#[test]
fn places_are_right_after_under_indented_lines() {
    let text = "a: \"one\ntwo\nthree\"\nb: [here]\n";
    let sources = SourceMap::new();
    let root = parse(sources.add("a.yml", text), text).expect("PyYAML takes it");
    let place = root.get("b").expect("`b` is there").span;
    assert_eq!(&text[place.start as usize..place.end as usize], "[here]");
}

#[test]
fn a_block_text_at_the_end_of_a_file_gets_no_line_break_of_its_own() {
    let sources = SourceMap::new();
    for (text, expected) in [("a: |\n  x", "x"), ("a: |\n  x\n", "x\n"), ("a: >\n  x\n  y", "x y"), ("a: |+\n  x", "x")]
    {
        let root = parse(sources.add("a.yml", text), text).expect("it is well-formed");
        assert_eq!(root.get("a").and_then(Node::as_str), Some(expected), "{text:?}");
    }
}

#[test]
fn a_repeated_key_is_a_warning() {
    assert_eq!(
        problems("m:\n  name: a\n  name: b\n"),
        "\
warning[W0205]: the key `name` is written twice in one mapping
  --> a.yml:3:3
   |
 2 |   name: a
   |   ---- this one is ignored
 3 |   name: b
   |   ^^^^ this one is used
hint: remove or rename one of them
"
    );
}

#[test]
fn usual_mistakes_have_a_place_and_a_hint() {
    for (text, line, hint) in [
        ("a: {{ var('x') }}\n", "1", "quote a value that begins with Jinja"),
        ("a: {{ x }}-y\n", "1", "quote a value that begins with Jinja"),
        ("a: {% if x %}\n", "1", "quote a value that begins with Jinja"),
        ("a:\n\tb: 1\n", "2", "indent with spaces"),
        ("a: 1\nb: 'x\nc: 2\n", "2", "close it"),
        ("a: \"x\nb: 2\n", "1", "close it"),
        ("a: 'it's'\n", "1", "double a single quote"),
        ("a: b: c\n", "1", "put quotes around a value"),
        ("a:\n  b: 1\n c: 2\n", "3", "same indentation"),
        ("a: 1\nfoo\nb: 2\n", "2", "give keys a `:`"),
        ("a: [1, 2\nb: 3\n", "2", ""),
        ("a: *x\n", "1", "begins with `*`"),
        ("a: @foo\n", "1", "between quotes"),
        ("a: !foo x\n", "1", "exclamation mark"),
        ("a: 1\n---\nb: 2\n", "2", "remove the `---`"),
    ] {
        let said = problems(text);
        assert!(said.contains("error[E0201]"), "{text:?}\n{said}");
        assert!(said.contains(&format!("--> a.yml:{line}:")), "{text:?}\n{said}");
        assert!(said.contains(hint), "{text:?}\n{said}");
    }
}
