//! Warnings: what is warned of, and what `--warn-error` makes of it.

use super::Project;

#[test]
fn flags_make_errors_of_warnings_of_parsing_and_selection() {
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("models/x.yml", "modles: []\n")]);
    project.run("build").expect(0, &["warning[W0204]"]);
    project.run("build --warn-error").expect(2, &["error[W0204]"]);
    let options = |text: &str| project.run(&format!("build|-s|nix|--warn-error-options|{text}"));
    options("{error: [NoNodesForSelectionCriteria]}").expect(2, &["warning[W0204]", "error[W0602]"]);
    options("{error: all, warn: [NoNodesForSelectionCriteria, Deprecations]}").expect(0, &["warning[W0204]"]);
    options("{silence: [CustomTopLevelKeyDeprecation]}").expect(0, &[]).without("W0204");
}

#[test]
fn deprecations_are_shown_once_and_counted() {
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("models/x.yml", "modles: []\nsorces: []\n")]);
    let counted = "- CustomTopLevelKeyDeprecation: 2 occurrences";
    project.run("parse").expect(0, &["`modles` is not", counted, "--show-all-deprecations"]).without("`sorces`");
    project.run("parse --show-all-deprecations").expect(0, &["`modles` is not", "`sorces` is not", counted]);
    let options = |text: &str| project.run(&format!("parse|--warn-error-options|{text}"));
    options("{error: [DeprecationsSummary]}").expect(2, &["there are deprecations"]);
    options("{silence: [Deprecations]}").expect(0, &[]).without("Deprecation").without("modles");
    options("{include: all, exclude: [Deprecations]}").expect(0, &["WEOIncludeExcludeDeprecation: 1 occurrence"]);
}

#[test]
fn names_of_warnings_are_checked() {
    let project = Project::new(&[("models/a.sql", "select 1 as a")]);
    let refused = |options: &str, words: &str| {
        project.run(&format!("parse|--warn-error-options|{options}")).expect(2, &[words]);
    };
    refused("{error: [NoNodeForYamlKee]}", "NoNodeForYamlKee is not a valid dbt error name.");
    refused("{error: NoNodeForYamlKey}", "all, *, or a list of names");
    refused("{error: [NoNodeForYamlKey], warn: [LogTestResult]}", "needs `error: all`");
    project.run("parse|--warn-error-options|{error: [], silence: [NoNodeForYamlKey]}").expect(0, &[]);
}

#[test]
fn deprecated_models_and_what_reads_them_are_told() {
    let yaml = "models:\n  - {name: a, deprecation_date: 2020-01-01}\n  - {name: b, deprecation_date: 2999-01-01}\n";
    let project = Project::new(&[
        ("models/a.sql", "select 1 as a"),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/c.sql", "select * from {{ ref('b') }}"),
        ("models/m.yml", yaml),
    ]);
    let words = [
        "Model a has passed its deprecation date of 2020-01-01",
        "While compiling 'b': Found a reference to a, which was deprecated on '2020-01-01T00:00:00",
        "While compiling 'c': Found a reference to b, which is slated for deprecation on '2999-01-01T00:00:00",
        "models/b.sql:1:18",
    ];
    project.run("build").expect(0, &words).without("Model b has");
    project.run("parse|--warn-error-options|{error: [DeprecatedModel]}").expect(2, &["error[W0408]: Model a"]);
}

#[test]
fn what_cannot_be_run_is_named() {
    let project = Project::new(&[("models/p.py", "def model(dbt, session): return session.sql('select 1')\n")]);
    project.run("parse").expect(0, &["the Python model `p` (models/p.py) is left out"]);
}

#[test]
fn a_selector_that_cannot_be_read_is_shown_where_it_stands() {
    let selectors = "selectors:\n  - name: a\n    definition: {method: nope, value: x}\n";
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("selectors.yml", selectors)]);
    project.run("ls").expect(2, &["error[E0601]", "selectors.yml:2:5"]);
}

