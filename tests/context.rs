//! What templates see: cases of `tests/artifacts/context/members.txt` with the recorded answers of the real dbt, all rendered in
//! one run.

use crate::commands::Project;

const CASES: &str = include_str!("artifacts/context/members.txt");
const DOCUMENTED: &str = include_str!("artifacts/context/documented.txt");
const PROJECT: &str = include_str!("artifacts/context/project.txt");

struct Case {
    title: &'static str,
    template: &'static str,
    answer: String,
}

fn cases() -> Vec<Case> {
    let parts = CASES.split("\n-- ").skip(1);
    parts
        .map(|part| {
            let mut lines = part.lines();
            let title = lines.next().expect("a title");
            let template = lines.next().expect("a template");
            let lines: Vec<&str> = lines.collect();
            let own: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("~> ")).collect();
            let theirs: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("=> ")).collect();
            Case { title, template, answer: if own.is_empty() { theirs } else { own }.join("\n") }
        })
        .collect()
}

fn fails(case: &Case) -> bool {
    case.title.starts_with("fails: ")
}

/// A project of the cases that fail, or of the others.
fn project(cases: &[Case], failing: bool) -> Project {
    let mut files: Vec<(String, String)> = PROJECT
        .split("-- ")
        .filter_map(|part| part.split_once(" --\n"))
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let (mut macros, mut calls, mut at_end) = (String::new(), String::new(), String::new());
    for (number, case) in cases.iter().enumerate().filter(|(_, case)| fails(case) == failing) {
        let template = case.template;
        if failing {
            let sql =
                format!("-- {{{{ ref('people') }}}}\n{{% if execute %}}{template}{{% endif %}}\nselect 1 as id\n");
            files.push((format!("models/fails_{number}.sql"), sql));
        } else if case.title.starts_with("on-run-end: ") {
            at_end += &format!("{{% set case %}}{template}{{% endset %}}");
            at_end += &format!("{{% do print('<case {number}>' ~ case ~ '</case>') %}}");
        } else {
            macros += &format!("{{% macro case_{number}() %}}{template}{{% endmacro %}}\n");
            calls += &format!("{{% do print('<case {number}>' ~ case_{number}() ~ '</case>') %}}");
        }
    }
    files.push(("macros/cases.sql".into(), macros));
    let refs = "-- {{ ref('people') }} {{ ref('fewer') }} {{ source('src', 'people') }}\n";
    files.push(("models/cases.sql".into(), format!("{refs}{{% if execute %}}{calls}{{% endif %}}\nselect 1 as id\n")));
    let hook = format!("on-run-end: {}\n", serde_json::json!([at_end]));
    for (path, text) in &mut files {
        if path == "dbt_project.yml" {
            text.push_str(&hook);
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Project::new(&files)
}

/// What `record.py` makes of the message of a failed model: `Compilation Error: the text`.
fn error_of(message: &str, model: &str) -> String {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let kind = first.split(" in ").next().unwrap_or_default();
    let words = rest.lines().take_while(|line| !line.trim().is_empty()).flat_map(str::split_whitespace);
    let text: Vec<&str> = words.collect();
    format!("{kind}: {}", text.join(" ")).replace(model, "fails")
}

/// The answer of a case, or what was printed instead.
fn answer(number: usize, case: &Case, printed: &str, results: &serde_json::Value) -> String {
    if fails(case) {
        let id = format!("model.p.fails_{number}");
        let mut results = results["results"].as_array().into_iter().flatten();
        let message = results.find(|result| result["unique_id"] == *id).and_then(|found| found["message"].as_str());
        return error_of(message.unwrap_or("no result"), &format!("fails_{number}"));
    }
    let begin = format!("<case {number}>");
    // Hooks print while they are parsed, too.
    let found = printed.rsplit_once(&begin).and_then(|(_, rest)| rest.split_once("</case>"));
    found.map_or_else(|| "it did not end".to_owned(), |(found, _)| found.to_owned())
}

#[test]
fn members_of_the_context_answer_as_in_dbt() {
    let cases = cases();
    let run = |project: &Project| project.run_with("--no-use-colors run", &[("CONTEXT_TEST", "set")]);
    let failing = project(&cases, true);
    run(&failing).expect(1, &[]);
    let results = failing.json("target/run_results.json");
    let run = run(&project(&cases, false));
    let mut wrong = String::new();
    for (number, case) in cases.iter().enumerate() {
        let found = answer(number, case, &run.printed, &results);
        if found != case.answer {
            let Case { title, template, answer } = case;
            wrong += &format!("-- {title}\n{template}\nexpected {answer}\n   found {found}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n{}", run.printed);
    run.expect(0, &[]);
}

/// The list names what dbt's documentation has; a member is covered by a template that holds its text.
#[test]
fn every_documented_member_has_a_case() {
    let templates: Vec<&str> = cases().iter().map(|case| case.template).collect();
    let covered = [templates.join("\n"), PROJECT.to_owned()].concat();
    let members = DOCUMENTED.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let missing: Vec<&str> = members.filter(|member| !covered.contains(member)).collect();
    assert!(missing.is_empty(), "no case in tests/artifacts/context/members.txt has {missing:#?}");
}
