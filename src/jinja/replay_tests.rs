//! Replays `tests/jinja/*.json`: templates with the answers that Jinja2 gave (see `tests/jinja/record.py`).

use std::path::Path;

use serde_json::Value as Json;

use super::rewrite::{Purpose, rewrite};
use super::{BlockKind, Engine, analyze, from_json, repr, split_blocks};

fn answer(engine: &Engine, case: &Json) -> Result<String, String> {
    let template = case["template"].as_str().expect("a template");
    let context = from_json(case.get("context").unwrap_or(&serde_json::json!({})));
    let rendered = if case["native"] == true {
        engine.render_native(template, None, context).map(|rendered| repr(&rendered.value))
    } else {
        engine.add_template(template, template, None);
        engine.render(template, context).map(|rendered| rendered.text())
    };
    rendered.map_err(|error| error.to_string())
}

fn matches(case: &Json, answer: &Result<String, String>) -> bool {
    let wanted = case.get("mismatch").or_else(|| case.get("output"));
    match (wanted.and_then(Json::as_str), answer) {
        (Some(wanted), Ok(text)) => wanted == text,
        (None, Err(_)) => true,
        _ => false,
    }
}

/// Every case, with the topic it belongs to.
fn cases() -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jinja");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let cases: Vec<Json> = serde_json::from_str(&text).expect("valid JSON");
            found.extend(cases.into_iter().map(|case| (topic.clone(), case)));
        }
    }
    found
}

#[test]
fn broken_templates_are_errors_never_panics() {
    let kinds = [BlockKind::Macro, BlockKind::Docs, BlockKind::Materialization];
    let read = |text: &str| {
        split_blocks(text, &kinds);
        // Whether it is valid does not matter here.
        let _ = (analyze(text), rewrite(text, Purpose::Native));
    };
    for (_, case) in cases() {
        let template = case["template"].as_str().expect("a template");
        for (at, c) in template.char_indices() {
            read(&template[..at]);
            read(&template[at..]);
            read(&format!("{}{}", &template[..at], &template[at + c.len_utf8()..]));
        }
    }
    for piece in ["(", "[", "{", "not ", "-", "a.", "a|", "a(", "a+", "a~", "a[", "a if ", "{'a':", "a,", "a is "] {
        read(&format!("{{{{ {}", piece.repeat(5000)));
        read(&format!("{{{{ {}a }}}}", piece.repeat(5000)));
    }
    read(&"{% if a %}".repeat(5000));
    read(&format!("{{{{ {}1{} }}}}", "(".repeat(60), ")".repeat(60)));
}

#[test]
fn answers_equal_those_of_jinja2() {
    let cases = cases();
    let mut failures = Vec::new();
    for (topic, case) in &cases {
        // An engine a case: the same text may come with several contexts.
        let given = answer(&Engine::new(), case);
        if !matches(case, &given) {
            failures.push(format!("{topic}: {case}\n    hetl: {given:?}\n"));
        }
    }
    assert!(cases.len() > 200, "only {} cases were found", cases.len());
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), cases.len(), failures.join(""));
}