#[test]
fn the_semantic_layer_is_in_the_manifest() {
    let yaml = "
semantic_models:
  - name: orders
    model: ref('orders')
    entities: [{name: order, type: primary, expr: id}]
    dimensions: [{name: at, type: time, type_params: {time_granularity: day}}]
    measures: [{name: total, agg: sum, create_metric: true, agg_time_dimension: at}]
metrics:
  - {name: ratio, label: R, type: ratio, type_params: {numerator: total, denominator: total}}
saved_queries:
  - {name: monthly, query_params: {metrics: [ratio]}}
";
    let project = Project::new(&[
        ("models/orders.sql", "select 1 as id"),
        ("models/metricflow_time_spine.sql", "select date '2024-01-01' as date_day"),
        ("models/s.yml", yaml),
    ]);
    project.run("parse").expect(0, &[]);
    let manifest = project.json("target/manifest.json");
    assert_eq!(manifest["child_map"]["model.p.orders"], serde_json::json!(["semantic_model.p.orders"]));
    assert_eq!(manifest["metrics"]["metric.p.ratio"]["type_params"]["input_measures"][0]["name"], "total");
    assert_eq!(manifest["parent_map"]["saved_query.p.monthly"], serde_json::json!(["metric.p.ratio"]));
    project.run("ls -s +saved_query:monthly").expect(0, &["metric:p.total", "semantic_model:p.orders"]);
}

#[test]
fn what_a_profile_asks_for_in_vain_is_told() {
    let profile =
        "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb, plugins: [{module: excel}]}\n";
    Project::new(&[("profiles.yml", profile)]).run("parse").expect(0, &["warning[W0408]", "plugins"]);
}

/// What dbt 1.11 calls deprecated (`dbt/deprecations.py`), and for what is not told here, why.
const DEPRECATIONS: &[(&str, &str)] = &[
    ("PackageRedirectDeprecation", "deps"),
    ("PackageInstallPathDeprecation", "clean"),
    ("ConfigSourcePathDeprecation", "told"),
    ("ConfigDataPathDeprecation", "told"),
    ("ConfigLogPathDeprecation", "told"),
    ("ConfigTargetPathDeprecation", "told"),
    ("AdapterDeprecationWarning", "for methods that no adapter of dbt has under an old name any more"),
    ("MetricAttributesRenamed", "raised nowhere in dbt"),
    ("ExposureNameDeprecation", "told"),
    ("CollectFreshnessReturnSignature", "raised nowhere in dbt"),
    ("ProjectFlagsMovedDeprecation", "told"),
    ("PackageMaterializationOverrideDeprecation", "build"),
    ("ResourceNamesWithSpacesDeprecation", "told"),
    ("SourceFreshnessProjectHooksNotRun", "source freshness"),
    ("MFTimespineWithoutYamlConfigurationDeprecation", "told"),
    ("MFCumulativeTypeParamsDeprecation", "semantic layer"),
    ("MicrobatchMacroOutsideOfBatchesDeprecation", "told"),
    (
        "GenericJSONSchemaValidationDeprecation",
        "of dbt's JSON schema, which hetl does not have: its own checks stand in for it",
    ),
    ("UnexpectedJinjaBlockDeprecation", "told"),
    ("DuplicateYAMLKeysDeprecation", "told"),
    ("CustomTopLevelKeyDeprecation", "told"),
    ("CustomKeyInConfigDeprecation", "of dbt's JSON schema"),
    ("CustomKeyInObjectDeprecation", "told"),
    ("WEOIncludeExcludeDeprecation", "warn_error_options"),
    ("CustomOutputPathInSourceFreshnessDeprecation", "source freshness"),
    ("SourceOverrideDeprecation", "source overrides"),
    ("PropertyMovedToConfigDeprecation", "told"),
    ("ModelParamUsageDeprecation", "told"),
    ("EnvironmentVariableNamespaceDeprecation", "told"),
    ("MissingPlusPrefixDeprecation", "of dbt's JSON schema"),
    ("ArgumentsPropertyInGenericTestDeprecation", "arguments"),
    ("MissingArgumentsPropertyInGenericTestDeprecation", "told"),
    (
        "ModulesItertoolsUsageDeprecation",
        "a template that only needs reading is not rendered when the project is parsed",
    ),
    ("DuplicateNameDistinctNodeTypesDeprecation", "told"),
    ("EnvironmentVariableRenamed", "told"),
];

