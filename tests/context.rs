//! What templates see: cases of `tests/artifacts/context/members.txt` with the recorded answers of the real dbt, all rendered in
//! one run.

use crate::commands::Project;

const CASES: &str = include_str!("artifacts/context/members.txt");
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

fn project(cases: &[Case]) -> Project {
    let mut files: Vec<(String, String)> = PROJECT
        .split("-- ")
        .filter_map(|part| part.split_once(" --\n"))
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let mut macros = String::new();
    let mut calls = String::new();
    for (number, case) in cases.iter().enumerate() {
        macros += &format!("{{% macro case_{number}() %}}{}{{% endmacro %}}\n", case.template);
        calls += &format!("{{% do print('<case {number}>' ~ case_{number}() ~ '</case>') %}}");
    }
    files.push(("macros/cases.sql".into(), macros));
    let refs = "-- {{ ref('people') }} {{ ref('fewer') }} {{ source('src', 'people') }}\n";
    files.push(("models/cases.sql".into(), format!("{refs}{{% if execute %}}{calls}{{% endif %}}\nselect 1 as id\n")));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Project::new(&files)
}

#[test]
fn members_of_the_context_answer_as_in_dbt() {
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let run = project(&cases).run_with("--no-use-colors run", &[("CONTEXT_TEST", "set")]);
    let mut wrong = String::new();
    for (number, Case { title, template, answer }) in cases.iter().enumerate() {
        let begin = format!("<case {number}>");
        let found = run.printed.split_once(&begin).and_then(|(_, rest)| rest.split_once("</case>"));
        let Some((found, _)) = found else {
            panic!("{wrong}\n{title}: {template}\ndid not end:\n{}", run.printed);
        };
        if found != answer {
            wrong += &format!("-- {title}\n{template}\nexpected {answer}\n   found {found}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    run.expect(0, &[]);
}
