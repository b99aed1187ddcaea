//! How many statements a run sends: so many a node, and no more for a node of a larger project.

use std::fmt::Write as _;

use super::Project;

/// A chain of views with a test each.
fn chain(length: usize) -> Project {
    let project = Project::new(&[("models/m0.sql", "select 1 as id")]);
    let mut properties = String::from("models:\n");
    for number in 0..length {
        let next = format!("select id from {{{{ ref('m{number}') }}}}");
        project.write(&format!("models/m{}.sql", number + 1), &next);
        writeln!(properties, "  - {{name: m{number}, columns: [{{name: id, data_tests: [unique]}}]}}").expect("a text");
    }
    project.write("models/m.yml", &properties);
    project
}

/// The statements of a command, as its log has them.
fn statements(project: &Project, command: &str) -> Vec<String> {
    let ran = project.run(&format!("--log-format json --debug {command}"));
    ran.expect(0, &[]);
    let lines = ran.printed.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let sent = lines.filter(|line| line["info"]["name"] == "SQLQuery");
    sent.filter_map(|line| line["data"]["sql"].as_str().map(str::to_owned)).collect()
}

/// Whether a statement asks what there is.
fn is_about_metadata(sql: &str) -> bool {
    ["information_schema", "duckdb_", "pg_catalog", "sqlite_master", "pragma"]
        .iter()
        .any(|word| sql.to_lowercase().contains(word))
}

#[test]
fn a_node_costs_the_same_few_statements_in_a_larger_project() {
    let (short, long) = (chain(4), chain(12));
    for run in ["a new database", "relations that are there"] {
        let [few, many] = [&short, &long].map(|project| statements(project, "build"));
        // A view is made, put into its place and cleaned up after, in a transaction; a test is one query in one.
        let of_a_pair = (many.len() - few.len()) as f64 / 8.0;
        assert!((2.0..=9.0).contains(&of_a_pair), "{run}: {of_a_pair} statements a model and its test: {many:#?}");
        let metadata = |all: &[String]| all.iter().filter(|sql| is_about_metadata(sql)).count();
        assert_eq!(metadata(&few), metadata(&many), "{run}: {many:#?}");
    }
}