/// A project that does nearly all that is deprecated.
fn old_fashioned() -> Project {
    let project_yaml = "
name: p
profile: p
source-paths: [models]
data-paths: [seeds]
target-path: out
log-path: log
";
    let profiles = "config: {fail_fast: false}\np: {target: dev, outputs: {dev: {type: duckdb, path: p.duckdb}}}\n";
    let properties = "
models:
  - name: a
    columns:
      - name: a
        data_tests:
          - accepted_values: {values: [1], severity: warn}
          - not_null: {config: {severity: warn}, config: {severity: warn}}
modles: []
exposures:
  - {name: an exposure, type: dashboard, owner: {name: me}, dependson: []}
";
    let semantic = "
semantic_models:
  - name: orders
    model: ref('a')
    entities: [{name: order, type: primary, expr: a}]
";
    let batches = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day') }}
        select 1 as id, now() as at";
    Project::new(&[
        ("dbt_project.yml", project_yaml),
        ("profiles.yml", profiles),
        ("models/a.sql", "select 1 as a"),
        ("models/twice.sql", "{{ config(alias='other') }}select 1 as a"),
        ("seeds/twice.csv", "a\n1\n"),
        ("models/batches.sql", batches),
        ("models/metricflow_time_spine.sql", "select date '2024-01-01' as date_day"),
        ("models/properties.yml", properties),
        ("models/semantic.yml", semantic),
        ("macros/own.sql", "{% set x = 1 %}{% macro get_incremental_microbatch_sql(arg_dict) %}{% endmacro %}"),
    ])
}

#[test]
fn all_that_dbt_calls_deprecated_is_told_or_said_why_not() {
    let project = old_fashioned();
    let parsed =
        project.run_with("compile -m a --show-all-deprecations", &[("DBT_ENGINE_OF_MINE", "1"), ("DBT_NO_PRINT", "1")]);
    let told: Vec<String> = DEPRECATIONS
        .iter()
        .filter(|(_, how)| *how == "told")
        .filter(|(name, _)| *name != "ResourceNamesWithSpacesDeprecation")
        .map(|(name, _)| format!("- {name}: "))
        .collect();
    parsed.expect(0, &told.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn names_with_spaces_are_errors_unless_the_project_allows_them() {
    let model = ("models/two words.sql", "select 1 as a");
    Project::new(&[model])
        .run("parse")
        .expect(2, &["error[E0509]: Resource names cannot contain spaces: 'model.p.two words'"]);
    let allowing = "name: p\nprofile: p\nflags: {require_resource_names_without_spaces: false}\n";
    Project::new(&[model, ("dbt_project.yml", allowing)])
        .run("parse")
        .expect(0, &["ResourceNamesWithSpacesDeprecation: 1 occurrence"]);
}

#[test]
fn commands_tell_what_is_deprecated_of_their_own() {
    let arguments = "models: [{name: a, data_tests: [{own: {arguments: 1}}]}]";
    let project_yaml = "
name: p
profile: p
clean-targets: [dbt_modules]
on-run-start: select 1
flags: {source_freshness_run_project_hooks: false, require_generic_test_arguments_property: false}
";
    let sources = "
sources:
  - name: s
    loaded_at_field: at
    freshness: {warn_after: {count: 1, period: day}}
    tables: [{name: t, schema: main}]
";
    let project = Project::new(&[
        ("dbt_project.yml", project_yaml),
        ("models/a.sql", "select 1 as a"),
        ("models/a.yml", arguments),
        ("models/s.yml", sources),
        ("macros/own.sql", "{% test own(model, arguments) %}select 1 where false{% endtest %}"),
    ]);
    project.run("parse").expect(0, &["ArgumentsPropertyInGenericTestDeprecation: 1 occurrence"]);
    let freshness = project.run("source freshness -o fresh.json");
    freshness.expect(1, &["SourceFreshnessProjectHooksNotRun", "CustomOutputPathInSourceFreshnessDeprecation"]);
    project.run("clean").expect(0, &["PackageInstallPathDeprecation"]);
}

#[test]
fn a_package_overrides_a_built_in_materialization_only_if_a_flag_says_so() {
    let own = "{% materialization view, default %}{{ exceptions.raise_compiler_error('from the package') }}{% endmaterialization %}";
    let files = [
        ("packages.yml", "packages: [{local: inner}]"),
        ("inner/dbt_project.yml", "name: inner\n"),
        ("inner/macros/own.sql", own),
        ("models/a.sql", "select 1 as a"),
    ];
    let project = Project::new(&files);
    project.run("deps").expect(0, &[]);
    project.run("build").expect(0, &["PASS=1"]);
    let flags =
        "name: p\nprofile: p\nflags: {require_explicit_package_overrides_for_builtin_materializations: false}\n";
    project.write("dbt_project.yml", flags);
    project.run("build").expect(1, &["from the package", "overrides the built-in materialization 'view'"]);
}

#[test]
fn colors_of_the_documentation_are_checked() {
    let yaml = |color: &str| format!("models: [{{name: a, config: {{docs: {{node_color: '{color}'}}}}}}]");
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("models/a.yml", &yaml("crimson"))]);
    project.run("parse").expect(0, &[]);
    project.write("models/a.yml", &yaml("crimsonish"));
    project.run("parse").expect(2, &["error[E0509]", "crimsonish", "#rrggbb"]);
}

