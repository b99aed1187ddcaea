//! What CI reads of a run: annotations, the step's summary, JUnit XML, the slowest nodes; and the `dbt` that tools call.

use std::process::Command;

use super::Project;

fn failing() -> Project {
    Project::new(&[
        ("models/a.sql", "select 1 as id union all select 1"),
        ("models/broken.sql", "select\n  nowhere\nfrom {{ ref('a') }}"),
        (
            "models/schema.yml",
            "models:\n  - name: a\n    columns:\n      - name: id\n        data_tests:\n          - unique: {config: {severity: warn}}\n          - accepted_values: {arguments: {values: [2]}}\n",
        ),
    ])
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let project = failing();
    let summary = project.path("summary.md");
    let workspace = project.path("").parent().expect("it lies in a folder").to_path_buf();
    let folder = project.path("").file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let env = [
        ("GITHUB_STEP_SUMMARY", summary.to_str().expect("it is UTF-8")),
        ("GITHUB_WORKSPACE", workspace.to_str().expect("it is UTF-8")),
    ];
    let ran = project.run_with("build --format github --exclude broken", &env);
    ran.expect(
        1,
        &[
            &format!("::error file={folder}/models/schema.yml,line=7,"),
            "title=E0707%3A test failed::accepted_values_a_id__2: Got 1 result, configured to fail if != 0",
            &format!("::warning file={folder}/models/schema.yml,line=6,"),
        ],
    );
    let text = std::fs::read_to_string(&summary).expect("it is written");
    for words in ["### `hetl build`", "1 warn", "1 fail", "**accepted\\_values\\_a\\_id\\_\\_2**<br>models/schema.yml"]
    {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    let ran = project.run_with("run --format github -s broken", &env);
    ran.expect(1, &[&format!("::error file={folder}/models/broken.sql,line="), "title=E0702"]);
    assert_eq!(std::fs::read_to_string(&summary).expect("it is there").matches("### `hetl").count(), 2);
    project.run_with("run -s broken", &env).expect(1, &[]).without("::error");
    project.write("models/wrong.sql", "select * from {{ ref('nothing') }}");
    project.run_with("parse", &[("HETL_FORMAT", "github")]).expect(2, &["::error file=models/wrong.sql,line=1,"]);
}

#[test]
fn junit_has_a_case_a_result() {
    let project = failing();
    project.run("build --junit reports/hetl.xml").expect(1, &[]);
    let xml = std::fs::read_to_string(project.path("reports/hetl.xml")).expect("it is written");
    for words in [
        "<testsuites name=\"hetl build\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\"",
        "<testcase name=\"accepted_values_a_id__2\" classname=\"p\" file=\"models/schema.yml\"",
        "<failure message=\"Got 1 result, configured to fail if != 0\">",
        "compiled code at target/compiled/p/models/schema.yml/accepted_values_a_id__2.sql</failure>",
        "<system-out>WARN: Got 1 result, configured to warn if != 0</system-out>",
    ] {
        assert!(xml.contains(words), "{words} is not in:\n{xml}");
    }
}

#[test]
fn the_slowest_nodes_are_listed_where_wanted() {
    let project = failing();
    project.run("run --timings").expect(1, &["Slowest of 2 in ", "s  model.p.a"]);
    project.run("run").without("Slowest");
}

#[test]
#[cfg(unix)]
fn a_shim_is_a_dbt_for_tools() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    project.run("shim bin").expect(0, &["bin/dbt is hetl", "export PATH="]);
    let call = |args: &[&str]| {
        let output = Command::new(project.path("bin/dbt")).args(args).current_dir(project.path("")).output();
        let output = output.expect("it can be called");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stderr, b"");
        String::from_utf8(output.stdout).expect("it is UTF-8")
    };
    let version = call(&["--version"]);
    assert!(
        version.starts_with("Core:\n  - installed: 1.11.16\n  - latest:    1.11.16 - Up to date!\n\nPlugins:\n"),
        "{version}"
    );
    assert!(version.contains("  - duckdb: "), "{version}");
    assert!(version.contains(&format!("This is hetl {}", env!("CARGO_PKG_VERSION"))), "{version}");
    assert!(call(&["build"]).contains("Completed successfully"));
    // Again, and beside a dbt of another's.
    project.run("shim bin").expect(0, &[]);
    project.write("other/dbt", "#!/bin/sh\n");
    project.run("shim other").expect(2, &["is there and is not hetl's"]);
    project.run("shim other --force").expect(0, &["other/dbt is hetl"]);
}
