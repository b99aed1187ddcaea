//! User-defined functions: built before what calls them, listed, selected, and written to the manifest.

use super::Project;

const PROPERTIES: &str = "
functions:
  - name: doubled
    description: Twice as much
    config: {volatility: deterministic}
    arguments:
      - {name: price, data_type: integer, default_value: 50}
    returns: {data_type: integer}
";

fn shop() -> Project {
    Project::new(&[
        ("functions/doubled.sql", "select price * 2"),
        ("functions/properties.yml", PROPERTIES),
        (
            "models/prices.sql",
            "select {{ function('doubled') }}(4) as given, {{ function('p', 'doubled') }}() as usual",
        ),
    ])
}

#[test]
fn a_function_is_built_before_the_models_that_call_it() {
    let project = shop();
    project
        .run("build")
        .expect(0, &["1 of 2 OK created function main.doubled", "2 of 2 OK created sql view model main.prices"]);
    assert_eq!(project.query("select given, usual from prices"), serde_json::json!([{"given": 8, "usual": 100}]));
    let manifest = project.json("target/manifest.json");
    let function = &manifest["functions"]["function.p.doubled"];
    assert_eq!(function["returns"]["data_type"], "integer");
    assert_eq!(function["config"]["type"], "scalar");
    assert_eq!(manifest["nodes"]["model.p.prices"]["functions"], serde_json::json!([["doubled"], ["p", "doubled"]]));
    assert_eq!(manifest["parent_map"]["model.p.prices"], serde_json::json!(["function.p.doubled"]));
    assert!(manifest["nodes"].get("function.p.doubled").is_none());
}

#[test]
fn functions_are_listed_and_selected_like_other_resources() {
    let project = shop();
    project.run("ls --resource-type function").expect(0, &["p.doubled"]).without("p.prices");
    project.run("ls --select resource_type:function+").expect(0, &["p.doubled", "p.prices"]);
    project.run("run").expect(1, &["prices"]).without("created function");
}

#[test]
fn mistakes_around_functions_are_told_with_their_place() {
    let project = shop();
    project.write("models/prices.sql", "select {{ function('double') }}(1) as a");
    project
        .run("parse")
        .expect(2, &["depends on a function named 'double' which was not found", "a similar name exists: `doubled`"]);
}

#[test]
fn a_function_in_python_is_known_and_cannot_be_built() {
    let project = shop();
    project.write("functions/p.py", "def p(x):\n    return x\n");
    project.run("build --select p").expect(1, &["A `runtime_version` is required for python functions"]);
    let properties = "functions:\n  - name: p\n    config: {runtime_version: '3.11', entry_point: p}\n    returns: {data_type: int}\n";
    project.write("functions/p.yml", properties);
    project
        .run("build --select p")
        .expect(1, &["No macro named 'scalar_function_python' found within namespace: 'dbt'"]);
    project.write("functions/doubled.sql", "select 1");
    let unordered =
        PROPERTIES.replace("default_value: 50}", "default_value: 50}\n      - {name: other, data_type: integer}");
    project.write("functions/properties.yml", &unordered);
    project
        .run("parse")
        .expect(2, &["Non-defaulted argument 'other' of function 'doubled'", "functions/properties.yml:7"]);
}

#[test]
fn functions_are_compiled_too() {
    let project = Project::new(&[
        ("functions/plus_one.sql", "x + {{ 1 }}"),
        (
            "functions/f.yml",
            "functions:\n  - name: plus_one\n    arguments: [{name: x, data_type: integer}]\n    returns: {data_type: integer}\n",
        ),
        ("models/m.sql", "select 1 as id"),
    ]);
    project.run("compile --select plus_one").expect(0, &["x + 1"]);
    assert!(project.path("target/compiled/p/functions/plus_one.sql").exists());
}