#[test]
fn of_two_resources_of_one_name_ref_takes_the_later() {
    let project = Project::new(&[
        ("models/a.sql", "{{ config(alias='of_model') }} select 1 as id"),
        ("seeds/a.csv", "id\n2\n"),
        ("models/b.sql", "select id from {{ ref('a') }}"),
    ]);
    project.run("build").expect(0, &["DuplicateNameDistinctNodeTypesDeprecation: 1 occurrence", "PASS=3"]);
    assert_eq!(project.query("select id from main.b"), serde_json::json!([{"id": 2}]));
}

#[test]
fn configs_for_resources_of_which_there_are_none_are_told() {
    let configs = "name: p\nprofile: p\nmodels: {+materialized: table}\ndata_tests: {+severity: warn}\n";
    let project = Project::new(&[("dbt_project.yml", configs), ("models/a.sql", "select 1 as id")]);
    let parsed = project.run("parse");
    parsed
        .expect(0, &["do not apply to any resources", "There are 1 unused configuration paths:", "- data_tests"])
        .without("- models");
}

#[test]
fn debug_tells_what_is_deprecated() {
    let project_yaml = "name: p\nprofile: p\ndata-paths: [data]\n";
    let project = Project::new(&[("dbt_project.yml", project_yaml)]);
    project.run("debug").expect(0, &["The `data-paths` config has been renamed", "ConfigDataPathDeprecation: 1"]);
    project.run("--warn-error debug").expect(2, &["The `data-paths` config has been renamed"]);
}

#[test]
fn a_configured_path_may_be_meant_for_a_disabled_resource_of_any_kind() {
    let yaml = "name: p\nprofile: p\nexposures: {p: {+enabled: true}}\n";
    let model = |is_enabled: bool| format!("{{{{ config(enabled={is_enabled}) }}}} select 1 as id");
    let said = |is_enabled: bool| {
        let project = Project::new(&[
            ("dbt_project.yml", yaml),
            ("models/a.sql", &model(is_enabled)),
            ("models/b.sql", "select 1 as id"),
        ]);
        project.run("parse").printed
    };
    assert!(said(true).contains("- exposures.p"));
    assert!(!said(false).contains("- exposures.p"));
}
