//! Replays `tests/jinja/*.json`: templates with the answers that Jinja2 gave (see `tests/jinja/record.py`).

use std::path::Path;

use serde_json::Value as Json;

use super::{Engine, from_json, repr};

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

#[test]
fn answers_equal_those_of_jinja2() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jinja");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let path = entry.expect("a readable folder").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let cases: Vec<Json> = serde_json::from_str(&text).expect("valid JSON");
        // An engine a case: the same text may come with several contexts.
        for case in &cases {
            count += 1;
            let given = answer(&Engine::new(), case);
            if !matches(case, &given) {
                let topic = path.file_stem().unwrap_or_default().to_string_lossy();
                failures.push(format!("{topic}: {}\n    hetl: {given:?}\n", case));
            }
        }
    }
    assert!(count > 200, "only {count} cases were found");
    assert!(failures.is_empty(), "{} of {count} differ\n{}", failures.len(), failures.join(""));
}
